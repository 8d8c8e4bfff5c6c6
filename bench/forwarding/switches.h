// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The switches that are measured side by side. Each has all ports of the network while it lives.
#pragma once
#include "net.h"

namespace xdpbridge::bench {

class Switch {
  public:
    virtual ~Switch() = default;
    // What runs on the frames that come in on the port.
    [[nodiscard]] virtual int program(std::size_t port) const = 0;
    [[nodiscard]] virtual std::uint32_t load_flags() const { return 0; }
    [[nodiscard]] virtual std::uint64_t learned() const = 0; // behind the first port
};

enum class Side : std::uint8_t { kernel_bridge, tc, xdp };
constexpr Side all_sides[] = {Side::kernel_bridge, Side::tc, Side::xdp};
const char* name(Side side);

std::unique_ptr<Switch> make_switch(Side side, ForwardingNet& net, std::uint32_t fdb_size);

// A port of a switch as vary.bpf.c calls it.
class PortOf : public Contender {
  public:
    PortOf(const Switch& of, std::size_t port) : of_(of), port_(port) {}
    [[nodiscard]] int program() const override { return of_.program(port_); }
    [[nodiscard]] std::uint32_t load_flags() const override { return of_.load_flags(); }
    void know(std::uint32_t) override {}

  private:
    const Switch& of_;
    std::size_t port_;
};

} // namespace xdpbridge::bench
