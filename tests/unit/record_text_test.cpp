// Forms that a PostgreSQL server makes and the program makes as well. The expected values are the server's;
// tests/conformance compares the two on a running one.
#include "sql/record_text.hpp"

#include <gtest/gtest.h>

#include "base/md5.hpp"
#include "sql/text_array.hpp"

namespace tideway::sql {
namespace {

TEST(RecordText, QuotesWhatTheServerQuotes) {
    EXPECT_EQ(record_text({"8533"}), "(8533)");
    EXPECT_EQ(record_text({"a", "b c", std::nullopt, ""}), R"((a,"b c",,""))");
    EXPECT_EQ(record_text({std::nullopt, std::nullopt}), "(,)");
    EXPECT_EQ(record_text({R"(a"b\c)", "(x)", "y,z", "tab\t"}),
              "(\"a\"\"b\\\\c\",\"(x)\",\"y,z\",\"tab\t\")");
}

TEST(BigintHash, IsTheServers) {
    for (const auto& [value, plain, seeded] :
         {std::tuple(0LL, 4154612158245552303LL, 6070635583126202392LL),
          std::tuple(1LL, -3670598878359251130LL, -7474253914743946148LL),
          std::tuple(-1LL, -1888257769727981238LL, -4439390734192008633LL),
          std::tuple(-5000000000LL, 6327884766802921082LL, -2795203393310445234LL),
          std::tuple(9223372036854775807LL, 1977219185673256887LL, -4181099878007920731LL)}) {
        EXPECT_EQ(bigint_hash(value, 0), plain) << value;
        EXPECT_EQ(bigint_hash(value, -7), seeded) << value;
    }
}

TEST(Md5, IsTheServers) {
    EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(md5_hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
    for (const auto& [length, expected] : {std::pair(55, "ef1772b6dff9a122358552954ad0df65"),
                                           std::pair(56, "3b0c8ac703f828b04c6c197006d17218"),
                                           std::pair(64, "014842d480b571495a4a0363793f7367"),
                                           std::pair(130, "e016e4ccc7fdaea56fc377600b58c4cb")})
        EXPECT_EQ(md5_hex(std::string(static_cast<std::size_t>(length), 'a')), expected) << length;
}

TEST(TextArray, ReadsBackWhatItWrote) {
    const std::vector<std::string> keys{"8533", "", "a\"b\\c", "{x,y}", "NULL"};
    EXPECT_EQ(parse_text_array(text_array(keys)), keys);
}

}  // namespace
}  // namespace tideway::sql
