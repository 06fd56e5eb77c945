#include "support/pg_binaries.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "support/os_user.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace tideway::test {
namespace fs = std::filesystem;
namespace {

int version_from(const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr && *value != '\0' ? std::stoi(value) : 15;
}

fs::path own_cache() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    if (cache != nullptr && *cache != '\0') return cache;
    return fs::path(home != nullptr ? home : "/nonexistent") / ".cache";
}

fs::path bin_path(int version) {
    const std::string major = std::to_string(version);
    for (const fs::path& bin : {fs::path("/usr/lib/postgresql") / major / "bin",
                                fs::path("/var/cache/tideway-postgres") / major / "bin"})
        if (fs::exists(bin / "postgres")) return bin;
    return own_cache() / "tideway-postgres" / major / "bin";
}

fs::path template_cache() {
    return running_as_root() ? fs::path("/var/tmp/tideway-test")
                             : fs::path(fmt::format("/var/tmp/tideway-test-{}", geteuid()));
}

void init_cluster(int version, const fs::path& data) {
    std::vector<std::string> initdb{(pg_bin(version) / "initdb").string(),
                                    "--pgdata=" + data.string(),
                                    "--username=postgres",
                                    "--auth=trust",
                                    "--encoding=UTF8",
                                    "--locale=C.UTF-8",
                                    "--no-sync"};
    run_checked(initdb, {.env = {{"LC_ALL", "C.UTF-8"}, {"TZ", "UTC"}}, .as_postgres = true});
}

// Another process may make the same template at the same time: the first rename wins, both are as good.
fs::path cluster_template(int version) {
    const fs::path ready = template_cache() / std::to_string(version);
    if (fs::exists(ready)) return ready;
    fs::create_directories(template_cache());
    const TempDir work(template_cache(), true);
    init_cluster(version, work / "data");
    std::error_code error;
    fs::rename(work / "data", ready, error);
    if (error && !fs::exists(ready)) throw fs::filesystem_error("keep a cluster template", ready, error);
    return ready;
}

}  // namespace

int desktop_version() { return version_from("TIDEWAY_TEST_PG_DESKTOP"); }
int cloud_version() { return version_from("TIDEWAY_TEST_PG_CLOUD"); }

bool pg_available(int version) { return fs::exists(bin_path(version) / "postgres"); }

fs::path pg_bin(int version) {
    if (!pg_available(version))
        throw std::runtime_error(
            fmt::format("PostgreSQL {0} is not installed: run tools/postgres-versions {0}", version));
    return bin_path(version);
}

void make_data_directory(int version, const fs::path& data) {
    run_checked({"cp", "-a", "--reflink=auto", cluster_template(version).string(), data.string()});
}

}  // namespace tideway::test
