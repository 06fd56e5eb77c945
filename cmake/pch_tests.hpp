// Heavy headers of the tests, compiled once per kind of test.
#pragma once
#include "pch.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
