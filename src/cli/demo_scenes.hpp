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

// The configuration for the demo's tables. embedded: for those that the files have (demo_files.hpp).
std::string demo_configuration(const std::string& desktop_url, const std::string& cloud_url, bool embedded);

}  // namespace tideway::cli
