#include "cli/demo_scenes.hpp"

#include <fmt/format.h>

namespace tideway::cli {
namespace {

struct DemoTable {
    const char *desktop, *cloud, *settings;
    const char* columns = "";  // [[table.column]] sections
    bool embedded = false;     // the files have it as well
};

const std::vector<DemoTable> tables = {
    {"orgmaster", "orgmaster", "key = [\"org_id\"]"},
    {"locmaster", "locmaster", "key = [\"loc_id\"]", "", true},
    {"conmaster", "conmaster", "key = [\"con_id\"]"},
    {"climaster", "climaster", "key = [\"client_id\"]", "", true},
    {"cliunimaster", "cliunimaster", "key = [\"cliunit_id\"]"},
    {"taskmaster", "taskmaster", "key = [\"task_id\"]"},
    {"jobmaster", "jobmaster", "key = [\"job_id\"]"},
    {"mbstaff", "mbstaff", "key = [\"staff_id\"]"},
    // One row per job and person, with repeats.
    {"jobshead", "jobshead", "key = [\"job_id\", \"sporg_id\"]\nidentity = \"business_key+ordinal\""},
    // Ids that the cloud makes stay its own.
    {"jobtasks", "jobtasks",
     "key = [\"job_id\", \"task_id\"]\nidentity = \"business_key\"\nskip = [\"jt_id\"]\nlookup = { client_id "
     "= \"select "
     "client_id from jobshead where job_id = :job_id\" }"},
    {"taskchecklist", "taskchecklist",
     "key = [\"task_id\", \"checklistdesc\"]\nidentity = \"business_key+ordinal\"\nskip = [\"tc_id\"]"},
    {"workdiary", "workdiary", "key = [\"wd_id\"]",
     "[[table.column]]\nname = \"timefrom\"\ndate = \"date\"\n[[table.column]]\nname = \"timeto\"\ndate = "
     "\"date\"\n[[table.column]]\nname = \"tasknotes\"\nlossy = true\n[[table.column]]\nname = "
     "\"doc_ref\"\nlossy = true\n"},
    {"mbreminder", "reminder", "key = [\"rem_id\"]", "", true},
    {"mbremdetail", "remdetail", "key = [\"remdetid\"]"},
    {"learequest", "learequest", "key = [\"learequest_id\"]", "", true},
};

Scene client(const std::string& title, const std::string& key, const std::string& column) {
    const std::string look = fmt::format("select {} from climaster where client_id = {}", column, key);
    return {title, "climaster", key, look, look, "", ""};
}

Scene office_corrects_a_phone_number() {
    Scene scene = client("The office corrects a client's phone number.", "40", "clientphone");
    scene.desktop_edit = "update climaster set clientphone = '044 5550 100' where client_id = 40";
    return scene;
}

Scene phone_finishes_a_reminder() {
    const auto look = [](const char* table) {
        return fmt::format("select 'status ' || remstatus from {} where rem_id = 50", table);
    };
    return {"On the phone, somebody ticks a reminder off (a row that the office created).",
            "mbreminder",
            "50",
            look("mbreminder"),
            look("reminder"),
            "",
            "update reminder set remstatus = 2 where rem_id = 50"};
}

Scene phone_asks_for_leave() {
    const std::string look = "select leaveremarks from learequest where learequest_id = 70001";
    return {"On the phone, somebody asks for leave: a new row that the office has never seen.",
            "learequest",
            "70001",
            look,
            look,
            "",
            "insert into learequest (org_id, con_id, loc_id, learequest_id, staff_id, requestdate, fromdate, "
            "todate, "
            "leavetype, leaveremarks, approval_status, source) values (1, 1, 1, 70001, 3, '2025-12-01', "
            "'2025-12-08', '2025-12-09', 'CL', 'family function', 'P', 'M')"};
}

Scene both_change_the_same_client() {
    Scene scene =
        client("Both sides change the same client's e-mail: first the office, a moment later the phone.",
               "41", "clientmail");
    scene.desktop_edit = "update climaster set clientmail = 'office@example.org' where client_id = 41";
    scene.cloud_edit = "update climaster set clientmail = 'phone@example.org' where client_id = 41";
    return scene;
}

Scene office_deletes_a_reminder() {
    const auto look = [](const char* table) {
        return fmt::format("select remtitle from {} where rem_id = 60", table);
    };
    return {"The office deletes a reminder.",
            "mbreminder",
            "60",
            look("mbreminder"),
            look("reminder"),
            "delete from mbreminder where rem_id = 60",
            ""};
}

Scene office_adds_what_a_client_waited_for() {
    Scene scene =
        client("Clients 5 to 7 were parked: they name location 2, which does not exist. The office adds it.",
               "5", "clientname");
    scene.desktop_edit =
        "insert into locmaster (org_id, loc_id, locname, source) values (1, 2, 'Branch', 'D')";
    return scene;
}

}  // namespace

const std::vector<Scene>& demo_scenes() {
    static const std::vector<Scene> scenes = {
        office_corrects_a_phone_number(), phone_finishes_a_reminder(),
        phone_asks_for_leave(),           both_change_the_same_client(),
        office_deletes_a_reminder(),      office_adds_what_a_client_waited_for()};
    return scenes;
}

std::string demo_configuration(const std::string& desktop_url, const std::string& cloud_url, bool embedded) {
    std::string out = fmt::format("pair = \"demo\"\n\n[desktop]\nurl = \"{}\"\n\n[cloud]\nurl = \"{}\"\n",
                                  desktop_url, cloud_url);
    for (const DemoTable& table : tables) {
        if (embedded && !table.embedded) continue;
        out += "\n[[table]]\n";
        out += table.desktop == std::string_view(table.cloud)
                   ? fmt::format("name = \"{}\"\n", table.desktop)
                   : fmt::format("desktop = \"{}\"\ncloud = \"{}\"\n", table.desktop, table.cloud);
        out += fmt::format("{}\n", table.settings);
        out += "origin = { column = \"source\", desktop = \"D\", cloud = \"M\" }\n";
        out += embedded ? "timestamps = { updated = \"updated_at\", desktop_zone = \"UTC\" }\n"
                        : "timestamps = { updated = \"updated_at\", created = \"created_at\", desktop_zone = "
                          "\"Asia/Kolkata\" }\n";
        out += table.columns;
    }
    return out;
}

}  // namespace tideway::cli
