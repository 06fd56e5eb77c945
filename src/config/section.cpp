#include "config/section.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/keys.hpp"
#include "config/nearest.hpp"

namespace tideway::config {

void Source::fail(Code code, Place place, const std::string& what, const std::string& hint) const {
    throw Error(code, fmt::format("{}:{}:{}: {}", path, place.line, place.column, what), hint);
}

Section::Section(const Source& source, const Node& node, std::string name)
    : source_(source), node_(node), name_(std::move(name)) {
    if (node.kind != Node::Kind::table)
        source_.fail(Code::config_value, node.place,
                     fmt::format("{} must be a table, not {}", name_, kind_name(node.kind)),
                     fmt::format("write {}", section_title(name_)));
    check_keys();
}

void Section::check_keys() const {
    for (const Entry& entry : node_.table) {
        if (is_known(name_, entry.key)) continue;
        std::string hint;
        const std::vector<std::string> elsewhere = sections_with(entry.key);
        const std::vector<std::string> here = names_in(name_);
        if (!elsewhere.empty())
            hint = fmt::format("\"{}\" belongs in {}", entry.key, fmt::join(elsewhere, " or "));
        else if (const std::string meant = nearest(entry.key, here); !meant.empty())
            hint = fmt::format("did you mean \"{}\"?", meant);
        else
            hint = fmt::format("known here: {}", fmt::join(here, ", "));
        source_.fail(Code::config_unknown_key, entry.place,
                     fmt::format("unknown key \"{}\" in {}", entry.key, section_title(name_)), hint);
    }
}

const Entry* Section::find(std::string_view key) const {
    for (const Entry& entry : node_.table)
        if (entry.key == key) return &entry;
    return nullptr;
}

Place Section::place_of(std::string_view key) const {
    const Entry* entry = find(key);
    return entry == nullptr ? node_.place : entry->value.place;
}

bool Section::has(std::string_view key) const { return find(key) != nullptr; }

const Node* Section::node(std::string_view key) {
    ensure(is_known(name_, key), "the reader asks only for keys of known_keys()");
    const Entry* entry = find(key);
    if (entry == nullptr) return nullptr;
    read_.emplace(key);
    return &entry->value;
}

const Node* Section::read(std::string_view key, Node::Kind kind) {
    const Node* found = node(key);
    if (found != nullptr && found->kind != kind)
        refuse(Code::config_value, key,
               fmt::format("must be {}, not {}", kind_name(kind), kind_name(found->kind)));
    return found;
}

std::string Section::expanded(std::string_view key, const Node& value) const {
    try {
        return expand(value.text, source_.environment);
    } catch (const std::invalid_argument& e) {
        const std::string name = e.what();
        if (name.empty())
            source_.fail(Code::config_value, value.place,
                         fmt::format("{}: \"${{\" without a name and \"}}\"", key),
                         "a dollar sign of its own is written $$");
        source_.fail(
            Code::config_env, value.place,
            fmt::format("{}: the environment variable {} is not set", key, name),
            fmt::format("set {} where tideway is started; a dollar sign of its own is written $$", name));
    }
}

std::string Section::text_of(std::string_view key, const Node& value) const {
    if (value.kind != Node::Kind::text)
        source_.fail(Code::config_value, value.place,
                     fmt::format("{} must be a text, not {}", key, kind_name(value.kind)));
    std::string out = expanded(key, value);
    if (out.empty())
        source_.fail(Code::config_value, value.place, fmt::format("{} is empty", key),
                     "leave the key out if you do not need it");
    return out;
}

std::string Section::constant_of(std::string_view key, const Node& value) const {
    switch (value.kind) {
        case Node::Kind::text:
            return expanded(key, value);
        case Node::Kind::integer:
            return std::to_string(value.integer);
        case Node::Kind::real:
            return fmt::format("{}", value.real);
        case Node::Kind::boolean:
            return value.boolean ? "true" : "false";
        default:
            break;
    }
    source_.fail(Code::config_value, value.place,
                 fmt::format("{} must be a text or a number, not {}", key, kind_name(value.kind)));
}

std::optional<std::string> Section::text(std::string_view key) {
    const Node* value = node(key);
    if (value == nullptr) return std::nullopt;
    return text_of(key, *value);
}

std::optional<std::vector<std::string>> Section::texts(std::string_view key) {
    const Node* value = read(key, Node::Kind::list);
    if (value == nullptr) return std::nullopt;
    std::vector<std::string> out;
    for (const Node& item : value->list) out.push_back(text_of(fmt::format("an entry of {}", key), item));
    return out;
}

std::optional<std::map<std::string, std::string>> Section::pairs(std::string_view key) {
    const Node* value = read(key, Node::Kind::table);
    if (value == nullptr) return std::nullopt;
    std::map<std::string, std::string> out;
    for (const Entry& entry : value->table)
        out.emplace(entry.key, text_of(fmt::format("{}.{}", key, entry.key), entry.value));
    return out;
}

std::optional<std::map<std::string, std::string>> Section::constants(std::string_view key) {
    const Node* value = read(key, Node::Kind::table);
    if (value == nullptr) return std::nullopt;
    std::map<std::string, std::string> out;
    for (const Entry& entry : value->table)
        out.emplace(entry.key, constant_of(fmt::format("{}.{}", key, entry.key), entry.value));
    return out;
}

std::optional<bool> Section::flag(std::string_view key) {
    const Node* value = read(key, Node::Kind::boolean);
    if (value == nullptr) return std::nullopt;
    return value->boolean;
}

std::optional<Section> Section::section(std::string_view key) {
    const Node* value = node(key);
    if (value == nullptr) return std::nullopt;
    return Section(source_, *value, name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key));
}

std::vector<Section> Section::sections(std::string_view key) {
    const std::string full = name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key);
    const Node* value = node(key);
    if (value == nullptr) return {};
    if (value->kind != Node::Kind::list)
        refuse(Code::config_value, key, fmt::format("must be written as {}", section_title(full)));
    std::vector<Section> out;
    for (const Node& item : value->list) out.emplace_back(source_, item, full);
    return out;
}

void Section::not_a_word(std::string_view key, const std::string& given,
                         const std::vector<std::string>& words) const {
    const std::string meant = nearest(given, words);
    refuse(Code::config_value, key,
           fmt::format("cannot be \"{}\"; it is one of {}", given, fmt::join(words, ", ")),
           meant.empty() ? "" : fmt::format("did you mean \"{}\"?", meant));
}

void Section::refuse(Code code, std::string_view key, const std::string& why, const std::string& hint) const {
    source_.fail(code, place_of(key), fmt::format("{} {}", key, why), hint);
}

void Section::finish() const {
    for (const Entry& entry : node_.table)
        if (!read_.contains(entry.key))
            source_.fail(Code::config_unknown_key, entry.place,
                         fmt::format("\"{}\" would have no effect in {}", entry.key, section_title(name_)),
                         "remove it");
}

}  // namespace tideway::config
