// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A VM that notes when probes come. Its clock is not ours: by how much they differ is estimated by
// asking it for the time, before and after the probes, in the way of NTP.
#pragma once
#include "net.h"
#include "receiver.h"

#include <sandbox/packet_socket.h>
#include <sandbox/vm.h>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <vector>

namespace xdpbridge::bench {

struct Message;

// Stays up while one path after the other leads to it.
class Guest : public Receiver {
  public:
    // Throws if there is no kernel for it, or it does not boot. TCP is taken by iperf3.
    explicit Guest(const std::filesystem::path& kernel);

    // These need a path that works, and no load.
    void start(std::uint32_t run) override;
    std::vector<std::uint64_t> stop() override;
    // What QEMU took from the tap; probes are in it.
    std::uint64_t others() override;

    // How well its clock is known: "clock_error_us", of the worst run, and how.
    [[nodiscard]] nlohmann::json about() const;

  private:
    // The guest's clock is at ours + `ns`, give or take `error`.
    struct Offset {
        std::int64_t ns, error;
    };
    Offset offset();
    Message ask(sandbox::PacketSocket& socket, Message question);

    sandbox::Vm vm_;
    std::uint32_t run_ = 0, last_id_ = 0;
    std::uint64_t others_before_ = 0;
    Offset offset_before_{};
    std::int64_t worst_error_ = 0;
};

} // namespace xdpbridge::bench
