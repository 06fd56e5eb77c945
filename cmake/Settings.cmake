# One language level, one set of warnings, for every target of the project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(TIDEWAY_TESTS "build the tests and the protocol model" ON)
option(TIDEWAY_BENCH "build the benchmarks" ON)
option(TIDEWAY_FAILPOINTS "let TIDEWAY_FAILPOINTS in the environment inject faults (tests only)" ON)
set(TIDEWAY_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize takes them")

# With these settings ccache also serves precompiled headers, and one cache serves every checkout below the same folder.
find_program(TIDEWAY_CCACHE ccache)
if(TIDEWAY_CCACHE)
  cmake_path(GET CMAKE_SOURCE_DIR PARENT_PATH TIDEWAY_CHECKOUTS)
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_BASEDIR=${TIDEWAY_CHECKOUTS} CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${TIDEWAY_CCACHE})
  add_compile_options(-fpch-preprocess)
endif()

# Where the sources and the build are: a header, so that only what includes it depends on the checkout.
configure_file(${CMAKE_SOURCE_DIR}/cmake/paths.hpp.in ${CMAKE_BINARY_DIR}/generated/paths.hpp @ONLY)
add_library(tideway_paths INTERFACE)
target_include_directories(tideway_paths INTERFACE ${CMAKE_BINARY_DIR}/generated)

add_library(tideway_settings INTERFACE)
target_compile_options(tideway_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Werror)
# GCC 12 sees overflows in the standard library's own std::string and std::vector (GCC bugs 105329, 105651).
foreach(false_alarm array-bounds restrict stringop-overflow stringop-overread)
  target_compile_options(tideway_settings INTERFACE -Wno-${false_alarm})
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
