// The files of src/web/assets, as they were when the program was built.
#pragma once
#include <string_view>
#include <vector>

namespace tideway::web {

struct Asset {
    std::string_view name, content;
};

const std::vector<Asset>& assets();  // written by cmake/embed.cmake
const Asset* find_asset(std::string_view name);
// "text/javascript" of "app.js".
std::string_view type_of(std::string_view name);

}  // namespace tideway::web
