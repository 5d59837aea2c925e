# latentcore as a user C module, for ports that build with CMake:
#
#     -DUSER_C_MODULES=<this repository>/firmware/mpy/micropython.cmake
set(LATENTCORE_LIB ${CMAKE_CURRENT_LIST_DIR}/../lib)
file(GLOB LATENTCORE_SOURCES
    ${LATENTCORE_LIB}/tflite/*.c ${LATENTCORE_LIB}/sequence/*.c ${LATENTCORE_LIB}/outputs/*.c)

add_library(usermod_latentcore INTERFACE)
target_sources(usermod_latentcore INTERFACE
    ${CMAKE_CURRENT_LIST_DIR}/latentcore.c ${LATENTCORE_SOURCES})
target_include_directories(usermod_latentcore INTERFACE
    ${CMAKE_CURRENT_LIST_DIR} ${LATENTCORE_LIB}/tflite ${LATENTCORE_LIB}/sequence
    ${LATENTCORE_LIB}/outputs)
target_compile_definitions(usermod_latentcore INTERFACE LATENTCORE_IN_FIRMWARE)
target_link_libraries(usermod INTERFACE usermod_latentcore)
