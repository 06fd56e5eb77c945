// From a seed to its script.
#pragma once
#include "simulate/user_statements.hpp"

namespace tideway::simulate {

// About `steps` steps, runs among them.
Script make_script(Dice& dice, const Setting& setting, int steps);

}  // namespace tideway::simulate
