#include "cli/demo.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "cli/demo_files.hpp"
#include "cli/demo_scenes.hpp"
#include "cli/demo_servers.hpp"
#include "cli/demo_story.hpp"
#include "cli/engine_session.hpp"

namespace tideway::cli {
namespace {

namespace fs = std::filesystem;

// In an installed tree beside the program, in a source tree somewhere above it.
std::string find_fixture(const Request& request) {
    std::error_code ignored;
    if (request.fixture && fs::is_regular_file(*request.fixture, ignored)) return *request.fixture;
    if (request.fixture)
        throw Error(Code::usage, fmt::format("--fixture {}: there is no such file", *request.fixture),
                    "it is the file powerca.sql in the folder fixtures of the source");
    std::vector<fs::path> places = {fs::current_path(ignored)};
    for (fs::path at = fs::read_symlink("/proc/self/exe", ignored).parent_path(); at != at.parent_path();
         at = at.parent_path())
        places.push_back(at);
    for (const fs::path& place : places)
        for (const char* inside : {"share/tideway/powerca.sql", "fixtures/powerca.sql"})
            if (fs::exists(place / inside)) return (place / inside).string();
    throw Error(Code::usage, "the demo does not find its tables, the file powerca.sql",
                "name it with --fixture FILE; it lies in the folder fixtures of the source");
}

std::unique_ptr<DemoSides> make_sides(const Request& request) {
    if (request.postgres) return std::make_unique<DemoServers>(request.keep, find_fixture(request));
    return std::make_unique<DemoFiles>(request.keep);
}

class Demo {
  public:
    Demo(const Request& request, std::ostream& err)
        : request_(request), err_(err), sides_(make_sides(request)) {}

    Story run() {
        say("filling the office's database");
        sides_->fill();
        write_configuration();
        Story story;
        say("first run");
        story.first = sync();
        for (const TableReport& table : story.first.tables)
            story.desktop_rows += table.to_cloud.inserted + table.parked;
        edit(story);
        say("second run");
        explain(story);
        story.second = sync();
        look_again(story);
        story.third = sync();
        return story;
    }

    std::string farewell() const {
        if (!request_.keep)
            return request_.postgres
                       ? "The two servers are stopped and their files removed; --keep leaves them.\n"
                       : "The two files are removed; --keep leaves them.\n";
        std::string out =
            fmt::format("{} Look around:\n  tideway -c {} status\n  {}\n  {}\n",
                        request_.postgres ? "The servers go on running." : "The files stay.", configuration(),
                        sides_->opener(Side::desktop), sides_->opener(Side::cloud));
        out += "and when you are done:\n";
        for (const std::string& command : sides_->removal()) out += "  " + command + "\n";
        return out;
    }

  private:
    std::string configuration() const { return sides_->directory() + "/tideway.toml"; }

    void say(const char* what) const {
        if (!request_.json) err_ << "tideway: " << what << " ..." << std::endl;
    }

    void write_configuration() const {
        std::ofstream(configuration())
            << demo_configuration(sides_->url(Side::desktop), sides_->url(Side::cloud), !request_.postgres);
    }

    RunReport sync() const {
        return EngineSession(configuration(), ProgressKind::none, err_).engine().sync({});
    }

    Sighting look(const Scene& scene) const {
        const auto value = [&](Side side, const std::string& query) -> std::optional<std::string> {
            const std::string seen = sides_->query(side, query);
            if (seen.empty()) return std::nullopt;
            return seen;
        };
        return {value(Side::desktop, scene.desktop_look), value(Side::cloud, scene.cloud_look)};
    }

    void edit(Story& story) const {
        for (const Scene& scene : demo_scenes())
            story.episodes.push_back({scene, look(scene), {}, {}, "", "", "", {}});
        for (Episode& episode : story.episodes) {
            if (!episode.scene.desktop_edit.empty()) sides_->query(Side::desktop, episode.scene.desktop_edit);
            if (!episode.scene.cloud_edit.empty()) sides_->query(Side::cloud, episode.scene.cloud_edit);
            episode.edited = look(episode.scene);
        }
    }

    // The plan's reasons, before the run carries them out.
    void explain(Story& story) const {
        RunOptions options;
        options.rows = true;
        const RunReport plan =
            EngineSession(configuration(), ProgressKind::none, err_).engine().plan(options);
        for (Episode& episode : story.episodes)
            for (const PlannedChange& row : plan.rows)
                if (row.table == episode.scene.table && row.key == episode.scene.key) {
                    episode.rule = row.rule;
                    episode.action = row.action;
                    episode.reason = row.reason;
                }
    }

    void look_again(Story& story) const {
        std::vector<ConflictEntry> conflicts =
            EngineSession(configuration(), ProgressKind::none, err_).engine().conflicts({}).entries;
        std::reverse(conflicts.begin(), conflicts.end());
        for (Episode& episode : story.episodes) {
            episode.after = look(episode.scene);
            for (const ConflictEntry& conflict : conflicts)
                if (conflict.table == episode.scene.table && conflict.key == episode.scene.key)
                    episode.conflict = conflict;
        }
    }

    const Request& request_;
    std::ostream& err_;
    std::unique_ptr<DemoSides> sides_;
};

}  // namespace

Exit demo(const Request& request, std::ostream& out, std::ostream& err) {
    if (!request.json && request.postgres) err << "tideway: starting two PostgreSQL servers ..." << std::endl;
    Demo tour(request, err);
    const Story story = tour.run();
    if (request.json)
        out << dump(story_json(story));
    else
        out << "\n" << story_text(story) << "\n" << tour.farewell();
    return Exit::ok;
}

}  // namespace tideway::cli
