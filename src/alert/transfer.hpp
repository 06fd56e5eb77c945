// One transfer with libcurl.
#pragma once
#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace tideway::alert {

class Transfer {
  public:
    explicit Transfer(std::chrono::seconds timeout);

    template <typename Value>
    void set(CURLoption option, Value value) {
        curl_easy_setopt(handle_.get(), option, value);
    }
    // A list of texts for headers or receivers; kept until the end of life.
    void set_list(CURLoption option, const std::vector<std::string>& texts);

    // What went wrong, in words without the address; empty: nothing. An answer's text is thrown away.
    std::string run();
    long answer() const;  // the last answer's number, 0 without any

  private:
    struct Closer {
        void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
        void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    };
    std::chrono::seconds timeout_;
    std::unique_ptr<CURL, Closer> handle_;
    std::vector<std::unique_ptr<curl_slist, Closer>> lists_;
    char problem_[CURL_ERROR_SIZE] = {};
};

}  // namespace tideway::alert
