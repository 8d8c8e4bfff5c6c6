# How BPF programs are compiled, here and in bench/ and tests/.
find_program(XDPB_CLANG_PATH ${XDPB_CLANG} REQUIRED)
find_program(XDPB_BPFTOOL bpftool PATHS /usr/sbin REQUIRED)
find_program(XDPB_LLVM_STRIP NAMES llvm-strip llvm-strip-19 llvm-strip-14 REQUIRED)

# Where <asm/types.h> lives on Debian; clang's BPF target does not look there by itself.
set(XDPB_BPF_FLAGS -O2 -g -target bpf -mcpu=v3 -fno-strict-aliasing -Wall -Wextra -Wno-unused-parameter -isystem
    /usr/include/${CMAKE_CXX_LIBRARY_ARCHITECTURE} -I${PROJECT_SOURCE_DIR}/include)
if(XDPB_WERROR)
    list(APPEND XDPB_BPF_FLAGS -Werror)
endif()

# xdpb_bpf_object(OBJECT SOURCE CLANG): compiles one program.
function(xdpb_bpf_object object source clang)
    add_custom_command(
        OUTPUT ${object}
        COMMAND ${clang} ${XDPB_BPF_FLAGS} -MMD -MF ${object}.d -MT ${object} -c ${source} -o ${object}
        COMMAND ${XDPB_LLVM_STRIP} -g ${object}
        DEPENDS ${source}
        DEPFILE ${object}.d
        COMMENT "BPF ${object}"
        VERBATIM)
endfunction()

add_custom_target(xdpb_bpf) # all skeletons: what clang-tidy needs to be there

# xdpb_bpf_skeleton(TARGET NAME SOURCE): an INTERFACE library that offers <NAME.skel.h>.
function(xdpb_bpf_skeleton target name source)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
    set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
    xdpb_bpf_object(${object} ${source} ${XDPB_CLANG_PATH})
    add_custom_command(
        OUTPUT ${skeleton}
        COMMAND ${XDPB_BPFTOOL} gen skeleton ${object} name ${name} > ${skeleton}
        DEPENDS ${object}
        VERBATIM)
    add_custom_target(${target}_generate DEPENDS ${skeleton})
    add_dependencies(xdpb_bpf ${target}_generate)
    add_library(${target} INTERFACE)
    add_dependencies(${target} ${target}_generate)
    target_include_directories(${target} SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
