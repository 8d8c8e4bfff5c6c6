// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/abi.h>
#include <xdpbridge/mac.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace xdpbridge {

struct BridgeState;

enum class EventType : std::uint32_t {
    learn = XDPB_EVENT_LEARN,
    move = XDPB_EVENT_MOVE,
    age = XDPB_EVENT_AGE, // seen when the data plane meets the aged-out entry, not when it ages out
    limit = XDPB_EVENT_LIMIT, // port at its quota or FDB full; at most one a second and port
    bpdu = XDPB_EVENT_BPDU,   // the BPDU guard has shut the port; mac is the BPDU's sender
};
[[nodiscard]] std::string_view name_of(EventType type) noexcept;

struct Event {
    std::chrono::steady_clock::time_point time; // CLOCK_MONOTONIC
    EventType type;
    Mac mac;
    std::uint16_t vlan;
    std::uint16_t port;
    std::uint16_t old_port; // of a move, else 0
};

// What the data plane tells, from Bridge::events(). A bridge has one ring buffer, so one reader at
// a time; what was in it before the reader came is dropped.
class Events {
  public:
    explicit Events(std::shared_ptr<BridgeState> state); // EBUSY: somebody else reads
    Events(Events&&) noexcept;
    Events& operator=(Events&&) noexcept;
    Events(const Events&) = delete;
    Events& operator=(const Events&) = delete;
    ~Events();

    // Readable when there are events: for poll, epoll or any event loop. Stays owned by this
    // object.
    [[nodiscard]] int fd() const noexcept;
    // Calls visit for each event there is now, waiting up to timeout for the first. Returns how
    // many. visit must not throw.
    int read(const std::function<void(const Event&)>& visit,
             std::chrono::milliseconds timeout = std::chrono::milliseconds{0});
    // Events that found no room since the bridge was made.
    [[nodiscard]] std::uint64_t lost() const noexcept;

  private:
    struct Reader;
    std::unique_ptr<Reader> reader_;
};

} // namespace xdpbridge
