#include "web/token_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/error.hpp"
#include "web/sessions.hpp"

namespace tideway::web {
namespace {

constexpr std::size_t shortest = 32;

[[noreturn]] void refuse(const std::string& path, const std::string& why, const std::string& hint = {}) {
    throw Error(Code::token_file, fmt::format("the token file {} {}", path, why), hint);
}

void write_whole(int file, const std::string& text, const std::string& path) {
    const bool written =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
    const int reason = errno;
    ::close(file);
    if (!written) refuse(path, fmt::format("cannot be written: {}", std::strerror(reason)));
}

// Under another name first: whoever finds the file finds all of it.
void create(const std::string& path, const std::string& token) {
    const std::string draft = fmt::format("{}.{}.new", path, ::getpid());
    const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        refuse(path, fmt::format("cannot be made: {}", std::strerror(errno)),
               "name another place with token_file in [serve]");
    write_whole(file, token + "\n", path);
    const bool linked = ::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST;
    const int reason = errno;
    ::unlink(draft.c_str());
    if (!linked) refuse(path, fmt::format("cannot be made: {}", std::strerror(reason)));
}

void require_private(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0)
        refuse(path, fmt::format("cannot be read: {}", std::strerror(errno)));
    if (!S_ISREG(facts.st_mode)) refuse(path, "is no file");
    if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        refuse(path, "can be read or changed by other users", fmt::format("chmod 600 {}", path));
}

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    if (!file || !std::getline(file, line)) line.clear();
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) line.pop_back();
    return line;
}

}  // namespace

std::string token_in(const std::string& path, Random& random) {
    if (::access(path.c_str(), F_OK) != 0) create(path, random_secret(random));
    require_private(path);
    const std::string token = first_line(path);
    const bool visible =
        std::all_of(token.begin(), token.end(), [](unsigned char c) { return c > ' ' && c < 127; });
    if (token.size() < shortest || !visible)
        refuse(path, fmt::format("holds no token of at least {} visible characters", shortest),
               "remove the file: the next start makes a new one");
    return token;
}

}  // namespace tideway::web
