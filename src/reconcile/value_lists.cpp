#include "reconcile/value_lists.hpp"

#include <algorithm>

#include "sql/text_array.hpp"

namespace tideway {
namespace {

std::string trimmed(const std::string& text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

List each_once(const List& all) {
    List once;
    for (const std::string& item : all)
        if (std::find(once.begin(), once.end(), item) == once.end()) once.push_back(item);
    return once;
}

List parse_commas(const std::string& text) {
    List items;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        if (const std::string item = trimmed(text.substr(begin, end - begin)); !item.empty()) items.push_back(item);
        begin = end + 1;
    }
    return each_once(items);
}

// A brace outside of quotes opens another dimension; NULL there is no member.
bool plain_array(const std::string& text) {
    if (text.size() < 2 || text.front() != '{' || text.back() != '}') return false;
    bool quoted = false;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        if (text[i] == '\\') ++i;
        else if (text[i] == '"') quoted = !quoted;
        else if (!quoted && text[i] == '{') return false;
        else if (!quoted && (text[i - 1] == '{' || text[i - 1] == ',') && text.compare(i, 4, "NULL") == 0 &&
                 (text[i + 4] == ',' || text[i + 4] == '}'))
            return false;
    }
    return true;
}

}  // namespace

std::optional<List> parse_list(ListForm form, const Cell& value) {
    if (!value) return List{};
    if (form == ListForm::commas) return parse_commas(*value);
    if (!plain_array(*value)) return std::nullopt;
    return each_once(sql::parse_text_array(*value));
}

Cell write_list(ListForm form, const List& list, const Cell& one, const Cell& other) {
    if (form == ListForm::array) return sql::text_array(list);
    const auto spaced = [](const Cell& cell) { return cell && cell->find(", ") != std::string::npos; };
    const char* separator = spaced(one) || spaced(other) ? ", " : ",";
    std::string text;
    for (const std::string& item : list) text += (text.empty() ? "" : separator) + item;
    return text;
}

}  // namespace tideway
