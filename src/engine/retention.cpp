#include "engine/retention.hpp"

#include <fmt/format.h>

namespace tideway {

void forget_old_records(Session& session, const std::vector<Side>& sides, std::vector<std::string>& remarks) {
    const Retention retention{session.config.journal.keep_seconds, session.config.journal.max_bytes};
    for (const Side side : sides) try {
            session.store(side).journal().purge(retention);
        } catch (const Error& error) {
            if (error.code() == Code::interrupted) throw;
            remarks.push_back(
                fmt::format("old records of the journal on the {} side could not be removed: {}; the next "
                            "run tries again",
                            name(side), error.what()));
        }
}

}  // namespace tideway
