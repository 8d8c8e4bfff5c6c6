// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// One port's programs at XDP, ingress and egress: load, attach to a device, find again, detach.
#pragma once
#include "bridge_state.h"
#include "netlink.h"
#include "replacement.h"

#include <xdpbridge/attachment.h>

#include <memory>

struct bridge_xdp; // the skeleton
struct xdp_program;

namespace xdpbridge {

class XdpPrograms {
  public:
    // Opens the programs over the bridge's maps, as port's instance. Nothing is in the kernel yet.
    XdpPrograms(const BridgeState& state, std::uint16_t port);
    ~XdpPrograms();
    XdpPrograms(const XdpPrograms&) = delete;
    XdpPrograms& operator=(const XdpPrograms&) = delete;

    struct Attached {
        bool generic;
        AttachKind kind;
    };
    // Loads and attaches to link, in the calling thread's namespace, so that it stays without this
    // process. On an error nothing is attached.
    Attached attach(const BridgeState& state, const Link& link, XdpMode mode,
                    const std::string& doing);
    // Makes the port's device an output of the bridge, for each kind of program that sends to it.
    // Returns 0 or the negative errno.
    int connect_egress(const Link& link, const std::string& doing);

    // Loads the egress program, and the ingress program too unless a dispatcher is to load it.
    void load(bool frags, bool with_ingress, const std::string& doing);
    [[nodiscard]] int ingress_fd() const noexcept;
    [[nodiscard]] int egress_fd() const noexcept;
    // Opens and loads, and attaches beside what is there. False: this kernel or this device takes
    // no dispatcher, and nothing is attached.
    bool attach_by_dispatcher(const Link& link, bool generic);
    bool detach_from_dispatcher(const Link& link) noexcept;

  private:
    int attach_by_link(const BridgeState& state, const Link& link, bool generic);
    void open(bool frags);

    std::uint16_t port_;
    const BridgeState* state_;
    bridge_xdp* skeleton_ = nullptr;
    bpf_program* ingress_ = nullptr; // of the skeleton, as the bridge is VLAN-aware or not
    struct XdpProgramCloser {
        void operator()(xdp_program* program) const noexcept;
    };
    std::unique_ptr<xdp_program, XdpProgramCloser> program_;
};

// Into map "devices" or "devices_frags". Returns 0 or the negative errno.
int put_egress(const BridgeState& state, bool frags, std::uint16_t port, std::uint32_t ifindex,
               int program) noexcept;

// Detaches this bridge's program from a device, however it is attached. Returns 0 or the errno.
int detach_xdp(const BridgeState& state, std::uint16_t port, std::uint32_t ifindex);

// The programs of this version in the place of those that are attached: what the device's frames
// meet when they leave, and when they come in.
std::unique_ptr<Replacement> replace_egress(const BridgeState& state, std::uint16_t port,
                                            const std::string& doing);
std::unique_ptr<Replacement> replace_ingress(const BridgeState& state, std::uint16_t port,
                                             const Link& link, const std::string& doing);

// The id of the bridge's program on the device, 0: none of ours is attached.
std::uint32_t attached_xdp_id(const BridgeState& state, std::uint16_t port, std::uint32_t ifindex);

} // namespace xdpbridge
