#include "db/postgres/connect_settings.hpp"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <sstream>

#include <fmt/format.h>

namespace tideway::pg {
namespace {

using Values = std::map<std::string, std::string>;

struct FreeOptions {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

Values values_of(const Options& options) {
    Values values;
    for (const PQconninfoOption* each = options.get(); each && each->keyword; ++each)
        if (each->val && *each->val) values[each->keyword] = each->val;
    return values;
}

// As libpq decides: anything else is the bare name of a database.
bool is_connection_string(const std::string& url) {
    return url.starts_with("postgresql://") || url.starts_with("postgres://") || url.find('=') != url.npos;
}

Values parse(const std::string& url, Side side) {
    if (!is_connection_string(url)) return {};
    char* reason = nullptr;
    const Options options(PQconninfoParse(url.c_str(), &reason));
    PQfreemem(reason);  // it quotes the url, password and all
    if (!options)
        throw Error(Code::config_value,
                    fmt::format("the {} url is not a valid connection string", name(side)),
                    "write postgresql://user@host:port/database; special characters in it as %XX");
    Values values = values_of(options);
    // libpq itself looks at it only while connecting.
    if (values["port"].find_first_not_of("0123456789,") != std::string::npos)
        throw Error(Code::config_value,
                    fmt::format("the {} url has \"{}\" for a port", name(side), values["port"]),
                    "a port is a number, as in host:5432");
    return values;
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

bool on_this_machine(std::string_view host) {
    return host.empty() || host.starts_with('/') || host.starts_with('@') || host.starts_with("127.") ||
           host == "localhost" || host == "::1";
}

// A url may list several hosts, separated by commas; hostaddr overrules host.
bool all_on_this_machine(Values& resolved) {
    const std::string& address = resolved["hostaddr"];
    std::istringstream list(address.empty() ? resolved["host"] : address);
    for (std::string host; std::getline(list, host, ',');)
        if (!on_this_machine(host)) return false;
    return true;
}

bool mode_was_chosen(Values& resolved, const std::string& url) {
    // "prefer" is libpq's own default; it is a choice only where somebody wrote it down.
    return resolved["sslmode"] != "prefer" || !environment("PGSSLMODE").empty() ||
           parse(url, Side::desktop).contains("sslmode");
}

// libpq before 16 does not know sslrootcert=system; these are the files that distributions keep.
std::string system_authorities() {
    for (const char* file :
         {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"})
        if (std::filesystem::exists(file)) return file;
    return {};
}

bool has_own_authorities(Values& resolved) {
    std::error_code ignored;
    return !resolved["sslrootcert"].empty() ||
           std::filesystem::exists(environment("HOME") + "/.postgresql/root.crt", ignored);
}

}  // namespace

std::string server_of(const std::string& url) {
    Values values = parse(url, Side::desktop);
    const auto or_environment = [&](const char* key, const char* variable, const char* otherwise) {
        if (!values[key].empty()) return values[key];
        const std::string set = environment(variable);
        return set.empty() ? std::string(otherwise) : set;
    };
    return or_environment("host", "PGHOST", "local") + ":" + or_environment("port", "PGPORT", "5432");
}

Settings connect_settings(const ConnectOptions& options) {
    parse(options.url, options.side);
    Settings settings = {
        // A dead peer is noticed within a minute, also when data is under way.
        {"keepalives", "1"},       {"keepalives_idle", "30"},     {"keepalives_interval", "10"},
        {"keepalives_count", "3"}, {"tcp_user_timeout", "60000"}, {"fallback_application_name", "tideway"},
        {"dbname", options.url},   {"gssencmode", "disable"},     {"client_encoding", "UTF8"},
    };
    if (options.password) settings.push_back({"password", *options.password});
    return settings;
}

Settings tls_settings(PGconn* started, const std::string& url) {
    Values resolved = values_of(Options(PQconninfo(started)));
    if (all_on_this_machine(resolved)) return {};
    Settings settings;
    if (!mode_was_chosen(resolved, url)) settings.push_back({"sslmode", resolved["sslmode"] = "verify-full"});
    const std::string file = system_authorities();
    if (resolved["sslmode"].starts_with("verify") && !has_own_authorities(resolved) && !file.empty())
        settings.push_back({"sslrootcert", file});
    return settings;
}

}  // namespace tideway::pg
