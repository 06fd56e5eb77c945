#include "daemon/job_memory.hpp"

#include <cstdio>
#include <fstream>

namespace tideway::daemon {

// A line a job: the moment, a blank, its name.
Schedule::Times recall_jobs(const std::string& path) {
    Schedule::Times times;
    std::ifstream in(path);
    std::int64_t moment = 0;
    for (std::string name; in >> moment && in.get() == ' ' && std::getline(in, name);) times[name] = moment;
    return times;
}

bool remember_jobs(const std::string& path, const Schedule::Times& times) {
    const std::string fresh = path + ".new";
    {
        std::ofstream out(fresh, std::ios::trunc);
        for (const auto& [name, moment] : times) out << moment << ' ' << name << '\n';
        if (!out.flush()) return false;
    }
    return std::rename(fresh.c_str(), path.c_str()) == 0;
}

}  // namespace tideway::daemon
