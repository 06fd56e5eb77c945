// The keys of a worklist in pages: read on both sides, paired and decided.
#pragma once
#include <cstdint>
#include <vector>

#include "engine/gather.hpp"

namespace tideway {

struct Page {
    std::int64_t keys = 0;  // 0: there are no more
    std::vector<KeyWork> works;
};

// as_needed: a row of the cloud that is as agreed on may come without the cells that its decision does not need.
// unless_agreed: such a row that would only be written over may not be read at all (reconcile/as_agreed.hpp). Plans are named
// alike by both.
enum class Cloud { whole, as_needed, unless_agreed };

struct PageBounds {
    int rows = 0;
    std::int64_t bytes = 0;  // not of the first key
};

// The next keys of one table.
Page next_page(Session& session, Gathered& gathered, TableRun& run, Part part, Direction direction, PageBounds bounds,
               Cloud cloud = Cloud::whole);
// The same for several tables, a page each, in one reading of the cloud. The bounds are those of each page.
std::vector<Page> next_pages(Session& session, Gathered& gathered, const std::vector<TableRun*>& runs, Part part,
                             Direction direction, PageBounds bounds, Cloud cloud = Cloud::whole);

}  // namespace tideway
