// Where the server binaries of a PostgreSQL major version are, and a freshly initialised data directory of
// it.
#pragma once
#include <filesystem>
#include <string>

namespace tideway::test {

// Holds initdb and postgres. 15 is Debian's; others come from tools/postgres-versions. Throws when missing.
std::filesystem::path pg_bin(int version);
bool pg_available(int version);

// The major versions under test: TIDEWAY_TEST_PG_DESKTOP and TIDEWAY_TEST_PG_CLOUD, 15 when unset.
int desktop_version();
int cloud_version();

// Copies an initialised cluster (superuser postgres, UTF8, locale C.UTF-8) to `data`, which must not exist.
// initdb runs once per version and machine; its result is kept below /var/tmp.
void make_data_directory(int version, const std::filesystem::path& data);

}  // namespace tideway::test
