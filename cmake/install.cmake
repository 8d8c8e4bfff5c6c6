# What `cmake --install` installs: the headers, the library, the tool, and how others find them. The
# BPF programs need no files: they are inside the library.
include(CMakePackageConfigHelpers)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/xdpbridge DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS xdpbridge EXPORT xdpbridge-targets)

if(BUILD_SHARED_LIBS)
    # Where the dynamic linker does not look by itself, such as below a home directory.
    set_target_properties(xdp-bridge PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
endif()
install(TARGETS xdp-bridge)

# CMake: find_package(xdpbridge), then link xdpbridge::xdpbridge.
set(XDPB_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/xdpbridge)
install(EXPORT xdpbridge-targets NAMESPACE xdpbridge:: DESTINATION ${XDPB_PACKAGE_DIR})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/xdpbridge-config.cmake.in xdpbridge-config.cmake
    INSTALL_DESTINATION ${XDPB_PACKAGE_DIR})
write_basic_package_version_file(xdpbridge-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/xdpbridge-config.cmake ${PROJECT_BINARY_DIR}/xdpbridge-config-version.cmake
    DESTINATION ${XDPB_PACKAGE_DIR})

# pkg-config. The paths are relative to the file itself, so that the prefix can still be chosen when
# installing.
set(XDPB_PKGCONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH XDPB_PKGCONFIG_PREFIX /${XDPB_PKGCONFIG_DIR} /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/xdpbridge.pc.in xdpbridge.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/xdpbridge.pc DESTINATION ${XDPB_PKGCONFIG_DIR})
