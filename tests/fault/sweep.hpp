// Ends a run at chosen failpoints, and lets the next run complete it.
#pragma once
#include <signal.h>

#include <iostream>

#include "fault/prepared.hpp"

namespace tideway::test {

// The first sync of two sides that know nothing of each other: everything is installed on the way.
inline Prepared& first_sync() {
    static Prepared prepared(shared_desktop(), shared_cloud(), "sweep_first", {first_rows, rows_of_both}, {});
    return prepared;
}
inline Prepared& everyday_sync() {
    static Prepared prepared(shared_desktop(), shared_cloud(), "sweep_everyday", {first_rows}, {mixed_edits});
    return prepared;
}
inline Prepared& large_sync() {
    static Prepared prepared(shared_desktop(), shared_cloud(), "sweep_large", {first_rows, many_rows},
                             {many_edits});
    return prepared;
}

struct Point {
    std::string failpoint;
    int hit;
};

inline std::string text_of(const Point& point) { return fmt::format("{}@{}", point.failpoint, point.hit); }

inline std::vector<Point> first_and_last(const std::map<std::string, int>& passed) {
    std::vector<Point> points;
    for (const auto& [name, times] : passed) {
        points.push_back({name, 1});
        if (times > 1) points.push_back({name, times});
    }
    return points;
}

inline std::vector<Point> last(const std::map<std::string, int>& passed) {
    std::vector<Point> points;
    for (const auto& [name, times] : passed) points.push_back({name, times});
    return points;
}

inline Environment fault(const Point& point, const std::string& action) {
    return {{"TIDEWAY_FAILPOINTS", fmt::format("{}={}@{}", point.failpoint, action, point.hit)}};
}

inline void sweep(Prepared& prepared, const std::vector<Point>& points, const std::string& action) {
    const auto begin = std::chrono::steady_clock::now();
    for (const Point& point : points) {
        SCOPED_TRACE(fmt::format("{} at {}", action, text_of(point)));
        Office& office = prepared.next_copy();
        const TidewayResult disturbed = office.sync(fault(point, action));
        EXPECT_EQ(disturbed.exit_code, action == "kill9" ? -SIGKILL : 1) << told(disturbed);
        prepared.expect_recovered(office);
    }
    const auto ms = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begin).count();
    std::cout << fmt::format("{} points, {} ms each\n", points.size(),
                             points.empty() ? 0 : ms / static_cast<long>(points.size()));
}

}  // namespace tideway::test
