#include "web/row_columns.hpp"

namespace tideway::web {
namespace {

// Told of the parts of a row's text one by one. What lies deeper than the row's own members is put together
// again.
class CellReader : public nlohmann::json_sax<Json> {
  public:
    CellTexts cells;

    bool null() override { return value(std::nullopt); }
    bool boolean(bool is) override { return value(is ? "true" : "false"); }
    bool number_integer(number_integer_t number) override { return value(std::to_string(number)); }
    bool number_unsigned(number_unsigned_t number) override { return value(std::to_string(number)); }
    bool number_float(number_float_t, const string_t& written) override { return value(written); }
    bool string(string_t& text) override { return value(depth_ > 1 ? Json(text).dump() : text); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open('{'); }
    bool start_array(std::size_t) override { return open('['); }
    bool end_object() override { return close('}'); }
    bool end_array() override { return close(']'); }
    bool key(string_t& name) override {
        if (depth_ == 1) {
            name_ = name;
        } else {
            comma();
            nested_ += Json(name).dump() + ": ";
            after_key_ = true;
        }
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
        return false;
    }

  private:
    void comma() {
        if (!after_key_ && !nested_.empty() && nested_.back() != '{' && nested_.back() != '[')
            nested_ += ", ";
        after_key_ = false;
    }
    bool value(const std::optional<std::string>& text) {
        if (depth_ == 0) return false;
        if (depth_ == 1) {
            cells.emplace_back(name_, text);
        } else {
            comma();
            nested_ += text.value_or("null");
        }
        return true;
    }
    bool open(char bracket) {
        if (depth_ > 0) {
            comma();
            nested_ += bracket;
        }
        ++depth_;
        return bracket == '{' || depth_ > 1;
    }
    bool close(char bracket) {
        --depth_;
        if (depth_ > 0) nested_ += bracket;
        if (depth_ == 1) {
            cells.emplace_back(name_, nested_);
            nested_.clear();
        }
        return true;
    }

    int depth_ = 0;
    bool after_key_ = false;
    std::string name_, nested_;
};

const std::optional<std::string>* find(const CellTexts& cells, const std::string& name) {
    for (const auto& [each, text] : cells)
        if (each == name) return &text;
    return nullptr;
}

Json shown(const std::optional<std::string>* cell) {
    return cell != nullptr && *cell ? Json(**cell) : Json(nullptr);
}

}  // namespace

CellTexts cell_texts(const std::string& row) {
    CellReader reader;
    return Json::sax_parse(row, &reader) ? reader.cells : CellTexts{};
}

Json columns_json(const std::optional<std::string>& desktop_row,
                  const std::optional<std::string>& cloud_row) {
    const CellTexts desktop = cell_texts(desktop_row.value_or("{}")),
                    cloud = cell_texts(cloud_row.value_or("{}"));
    Json out = Json::array();
    const auto add = [&](const std::string& name) {
        const auto* here = find(desktop, name);
        const auto* there = find(cloud, name);
        const bool same = here != nullptr && there != nullptr && *here == *there;
        out.push_back(
            {{"name", name}, {"desktop", shown(here)}, {"cloud", shown(there)}, {"differs", !same}});
    };
    for (const auto& [name, text] : desktop) add(name);
    for (const auto& [name, text] : cloud)
        if (find(desktop, name) == nullptr) add(name);
    return out;
}

}  // namespace tideway::web
