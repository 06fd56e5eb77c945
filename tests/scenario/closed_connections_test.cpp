// A server, or what stands before it, that takes a connection and ends it before it has said anything: it
// restarts, or a load balancer has nobody behind it. That is no fault of the configuration.
#include "scenario/live_pair.hpp"
#include "support/tcp_proxy.hpp"

namespace tideway::test {
namespace {

TEST(ClosedConnections, AreNoFaultOfTheConfiguration) {
    LivePair pair("closed");
    pair.both("create table client (id int primary key, name text)");
    const PortLease nobody;
    TcpProxy balancer(nobody.port());  // accepts, reaches nobody, and closes
    pair.cloud_url = balancer.url(pair.cloud_database.name());
    pair.configure("[[table]]\nname = 'client'\n");
    const TidewayResult result = pair.sync();
    EXPECT_EQ(result.exit_code, 1) << told(result);
    ASSERT_TRUE(result.json.contains("error")) << told(result);
    EXPECT_EQ(result.json["error"]["code"], "TW201") << told(result);
}

}  // namespace
}  // namespace tideway::test
