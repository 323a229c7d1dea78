# Stands in for Slicer's own configuration, so that the tests can configure and install the extension without Slicer.
# It installs scripts and resources where Slicer's macros do; see Testing/Python/packaging/test_cmake.py.
set(Slicer_USE_FILE ${CMAKE_CURRENT_LIST_DIR}/UseSlicer.cmake)
set(Slicer_EXTENSION_GENERATE_CONFIG ${CMAKE_CURRENT_LIST_DIR}/Nothing.cmake)
set(Slicer_EXTENSION_CPACK ${CMAKE_CURRENT_LIST_DIR}/Nothing.cmake)
