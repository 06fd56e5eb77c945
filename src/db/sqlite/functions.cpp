// What SQL asks the library for and a world of its own answers: the time and random bytes.
#include <algorithm>

#include "db/sqlite/impl.hpp"

namespace tideway::sqlite {
namespace {

constexpr double micros_per_day = 86'400e6, julian_day_of_1970 = 2440587.5;

World& world_of(sqlite3_context* context) { return *static_cast<World*>(sqlite3_user_data(context)); }

extern "C" {

// julianday('now'): the only form that is written in a file's own objects.
void julian_day(sqlite3_context* context, int, sqlite3_value**) {
    const std::int64_t now = world_of(context).clock.now_micros();
    sqlite3_result_double(context, static_cast<double>(now) / micros_per_day + julian_day_of_1970);
}

void random_blob(sqlite3_context* context, int, sqlite3_value** arguments) {
    std::string bytes(static_cast<std::size_t>(std::max(1, sqlite3_value_int(arguments[0]))), '\0');
    for (char& each : bytes) each = static_cast<char>(world_of(context).random.next());
    sqlite3_result_blob(context, bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
}
}

}  // namespace

void take_over_functions(ConnectionImpl& impl) {
    constexpr int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;
    sqlite3_create_function(impl.handle, "julianday", 1, flags, impl.options.world, julian_day, nullptr,
                            nullptr);
    sqlite3_create_function(impl.handle, "randomblob", 1, flags, impl.options.world, random_blob, nullptr,
                            nullptr);
}

}  // namespace tideway::sqlite
