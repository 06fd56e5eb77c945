#include "simulate/virtual_world.hpp"

namespace tideway::simulate {

// What happens then may take time itself.
void VirtualTime::pass(std::int64_t micros) {
    now_ += micros;
    if (passing_ || !when_passed) return;
    passing_ = true;
    try {
        when_passed();
    } catch (...) {
        passing_ = false;
        throw;
    }
    passing_ = false;
}

}  // namespace tideway::simulate
