#include "alert/transfer.hpp"

#include <fmt/format.h>

#include <mutex>
#include <vector>

#include "base/error.hpp"

namespace tideway::alert {
namespace {

std::size_t throw_away(char*, std::size_t size, std::size_t count, void*) { return size * count; }

CURL* new_handle() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    CURL* handle = curl_easy_init();
    ensure(handle != nullptr, "libcurl gives a handle");
    return handle;
}

}  // namespace

Transfer::Transfer(std::chrono::seconds timeout) : timeout_(timeout), handle_(new_handle()) {
    set(CURLOPT_ERRORBUFFER, problem_);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::chrono::milliseconds(timeout).count()));
    set(CURLOPT_WRITEFUNCTION, &throw_away);
    set(CURLOPT_USERAGENT, "tideway");
}

void Transfer::set_list(CURLoption option, const std::vector<std::string>& texts) {
    curl_slist* list = nullptr;
    for (const std::string& text : texts) list = curl_slist_append(list, text.c_str());
    lists_.emplace_back(list);
    set(option, list);
}

std::string Transfer::run() {
    const CURLcode code = curl_easy_perform(handle_.get());
    if (code == CURLE_OK) return "";
    if (code == CURLE_OPERATION_TIMEDOUT) return fmt::format("gave no answer within {} s", timeout_.count());
    const std::string said = problem_[0] != '\0' ? problem_ : curl_easy_strerror(code);
    return fmt::format("failed: {}", said);
}

long Transfer::answer() const {
    long number = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &number);
    return number;
}

}  // namespace tideway::alert
