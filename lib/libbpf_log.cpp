// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "libbpf_log.h"

#include <array>
#include <bpf/libbpf.h>
#include <cstdio>
#include <mutex>
#include <xdp/libxdp.h>

namespace xdpbridge {

namespace {

thread_local std::string log_text;
// libbpf has one print function for all threads: the first of us sets it, the last puts the
// application's back.
std::mutex mutex;
int users = 0;
libbpf_print_fn_t previous_libbpf = nullptr;
libxdp_print_fn_t previous_libxdp = nullptr;

__attribute__((format(printf, 1, 0))) void append(const char* format, va_list args) {
    va_list again;
    va_copy(again, args);
    const int length = std::vsnprintf(nullptr, 0, format, args);
    if (length > 0) {
        const std::size_t old = log_text.size();
        log_text.resize(old + static_cast<std::size_t>(length) + 1);
        std::vsnprintf(log_text.data() + old, static_cast<std::size_t>(length) + 1, format, again);
        log_text.pop_back();
    }
    va_end(again);
}

__attribute__((format(printf, 2, 0))) int keep_libbpf(libbpf_print_level level, const char* format,
                                                      va_list args) {
    if (level == LIBBPF_WARN)
        append(format, args);
    return 0;
}

__attribute__((format(printf, 2, 0))) int keep_libxdp(libxdp_print_level level, const char* format,
                                                      va_list args) {
    if (level == LIBXDP_WARN)
        append(format, args);
    return 0;
}

} // namespace

LibbpfLog::LibbpfLog() {
    log_text.clear();
    const std::lock_guard guard(mutex);
    if (users++ == 0) {
        previous_libbpf = libbpf_set_print(keep_libbpf);
        previous_libxdp = libxdp_set_print(keep_libxdp);
    }
}

LibbpfLog::~LibbpfLog() {
    const std::lock_guard guard(mutex);
    if (--users == 0) {
        libbpf_set_print(previous_libbpf);
        libxdp_set_print(previous_libxdp);
    }
}

const std::string& LibbpfLog::text() const noexcept {
    return log_text;
}

} // namespace xdpbridge
