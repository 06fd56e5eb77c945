// A table of aligned columns in plain ASCII. A column in which no row has a value is left out.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace tideway::cli {

enum class Align { left, right };

class TextTable {
  public:
    // Neighbouring columns of the same non-empty group share a heading above theirs.
    void add_column(std::string title, Align align, std::string group = {});
    // One cell per column; "" is no value.
    void add_row(std::vector<std::string> cells);
    std::size_t rows() const { return rows_.size(); }
    // Heading and rows, one line each, without trailing blanks. A missing value in a right-aligned column
    // shows as "-".
    std::vector<std::string> lines() const;
    std::string text() const;

  private:
    struct Column {
        std::string title, group;
        Align align;
    };
    struct Visible {
        std::size_t column, width;
    };
    std::vector<Visible> visible() const;
    std::string group_line(std::vector<Visible>& shown) const;

    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// A number for a cell; zero is no value.
std::string cell(std::int64_t number);

}  // namespace tideway::cli
