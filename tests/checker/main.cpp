// checker FILE: judges a history that a test has kept; prints each violation with its story.
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>

#include "checker/history_json.hpp"
#include "checker/judge.hpp"

int main(int count, char** arguments) try {
    using namespace tideway::checker;
    if (count != 2) {
        std::fprintf(stderr, "usage: checker FILE\n");
        return 2;
    }
    std::ifstream file(arguments[1]);
    if (!file) throw std::runtime_error(std::string("cannot read ") + arguments[1]);
    std::ostringstream text;
    text << file.rdbuf();
    const History history = from_json(text.str());
    const Verdict verdict = judge(history);
    std::cout << describe(history, verdict) << history.writes.size() << " writes, "
              << history.conflicts.size() << " conflicts, " << history.waiting.size() << " waiting, "
              << verdict.size() << " violations\n";
    return verdict.empty() ? 0 : 1;
} catch (const std::exception& error) {
    std::fprintf(stderr, "checker: %s\n", error.what());
    return 2;
}
