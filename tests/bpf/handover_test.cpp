// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// bpf/handover.h and what bpf/send_xdp.h hands over: frames that XDP would spoil, or could not
// send.
#include "support/switch_test.h"

namespace xdpbridge::test {
namespace {

using sandbox::IPv6;
using sandbox::Tcp;

class HandoverTest : public SwitchTest {
  protected:
    static Ethernet ethernet() { return {.dst = host(2).to_string(), .src = host(1).to_string()}; }
    // Where the checksum is in a frame of these layers, seen from its end.
    static constexpr std::size_t tcp_checksum = 16, udp_checksum = 6;

    // As the sender leaves a checksum to a device: the sum of the pseudo header, not complemented.
    static Frame partial(Frame frame, std::size_t transport, std::size_t field) {
        const std::size_t ip = transport - (frame[14] >> 4 == 4 || frame[18] >> 4 == 4 ? 20 : 40);
        const bool v4 = frame[ip] >> 4 == 4;
        std::uint32_t sum = static_cast<std::uint32_t>(frame.size() - transport) +
                            (v4 ? frame[ip + 9] : frame[ip + 6]);
        for (std::size_t i = v4 ? ip + 12 : ip + 8; i < transport; i += 2)
            sum += static_cast<std::uint32_t>(frame[i] << 8 | frame[i + 1]);
        while (sum >> 16)
            sum = (sum & 0xffff) + (sum >> 16);
        frame[transport + field] = static_cast<std::uint8_t>(sum >> 8);
        frame[transport + field + 1] = static_cast<std::uint8_t>(sum);
        return frame;
    }

    Frame tcp4() const { return ethernet() / ip4_ / Tcp{} / Payload{100}; }
    Frame udp4() const { return ethernet() / ip4_ / Udp{} / Payload{100}; }
    Frame tcp6() const { return ethernet() / ip6_ / Tcp{} / Payload{100}; }

    const IPv4 ip4_{.src = "10.0.0.1", .dst = "10.0.0.2"};
    const IPv6 ip6_{.src = "fd00::1", .dst = "fd00::2"};
    // A test's peers are without GRO, so floods would be handed over too: a host behind xdp_ only.
    const Port xdp_ = add_port();
    const Port both_ = add_port({.hook = Hook::both});
};

TEST_F(HandoverTest, APartialChecksumGoesToTc) {
    EXPECT_EQ(send(both_, partial(tcp4(), 34, tcp_checksum)), "handed partial_checksum");
    EXPECT_EQ(send(both_, partial(udp4(), 34, udp_checksum)), "handed partial_checksum");
    EXPECT_EQ(send(both_, partial(tcp6(), 54, tcp_checksum)), "handed partial_checksum");
    const Frame tagged = ethernet() / Vlan{.vid = 5} / ip4_ / Tcp{} / Payload{100};
    EXPECT_EQ(send(both_, partial(tagged, 38, tcp_checksum)), "handed partial_checksum");
}

TEST_F(HandoverTest, WithoutTcAPartialChecksumIsDroppedByName) {
    EXPECT_EQ(send(xdp_, partial(tcp4(), 34, tcp_checksum)), "dropped partial_checksum");
    EXPECT_FALSE(fdb_.lookup(host(1))) << "learned from a frame that was dropped";
}

TEST_F(HandoverTest, ACompleteChecksumGoesByXdp) {
    for (const Frame& complete : {tcp4(), udp4(), tcp6()})
        EXPECT_EQ(send(xdp_, complete), "flooded");
}

TEST_F(HandoverTest, WhatHasNoSuchChecksumGoesByXdp) {
    const Frame ptp =
        Ethernet{.dst = "01:1b:19:00:00:00", .src = host(1).to_string(), .type = 0x88f7} /
        Payload{46};
    EXPECT_EQ(send(xdp_, ptp), "flooded");
    Frame fragment = partial(tcp4(), 34, tcp_checksum); // a later one: no TCP header there
    fragment[20] = 0x00;
    fragment[21] = 0x10;
    EXPECT_EQ(send(xdp_, fragment), "flooded");
}

TEST_F(HandoverTest, HeadersThatAreCutOffDoNotMatter) {
    const Frame whole = tcp4();
    for (std::size_t size = 14; size < 54; size++)
        EXPECT_EQ(send(xdp_, Frame(whole.begin(), whole.begin() + static_cast<long>(size))),
                  "flooded")
            << size;
}

TEST_F(HandoverTest, AFrameLongerThanTheMtuIsGso) {
    const Frame longer = ethernet() / ip4_ / Udp{} / Payload{3000};
    EXPECT_EQ(send(both_, longer), "handed gso");
    EXPECT_EQ(send(xdp_, longer), "dropped gso");
}

TEST_F(HandoverTest, WithBulkGroTcpGoesToTcAndNothingElse) {
    const Port port = add_port({.hook = Hook::both, .bulk_gro = true});
    fdb_.add({.mac = host(2), .port = port.number});
    EXPECT_EQ(send(port, tcp4()), "handed bulk");
    EXPECT_EQ(send(port, tcp6()), "handed bulk");
    EXPECT_EQ(send(port, udp4()), "dropped hairpin");
}

TEST_F(HandoverTest, WhatADeviceDoesNotTakeFromXdpGoesToTc) {
    fdb_.add({.mac = host(2), .port = xdp_.number});
    EXPECT_EQ(send(both_, udp4()), "handed no_xdp_xmit");
    EXPECT_EQ(send(both_, frame(host(1), broadcast)), "handed no_xdp_xmit");
}

TEST_F(HandoverTest, BulkGroNeedsBothHooks) {
    EXPECT_THROW(add_port({.hook = Hook::xdp, .bulk_gro = true}), Error);
    EXPECT_THROW(ports_.set(xdp_.device, {.bulk_gro = true}), Error);
    EXPECT_FALSE(ports_.get(xdp_.device).bulk_gro);
    EXPECT_TRUE(ports_.get(xdp_.device).xdp) << "is not as it was";
}

} // namespace
} // namespace xdpbridge::test
