#include "reconcile/referring.hpp"

#include <algorithm>

namespace tideway {

Cell plain(Cell cell) {
    if (!cell) return cell;
    cell->erase(cell->find_last_not_of(' ') + 1);
    const bool fraction =
        cell->find('.') != std::string::npos && cell->find_first_not_of("-.0123456789") == std::string::npos;
    if (!fraction) return cell;
    cell->erase(cell->find_last_not_of('0') + 1);
    if (cell->ends_with('.')) cell->pop_back();
    return cell;
}

Cells referring_cells(const Reference& reference, const RowImage& row,
                      const std::vector<std::string>& wanted) {
    Cells cells;
    for (const std::string& column : wanted) {
        const auto at = std::find(reference.parent_columns.begin(), reference.parent_columns.end(), column);
        if (at == reference.parent_columns.end()) return {};
        cells.push_back(plain(
            row.cells[reference.columns[static_cast<std::size_t>(at - reference.parent_columns.begin())]]));
    }
    return cells;
}

}  // namespace tideway
