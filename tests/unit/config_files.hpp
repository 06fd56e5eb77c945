// Configuration files for tests, and how they are refused.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "base/error.hpp"
#include "config/config.hpp"

namespace tideway {

inline const std::string sides =
    "[desktop]\nurl = \"postgresql://a@localhost/d\"\n[cloud]\nurl = \"postgresql://a@localhost/c\"\n";

// A file whose only table holds `lines`; they begin in line 6.
inline std::string with_table(const std::string& lines) { return sides + "[[table]]\n" + lines; }
inline TableSetting table_of(const std::string& lines) {
    return parse_config(with_table(lines), "t.toml").tables.at(0);
}
inline Config with(const std::string& lines) {
    return parse_config(sides + lines + "\n[[table]]\nname = \"t\"\n", "t.toml");
}

struct Refusal {
    std::string toml;
    Code code;
    std::string message;  // begins with
    std::string hint;     // holds
};

inline void expect_refused(const Refusal& expected) {
    SCOPED_TRACE(expected.toml);
    try {
        parse_config(expected.toml, "t.toml");
        FAIL() << "accepted";
    } catch (const Error& e) {
        EXPECT_EQ(info(e.code()).id, info(expected.code).id);
        const std::string what = e.what();
        EXPECT_EQ(what.substr(0, expected.message.size()), expected.message) << what;
        EXPECT_NE(e.hint().find(expected.hint), std::string::npos) << e.hint();
    }
}

}  // namespace tideway
