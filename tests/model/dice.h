// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Sequences by the dice: from few values, so that they meet often.
#pragma once
#include "model/step.h"
#include "support/acl_model.h"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace xdpbridge::model {

// Where the dice come from: a generator, or the bytes of a fuzzer.
class Source {
  public:
    virtual ~Source() = default;
    virtual std::uint32_t next() = 0;
};

// Sebastiano Vigna's SplitMix64: fast, and the same everywhere.
class Seeded : public Source {
  public:
    explicit Seeded(std::uint64_t seed) : state_(seed) {}
    std::uint32_t next() override;

  private:
    std::uint64_t state_;
};

class Dice {
  public:
    Dice(const SwitchSetup& setup, Source& source);

    // What sequences begin with; kept for some of them, for it takes long to set up.
    std::vector<Step> layout();
    // Any step, a frame most often.
    Step step();
    Frame frame();

    [[nodiscard]] std::uint32_t number(std::uint32_t below) { return source_.next() % below; }
    [[nodiscard]] bool one_in(std::uint32_t n) { return number(n) == 0; }

  private:
    template <typename Value>
    Value any(std::initializer_list<Value> values) {
        return values.begin()[number(static_cast<std::uint32_t>(values.size()))];
    }
    std::uint8_t byte() { return static_cast<std::uint8_t>(source_.next()); }
    std::uint16_t word() { return static_cast<std::uint16_t>(source_.next()); }
    PortNumber host_port() { return static_cast<PortNumber>(1 + number(host_ports)); }
    PortNumber port() { return one_in(8) ? routed_port : host_port(); }
    PortNumber router_port() { return one_in(2) ? routed_port : svi_port; }

    Mac host();
    Mac source_mac();
    Mac destination_mac();
    Vid vid();
    Vid any_vid();
    Ip ip(bool ipv4);
    Ip any_ip(bool ipv4);
    IpPrefix prefix(bool ipv4);
    Binding binding();
    Route route();
    AclRule rule();
    Step membership();
    Step port_setting();
    Step table_step();
    Step setting();

    void put_tags(Frame& frame);
    void put_payload(Frame& frame);
    void put_network(Frame& frame, std::uint16_t ethertype);
    void put_arp(Frame& frame);
    void put_ipv4(Frame& frame);
    void put_ipv6(Frame& frame);
    std::uint8_t put_extensions(Frame& frame, std::uint8_t protocol);
    void put_transport(Frame& frame, std::uint8_t protocol, const Mac& sender);
    void put_nd(Frame& frame, const Mac& sender);
    void put_filling(Frame& frame, std::size_t most);
    void complete_partially(Frame& frame, std::size_t network, std::size_t transport, bool ipv4);
    void mutate(Frame& frame);

    SwitchSetup setup_;
    Source& source_;
};

} // namespace xdpbridge::model
