// Two throwaway PostgreSQL servers for the demo: an office's and a cloud's. They listen on a socket in a
// directory that only their user may enter, never on the network.
#pragma once
#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/demo_process.hpp"
#include "cli/demo_sides.hpp"
#include "model/value.hpp"

namespace tideway::cli {

class DemoServers : public DemoSides {
  public:
    // Makes and starts both; takes a few seconds. Throws Error when there is no PostgreSQL on this machine or
    // it does not start; then nothing is left behind. keep: they go on running after this object, and their
    // files stay.
    // fixture: the file powerca.sql.
    DemoServers(bool keep, std::string fixture);
    ~DemoServers() override;
    DemoServers(const DemoServers&) = delete;
    DemoServers& operator=(const DemoServers&) = delete;

    void fill() override;
    const std::string& directory() const override { return directory_; }
    std::string url(Side side) const override;
    std::string query(Side side, const std::string& sql) override;  // by psql
    std::string opener(Side side) const override;
    std::vector<std::string> removal() const override;

  private:
    void run_file(Side side, const std::string& file,
                  const std::map<std::string, std::string>& variables) const;
    std::string data(Side side) const;
    std::string log() const { return directory_ + "/servers.log"; }
    std::string url_of(Side side, const std::string& database) const;
    void make(Side side);
    void start(Side side);
    void wait_until_ready(Side side);
    void stop() noexcept;
    std::string psql(const std::string& url, const std::vector<std::string>& arguments) const;
    std::string last_words(const char* file) const;

    bool keep_;
    std::string fixture_, bin_, directory_;
    std::optional<OsUser> user_;
    std::map<Side, pid_t> running_;
};

// Where this machine keeps initdb, postgres and psql; "" when nowhere.
std::string find_postgres_programs();

}  // namespace tideway::cli
