// A desktop and a cloud database with sessions open on both, and a configuration over them.
#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "bench_server.hpp"
#include "measured_run.hpp"
#include "measurement.hpp"
#include "support/db.hpp"
#include "support/run_tideway.hpp"

namespace tideway::bench {

struct Servers {
    BenchServer desktop, cloud;
};

// CREATE DATABASE on both servers at the start of life, DROP DATABASE at the end. Their names differ: both
// clusters may be copies of one, and tideway refuses two urls that seem to lead to the same database.
class Databases {
  public:
    Databases(Servers& servers, const std::string& name);
    ~Databases();
    Databases(const Databases&) = delete;
    Databases& operator=(const Databases&) = delete;
    std::string desktop_url() const { return servers_.desktop.url(name_ + "_desktop"); }
    std::string cloud_url() const { return servers_.cloud.url(name_ + "_cloud"); }
    std::uint16_t cloud_port() const { return servers_.cloud.port(); }
    std::string cloud_name() const { return name_ + "_cloud"; }
    const Servers& servers() const { return servers_; }

  private:
    Servers& servers_;
    std::string name_;
};

class BenchPair {
  public:
    BenchPair(Servers& servers, const std::string& name);

    std::string desktop_url() const { return databases_.desktop_url(); }
    std::string cloud_url() const { return databases_.cloud_url(); }
    const Databases& databases() const { return databases_; }
    void both(const std::string& sql);
    void configure(const std::string& toml);  // everything after the two urls
    void configure(const std::string& toml, const std::string& cloud_url);  // the cloud by another way
    // Any command; throws unless it ended with 0.
    MeasuredRun command(const std::vector<std::string>& arguments);
    long long cloud_wal();  // where the log of the cloud's server stands, in bytes
    // One sync. Conflicts, held and parked rows may wait. Throws unless it ended in sync, having written exactly these rows in users' tables.
    MeasuredRun sync(long long expected_writes, const std::string& mode = "incremental");
    void sync_until_quiet();  // whatever there is to do, and once more to see that nothing is left
    void sync_whatever_waits();  // the same where some rows are held or parked for good
    void forget();            // the pair was never synchronised; users' rows stay
    // Does the work; what it took here, in programs that it started, and in both servers.
    Cost cost_of(const std::function<void()>& work);
    // The floor and then what is measured, each from a checkpoint on.
    Sample compare(const std::function<void()>& floor, const std::function<void()>& own);
    void settle();            // nothing that happened before is still to be written to disk
    void vacuum();            // as autovacuum does some time after a large change

  private:
    MeasuredRun run(const std::vector<std::string>& arguments) const;

    Databases databases_;

  public:
    test::Db desktop, cloud;  // closed before the databases go

  private:
    test::ConfigFile config_{""};
};

// COPY text from one server to the other through this process, as `psql | psql` does.
void copy_through(test::Db& from, const std::string& copy_out, test::Db& to, const std::string& copy_in);

// Both statements at once.
void on_both_at_once(BenchPair& pair, const std::string& desktop_sql, const std::string& cloud_sql);

}  // namespace tideway::bench
