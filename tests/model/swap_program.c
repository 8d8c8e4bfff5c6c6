/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * To be preloaded: libbpf opens the object file of XDPB_SWAP="NAME=FILE" instead of the one that is
 * built into the program under that name. So a changed data plane is tried without building the
 * library anew.
 */
#define _GNU_SOURCE
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

typedef int open_skeleton(struct bpf_object_skeleton*, const struct bpf_object_open_opts*);

static void swap(struct bpf_object_skeleton* skeleton, const char* path) {
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) != 0) {
        perror(path);
        exit(2);
    }
    skeleton->data_sz = (size_t)status.st_size;
    skeleton->data = mmap(NULL, skeleton->data_sz, PROT_READ, MAP_PRIVATE, fd, 0);
    if (skeleton->data == MAP_FAILED) {
        perror(path);
        exit(2);
    }
}

int bpf_object__open_skeleton(struct bpf_object_skeleton* skeleton,
                              const struct bpf_object_open_opts* options) {
    open_skeleton* real = (open_skeleton*)dlsym(RTLD_NEXT, "bpf_object__open_skeleton");
    const char* what = getenv("XDPB_SWAP");
    size_t length = strlen(skeleton->name);

    if (what && strncmp(what, skeleton->name, length) == 0 && what[length] == '=')
        swap(skeleton, what + length + 1);
    return real(skeleton, options);
}
