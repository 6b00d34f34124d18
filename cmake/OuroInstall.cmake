# What `make install` puts where: headers, libraries, pkg-config, CMake package,
# the command and the documents.
include(CMakePackageConfigHelpers)

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/ouro"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
install(TARGETS ouro_static ouro_shared EXPORT ouro
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
if(TARGET ouro_command)
  install(TARGETS ouro_command RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs/man/" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1"
    FILES_MATCHING PATTERN "*.1")
endif()
# gdb loads it with the shared library that it lies beside.
install(PROGRAMS "${PROJECT_SOURCE_DIR}/tools/gdb/ouro-gdb.py" DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  RENAME "libouro${OURO_GUARDED_SUFFIX}.so.${PROJECT_VERSION}-gdb.py")

# A guarded build is a package of its own: ouro-hardened, ouro-debug.  What uses it is compiled for it.
set(package "ouro${OURO_GUARDED_SUFFIX}")
set(package_directory "${CMAKE_INSTALL_LIBDIR}/cmake/${package}")
install(EXPORT ouro FILE ouroTargets.cmake NAMESPACE ouro:: DESTINATION "${package_directory}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/ouroConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/${package}Config.cmake" INSTALL_DESTINATION "${package_directory}")
# Before 1.0 a new minor version may change anything.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/${package}ConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/${package}Config.cmake"
  "${PROJECT_BINARY_DIR}/${package}ConfigVersion.cmake" DESTINATION "${package_directory}")

# The prefix in ouro.pc is found from where the file lies, so that an installed
# tree may be moved, and `cmake --install --prefix` tells the truth.
set(pkgconfig_directory "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(ABSOLUTE_PATH pkgconfig_directory BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}"
  NORMALIZE OUTPUT_VARIABLE from)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${from}"
  OUTPUT_VARIABLE pkgconfig_to_prefix)
foreach(kind IN ITEMS LIBDIR INCLUDEDIR)
  cmake_path(IS_ABSOLUTE CMAKE_INSTALL_${kind} absolute)
  if(absolute)
    set(PKGCONFIG_${kind} "${CMAKE_INSTALL_${kind}}")
  else()
    set(PKGCONFIG_${kind} "\${prefix}/${CMAKE_INSTALL_${kind}}")
  endif()
endforeach()
set(PKGCONFIG_PREFIX "\${pcfiledir}/${pkgconfig_to_prefix}")
if(OURO_GUARDED_LEVEL GREATER 0)
  set(PKGCONFIG_GUARDED " -DOURO_GUARDED=${OURO_GUARDED_LEVEL}")
endif()
configure_file("${PROJECT_SOURCE_DIR}/cmake/ouro.pc.in" "${PROJECT_BINARY_DIR}/${package}.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/${package}.pc" DESTINATION "${pkgconfig_directory}")

# libouro-snapshot is a component of the CMake package, since it asks for zstd, and has a file of its own for
# pkg-config.
if(TARGET ouro_snapshot_static)
  install(TARGETS ouro_snapshot_static ouro_snapshot_shared EXPORT ouro-snapshot
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT ouro-snapshot FILE ouroSnapshotTargets.cmake NAMESPACE ouro::
    DESTINATION "${package_directory}")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/ouro-snapshot.pc.in"
    "${PROJECT_BINARY_DIR}/ouro-snapshot${OURO_GUARDED_SUFFIX}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/ouro-snapshot${OURO_GUARDED_SUFFIX}.pc"
    DESTINATION "${pkgconfig_directory}")
endif()

install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/README.md" DESTINATION "${CMAKE_INSTALL_DOCDIR}" OPTIONAL)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs" DESTINATION "${CMAKE_INSTALL_DOCDIR}" OPTIONAL)
