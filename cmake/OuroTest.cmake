# How a test program is declared.
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(CMOCKA QUIET IMPORTED_TARGET cmocka)
endif()

# Adds one test program.
#
#   ouro_add_test(NAME <kind>.<name> SOURCES <files>... [INTERNAL] [SHORT]
#                 [LABELS <labels>...] [ARGS <arguments>...] [TIMEOUT <seconds>])
#
# SHORT says that the program itself takes longer to be compiled than to run: it is not optimised.
#
# Every test sees the public header and tests/support; INTERNAL adds src/, with
# the same OURO_DEBUG as the library so that structures agree.  How large a
# test runs is its own matter: it reads the percentage OURO_TEST_SCALE from the
# environment.
function(ouro_add_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "INTERNAL;SHORT" "NAME;TIMEOUT" "SOURCES;LABELS;ARGS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_NAME OR NOT arg_SOURCES)
    message(FATAL_ERROR "ouro_add_test(${arg_NAME}) is malformed: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT CMOCKA_FOUND)
    return() # tests/CMakeLists.txt has said so
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  # Nothing is optimised for coverage, and each branch adds to a number in memory, atomically; or valgrind runs it all.
  if(OURO_COVERAGE OR CMAKE_CROSSCOMPILING_EMULATOR)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5")
  endif()
  string(REPLACE "." "_" target "test_${arg_NAME}")
  add_executable(${target} ${arg_SOURCES})
  ouro_target(${target} GNU)
  ouro_test_support(${target})
  if(arg_INTERNAL)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  endif()
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-g1>) # lines suffice; the library keeps all of it
  if(arg_SHORT)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O0>)
  endif()
  target_link_libraries(${target} PRIVATE ouro_static PkgConfig::CMOCKA)
  add_test(NAME "${arg_NAME}" COMMAND ${target} ${arg_ARGS})
  set_tests_properties("${arg_NAME}" PROPERTIES
    LABELS "${arg_LABELS}" TIMEOUT "${arg_TIMEOUT}")
endfunction()

# Adds the long and the nightly run of a test that is there already: the same
# command, with OURO_TEST_TIER set, of which test_amount() makes more.  They are
# run by `ctest --preset long` and `--preset nightly` alone: ctest leaves out what
# belongs to a configuration that was not asked for.
#
#   ouro_add_longer_runs(<test> [ONLY long|nightly] [ENVIRONMENT <NAME=value>...]
#                        [SKIP_RETURN_CODE <number>] [COMMAND <command>...])
#
# The command is the program of that name unless COMMAND says another.
function(ouro_add_longer_runs test)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ONLY;SKIP_RETURN_CODE" "ENVIRONMENT;COMMAND")
  string(REPLACE "." "_" target "test_${test}")
  set(command ${arg_COMMAND})
  if(NOT command AND TARGET ${target})
    set(command ${target})
  endif()
  if(NOT command)
    return() # left out, as is its ordinary run
  endif()
  set(timeout_long 900)
  set(timeout_nightly 4500)
  foreach(tier IN ITEMS long nightly)
    if(arg_ONLY AND NOT tier STREQUAL arg_ONLY)
      continue()
    endif()
    set(name "${test}.${tier}")
    add_test(NAME "${name}" CONFIGURATIONS ${tier} COMMAND ${command})
    set_tests_properties("${name}" PROPERTIES
      LABELS ${tier} TIMEOUT ${timeout_${tier}} COST ${timeout_${tier}}
      ENVIRONMENT "OURO_TEST_TIER=${tier};${arg_ENVIRONMENT}")
    if(arg_SKIP_RETURN_CODE)
      set_tests_properties("${name}" PROPERTIES SKIP_RETURN_CODE ${arg_SKIP_RETURN_CODE})
    endif()
  endforeach()
endfunction()

# Tells ctest which tests of this folder take long, in seconds or so: it begins with them, also in its first run, so
# that none is left for the end with nothing to run beside it.
#
#   ouro_tests_take(<test> <seconds> [<test> <seconds>]...)
function(ouro_tests_take)
  while(ARGN)
    list(POP_FRONT ARGN name seconds)
    if(TEST "${name}")
      set_tests_properties("${name}" PROPERTIES COST ${seconds})
    endif()
  endwhile()
endfunction()

# Gives a test program what all of them share: tests/support, and the knowledge
# whether the library has its assertions.
function(ouro_test_support target)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  if(OURO_DEBUG)
    target_compile_definitions(${target} PRIVATE OURO_DEBUG=1)
  endif()
  file(GLOB support CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/support/*.c")
  if(NOT support)
    return()
  endif()
  if(NOT TARGET ouro_test_support)
    add_library(ouro_test_support STATIC ${support})
    ouro_target(ouro_test_support GNU)
    target_include_directories(ouro_test_support PRIVATE
      "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}/src")
    if(OURO_DEBUG)
      target_compile_definitions(ouro_test_support PRIVATE OURO_DEBUG=1)
    endif()
    target_link_libraries(ouro_test_support PRIVATE ouro_static PkgConfig::CMOCKA)
  endif()
  target_link_libraries(${target} PRIVATE ouro_test_support)
endfunction()

# Adds every *_test.c of the calling folder as a program of its own, except
# those that the folder has added by hand before.
#
#   ouro_add_test_folder(<kind> [INTERNAL] [SHORT] [LABELS <labels>...] [TIMEOUT <seconds>])
function(ouro_add_test_folder kind)
  cmake_parse_arguments(PARSE_ARGV 1 arg "INTERNAL;SHORT" "TIMEOUT" "LABELS")
  set(options "")
  foreach(option IN ITEMS INTERNAL SHORT)
    if(arg_${option})
      list(APPEND options ${option})
    endif()
  endforeach()
  if(arg_TIMEOUT)
    list(APPEND options TIMEOUT ${arg_TIMEOUT})
  endif()
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.c")
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    string(REGEX REPLACE "_test$" "" name "${name}")
    if(NOT TARGET "test_${kind}_${name}")
      ouro_add_test(NAME "${kind}.${name}" SOURCES "${source}" LABELS ${kind} ${arg_LABELS}
        ${options})
    endif()
  endforeach()
endfunction()
