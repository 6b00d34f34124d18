# Whether USDT probes are compiled in: OURO_HAS_USDT, from the option OURO_USDT.
set(OURO_HAS_USDT OFF)
if(OURO_USDT)
  include(CheckIncludeFile)
  check_include_file(sys/sdt.h OURO_SDT_HEADER)
  if(OURO_SDT_HEADER)
    set(OURO_HAS_USDT ON)
  elseif(NOT OURO_USDT STREQUAL "AUTO")
    message(FATAL_ERROR "OURO_USDT is ${OURO_USDT}, but there is no <sys/sdt.h> (systemtap-sdt-dev)")
  else()
    unset(OURO_SDT_HEADER CACHE) # it may be installed before the next run
  endif()
endif()
