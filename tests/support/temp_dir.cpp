#include "support/temp_dir.hpp"

#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "support/janitor.hpp"
#include "support/os_user.hpp"

namespace tideway::test {

TempDir::TempDir(const std::filesystem::path& parent, bool for_postgres) {
    std::string name = (parent / "tideway-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("cannot make a directory in " + parent.string());
    path_ = name;
    janitor::directory_made(path_);
    if (for_postgres) give_to_postgres(path_);
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
    if (!ignored) janitor::directory_removed(path_);
}

void write_file(const std::filesystem::path& file, const std::string& text, unsigned mode) {
    std::filesystem::remove(file);
    { std::ofstream create(file); }
    std::filesystem::permissions(file, static_cast<std::filesystem::perms>(mode));
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.close();
    if (!out) throw std::runtime_error("cannot write " + file.string());
}

std::string read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace tideway::test
