#include "base/error.hpp"

#include <utility>

namespace tideway {

Error::Error(Code code, const std::string& what, std::string hint)
    : std::runtime_error(what), code_(code), hint_(std::move(hint)) {}

Defect::Defect(const std::string& what)
    : Error(Code::defect, what,
            "nothing was committed; please report this message with the output of 'tideway doctor'") {}

}  // namespace tideway
