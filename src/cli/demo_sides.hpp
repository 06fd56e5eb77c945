// The two throwaway databases of the demo: an office's and a cloud's.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "model/value.hpp"

namespace tideway::cli {

class DemoSides {
  public:
    virtual ~DemoSides() = default;
    // Makes the demo's tables, with the office's rows in them.
    virtual void fill() = 0;
    virtual const std::string& directory() const = 0;
    virtual std::string url(Side side) const = 0;
    // The text result without headings; rows by lines, columns by "|". Throws Error with the database's
    // complaint.
    virtual std::string query(Side side, const std::string& sql) = 0;
    // Commands for a person: one that opens a side, and those that end and remove what was kept.
    virtual std::string opener(Side side) const = 0;
    virtual std::vector<std::string> removal() const = 0;
};

}  // namespace tideway::cli
