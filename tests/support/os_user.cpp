#include "support/os_user.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace tideway::test {

bool running_as_root() { return geteuid() == 0; }

OsUser postgres_user() {
    if (!running_as_root()) return {geteuid(), getegid()};
    static const OsUser user = [] {
        const passwd* entry = getpwnam("postgres");
        if (entry == nullptr) throw std::runtime_error("there is no user postgres to run servers as");
        return OsUser{entry->pw_uid, entry->pw_gid};
    }();
    return user;
}

void give_to_postgres(const std::filesystem::path& path) {
    if (!running_as_root()) return;
    const OsUser user = postgres_user();
    if (chown(path.c_str(), user.uid, user.gid) != 0)
        throw std::system_error(errno, std::generic_category(), "chown " + path.string());
}

}  // namespace tideway::test
