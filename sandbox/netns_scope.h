#pragma once

#include "sandbox/fd.h"

#include <sched.h>

#include <exception>
#include <string>

namespace xdpbridge::sandbox {

// Moves the calling thread into a network namespace, and back when it goes out of scope. A socket,
// a tap or a BPF map entry belongs for good to the namespace in which it was made, so it may be
// used after the scope has ended.
//
// Only the network changes: /sys/class/net goes on showing the sandbox's own namespace,
// /proc/sys/net follows the thread.
class NetnsScope {
  public:
    explicit NetnsScope(const std::string& name)
        : back_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC),
                "open the thread's network namespace") {
        Fd target = open_netns(name);
        if (setns(target.get(), CLONE_NEWNET) != 0)
            throw system_error("enter network namespace " + name);
    }

    // A thread that stays in the wrong network would act on the wrong devices: better no program.
    ~NetnsScope() {
        if (setns(back_.get(), CLONE_NEWNET) != 0)
            std::terminate();
    }

    NetnsScope(const NetnsScope&) = delete;
    NetnsScope& operator=(const NetnsScope&) = delete;

  private:
    Fd back_;
};

} // namespace xdpbridge::sandbox
