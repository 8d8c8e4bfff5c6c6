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

enum class Side : std::uint8_t { kernel, tc, xdp };
constexpr Side all_sides[] = {Side::kernel, Side::tc, Side::xdp};
const char* name(Side side);

// The kernel's is its bridge. fdb_size is of ours.
std::unique_ptr<Switch> make_switch(Side side, ForwardingNet& net, std::uint32_t fdb_size);

// Gives the frame to the kernel's stack, in which a bridge or a tc program gets it.
sandbox::Fd pass_program();

// Between the first port and the second.
enum class Routed : std::uint8_t {
    by_svis,  // kernel: two bridges of one port each, with addresses; ours: two VLANs with an SVI
    by_ports, // kernel: the devices themselves have the addresses; ours: routed ports
};
class Router : public Switch {
  public:
    [[nodiscard]] virtual std::string mac() const = 0; // of the router, to hosts behind the first
    // Of frames so far, those routed without the host's stack. What is the stack cannot tell.
    [[nodiscard]] virtual std::uint64_t routed_by_itself() const { return 0; }
};
constexpr const char* routed_from = "10.1.0.2"; // a host behind the first port: source(0)
constexpr const char* routed_to = "10.2.0.2";   // one behind the second: destination(0)
std::unique_ptr<Router> make_router(Side side, ForwardingNet& net, Routed routed);

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
