// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "prog_run.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <ctime>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <stdexcept>
#include <system_error>

namespace xdpbridge::bench {

double thread_cpu_ns() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double run_program(int program, const sandbox::Frame& frame, std::uint32_t ifindex,
                   std::uint32_t count, Redirects redirects, std::uint32_t* duration) {
    xdp_md context{};
    context.data_end = static_cast<__u32>(frame.size());
    context.ingress_ifindex = ifindex;
    DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                        .data_size_in = static_cast<__u32>(frame.size()), .ctx_in = &context,
                        .ctx_size_in = sizeof(context), .repeat = static_cast<int>(count));

    const bool carried_out = redirects == Redirects::carried_out;
    if (carried_out) {
        options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
        options.batch_size = 64; // what a NIC's driver hands over at a time
    }

    const double before = thread_cpu_ns();
    const int err = bpf_prog_test_run_opts(program, &options);
    const double after = thread_cpu_ns();
    if (err != 0)
        throw std::system_error(-err, std::generic_category(), "BPF_PROG_RUN");
    if (!carried_out && options.retval != XDP_REDIRECT)
        throw std::runtime_error(fmt::format("the verdict is {}, not XDP_REDIRECT ({})",
                                             options.retval, static_cast<int>(XDP_REDIRECT)));
    if (duration)
        *duration = options.duration;
    return (after - before) / count;
}

} // namespace xdpbridge::bench
