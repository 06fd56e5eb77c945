#include "cli/init_command.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "report/report_json.hpp"
#include "cli/url_connector.hpp"
#include "config/sqlite_url.hpp"

namespace tideway::cli {
namespace {

// Ends a wait when the program is asked to stop.
class StopHook : public WaitHook {
  public:
    void tick() override {
        if (real_world().stop.requested())
            throw Error(Code::interrupted, "init was asked to stop", "nothing was written");
    }
};

[[noreturn]] void refuse_output(const std::string& path, int error) {
    throw Error(Code::usage, fmt::format("{}: {}", path, std::strerror(error)),
                error == EEXIST ? "init replaces no file; name another one with -o, or move that one away"
                                : "name another file with -o");
}

// Only its owner may read the file: a url may hold a password.
class NewFile {
  public:
    explicit NewFile(const std::string& path)
        : path_(path), fd_(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
        if (fd_ < 0) refuse_output(path, errno);
    }
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    ~NewFile() {
        close(fd_);
        if (!complete_) unlink(path_.c_str());
    }
    void write_all(const std::string& text) {
        for (std::size_t at = 0; at < text.size();) {
            const ssize_t written = write(fd_, text.data() + at, text.size() - at);
            if (written < 0 && errno != EINTR) refuse_output(path_, errno);
            if (written > 0) at += static_cast<std::size_t>(written);
        }
        complete_ = true;
    }

  private:
    std::string path_;
    int fd_;
    bool complete_ = false;
};

std::string proposal(const Request& request) {
    StopHook hook;
    const std::unique_ptr<Store> desktop = open_url(Side::desktop, request.desktop_url, hook);
    const std::unique_ptr<Store> cloud = open_url(Side::cloud, request.cloud_url, hook);
    // The file may be kept elsewhere, and a path in it is then another one.
    const std::filesystem::path here = std::filesystem::current_path();
    return propose_config(*desktop, *cloud, absolute_sqlite_url(request.desktop_url, here),
                          absolute_sqlite_url(request.cloud_url, here));
}

}  // namespace

Exit init(const Request& request, std::ostream& out, std::ostream& err) {
    std::optional<NewFile> file;
    if (request.output) file.emplace(*request.output);
    const std::string toml = proposal(request);
    if (file) {
        file->write_all(toml);
        err << fmt::format("wrote {0}: read it, then: tideway -c {0} doctor\n", *request.output);
    }
    if (request.json)
        out << dump({{"version", 1}, {"status", "ok"}, {"toml", toml}});
    else if (!file)
        out << toml;
    return Exit::ok;
}

}  // namespace tideway::cli
