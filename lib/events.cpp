// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bridge_state.h"

#include <xdpbridge/error.h>
#include <xdpbridge/events.h>

#include <atomic>
#include <fmt/format.h>
#include <tuple>

namespace xdpbridge {

std::string_view name_of(EventType type) noexcept {
    switch (type) {
    case EventType::learn:
        return "learn";
    case EventType::move:
        return "move";
    case EventType::age:
        return "age";
    case EventType::limit:
        return "limit";
    case EventType::bpdu:
        return "bpdu";
    }
    return "unknown";
}

struct Events::Reader {
    explicit Reader(std::shared_ptr<BridgeState> bridge);
    static int on_record(void* self, void* record, std::size_t size);

    struct RingCloser {
        void operator()(ring_buffer* ring) const noexcept { ring_buffer__free(ring); }
    };
    std::shared_ptr<BridgeState> state;
    std::optional<Lock> lock;
    std::unique_ptr<ring_buffer, RingCloser> ring;
    const std::function<void(const Event&)>* visit = nullptr; // null: drop what comes
};

Events::Reader::Reader(std::shared_ptr<BridgeState> bridge) : state(std::move(bridge)) {
    const std::string doing = fmt::format("read the events of bridge '{}'", state->name);
    std::ignore = state->lock(Lock::Kind::shared, doing); // or it is no more
    lock = Lock::try_exclusive(state->folder / "monitor", doing);
    if (!lock)
        throw Error(EBUSY, doing, "somebody else reads them",
                    "stop the other `xdp-bridge monitor`");
    ring.reset(ring_buffer__new(state->events.get(), on_record, this, nullptr));
    if (!ring)
        throw Error(errno, doing);
    ring_buffer__consume(ring.get());
}

int Events::Reader::on_record(void* self, void* record, std::size_t size) {
    const auto* reader = static_cast<const Reader*>(self);
    if (!reader->visit || size < sizeof(xdpb_event))
        return 0;
    const auto* raw = static_cast<const xdpb_event*>(record);
    Event event{
        .time = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(raw->time_ns)),
        .type = static_cast<EventType>(raw->type),
        .mac = {},
        .vlan = raw->key.vlan,
        .port = raw->port,
        .old_port = raw->old_port,
    };
    std::copy(std::begin(raw->key.mac), std::end(raw->key.mac), event.mac.octets.begin());
    (*reader->visit)(event);
    return 0;
}

Events::Events(std::shared_ptr<BridgeState> state)
    : reader_(std::make_unique<Reader>(std::move(state))) {}
Events::Events(Events&&) noexcept = default;
Events& Events::operator=(Events&&) noexcept = default;
Events::~Events() = default;

int Events::fd() const noexcept {
    return ring_buffer__epoll_fd(reader_->ring.get());
}

int Events::read(const std::function<void(const Event&)>& visit,
                 std::chrono::milliseconds timeout) {
    reader_->visit = &visit;
    const int count = ring_buffer__poll(reader_->ring.get(), static_cast<int>(timeout.count()));
    reader_->visit = nullptr;
    if (count < 0 && count != -EINTR)
        throw Error(-count, fmt::format("read the events of bridge '{}'", reader_->state->name));
    return std::max(count, 0);
}

std::uint64_t Events::lost() const noexcept {
    return std::atomic_ref(reader_->state->bridge().events_lost).load();
}

} // namespace xdpbridge
