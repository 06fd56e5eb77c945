// Before version 14 the cloud's rows arrive by ordinary batches, and nothing is loaded.
#pragma once
#include "scenario/live_pair.hpp"

#define NEEDS_LOADING() \
    if (shared_cloud().version() < 14) GTEST_SKIP() << "rows are loaded from PostgreSQL 14 on"
