#include "db/sqlite/idle_connections.hpp"

#include <algorithm>

#include "db/sqlite/impl.hpp"

namespace tideway::sqlite {

IdleConnections::IdleConnections() = default;
IdleConnections::~IdleConnections() = default;

std::unique_ptr<ConnectionImpl> IdleConnections::take(const std::string& path) {
    const auto found = std::find_if(idle_.begin(), idle_.end(),
                                    [&](const auto& each) { return each->options.path == path; });
    if (found == idle_.end()) return nullptr;
    std::unique_ptr<ConnectionImpl> taken = std::move(*found);
    idle_.erase(found);
    return taken;
}

// What there is no room to keep is closed.
void IdleConnections::keep(std::unique_ptr<ConnectionImpl> connection) noexcept try {
    connection->hook = nullptr;
    connection->patience = usual_patience;
    connection->ticked = 0;
    connection->counts = false;
    connection->writes.clear();
    idle_.push_back(std::move(connection));
} catch (const std::exception&) {
}

void IdleConnections::close(const std::string& path) {
    std::erase_if(idle_, [&](const auto& each) { return each->options.path == path; });
}

}  // namespace tideway::sqlite
