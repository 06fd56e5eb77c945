// Connections that nobody uses at the moment, open for whoever opens their file next: most of what opening
// one costs is that the library reads the file's schema, and prepares statements.
#pragma once
#include <memory>
#include <string>
#include <vector>

namespace tideway::sqlite {

struct ConnectionImpl;

class IdleConnections {
  public:
    IdleConnections();
    ~IdleConnections();

    std::unique_ptr<ConnectionImpl> take(const std::string& path);  // null if there is none
    void keep(std::unique_ptr<ConnectionImpl> connection) noexcept;
    void close(const std::string& path);  // those of a file that nobody will open any more

  private:
    std::vector<std::unique_ptr<ConnectionImpl>> idle_;
};

}  // namespace tideway::sqlite
