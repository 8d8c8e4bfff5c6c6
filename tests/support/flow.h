// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Traffic that goes on while a test does something else.
#pragma once
#include <cstdint>
#include <string>
#include <thread>

namespace xdpbridge::test {

// Sends a frame every millisecond from one device of a namespace, to the MAC of another one there,
// until it is asked what has become of them. The namespace has to send nothing by itself.
class Flow {
  public:
    // number: of the two hosts; each flow has its own. The bridge knows both when this returns.
    Flow(const std::string& netns, const std::string& from, const std::string& to,
         std::uint32_t number);

    struct Frames {
        std::uint64_t sent;
        std::uint64_t received;
    };
    Frames stop();

  private:
    [[nodiscard]] std::uint64_t arrived() const; // at the other device, as the kernel counts
    void tell_where_it_is() const;               // the other host
    void send(const std::stop_token& stop);

    std::string netns_, from_, to_;
    std::uint32_t number_;
    std::uint64_t before_ = 0;
    std::uint64_t sent_ = 0;
    std::jthread thread_; // last, so that it ends before what it uses
};

} // namespace xdpbridge::test
