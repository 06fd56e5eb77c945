#include "config/hidden_url.hpp"

#include <algorithm>

namespace tideway {

std::string hidden_url(const std::string& url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string::npos) return "***";
    const std::size_t begin = scheme + 3, end = std::min(url.find_first_of("/?#", begin), url.size());
    const std::string authority = url.substr(begin, end - begin);
    const std::string host = authority.substr(authority.rfind('@') + 1);  // npos + 1 = 0: no user
    return url.substr(0, begin) + host + (end < url.size() ? "/***" : "");
}

}  // namespace tideway
