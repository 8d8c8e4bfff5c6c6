// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "switches.h"

#include <sandbox/fd.h>
#include <sandbox/process.h>
#include <xdpbridge/port.h>

#include <bpf/bpf.h>

#include <algorithm>
#include <array>

namespace xdpbridge::bench {

sandbox::Fd pass_program() {
    const std::array<bpf_insn, 2> pass{bpf_insn{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS},
                                       bpf_insn{BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
    // As libbpf sets it for a program of the section "xdp": vary.bpf.c calls no other.
    DECLARE_LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_XDP);
    return {bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", pass.data(), pass.size(), &options),
            "load the program that passes frames"};
}

namespace {

class KernelSwitch : public Switch {
  public:
    explicit KernelSwitch(ForwardingNet& net) : net_(net), pass_(pass_program()) {
        // No snooping: it would send queries, and is not what is measured.
        net_.ip({"link", "add", "kbr", "type", "bridge", "mcast_snooping", "0"});
        net_.ip({"link", "set", "kbr", "addrgenmode", "none", "up"});
        for (const auto& port : net_.ports())
            net_.ip({"link", "set", "dev", port.name, "master", "kbr"});
    }
    ~KernelSwitch() override { sandbox::run({"ip", "link", "del", "kbr"}); }
    KernelSwitch(const KernelSwitch&) = delete;
    KernelSwitch& operator=(const KernelSwitch&) = delete;
    [[nodiscard]] int program(std::size_t) const override { return pass_.get(); }
    [[nodiscard]] std::uint64_t learned() const override {
        const auto shown = sandbox::run({"bridge", "fdb", "show", "brport", "p0", "dynamic"}).out;
        return static_cast<std::uint64_t>(std::count(shown.begin(), shown.end(), '\n'));
    }

  private:
    ForwardingNet& net_;
    sandbox::Fd pass_;
};

class OurSwitch : public Switch {
  public:
    OurSwitch(const ForwardingNet& net, Hook hook, std::uint32_t fdb_size)
        : bridge_(
              Bridge::create("bench", {.fdb_size = fdb_size, .ageing = std::chrono::hours(24)})) {
        for (const auto& port : net.ports()) {
            bridge_.ports().add(port.name, {.hook = hook});
            programs_.push_back(hook == Hook::tc
                                    ? pass_program()
                                    : sandbox::Fd(bridge_.ports().program_fd(port.name),
                                                  "get the program of a port"));
        }
        flags_ = hook == Hook::tc ? 0 : BPF_F_XDP_HAS_FRAGS;
    }
    ~OurSwitch() override {
        programs_.clear();
        Bridge::remove("bench");
    }
    OurSwitch(const OurSwitch&) = delete;
    OurSwitch& operator=(const OurSwitch&) = delete;
    [[nodiscard]] int program(std::size_t port) const override { return programs_.at(port).get(); }
    [[nodiscard]] std::uint32_t load_flags() const override { return flags_; }
    [[nodiscard]] std::uint64_t learned() const override {
        return bridge_.ports().get("p0").learned;
    }

  private:
    Bridge bridge_;
    std::vector<sandbox::Fd> programs_;
    std::uint32_t flags_ = 0;
};

} // namespace

const char* name(Side side) {
    return side == Side::kernel ? "kernel" : side == Side::tc ? "tc" : "xdp";
}

std::unique_ptr<Switch> make_switch(Side side, ForwardingNet& net, std::uint32_t fdb_size) {
    if (side == Side::kernel)
        return std::make_unique<KernelSwitch>(net);
    return std::make_unique<OurSwitch>(net, side == Side::tc ? Hook::tc : Hook::xdp, fdb_size);
}

} // namespace xdpbridge::bench
