// Which version came from which: an edge leads from what a writer replaced to what it wrote.
#pragma once
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tideway::checker {

class VersionGraph {
  public:
    using Node = std::size_t;

    // The node of a row's version; made when it is not there yet.
    Node version(const std::string& table, const std::string& version);
    // A deletion is a version of its own.
    Node deletion(const std::string& text);
    void replaced(Node older, Node newer);

    // Is `newer` the same as `older`, or was it made from it, step by step?
    bool descends(Node older, Node newer) const;
    // Was one version the beginning of both, with nothing but `among` on the ways from there?
    bool are_related(Node one, Node other, const std::set<Node>& among) const;
    bool was_replaced(Node node) const { return !newer_[node].empty(); }
    // All from which one of `nodes` was made, and those themselves.
    std::vector<bool> ancestors(const std::vector<Node>& nodes) const;

    const std::string& text(Node node) const { return texts_[node]; }
    std::size_t size() const { return texts_.size(); }

  private:
    Node add(const std::string& text);
    std::vector<bool> ancestors(const std::vector<Node>& nodes, const std::set<Node>* among) const;

    std::map<std::pair<std::string, std::string>, Node> versions_;
    std::vector<std::string> texts_;
    std::vector<std::vector<Node>> older_, newer_;
};

}  // namespace tideway::checker
