// The cancel request of one statement. Private to this folder.
#pragma once
#include <libpq-fe.h>

namespace tideway::pg {

// Asks the server to cancel what this connection runs. Returns when the server has taken note, so that the
// request cannot hit a later statement; false when it does not answer within 5 seconds, and then the
// connection must not be used any more.
bool cancel_on_server(PGconn* connection);

}  // namespace tideway::pg
