// PostgreSQL and pgbouncer refuse to run as root: then their processes and files belong to user `postgres`.
#pragma once
#include <sys/types.h>

#include <filesystem>

namespace tideway::test {

struct OsUser {
    uid_t uid;
    gid_t gid;
};

bool running_as_root();
OsUser postgres_user();  // the user that servers run as: `postgres` under root, else ourselves
void give_to_postgres(const std::filesystem::path& path);  // chown; nothing when not root

}  // namespace tideway::test
