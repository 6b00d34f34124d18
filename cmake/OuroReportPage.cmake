# The page of `ouro report`: report/ becomes a C file with its bytes.
#
# Needs node and npm, and the registry once for each package-lock.json; without them the command is built all the
# same and says so when it is asked for a report.  What npm fetches stays in the build tree.

option(OURO_BUILD_REPORT "Build the page of ouro report, with node and npm" ON)

# Puts the libraries of the page into `folder`/node_modules, unless they are there already.
function(ouro_fetch_page_libraries npm folder out_ready)
  file(SHA256 "${PROJECT_SOURCE_DIR}/report/package-lock.json" wanted)
  set(stamp "${folder}/node_modules/.ouro-lock")
  set(${out_ready} TRUE PARENT_SCOPE)
  if(EXISTS "${stamp}")
    file(READ "${stamp}" present)
    if(present STREQUAL wanted)
      return()
    endif()
  endif()
  file(COPY "${PROJECT_SOURCE_DIR}/report/package.json" "${PROJECT_SOURCE_DIR}/report/package-lock.json"
    DESTINATION "${folder}")
  execute_process(COMMAND "${npm}" ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error
    --fetch-retries=1 --fetch-timeout=30000
    WORKING_DIRECTORY "${folder}" TIMEOUT 180 RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE errors)
  if(status EQUAL 0)
    file(WRITE "${stamp}" "${wanted}")
  else()
    string(REGEX MATCH "[^\n]+" reason "${errors}")
    message(NOTICE "npm could not fetch the libraries of the page of `ouro report`: ${reason}")
    set(${out_ready} FALSE PARENT_SCOPE)
  endif()
endfunction()

# Sets `out_source` to the C file with the page, or to the one that says there is none; OURO_REPORT_HTML to the page,
# and OURO_NODE and OURO_NODE_MODULES for tests of it, or to nothing.
function(ouro_report_page out_source)
  set(folder "${PROJECT_BINARY_DIR}/report")
  set(ready FALSE)
  find_program(OURO_NODE NAMES node nodejs)
  find_program(OURO_NPM npm)
  if(OURO_BUILD_REPORT AND OURO_NODE AND OURO_NPM)
    ouro_fetch_page_libraries("${OURO_NPM}" "${folder}" ready)
  endif()
  if(NOT ready)
    if(OURO_BUILD_REPORT)
      message(NOTICE "`ouro report` is built without its page: that needs node, npm and the npm registry.")
    endif()
    set(${out_source} "${PROJECT_SOURCE_DIR}/report/page_absent.c" PARENT_SCOPE)
    set(OURO_REPORT_HTML "" PARENT_SCOPE)
    return()
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/report/src/*")
  add_custom_command(OUTPUT "${folder}/page.html" "${folder}/page.c"
    COMMAND "${CMAKE_COMMAND}" -E env "NODE_PATH=${folder}/node_modules"
      "${OURO_NODE}" "${PROJECT_SOURCE_DIR}/report/build.mjs" "${folder}/page.html" "${folder}/page.c"
    DEPENDS "${PROJECT_SOURCE_DIR}/report/build.mjs" "${folder}/node_modules/.ouro-lock" ${sources}
    COMMENT "Building the page of ouro report" VERBATIM)
  set(${out_source} "${folder}/page.c" PARENT_SCOPE)
  set(OURO_REPORT_HTML "${folder}/page.html" PARENT_SCOPE)
  set(OURO_NODE_MODULES "${folder}/node_modules" PARENT_SCOPE)
endfunction()
