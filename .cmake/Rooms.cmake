# A room is a folder, a namespace word and a target of one name. Warnings are errors in our code; other people's
# headers are system headers and stay silent.
set(MUSICCORP_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, empty for none")
add_library(musiccorp_options INTERFACE)
target_compile_options(musiccorp_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
                       -Wnon-virtual-dtor -Woverloaded-virtual -Werror -fno-omit-frame-pointer)
target_include_directories(musiccorp_options INTERFACE ${CMAKE_SOURCE_DIR}/runtime)
if(MUSICCORP_SANITIZE)
  target_compile_options(musiccorp_options INTERFACE -fsanitize=${MUSICCORP_SANITIZE})
  target_link_options(musiccorp_options INTERFACE -fsanitize=${MUSICCORP_SANITIZE})
  if(MUSICCORP_SANITIZE MATCHES "undefined")
    # CAF's headers bind references to null in init_fun_factory.hpp and downcast in task_queue.hpp: false reports.
    target_compile_options(musiccorp_options INTERFACE -fno-sanitize=null,vptr -fno-sanitize-recover=all)
  endif()
endif()

# room(<name> [BELOW <rooms on lower floors>] [USES <libraries>] [HIDES <libraries used only in .cpp files>])
function(room name)
  cmake_parse_arguments(ROOM "" "" "BELOW;USES;HIDES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC musiccorp_options ${ROOM_BELOW} ${ROOM_USES} PRIVATE ${ROOM_HIDES})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE musiccorp_options ${ROOM_BELOW} ${ROOM_USES} ${ROOM_HIDES})
  endif()
endfunction()

# Tests are compiled for a quick build, not for speed: the code under test is in the rooms' libraries. At -O1 GCC 12 sees
# overlaps in operator+ of strings that are not there (bug 105651).
add_library(test_options INTERFACE)
target_link_libraries(test_options INTERFACE musiccorp_options GTest::gmock GTest::gtest_main)
target_include_directories(test_options INTERFACE ${CMAKE_SOURCE_DIR}/tests)
target_compile_options(test_options INTERFACE $<$<CONFIG:RelWithDebInfo>:-O1;-Wno-restrict;-Wno-array-bounds>)

# test_program(<name> SOURCES <files> [USES <targets>])
function(test_program name)
  cmake_parse_arguments(PROGRAM "" "" "SOURCES;USES" ${ARGN})
  add_executable(${name} ${PROGRAM_SOURCES})
  target_link_libraries(${name} PRIVATE test_options ${PROGRAM_USES})
  target_compile_definitions(${name} PRIVATE MUSICCORP_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
endfunction()

# room_test(<room> [USES <more targets>]): every *_test.cpp of the current folder in one program, run by ctest as one
# test with the label of its folder.
function(room_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(NOT sources)
    return()
  endif()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 240)
  endif()
  test_program(${name} SOURCES ${sources} USES ${TEST_USES})
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${TEST_TIMEOUT})
  under_sanitizer(${name})
endfunction()

# What a test, and the programs that it starts, must know of CAF's library, which no sanitizer has seen. The first
# report ends the program: one that a test kills would take its reports along.
function(under_sanitizer test)
  if(MUSICCORP_SANITIZE MATCHES "thread")
    set_tests_properties(${test} PROPERTIES ENVIRONMENT
                         "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp:halt_on_error=1")
  endif()
endfunction()
