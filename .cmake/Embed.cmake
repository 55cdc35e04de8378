# Puts files into a program, so that it can show them wherever it runs.
#
# embed(<target> <folder> PATTERNS <globs>): every file of the folder that matches becomes a `console_file` of the
# target. This same file, run as a script, writes the bytes.
if(CMAKE_SCRIPT_MODE_FILE)
  set(text "// Made by .cmake/Embed.cmake.\n#include <array>\n\n#include \"node/console_files.hpp\"\n\n")
  string(APPEND text "namespace musiccorp::node {\nnamespace {\n\n")
  set(rows "")
  set(count 0)
  foreach(path IN LISTS files)
    file(READ ${folder}/${path} bytes HEX)
    string(LENGTH "${bytes}" size)
    math(EXPR size "${size} / 2")
    string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
    string(APPEND text "constexpr char file_${count}[] = {\n${bytes}'\\0'};\n\n")
    string(APPEND rows "    console_file{\"${path}\", {file_${count}, ${size}}},\n")
    math(EXPR count "${count} + 1")
  endforeach()
  string(APPEND text "constexpr std::array<console_file, ${count}> all{\n${rows}};\n\n}  // namespace\n\n")
  string(APPEND text "std::span<const console_file> console_files() { return all; }\n\n}  // namespace musiccorp::node\n")
  file(WRITE ${output} "${text}")
  return()
endif()

set(EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(embed target folder)
  cmake_parse_arguments(EMBED "" "" "PATTERNS" ${ARGN})
  list(TRANSFORM EMBED_PATTERNS PREPEND ${folder}/ OUTPUT_VARIABLE globs)
  file(GLOB sources CONFIGURE_DEPENDS RELATIVE ${folder} ${globs})
  list(SORT sources)
  list(TRANSFORM sources PREPEND ${folder}/ OUTPUT_VARIABLE inputs)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded.cpp)
  add_custom_command(OUTPUT ${output}
                     COMMAND ${CMAKE_COMMAND} "-Dfolder=${folder}" "-Dfiles=${sources}" "-Doutput=${output}"
                             -P ${EMBED_SCRIPT}
                     DEPENDS ${inputs} ${EMBED_SCRIPT} VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
