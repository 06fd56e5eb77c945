// What verify found, for a terminal and as a page for a browser.
#pragma once
#include <string>

#include "model/verify_report.hpp"

namespace tideway::cli {

std::string verify_text(const VerifyReport& report);
// HTML in one file: no scripts, nothing loaded from elsewhere.
std::string verify_page(const VerifyReport& report);

}  // namespace tideway::cli
