// The demo's databases as two SQLite files, with the part of the office's tables that its scenes play in.
#pragma once
#include <map>

#include "cli/demo_sides.hpp"
#include "db/sqlite/connection.hpp"

namespace tideway::cli {

class DemoFiles : public DemoSides {
  public:
    // keep: the files stay after this object.
    explicit DemoFiles(bool keep);
    ~DemoFiles() override;
    DemoFiles(const DemoFiles&) = delete;
    DemoFiles& operator=(const DemoFiles&) = delete;

    void fill() override;
    const std::string& directory() const override { return directory_; }
    std::string url(Side side) const override;
    std::string query(Side side, const std::string& sql) override;
    std::string opener(Side side) const override;
    std::vector<std::string> removal() const override;

  private:
    std::string path(Side side) const;
    bool keep_;
    std::string directory_;
    std::map<Side, sqlite::Connection> sessions_;
};

}  // namespace tideway::cli
