// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "interrupt.h"

#include <xdpbridge/error.h>

#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace xdpbridge::loader {

namespace {

sigset_t deadly() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

} // namespace

Interrupt::Interrupt() {
    const sigset_t set = deadly();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    fd_ = ::signalfd(-1, &set, SFD_CLOEXEC);
    if (fd_ < 0)
        throw Error(errno, "wait for signals");
}

Interrupt::~Interrupt() {
    ::close(fd_);
    const sigset_t set = deadly();
    // One that is still pending has been obeyed.
    const timespec now{};
    while (::sigtimedwait(&set, nullptr, &now) > 0) {
    }
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

bool Interrupt::sleep(std::chrono::milliseconds time) const {
    pollfd interrupted{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&interrupted, 1, static_cast<int>(time.count())) == 0;
}

} // namespace xdpbridge::loader
