// A typed reader of one section of the file. It knows which keys may stand there, remembers which were read,
// and says of every bad one where it stands.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "config/document.hpp"
#include "config/environment.hpp"

namespace tideway::config {

// What all sections of one file share.
struct Source {
    std::string path;
    Lookup environment = environment_variable;

    [[noreturn]] void fail(Code code, Place place, const std::string& what,
                           const std::string& hint = {}) const;
};

class Section {
  public:
    // `name` is a section of known_keys(). Both references must outlive the Section. Throws
    // Error(config_unknown_key) when the section holds a key that is not known there, Error(config_value)
    // when the node is no table.
    Section(const Source& source, const Node& node, std::string name);

    Place place() const { return node_.place; }
    Place place_of(std::string_view key) const;  // of its value, or of the section when the key is not there
    bool has(std::string_view key) const;

    // Each returns nothing when the key is not there and throws Error(config_value) when it holds another
    // type.
    std::optional<std::string> text(std::string_view key);  // expanded, not empty
    std::optional<std::vector<std::string>> texts(std::string_view key);
    std::optional<std::map<std::string, std::string>> pairs(std::string_view key);
    std::optional<std::map<std::string, std::string>> constants(
        std::string_view key);  // numbers and booleans as text
    std::optional<bool> flag(std::string_view key);
    const Node* node(std::string_view key);
    std::optional<Section> section(std::string_view key);
    std::vector<Section> sections(
        std::string_view key);  // of an array of tables; empty when the key is not there

    // A word of a fixed list; `words` are what the message offers.
    template <typename E>
    std::optional<E> word(std::string_view key,
                          const std::function<std::optional<E>(std::string_view)>& parse,
                          const std::vector<std::string>& words) {
        const std::optional<std::string> given = text(key);
        if (!given) return std::nullopt;
        const std::optional<E> value = parse(*given);
        if (!value) not_a_word(key, *given, words);
        return value;
    }
    [[noreturn]] void not_a_word(std::string_view key, const std::string& given,
                                 const std::vector<std::string>& words) const;

    // Throws at the place of the key, the message beginning with its name.
    [[noreturn]] void refuse(Code code, std::string_view key, const std::string& why,
                             const std::string& hint = {}) const;

    // Throws Error(config_unknown_key) for a key that stands there and that nobody read: it would have no
    // effect.
    void finish() const;

  private:
    const Entry* find(std::string_view key) const;
    void check_keys() const;
    std::string expanded(std::string_view key, const Node& value) const;
    std::string text_of(std::string_view key, const Node& value) const;
    std::string constant_of(std::string_view key, const Node& value) const;
    const Node* read(std::string_view key, Node::Kind kind);

    const Source& source_;
    const Node& node_;
    std::string name_;
    std::set<std::string, std::less<>> read_;
};

}  // namespace tideway::config
