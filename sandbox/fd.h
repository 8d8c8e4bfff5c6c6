#pragma once

#include "lib/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>

namespace xdpbridge::sandbox {

// The error of the system call that just failed; `what` says what was being done, on which object.
inline std::system_error system_error(const std::string& what) {
    return {errno, std::generic_category(), what};
}

class Fd : public xdpbridge::Fd {
  public:
    Fd() = default;

    // Takes what a system call returned: a negative value is an error, told as `what`.
    Fd(int fd, const std::string& what) : xdpbridge::Fd(fd) {
        if (fd < 0)
            throw system_error(what);
    }
};

// The netns that `ip netns add NAME` made.
inline Fd open_netns(const std::string& name) {
    std::string path = "/run/netns/" + name;
    return {open(path.c_str(), O_RDONLY | O_CLOEXEC), "open network namespace " + path};
}

// Waits until there is something to read (or the other side is gone), false when the time is over.
// A signal handler that runs meanwhile does not shorten the wait.
inline bool readable(int fd, std::chrono::milliseconds timeout) {
    auto deadline = std::chrono::steady_clock::now() + timeout;
    while (true) {
        auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline -
                                                                 std::chrono::steady_clock::now());
        pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
        int ready = poll(&entry, 1, static_cast<int>(std::max<int64_t>(left.count(), 0)));
        if (ready >= 0)
            return ready > 0;
        if (errno != EINTR)
            throw system_error("wait for a file descriptor");
    }
}

} // namespace xdpbridge::sandbox
