// Errors that a user can meet. Each has a stable code with one row in the table of codes (codes.cpp), from
// which docs/errors.md is generated: title, exit code, what it means, the way out.
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tideway {

// Process exit codes (docs/cli.md). When several apply, the order is: defect, failed, locked, guard, differs,
// attention.
enum class Exit : int {
    ok = 0,
    failed = 1,
    usage = 2,
    attention = 3,
    guard = 4,
    differs = 5,
    locked = 6,
    defect = 70
};

enum class Code {
    // configuration and command line (TW1xx)
    config_syntax,
    config_unknown_key,
    config_value,
    config_missing_file,
    config_env,
    usage,
    not_in_this_version,
    merge_setting,
    // connecting (TW2xx)
    server_unreachable,
    wrong_password,
    database_missing,
    password_source,
    server_version,
    connection_lost,
    tls,
    strange_answer,
    // the two databases do not fit the configuration (TW3xx)
    table_missing,
    column_missing,
    key_missing,
    key_not_unique,
    types_incompatible,
    not_a_table,
    wrong_database,
    rows_hidden,
    no_rights,
    state_version,
    schema_changed,
    zone_missing,
    duplicate_mapping,
    // running (TW4xx)
    lease_held,
    fenced,
    guard_stop,
    confirm_stale,
    statement_failed,
    commit_unknown,
    interrupted,
    side_effects,
    lookup_ambiguous,
    conflict_unknown,
    uninstall_leftover,
    value_misfit,
    column_policy,
    deletion_mark,
    protected_row,
    protected_rows_lost,
    // alerts, conflicts, views for the app, rehearsal (TW450-469)
    alert_command,
    alert_receiver,
    alert_mail,
    alert_memory,
    row_unfit,
    row_changed_since,
    view_name_taken,
    rehearsal_refused,
    // simulation (TW47x)
    selftest_folder,
    selftest_failed,
    undo_nothing,
    undo_refused,
    key_unknown,
    // console (TW49x)
    console_address,
    token_file,
    request_refused,
    login_needed,
    too_many_logins,
    request_unfit,
    not_there,
    console_busy,
    // our own defects (TW9xx)
    defect,
};

struct CodeInfo {
    Code code;
    std::string_view id;     // "TW201"; never changes its meaning, never reused
    std::string_view title;  // one line
    Exit exit;
    std::string_view meaning;  // for docs/errors.md
    std::string_view way_out;  // for docs/errors.md; the message itself carries the concrete hint
};

// The row of one code; every Code has exactly one (tested).
const CodeInfo& info(Code code);
const std::vector<CodeInfo>& all_codes();
// The whole of docs/errors.md.
std::string errors_page();

class Error : public std::runtime_error {
  public:
    // what: what happened, to which table and key, why. hint: what to do now (may be empty).
    Error(Code code, const std::string& what, std::string hint = {});
    Code code() const { return code_; }
    std::string_view id() const { return info(code_).id; }
    Exit exit() const { return info(code_).exit; }
    const std::string& hint() const { return hint_; }

  private:
    Code code_;
    std::string hint_;
};

// Thrown when an invariant of DESIGN.md section 2 is found broken; always before COMMIT.
class Defect : public Error {
  public:
    explicit Defect(const std::string& what);
};

// Throws Defect when the condition does not hold; stays on in every build.
inline void ensure(bool holds, const char* invariant) {
    if (!holds) throw Defect(invariant);
}

}  // namespace tideway
