# Reads the version from the public header, so that it is written in one place.

function(ouro_read_version header out_version)
  if(NOT EXISTS "${header}")
    message(FATAL_ERROR "${header} is missing; the version is read from it")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
  set(numbers "")
  foreach(part IN ITEMS MAJOR MINOR PATCH)
    file(STRINGS "${header}" line LIMIT_COUNT 1
      REGEX "^# *define +OURO_VERSION_${part} +[0-9]+")
    if(NOT line MATCHES "OURO_VERSION_${part} +([0-9]+)")
      message(FATAL_ERROR "${header} does not define OURO_VERSION_${part} as a number")
    endif()
    list(APPEND numbers "${CMAKE_MATCH_1}")
  endforeach()
  list(JOIN numbers "." version)
  set(${out_version} "${version}" PARENT_SCOPE)
endfunction()
