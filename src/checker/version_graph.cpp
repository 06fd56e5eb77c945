#include "checker/version_graph.hpp"

#include <algorithm>

namespace tideway::checker {

VersionGraph::Node VersionGraph::add(const std::string& text) {
    texts_.push_back(text);
    older_.emplace_back();
    newer_.emplace_back();
    steps_.emplace_back();
    return texts_.size() - 1;
}

VersionGraph::Node VersionGraph::version(const std::string& table, const std::string& version) {
    const auto [at, is_new] = versions_.try_emplace({table, version}, 0);
    if (is_new) at->second = add(version);
    return at->second;
}

VersionGraph::Node VersionGraph::deletion(const std::string& text) { return add(text); }

void VersionGraph::replaced(Node older, Node newer) {
    if (older == newer) return;
    steps_[newer].push_back({older, ++told_});
    if (std::count(newer_[older].begin(), newer_[older].end(), newer) > 0) return;
    newer_[older].push_back(newer);
    older_[newer].push_back(older);
}

bool VersionGraph::descends(Node older, Node newer) const { return ancestors({newer})[older]; }

bool VersionGraph::descends_in_order(Node older, Node newer) const {
    std::vector<int> before(size());  // the steps that count; the more the later a way goes on from there
    before[newer] = told_ + 1;
    std::vector<Node> next{newer};
    while (!next.empty()) {
        const Node node = next.back();
        next.pop_back();
        for (const Step& step : steps_[node])
            if (step.number < before[node] && step.number > before[step.older]) {
                before[step.older] = step.number;
                next.push_back(step.older);
            }
    }
    return before[older] > 0;
}

bool VersionGraph::are_related(Node one, Node other, const std::set<Node>& among) const {
    const std::vector<bool> a = ancestors({one}, &among), b = ancestors({other}, &among);
    for (Node node = 0; node < size(); ++node)
        if (a[node] && b[node]) return true;
    return false;
}

std::vector<bool> VersionGraph::ancestors(const std::vector<Node>& nodes) const {
    return ancestors(nodes, nullptr);
}

std::vector<bool> VersionGraph::ancestors(const std::vector<Node>& nodes, const std::set<Node>* among) const {
    std::vector<bool> found(size());
    std::vector<Node> next = nodes;
    while (!next.empty()) {
        const Node node = next.back();
        next.pop_back();
        if (found[node] || (among != nullptr && !among->contains(node))) continue;
        found[node] = true;
        next.insert(next.end(), older_[node].begin(), older_[node].end());
    }
    return found;
}

}  // namespace tideway::checker
