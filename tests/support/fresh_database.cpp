#include "support/fresh_database.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

#include "support/db.hpp"

namespace tideway::test {
namespace {

std::string unique_name(const std::string& hint) {
    static std::atomic<int> counter = 0;
    return fmt::format("{}_{}_{}", hint.substr(0, 40), getpid(), ++counter);
}

}  // namespace

PgServer& shared_desktop() {
    static PgServer server({.version = desktop_version()});
    return server;
}

PgServer& shared_cloud() {
    static PgServer server({.version = cloud_version()});
    return server;
}

SharedPair shared_pair() { return {shared_desktop(), shared_cloud()}; }

Database::Database(PgServer& server, const std::string& name_hint, const std::string& options)
    : server_(server), name_(std::make_unique<std::string>(unique_name(name_hint))) {
    Db(server_.url("postgres"))
        .exec("create database " + quote_identifier(name()) + " template template0 " + options);
}

Database::~Database() {
    if (name_ == nullptr || !server_.running()) return;
    try {
        Db(server_.url("postgres"))
            .exec("drop database if exists " + quote_identifier(name()) + " with (force)");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "database %s stays: %s\n", name().c_str(), error.what());
    }
}

Database fresh_database(PgServer& server, const std::string& name_hint, const std::string& options) {
    return {server, name_hint, options};
}

}  // namespace tideway::test
