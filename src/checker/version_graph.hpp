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
    // The same with the steps in the order in which they were told: a version that was taken back and is
    // there again is no step towards what had been made of it before.
    bool descends_in_order(Node older, Node newer) const;
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
    struct Step {
        Node older;
        int number;
    };
    std::vector<std::vector<Step>> steps_;  // that led to each node
    int told_ = 0;
};

}  // namespace tideway::checker
