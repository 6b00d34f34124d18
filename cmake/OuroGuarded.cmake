# Which of three libraries is built: the ordinary one, or a guarded one.
#
# Programs must be compiled for what they link with, so the choice is part of the target's
# interface, and the libraries have different names.

set(OURO_GUARDED "no" CACHE STRING "no: the ordinary build; hardened or debug: a guarded one")
set_property(CACHE OURO_GUARDED PROPERTY STRINGS no hardened debug)

if(OURO_GUARDED STREQUAL "no")
  set(OURO_GUARDED_SUFFIX "")
  set(OURO_GUARDED_LEVEL 0)
elseif(OURO_GUARDED STREQUAL "hardened")
  set(OURO_GUARDED_SUFFIX "-hardened")
  set(OURO_GUARDED_LEVEL 1)
elseif(OURO_GUARDED STREQUAL "debug")
  set(OURO_GUARDED_SUFFIX "-debug")
  set(OURO_GUARDED_LEVEL 2)
else()
  message(FATAL_ERROR "OURO_GUARDED is ${OURO_GUARDED}, which is none of no, hardened, debug")
endif()

# The audit walks all blocks that were cut, those in the quarantine too: tests that audit after each operation
# run with a short one.
set(OURO_QUARANTINE_BYTES "" CACHE STRING "Bytes of the quarantine of a guarded build; empty: a mebibyte")
