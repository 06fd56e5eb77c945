#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"

namespace tideway {
namespace {

// In the order of the ids. An id that was once published keeps its meaning for ever; new codes are appended
// to their hundred.
const std::vector<CodeInfo> table = {
    {Code::config_syntax, "TW101", "the configuration file is not valid TOML", Exit::usage,
     "The file cannot be read as TOML. The message names the line and the column.",
     "Correct that place and run `tideway config check`."},
    {Code::config_unknown_key, "TW102", "the configuration holds a key that means nothing here", Exit::usage,
     "A key is misspelt, stands in the wrong section, or would have no effect. Tideway refuses it, because a "
     "setting that is silently ignored is worse than none.",
     "Correct or remove the key; the message proposes the nearest known one."},
    {Code::config_value, "TW103", "a configured value cannot be used", Exit::usage,
     "A value has the wrong type, is out of range, or contradicts another one.",
     "Correct the value at the named line; `tideway config show` prints what is in force."},
    {Code::config_missing_file, "TW104", "the configuration file cannot be read", Exit::usage,
     "There is no file at the given place, or it may not be read.",
     "Give the file with `-c FILE` or TIDEWAY_CONFIG, or create one with `tideway init`."},
    {Code::config_env, "TW105", "the configuration names an environment variable that is not set",
     Exit::usage, "A string value holds `${NAME}`, and NAME is not set in the environment of this process.",
     "Set the variable for the user or the service that runs tideway."},
    {Code::usage, "TW106", "the command line is not understood", Exit::usage,
     "An option or an argument is unknown, missing, or does not go with another one.",
     "Run the command with `--help`."},
    {Code::not_in_this_version, "TW107", "this version cannot do that", Exit::usage,
     "The command or setting is described in the documentation, but this version does not offer it.",
     "Leave it out, or use a version that has it. Nothing was done."},
    {Code::merge_setting, "TW113", "a setting of column merge or soft deletes cannot work", Exit::usage,
     "conflict = \"merge\", the policy of a column, or deletes = \"soft:...\" is misspelt, or stands beside a "
     "setting with which it means nothing: rows that repeat, a refilled table, a policy without merge.",
     "Correct the named line; docs/merging.md has the table of policies."},

    {Code::server_unreachable, "TW201", "a database server cannot be reached", Exit::failed,
     "No connection came about: the name does not resolve, nothing listens there, the network or a firewall "
     "is in "
     "the way, the server is starting or stopping, or it has no connection left.",
     "Check the named host and port; `tideway doctor` tries both sides. Nothing was done; the next run "
     "continues by itself."},
    {Code::wrong_password, "TW202", "the server refuses this user or password", Exit::usage,
     "The server was reached, but it refused the user, the password, or a connection of this user from here "
     "(pg_hba.conf).",
     "Check the user in the url and where the password comes from (password_command, password_file, .pgpass, "
     "PGPASSWORD)."},
    {Code::database_missing, "TW203", "the server has no such database", Exit::usage,
     "The server was reached, but it has no database of the name in the url.",
     "Correct the database name in the url, or create the database."},
    {Code::password_source, "TW204", "the configured source of the password gives none", Exit::usage,
     "password_command failed or printed nothing, or password_file cannot be read.",
     "Run the command by hand as the same user. Its output is never written to a log."},
    {Code::server_version, "TW205", "the server's version is not supported", Exit::usage,
     "Tideway works with PostgreSQL 13 and newer.", "Upgrade that server."},
    {Code::connection_lost, "TW206", "a database connection broke during the run", Exit::failed,
     "The server was restarted, the network was cut, or the server ended the connection. The transaction "
     "that "
     "was open is rolled back by the server.",
     "Nothing is half-done; start the run again, or let the schedule do it."},
    {Code::tls, "TW207", "no trusted TLS connection to the server is possible", Exit::usage,
     "The url names another machine, so tideway encrypts and checks the server's certificate "
     "(sslmode=verify-full) "
     "unless the url or PGSSLMODE says otherwise. The server has no TLS, or its certificate is not signed by "
     "a "
     "known authority, or it is for another name.",
     "Give the authority's certificate with `sslrootcert=FILE` in the url (hosted databases offer it for "
     "download), or choose `sslmode=require` to encrypt without proof of the server's identity."},
    {Code::strange_answer, "TW208", "a server's answer is not what was asked for", Exit::failed,
     "What the url names speaks PostgreSQL's protocol but answers with other rows, columns or messages than the statement "
     "has, or without an end: it is no PostgreSQL server, or something on the way to it changes what it says. The connection "
     "was closed, and what was open on it is rolled back.",
     "Check what listens at the named host and port. Where it is a PostgreSQL server, this is a defect of tideway: report it "
     "with the message."},

    {Code::table_missing, "TW301", "a configured table does not exist", Exit::usage,
     "One side has no table of the configured name.",
     "Correct the name (`desktop = ...`, `cloud = ...` where they differ), or create the table there."},
    {Code::column_missing, "TW302", "a configured column does not exist", Exit::usage,
     "A column that the configuration names, or that the other side has, is missing on one side.",
     "Add the column there, or use `rename`, `skip`, `constant` or `lookup` for it."},
    {Code::key_missing, "TW303", "a table has no usable key", Exit::usage,
     "Neither a primary key nor the configured key columns can tell the rows of this table apart.",
     "Set `key = [...]`, or `identity = \"full_row\"` for a table without any key."},
    {Code::key_not_unique, "TW304", "the configured key occurs more than once", Exit::usage,
     "Rows share the values of the configured key, and the configured identity needs it to be unique.",
     "Choose `identity = \"business_key+ordinal\"`, or remove the duplicates."},
    {Code::types_incompatible, "TW305", "a column's types on the two sides do not fit", Exit::usage,
     "Values of one side's type cannot be written into the other side's column without loss.",
     "Change the type on one side, or skip the column."},
    {Code::not_a_table, "TW306", "the configured name is not an ordinary table", Exit::usage,
     "It is a view, a foreign table, a sequence or something else that cannot be synchronised.",
     "Configure the table behind it."},
    {Code::wrong_database, "TW307", "this is not the database that the pair was set up with", Exit::usage,
     "The server's identity differs from the one recorded at the first run: it is a copy, a restored backup, "
     "or "
     "the url points elsewhere. Synchronising with it could revert or remove rows.",
     "Correct the url. If the change is wanted, follow \"moving to another server\" in the documentation."},
    {Code::rows_hidden, "TW308", "row security hides rows from the configured role", Exit::usage,
     "The role would see only some of a table's rows, and the others would look as if they had been deleted.",
     "Give the role BYPASSRLS or membership in the owning role; `tideway doctor` prints what this server "
     "permits."},
    {Code::no_rights, "TW309", "the configured role lacks a right", Exit::usage,
     "The server refused a statement because the role may not do that.",
     "Grant the right; `tideway doctor` prints the SQL."},
    {Code::state_version, "TW310", "tideway's own tables are of another version", Exit::usage,
     "Schema tideway in the database was made by a newer version than this one, or by an earlier one whose tables lack "
     "something.",
     "Newer: use that version. Earlier: run `tideway sync` once, which completes the tables. Nothing was changed."},
    {Code::schema_changed, "TW311", "a table's definition changed", Exit::guard,
     "Columns, keys or types of a synchronised table are not what they were at the last run or at the start "
     "of "
     "this one. Nothing of that table was written.",
     "Look at `tideway doctor`, adapt the configuration if needed, and run again."},
    {Code::zone_missing, "TW312", "time stamps without zone need one", Exit::usage,
     "A column has a zone on one side and none on the other, so the two can be compared only when the zone "
     "is known.",
     "Set `timestamps = { desktop_zone = \"...\" }` for the table."},
    {Code::duplicate_mapping, "TW313", "two entries of the configuration claim the same table or column",
     Exit::usage, "A table or a column of one side is mapped twice; the two would overwrite each other.",
     "Remove one of the entries."},

    {Code::lease_held, "TW401", "another run holds the lease", Exit::locked,
     "Another tideway process works on this pair, or one that died did so less than 20 seconds ago.",
     "Wait for it to end; `tideway status` shows who it is."},
    {Code::fenced, "TW402", "another run has taken over", Exit::locked,
     "This run was paused or cut off for so long that another one took its lease. Its open transaction was "
     "rolled back.",
     "Nothing to do: the other run continues from what is committed."},
    {Code::guard_stop, "TW403", "a guard stopped the run", Exit::guard,
     "The plan would delete or change more than the configured limits allow. The stopped changes were not "
     "made.",
     "Look at the plan; if it is right, run `tideway sync --confirm HASH` with the printed hash."},
    {Code::confirm_stale, "TW404", "the confirmed plan is no longer the plan", Exit::guard,
     "Rows moved since the plan with that hash was shown, in a way that the confirmation does not cover.",
     "Look at the new plan and confirm its hash."},
    {Code::statement_failed, "TW405", "the server refused a statement", Exit::failed,
     "The message names the statement and the server's reason. The transaction was rolled back.",
     "If the reason is passing (a lock, a time limit), run again; otherwise mend what the server names."},
    {Code::commit_unknown, "TW406", "the connection broke while a commit was under way", Exit::failed,
     "It is not known whether the server made the last transaction durable. Its receipt will tell.",
     "Run again: the next run reads the receipts first and neither loses nor repeats anything."},
    {Code::interrupted, "TW407", "the run was asked to stop", Exit::failed,
     "A signal (Ctrl-C, service stop) arrived. The open transaction was rolled back, finished batches stay.",
     "Run again when it suits; no repair is needed."},
    {Code::side_effects, "TW408", "a batch changed more than its own rows", Exit::guard,
     "Triggers or cascading keys would have changed rows of tables that are not declared. The batch was "
     "rolled back.",
     "Declare them with `side_effects = [...]` if they are wanted; `tideway doctor` lists triggers and "
     "cascades."},
    {Code::conflict_unknown, "TW409", "there is no such conflict", Exit::usage,
     "The given id is not in the list, or the conflict is already resolved.",
     "See `tideway conflicts list`."},
    {Code::uninstall_leftover, "TW410", "objects of tideway are left", Exit::failed,
     "Uninstall found objects that it could not remove, for instance for want of rights.",
     "Remove the listed objects as their owner, then run `tideway uninstall --check`."},

    {Code::lookup_ambiguous, "TW411", "a look-up has several answers", Exit::attention,
     "The query of `lookup` gave different values for one row. Tideway does not pick one by chance: the row "
     "waits, the others "
     "flow.",
     "Let the query decide, for instance with `select min(...)`, or correct the rows that it reads."},
    {Code::value_misfit, "TW412", "a value is not of its column's type", Exit::attention,
     "SQLite keeps any value in any column of a table that is not STRICT. This row holds one that the other "
     "side's column cannot hold, for instance a text where numbers are declared. The row waits, the others "
     "flow.",
     "Correct the value in the named column, or leave the column out with `skip`."},
    {Code::protected_row, "TW413", "a protected row would have been written outside the plan", Exit::guard,
     "A trigger of Tideway on a table with `ownership = \"strict\"` met a write of one of its own transactions to a "
     "row "
     "that was created in the cloud and that the plan does not name, or a TRUNCATE. The batch was rolled back. "
     "Writes of other users are not looked at.",
     "A trigger, rule or cascade in that database reaches further than the row that was to be written: "
     "`tideway doctor` lists them. The row that caused it is parked until that is mended."},

    {Code::undo_nothing, "TW420", "there is nothing of that to undo", Exit::usage,
     "The journal holds no change that fits what was asked for: the run is unknown, it wrote nothing, its "
     "records are older than the journal keeps them, or the row was never written by a run.",
     "`tideway undo --list` shows the runs whose changes are kept, `tideway explain TABLE KEY` those of one "
     "row."},
    {Code::undo_refused, "TW421", "a database refuses what an undo wants to write", Exit::failed,
     "A constraint or a trigger of that database said no. The side that is named is as it was before; where "
     "it is the desktop, the cloud may have been undone already.",
     "Remove what is in the way, or undo single rows with `--table T --key K`; running the same undo again "
     "passes over what is back already."},
    {Code::key_unknown, "TW422", "that is no key of the table", Exit::usage,
     "The key has more or fewer parts than the table's key, or a part is not of its column's type.",
     "Write it as `plan --rows` shows it, the parts of a key of several columns separated by slashes, or "
     "give each part as a word of its own."},

    {Code::protected_rows_lost, "TW430", "protected rows disappeared during a run", Exit::guard,
     "Rows of mobile origin that were in the cloud when the run began are gone, and neither a user's delete nor "
     "one that the run carried over explains it. Somebody may have removed them past the triggers, or a trigger "
     "or cascade did within a batch.",
     "The message names their keys. The journal of the run and the backup of the cloud have the rows; find out "
     "who else writes to that table. Later runs do not repeat the message."},

    {Code::column_policy, "TW440", "a column's policy does not go with its type", Exit::usage,
     "A column of a merged table has a policy that needs other values: sum needs exact numbers on both sides, max "
     "and min need values with an order, union a list, append a text. Or the column never makes a change by "
     "itself: a key, a time stamp, an origin mark, a generated column.",
     "Choose another policy for the column, or none: then the table's fallback decides."},
    {Code::deletion_mark, "TW441", "the column that marks deleted rows cannot be used", Exit::usage,
     "deletes = \"soft:column=value\" names a column that neither side has, that belongs to the key, whose type "
     "cannot hold the value, or from which the mark could not be taken again.",
     "Name a boolean column, or one that may be NULL, on at least one side."},
    {Code::alert_command, "TW450", "the alert command failed", Exit::attention,
     "The command of `alert.command` could not be started, ended with an exit code other than 0, or was stopped "
     "because it took longer than `alert.timeout`. The run itself is not affected: its exit code is its own.",
     "Run `tideway alert test` and mend the command. It gets one JSON object on stdin (docs/cli.md)."},
    {Code::alert_receiver, "TW451", "a web address did not take the alert or the heartbeat", Exit::attention,
     "The address of `alert.webhook` or `alert.heartbeat_url` could not be reached, gave no answer in time, or "
     "answered with something else than success. The run itself is not affected. The message is sent again with "
     "the next run as long as its cause lasts.",
     "Run `tideway alert test`; check the address and the network. Addresses are shown without their path, "
     "because that often holds a token."},
    {Code::alert_mail, "TW452", "the mail server did not take the alert", Exit::attention,
     "The server of `[alert.email]` could not be reached, offers no encryption, refused the user, or refused the "
     "sender or a receiver. The run itself is not affected.",
     "Run `tideway alert test`; check url, password, from and to. `tls = \"if_offered\"` lets a server in your own "
     "network go without encryption."},
    {Code::alert_memory, "TW453", "it cannot be remembered what was told", Exit::attention,
     "The file of `alert.memory` cannot be read or written, or another process kept it for too long. Alerts are "
     "sent all the same, and may be told twice.",
     "Let the user that runs tideway write that file, or name another one with `memory` in `[alert]`."},
    {Code::row_unfit, "TW455", "the row that was given does not fit the table", Exit::usage,
     "`conflicts resolve --take FILE` needs a JSON object whose names are the desktop's columns and whose values "
     "those columns can hold; key columns must be those of the conflict. Nothing was written.",
     "Correct the file; `tideway --json conflicts show ID` prints both rows as such objects."},
    {Code::row_changed_since, "TW456", "the row has changed since the conflict was settled or looked at", Exit::attention,
     "A choice holds for the rows that the last run looked at, and a settled conflict can be reversed only while the row "
     "is still the one that won. Somebody has edited or deleted a row since, and that edit would be lost unseen. Nothing "
     "was written.",
     "Of one that waits: run `tideway sync`, look at `tideway conflicts show ID`, and choose again. Of a settled one: look "
     "at the row as it is, and enter what should hold."},
    {Code::view_name_taken, "TW460", "the name of a view for the app belongs to something else", Exit::usage,
     "`status_view` or `conflicts_view` names an object that tideway has not made. It is never replaced.",
     "Choose another name, or remove or rename that object yourself."},
    {Code::rehearsal_refused, "TW465", "a rehearsal needs copies of both databases", Exit::usage,
     "`sync --rehearse` writes, so it must not reach the real pair: each of its databases must be a restored copy, "
     "on another server or under another name than the one that the copied state and the configuration name.",
     "Restore a backup of each side elsewhere and name the copies with `--desktop URL --cloud URL` or in "
     "`[rehearsal]`."},

    {Code::selftest_folder, "TW470", "the simulation has no place to work in", Exit::failed,
     "`tideway selftest` plays on database files in memory (/dev/shm) or, where that is missing, in the "
     "folder "
     "for temporary files. Neither can be written to.",
     "Make room, or set TMPDIR to a folder that may be written to."},
    {Code::selftest_failed, "TW471", "the simulation found a broken promise", Exit::defect,
     "A simulated life of two databases ended with a row lost, invented or brought back, or with sides that "
     "differ. The script that leads there is printed and kept in a file.",
     "Please report the file. `tideway selftest --seed N` plays it again."},

    {Code::console_address, "TW490", "the console cannot listen on its address", Exit::usage,
     "Another program listens there already, the address is none of this machine, or ports below 1024 are not "
     "allowed to this user.",
     "Choose another `listen` in [serve], or stop the program that listens there."},
    {Code::token_file, "TW491", "the file with the console's login token cannot be used", Exit::usage,
     "The file cannot be made or read, other users can read it, or it holds no token.",
     "Name a file that only the service's user can read with `token_file` in [serve]; where there is none, one is made."},
    {Code::request_refused, "TW492", "the console refuses a request because of where it comes from", Exit::failed,
     "The request names a host that the console does not go by, or comes from a page of another site, or it would "
     "change something and does not prove that a page of this console sent it.",
     "Open the console under the address that it listens on. Names of a reverse proxy belong into `hosts` of [serve]; "
     "the proxy must pass the header Host on. Programs send `Authorization: Bearer TOKEN`."},
    {Code::login_needed, "TW493", "the console asks for its login token", Exit::failed,
     "There is no session, or it has ended (after 12 hours, or 2 hours at rest), or the token is wrong.",
     "Log in with the token in the token file, or send it as `Authorization: Bearer TOKEN`."},
    {Code::too_many_logins, "TW494", "too many wrong tokens came from one address", Exit::failed,
     "After ten wrong tokens within a minute none from that address is looked at until the minute is over. Sessions go on.",
     "Wait a minute, then use the token in the token file."},
    {Code::request_unfit, "TW495", "the console does not understand a request", Exit::failed,
     "A field is missing or misspelt, has a value that it cannot have, or the body is no JSON object.",
     "docs/api.md lists what each address takes."},
    {Code::not_there, "TW496", "the console has nothing under that address", Exit::failed,
     "No page, pair, run or operation has that address, or it does not take that method.",
     "docs/api.md lists all addresses."},
    {Code::console_busy, "TW497", "the console cannot answer at this moment", Exit::failed,
     "Plans, doctor, conflicts and the like ask both databases. Only a few of these run at the same time, so that the console itself stays quick. "
     "In the first moment of a service it does not know its pairs yet either.",
     "Try again in a moment."},

    {Code::defect, "TW901", "a defect in tideway", Exit::defect,
     "Tideway found one of its own promises broken and stopped before COMMIT. Your rows are as they were.",
     "Please report the message. Running again is safe."},
};

std::string page_row(const CodeInfo& row) {
    return fmt::format("## {}: {}\n\nExit code {}.\n\n{}\n\n**What to do:** {}\n\n", row.id, row.title,
                       static_cast<int>(row.exit), row.meaning, row.way_out);
}

}  // namespace

const std::vector<CodeInfo>& all_codes() { return table; }

const CodeInfo& info(Code code) {
    const auto row =
        std::find_if(table.begin(), table.end(), [code](const CodeInfo& each) { return each.code == code; });
    return row == table.end() ? table.back() : *row;
}

std::string errors_page() {
    std::string page =
        "# Errors\n\n"
        "Every error carries one of these codes; a code never changes its meaning. This page is made from\n"
        "`src/base/codes.cpp`.\n\n"
        "Exit codes: 0 in sync, 1 failed (nothing half-done, may be retried), 2 usage or configuration,\n"
        "3 done but something waits for a person, 4 a guard stopped the run, 5 verify found differences,\n"
        "6 another run holds the lease, 70 a defect of tideway.\n\n";
    for (const CodeInfo& row : table) page += page_row(row);
    page.pop_back();
    return page;
}

}  // namespace tideway
