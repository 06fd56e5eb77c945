// What people do in the demo between two runs, and how to see what became of it.
#pragma once
#include <string>
#include <vector>

namespace tideway::cli {

struct Scene {
    std::string title;                     // who does what, in words
    std::string table, key;                // as plan --rows names the row
    std::string desktop_look, cloud_look;  // queries for one value; no row = the row is not there
    std::string desktop_edit, cloud_edit;  // in this order; "" = nothing happens on that side
};

const std::vector<Scene>& demo_scenes();

// The configuration for the demo's tables: those that have the same key on both sides.
std::string demo_configuration(const std::string& desktop_url, const std::string& cloud_url);

}  // namespace tideway::cli
