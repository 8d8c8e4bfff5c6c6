// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "netns.h"

#include <xdpbridge/error.h>

#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/socket.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

namespace xdpbridge {

NetnsScope::NetnsScope(const std::string& netns) {
    if (netns.empty())
        return;
    const std::string path = netns.find('/') == std::string::npos ? "/run/netns/" + netns : netns;
    const std::string doing = fmt::format("enter network namespace '{}'", netns);
    const Fd target(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!target)
        throw Error(errno, doing, errno == ENOENT ? "no such namespace" : "",
                    errno == ENOENT ? "`ip netns` lists them" : "");
    home_ = Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!home_)
        throw Error(errno, doing);
    if (::setns(target.get(), CLONE_NEWNET) != 0)
        throw Error(errno, doing, errno == EINVAL ? path + " is not a network namespace" : "");
}

NetnsScope::~NetnsScope() {
    // To go on in the wrong namespace would attach to the wrong devices.
    if (home_ && ::setns(home_.get(), CLONE_NEWNET) != 0)
        std::terminate();
}

std::uint64_t netns_cookie() {
    const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    std::uint64_t cookie = 0;
    socklen_t size = sizeof(cookie);
    if (!socket || ::getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0)
        throw Error(errno, "identify the network namespace");
    return cookie;
}

} // namespace xdpbridge
