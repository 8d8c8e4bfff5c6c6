// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <cstdint>
#include <memory>
#include <string>

namespace xdpbridge {

struct BridgeState;

enum class XdpMode : std::uint8_t {
    native,    // in the driver, or an error
    generic,   // on the skb, after the driver: slower, works everywhere
    automatic, // native, and where the driver refuses it generic: choosing this allows generic
};

enum class AttachKind : std::uint8_t {
    link,       // a bpf_link of our own, pinned in the bridge's folder
    dispatcher, // libxdp's dispatcher, beside other XDP programs
};

// A port's membership in a bridge while this object lives: destroying it removes the port,
// release() leaves it pinned and running. Get one from Ports::attach.
class Attachment {
  public:
    Attachment(std::shared_ptr<BridgeState> state, std::uint16_t port,
               std::uint64_t added_ns) noexcept;
    Attachment(Attachment&&) noexcept = default;
    Attachment& operator=(Attachment&& other) noexcept;
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;
    ~Attachment();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    void release() noexcept { state_.reset(); }

  private:
    void remove_port() noexcept;
    std::shared_ptr<BridgeState> state_;
    std::uint16_t port_;
    std::uint64_t added_ns_; // tells this membership from a later one of the same number
};

} // namespace xdpbridge
