# One language level, one set of warnings, for every target of the project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(TIDEWAY_TESTS "build the tests and the protocol model" ON)
option(TIDEWAY_BENCH "build the benchmarks" ON)
option(TIDEWAY_FAILPOINTS "let TIDEWAY_FAILPOINTS in the environment inject faults (tests only)" ON)
set(TIDEWAY_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize takes them")

find_program(TIDEWAY_CCACHE ccache)
if(TIDEWAY_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TIDEWAY_CCACHE})
endif()

add_library(tideway_settings INTERFACE)
target_compile_options(tideway_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Werror)
# At -O3 GCC 12 sees overflows in the standard library's own std::string and std::vector (GCC bugs 105329, 105651).
foreach(false_alarm array-bounds restrict stringop-overflow stringop-overread)
  target_compile_options(tideway_settings INTERFACE $<$<CONFIG:Release>:-Wno-${false_alarm}>)
endforeach()
if(TIDEWAY_FAILPOINTS)
  target_compile_definitions(tideway_settings INTERFACE TIDEWAY_FAILPOINTS)
endif()
if(TIDEWAY_SANITIZE)
  # GCC 12 sees uninitialised variables in the standard library's own <regex> and <functional> when it instruments them.
  target_compile_options(tideway_settings INTERFACE -fsanitize=${TIDEWAY_SANITIZE} -fno-omit-frame-pointer
    -Wno-maybe-uninitialized)
  target_link_options(tideway_settings INTERFACE -fsanitize=${TIDEWAY_SANITIZE})
endif()
