#include "simulate/side_file.hpp"

#include <fmt/format.h>

namespace tideway::simulate {
namespace {

namespace fs = std::filesystem;

fs::path log_of(const fs::path& file) { return file.string() + "-wal"; }

// What is committed is in the two files; what is not, the reader passes over.
void copy_with_log(const fs::path& from, const fs::path& to) {
    fs::copy_file(from, to, fs::copy_options::overwrite_existing);
    if (fs::exists(log_of(from)))
        fs::copy_file(log_of(from), log_of(to), fs::copy_options::overwrite_existing);
}

}  // namespace

SideFile::SideFile(Side side, const fs::path& folder, const fs::path& prepared, VirtualWorld& world)
    : side_(side), folder_(folder), world_(world) {
    copy_with_log(prepared, path());
}

fs::path SideFile::path() const { return folder_ / fmt::format("{}.{}.db", name(side_), generation_); }
fs::path SideFile::backup(int number) const {
    return folder_ / fmt::format("{}.backup{}.db", name(side_), number);
}

void SideFile::back_up(int number) {
    copy_with_log(path(), backup(number));
    backups_.insert(number);
}

// Under a new name: whoever still has the old file open must not write to this one, nor remove its log.
void SideFile::restore(int number) {
    generation_ = ++newest_;
    copy_with_log(backup(number), path());
}

void SideFile::forget_restores() {
    backups_.clear();
    if (generation_ == 0) return;
    idle_.close(path().string());
    generation_ = 0;
}

}  // namespace tideway::simulate
