# The rooms of src/ and the libraries made of them.

define_property(GLOBAL PROPERTY OURO_SOURCES BRIEF_DOCS "Sources of all listed rooms")
set_property(GLOBAL PROPERTY OURO_SOURCES "")

# Lists the files of one room; names are relative to the room's folder.
#
#   ouro_room(base check.c GNU os.c)
function(ouro_room room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "GNU;GUARDED")
  foreach(file IN LISTS arg_UNPARSED_ARGUMENTS arg_GNU arg_GUARDED)
    set(path "${CMAKE_CURRENT_SOURCE_DIR}/${room}/${file}")
    if(NOT EXISTS "${path}")
      message(FATAL_ERROR "src/CMakeLists.txt lists ${room}/${file}, which does not exist")
    endif()
    if(file IN_LIST arg_GUARDED)
      set_property(GLOBAL APPEND PROPERTY OURO_GUARDED_SOURCES "${path}")
    else()
      set_property(GLOBAL APPEND PROPERTY OURO_SOURCES "${path}")
    endif()
    if(file IN_LIST arg_GNU)
      set_source_files_properties("${path}" PROPERTIES COMPILE_DEFINITIONS _GNU_SOURCE)
    endif()
  endforeach()
endfunction()

# Makes one library of all rooms.  Tests use this too, to build a variant of
# the library with other tunables:
#
#   ouro_library(ouro_tiny STATIC OURO_SOME_TUNABLE=4)
#
# Must be called from src/CMakeLists.txt, where the files' properties hold.
#
# A library of another build than the configured one is made by ouro_guarded_library.
function(ouro_library target kind)
  ouro_guarded_library(${target} ${kind} ${OURO_GUARDED_LEVEL} ${ARGN})
endfunction()

function(ouro_guarded_library target kind level)
  get_property(sources GLOBAL PROPERTY OURO_SOURCES)
  if(level GREATER 0)
    get_property(guarded GLOBAL PROPERTY OURO_GUARDED_SOURCES)
    list(APPEND sources ${guarded})
  endif()
  add_library(${target} ${kind} ${sources})
  ouro_target(${target})
  target_include_directories(${target}
    PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE
      ${PROJECT_SOURCE_DIR}/src)
  target_compile_definitions(${target} PRIVATE ${ARGN})
  if(level GREATER 0)
    target_compile_definitions(${target} PUBLIC OURO_GUARDED=${level})
  endif()
  if(OURO_QUARANTINE_BYTES)
    target_compile_definitions(${target} PRIVATE OURO_QUARANTINE_BYTES=${OURO_QUARANTINE_BYTES})
  endif()
  if(OURO_DEBUG)
    target_compile_definitions(${target} PRIVATE OURO_DEBUG=1)
  endif()
  if(OURO_HAS_USDT)
    target_compile_definitions(${target} PRIVATE OURO_USDT=1)
  endif()
  target_link_libraries(${target} PUBLIC Threads::Threads)
endfunction()

# Makes the libraries that are installed, once all rooms are listed.
function(ouro_finish_library)
  get_property(sources GLOBAL PROPERTY OURO_SOURCES)
  if(NOT sources)
    message(FATAL_ERROR "src/CMakeLists.txt lists no room")
  endif()
  file(GLOB_RECURSE files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.c")
  get_property(guarded GLOBAL PROPERTY OURO_GUARDED_SOURCES)
  list(REMOVE_ITEM files ${sources} ${guarded})
  foreach(file IN LISTS files)
    message(WARNING "${file} is listed in no room of src/CMakeLists.txt, so it is not built")
  endforeach()

  set(THREADS_PREFER_PTHREAD_FLAG ON)
  find_package(Threads REQUIRED)

  ouro_library(ouro_shared SHARED)
  if(OURO_COMPILE_ONCE)
    ouro_static_of_shared(ouro_static ouro_shared)
    target_link_libraries(ouro_static PUBLIC Threads::Threads)
  else()
    ouro_library(ouro_static STATIC)
  endif()
  add_library(ouro::static ALIAS ouro_static)
  add_library(ouro::ouro ALIAS ouro_shared)

  # The static library goes into executables, position-independent or not.
  # Whoever wants it inside a shared library of their own sets
  # CMAKE_POSITION_INDEPENDENT_CODE; that code reaches thread-local variables
  # less directly.
  if(NOT OURO_COMPILE_ONCE AND NOT CMAKE_POSITION_INDEPENDENT_CODE)
    target_compile_options(ouro_static PRIVATE -fPIE)
  endif()
  set_target_properties(ouro_static PROPERTIES
    OUTPUT_NAME ouro${OURO_GUARDED_SUFFIX} EXPORT_NAME static)

  set_target_properties(ouro_shared PROPERTIES
    OUTPUT_NAME ouro${OURO_GUARDED_SUFFIX}
    EXPORT_NAME ouro
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}
    EXPORT_COMPILE_COMMANDS ${OURO_COMPILE_ONCE}) # else the same files again; tools need them once
  if(NOT OURO_SANITIZE)
    target_link_options(ouro_shared PRIVATE LINKER:-z,defs)
  endif()

  # A build with checks also holds the house to its floors, before compiling.
  if(OURO_DEBUG AND OURO_PYTHON AND PROJECT_IS_TOP_LEVEL)
    file(GLOB_RECURSE watched CONFIGURE_DEPENDS
      "${PROJECT_SOURCE_DIR}/src/*.[ch]" "${PROJECT_SOURCE_DIR}/include/*.h")
    set(stamp "${CMAKE_CURRENT_BINARY_DIR}/floors.stamp")
    add_custom_command(OUTPUT "${stamp}"
      COMMAND "${OURO_PYTHON}" "${PROJECT_SOURCE_DIR}/scripts/check_floors.py"
        "${PROJECT_SOURCE_DIR}"
      COMMAND "${CMAKE_COMMAND}" -E touch "${stamp}"
      DEPENDS ${watched} "${PROJECT_SOURCE_DIR}/floors.txt"
        "${PROJECT_SOURCE_DIR}/scripts/check_floors.py"
      COMMENT "Checking the floors"
      VERBATIM)
    add_custom_target(ouro_floors DEPENDS "${stamp}")
    add_dependencies(ouro_static ouro_floors)
    add_dependencies(ouro_shared ouro_floors)
  endif()
endfunction()
