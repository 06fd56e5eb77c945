// Bucardo, Debian's package, carrying one table from the desktop to the cloud: its own database lies in the desktop's server, its
// daemon belongs to this process.
#pragma once
#include <filesystem>
#include <string>

#include "bench_pair.hpp"

namespace tideway::bench {

class Bucardo {
  public:
    // The table must be equal on both sides. Returns when the daemon waits for changes. Throws where a step fails.
    Bucardo(BenchPair& pair, const std::string& table);
    ~Bucardo();
    Bucardo(const Bucardo&) = delete;
    Bucardo& operator=(const Bucardo&) = delete;
    static bool installed();

  private:
    void run(const std::string& arguments) const;
    void add_database(const std::string& name, test::Db& side) const;
    void wait_until_it_listens() const;

    BenchPair& pair_;
    std::filesystem::path dir_;  // logs and pid files
    std::string client_;
};

}  // namespace tideway::bench
