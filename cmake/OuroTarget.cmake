# How every target of ours is compiled: language, warnings, instruments.

set(OURO_WARNINGS
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes)

# Applies the house rules to a target.  Everything is PRIVATE: a program that
# uses ouro inherits no flag and no definition.
#
# GNU asks for what the system offers beyond C11 and POSIX (_GNU_SOURCE).
function(ouro_target target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "GNU" "" "")
  set_target_properties(${target} PROPERTIES
    C_STANDARD 11
    C_STANDARD_REQUIRED ON
    C_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden)
  target_compile_options(${target} PRIVATE ${OURO_WARNINGS})
  if(OURO_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(arg_GNU)
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  endif()
  if(OURO_SANITIZE)
    target_compile_options(${target} PRIVATE
      -fsanitize=${OURO_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${OURO_SANITIZE})
  endif()
  if(OURO_FUZZ STREQUAL "libfuzzer")
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(OURO_COVERAGE)
    target_compile_options(${target} PRIVATE --coverage -fprofile-update=atomic)
    target_link_options(${target} PRIVATE --coverage)
    # Nothing is forced inline, but for what says __always_inline__: so each branch of the source is counted once, and
    # not in each of its callers.
    target_compile_definitions(${target} PRIVATE OURO_COVERAGE=1 always_inline=)
  endif()
endfunction()

# A static library of the objects of a shared one, for builds with OURO_COMPILE_ONCE.  The caller says what it links with.
function(ouro_static_of_shared static shared)
  add_library(${static} STATIC $<TARGET_OBJECTS:${shared}>)
  set_target_properties(${static} PROPERTIES LINKER_LANGUAGE C)
  foreach(property IN ITEMS INTERFACE_INCLUDE_DIRECTORIES INTERFACE_COMPILE_DEFINITIONS)
    get_target_property(value ${shared} ${property})
    if(value)
      set_target_properties(${static} PROPERTIES ${property} "${value}")
    endif()
  endforeach()
endfunction()
