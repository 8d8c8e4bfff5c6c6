// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// bpf/acl.h and bpf/acl_apply.h: which rule a frame meets, and what becomes of it then.
#include "support/acl_model.h"
#include "support/switch_test.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <set>

namespace xdpbridge::test {
namespace {

using sandbox::Arp;
using sandbox::IPv6;
using sandbox::Tcp;

class AclTest : public HookTest {
  protected:
    explicit AclTest(const BridgeOptions& options = {}) : HookTest(options) {}

    void rules(const std::vector<std::string>& lines) {
        std::vector<AclRule> list;
        for (const auto& line : lines)
            list.push_back(AclRule::parse(line));
        acl_.replace(list);
    }
    // Frames that each rule has met, in their order.
    [[nodiscard]] std::vector<std::uint64_t> met() const {
        std::vector<std::uint64_t> packets;
        for (const auto& entry : acl_.list())
            packets.push_back(entry.packets);
        return packets;
    }
    // Whether a rule that asks for this alone drops a frame, and one that does not fit leaves it.
    void expect_fits(const std::string& criteria, const Frame& frame, bool does) {
        rules({criteria + " drop"});
        EXPECT_EQ(send(port_, frame), does ? "dropped acl" : "flooded") << criteria;
    }
    static Ethernet ethernet(std::uint16_t type = 0) {
        return {.dst = host(2).to_string(), .src = host(1).to_string(), .type = type};
    }
    static IPv4 ip4(std::uint8_t tos = 0) {
        return {.src = "10.1.2.3", .dst = "10.4.5.6", .tos = tos};
    }
    static IPv6 ip6(std::uint8_t traffic_class = 0) {
        return {.src = "2001:db8:1::3", .dst = "2001:db8:2::4", .traffic_class = traffic_class};
    }

    Acl acl_ = bridge_.acl();
    const Port port_ = add_port();
    const Port other_ = add_port();
    const Frame tcp4_ = ethernet() / ip4() / Tcp{.sport = 5000, .dport = 80} / Payload{20};
    const Frame udp4_ = ethernet() / ip4() / Udp{.sport = 5000, .dport = 53} / Payload{20};
    const Frame tcp6_ = ethernet() / ip6() / Tcp{.sport = 5000, .dport = 80} / Payload{20};
};

TEST_P(AclTest, WithoutRulesAllPasses) {
    EXPECT_EQ(send(port_, tcp4_), "flooded");
    rules({"drop"});
    EXPECT_EQ(send(port_, tcp4_), "dropped acl");
    EXPECT_EQ(acl_.flush(), 1U);
    EXPECT_EQ(send(port_, tcp4_), "flooded");
}

TEST_P(AclTest, TheFirstThatFitsDecides) {
    rules({"--prio 20 --proto tcp drop", "--prio 10 --dport 80 pass", "--prio 30 drop"});
    EXPECT_EQ(send(port_, tcp4_), "flooded") << "their order is that of the priorities";
    EXPECT_EQ(send(port_, ethernet() / ip4() / Tcp{.dport = 443} / Payload{20}), "dropped acl");
    EXPECT_EQ(send(port_, udp4_), "dropped acl");
    EXPECT_EQ(met(), (std::vector<std::uint64_t>{1, 1, 1}));
    EXPECT_TRUE(acl_.remove(10));
    EXPECT_EQ(send(port_, tcp4_), "dropped acl");
    EXPECT_EQ(met(), (std::vector<std::uint64_t>{2, 1}));
    EXPECT_FALSE(acl_.remove(10));
}

TEST_P(AclTest, ADroppedFrameTeachesNothing) {
    rules({"drop"});
    send(port_, tcp4_);
    EXPECT_TRUE(table().empty());
}

TEST_P(AclTest, Ports) {
    expect_fits("--port port1", tcp4_, true);
    expect_fits("--port port2", tcp4_, false);
}

TEST_P(AclTest, Macs) {
    expect_fits("--src-mac " + host(1).to_string(), tcp4_, true);
    expect_fits("--src-mac " + host(2).to_string(), tcp4_, false);
    expect_fits("--dst-mac " + host(2).to_string(), tcp4_, true);
    expect_fits("--dst-mac " + host(1).to_string(), tcp4_, false);
    expect_fits("--dst-mac ff:ff:ff:ff:ff:ff", frame(host(1), broadcast), true);
}

TEST_P(AclTest, Ethertypes) {
    const Frame arp =
        ethernet() /
        Arp{.sender_mac = host(1).to_string(), .sender_ip = "10.0.0.1", .target_ip = "10.0.0.2"};
    expect_fits("--ethertype arp", arp, true);
    expect_fits("--ethertype arp", tcp4_, false);
    expect_fits("--ethertype ip", tcp4_, true);
    expect_fits("--ethertype ipv6", tcp6_, true);
    expect_fits("--ethertype ip", tcp6_, false);
    expect_fits("--ethertype 0x88b5", ethernet(0x88b5) / Payload{46}, true);
    expect_fits("--ethertype ip", ethernet() / Vlan{.vid = 3} / ip4() / Udp{} / Payload{20}, true);
    const Frame snap = ethernet(54) / Bytes{{0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x06}} / Payload{46};
    expect_fits("--ethertype arp", snap, true);
}

TEST_P(AclTest, Prefixes) {
    for (const char* fit : {"10.1.2.3/32", "10.1.2.0/24", "10.0.0.0/8", "0.0.0.0/0"}) {
        expect_fits(fmt::format("--src {}", fit), tcp4_, true);
        expect_fits(fmt::format("--src {}", fit), tcp6_, false);
    }
    for (const char* fit : {"2001:db8:2::4/128", "2001:db8:2::/48", "2000::/3", "::/0"}) {
        expect_fits(fmt::format("--dst {}", fit), tcp6_, true);
        expect_fits(fmt::format("--dst {}", fit), tcp4_, false);
    }
    expect_fits("--src 10.1.2.4", tcp4_, false);
    expect_fits("--dst 10.1.2.3", tcp4_, false);
    expect_fits("--src 11.0.0.0/8", tcp4_, false);
    expect_fits("--dst 2001:db8:2::5", tcp6_, false);
    expect_fits("--src 0.0.0.0/0", ethernet(0x88b5) / Payload{46}, false);
    expect_fits("--src 10.1.2.3", ethernet() / Vlan{.vid = 3} / ip4() / Udp{} / Payload{20}, true);
    // The other's prefix is longer, and not ours.
    rules({"--src 10.0.0.0/8 --proto udp drop", "--src 10.1.0.0/16 --proto tcp drop"});
    EXPECT_EQ(send(port_, udp4_), "dropped acl") << "a longer prefix includes the shorter ones";
}

TEST_P(AclTest, Protocols) {
    expect_fits("--proto tcp", tcp4_, true);
    expect_fits("--proto tcp", udp4_, false);
    expect_fits("--proto tcp", tcp6_, true);
    expect_fits("--proto icmp", ethernet() / ip4() / sandbox::Icmp{}, true);
    expect_fits("--proto 0", ethernet(0x88b5) / Payload{46}, false);
    const Frame hop_by_hop = ethernet() / IPv6{.src = "fd00::1", .dst = "fd00::2"} /
                             Bytes{{6, 0, 1, 4, 0, 0, 0, 0}} / Payload{20};
    Frame with_extension = hop_by_hop;
    with_extension[20] = 0; // next header: hop-by-hop options, and TCP behind them
    expect_fits("--proto tcp", with_extension, true);
}

TEST_P(AclTest, TransportPorts) {
    expect_fits("--dport 80", tcp4_, true);
    expect_fits("--dport 80", tcp6_, true);
    expect_fits("--dport 80-90", tcp4_, true);
    expect_fits("--dport 70-80", tcp4_, true);
    expect_fits("--dport 81-90", tcp4_, false);
    expect_fits("--dport 53", udp4_, true);
    expect_fits("--sport 5000", udp4_, true);
    expect_fits("--sport 53", udp4_, false);
    expect_fits("--dport 0-65535", ethernet() / ip4() / sandbox::Icmp{}, false);
    expect_fits("--dport 0-65535", ethernet(0x88b5) / Payload{46}, false);
    Frame later = tcp4_; // a fragment that is not the first has no ports
    later[20] = 0x00;
    later[21] = 0x10;
    expect_fits("--dport 80", later, false);
    expect_fits("--proto tcp", later, true);
    Frame first = tcp4_;
    first[20] = 0x20;
    expect_fits("--dport 80", first, true);
}

TEST_P(AclTest, Dscp) {
    expect_fits("--dscp 46", ethernet() / ip4(46 << 2 | 3) / Udp{} / Payload{20}, true);
    expect_fits("--dscp 46", ethernet() / ip6(46 << 2 | 3) / Udp{} / Payload{20}, true);
    expect_fits("--dscp 46", udp4_, false);
    expect_fits("--dscp 0", ethernet(0x88b5) / Payload{46}, false);
}

TEST_P(AclTest, AllCriteriaHaveToFit) {
    const std::string all = "--port port1 --src-mac " + host(1).to_string() + " --dst-mac " +
                            host(2).to_string() +
                            " --ethertype ip --src 10.1.0.0/16 --dst 10.4.0.0/16 --proto tcp "
                            "--sport 5000 --dport 80 --dscp 0";
    expect_fits(all, tcp4_, true);
    expect_fits(all, udp4_, false);
    expect_fits(all + " --dscp 1", tcp4_, false);
}

// Headers of every length, tagged and not: a rule that drops by ports takes what hides them, and
// no other rule does.
TEST_P(AclTest, HeadersThatAreCutOff) {
    const Frame tagged =
        ethernet() / Vlan{.vid = 3} / ip4() / Tcp{.sport = 5000, .dport = 80} / Payload{20};
    struct Cut {
        Frame whole;
        std::size_t network, ports; // where the IP header ends, and the ports
    };
    for (const auto& [whole, network, ports] :
         {Cut{tcp4_, 34, 38}, Cut{tcp6_, 54, 58}, Cut{tagged, 38, 42}})
        for (const bool drop : {true, false}) {
            if (drop)
                rules({"--sport 5000 --dport 80 drop"});
            else
                rules({"--sport 5000 --dport 80 pass", "--proto tcp drop"});
            // At tc BPF_PROG_RUN makes no skb of less than a whole IP header, but behind a tag.
            for (std::size_t size = GetParam() == Hook::tc && whole != tagged ? network : 18;
                 size < whole.size(); size++) {
                const bool dropped = size >= network && (drop || size < ports);
                EXPECT_EQ(
                    send(port_, Frame(whole.begin(), whole.begin() + static_cast<long>(size))),
                    dropped ? "dropped acl" : "flooded")
                    << size;
            }
        }
}

TEST_P(AclTest, MoreExtensionHeadersThanAreLookedBehind) {
    const auto behind = [](std::size_t headers) {
        Frame extensions;
        for (std::size_t i = 0; i < headers; i++) {
            const std::uint8_t next = i + 1 == headers ? 6 : 60; // TCP, or destination options
            const Frame header = {next, 0, 1, 4, 0, 0, 0, 0};
            extensions.insert(extensions.end(), header.begin(), header.end());
        }
        const Frame tcp = {0x13, 0x88, 0, 80};
        extensions.insert(extensions.end(), tcp.begin(), tcp.end());
        return Frame(ethernet() / IPv6{.src = "fd00::1", .dst = "fd00::2", .next_header = 60} /
                     Bytes{extensions} / Payload{20});
    };
    for (const std::size_t headers : {1, 8, 9, 20}) {
        expect_fits("--proto tcp --dport 80", behind(headers), true);
        expect_fits("--proto udp --dport 80", behind(headers), headers > 8);
        rules({"--proto tcp --dport 80 pass", "drop"});
        EXPECT_EQ(send(port_, behind(headers)), headers > 8 ? "dropped acl" : "flooded") << headers;
    }
}

TEST_P(AclTest, WrongHeaders) {
    rules({"--proto tcp --dport 80 drop"});
    Frame wrong = tcp4_;
    wrong[14] = 0x44; // header length of 16
    EXPECT_EQ(send(port_, wrong), "flooded");
    wrong[14] = 0x55; // IPv5
    EXPECT_EQ(send(port_, wrong), "flooded");
    wrong[14] = 0x4f; // options up to the datagram's end, where no ports are
    EXPECT_EQ(send(port_, wrong), "dropped acl");
}

TEST_P(AclTest, CountersStayWithTheirRule) {
    rules({"--prio 100 --proto tcp drop", "--prio 200 --proto udp drop"});
    send(port_, tcp4_);
    send(port_, udp4_);
    send(port_, udp4_);
    acl_.add(AclRule::parse("--prio 50 --dport 22 drop"));
    acl_.add(AclRule::parse("--prio 150 --dport 23 drop"));
    EXPECT_EQ(met(), (std::vector<std::uint64_t>{0, 1, 0, 2}));
    EXPECT_EQ(acl_.list().at(3).bytes, 2 * udp4_.size());
    send(port_, tcp4_);
    EXPECT_EQ(met(), (std::vector<std::uint64_t>{0, 2, 0, 2}));
    rules({"--prio 100 --proto tcp drop", "--prio 200 --proto udp pass"});
    EXPECT_EQ(met(), (std::vector<std::uint64_t>{2, 0})) << "the second is another rule now";
}

TEST_P(AclTest, WithoutAPriorityARuleComesLast) {
    EXPECT_EQ(acl_.add(AclRule::parse("pass")), 10U);
    EXPECT_EQ(acl_.add(AclRule::parse("drop")), 20U);
    EXPECT_EQ(acl_.add(AclRule::parse("--prio 15 --proto udp drop")), 15U);
    EXPECT_EQ(acl_.add(AclRule::parse("drop")), 30U);
    EXPECT_EQ(send(port_, tcp4_), "flooded");
}

TEST_P(AclTest, APolicerDropsWhatIsAbove) {
    rules({"--proto udp police 1pps,burst=3pkt"});
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(send(port_, udp4_), "flooded");
    EXPECT_EQ(send(port_, udp4_), "dropped acl_policer");
    EXPECT_EQ(send(port_, tcp4_), "flooded");
    EXPECT_EQ(met(), (std::vector<std::uint64_t>{4}));
    acl_.add(AclRule::parse("--prio 1 --dport 22 drop"));
    EXPECT_EQ(send(port_, udp4_), "dropped acl_policer") << "a change elsewhere fills no bucket";
}

// What the qdisc of the egress device goes by.
TEST_P(AclTest, AClassIsTheSkbsPriority) {
    if (GetParam() != Hook::tc)
        return; // there is no skb
    rules({"--proto udp class 5"});
    for (const auto& [frame, priority] : {std::pair(udp4_, 5U), std::pair(tcp4_, 0U)}) {
        Frame out(frame.size() + 64);
        __sk_buff in{}, after{};
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = out.data(),
                    .data_size_in = static_cast<__u32>(frame.size()),
                    .data_size_out = static_cast<__u32>(out.size()), .ctx_in = &in,
                    .ctx_out = &after, .ctx_size_in = sizeof(in), .ctx_size_out = sizeof(after),
                    .repeat = 1);
        ASSERT_EQ(bpf_prog_test_run_opts(port_.program.get(), &options), 0);
        EXPECT_EQ(after.priority, priority);
    }
    EXPECT_EQ(met(), (std::vector<std::uint64_t>{1}));
}

TEST_P(AclTest, WhatTheRulesSayOneByOne) {
    AclDice dice(GetParam() == Hook::tc ? 5 : 6, {"port1", "port2"}, false);
    for (const unsigned count : {10, 400, 1024}) {
        std::vector<AclRule> list(count);
        for (auto& rule : list)
            rule = dice.rule(count < 100 ? 1 : 4); // else the first ones fit all
        for (unsigned i = 0; i < count; i++)
            list[i].priority = i + 1;
        acl_.replace(list);
        std::vector<std::uint64_t> expected(count);
        for (int i = 0; i < 400; i++) {
            const auto frame = dice.frame();
            const auto rule = first_that_fits(list, frame);
            const bool drop = rule && list[*rule].action == AclAction::drop;
            const auto became = send(frame.port == "port1" ? port_ : other_, frame.bytes());
            ASSERT_EQ(became == "dropped acl", drop)
                << (rule ? list[*rule].to_string() : "no rule") << " and it was " << became;
            // A frame whose way ends in the switch, at its own port, is not counted by its rule.
            if (rule && became != "dropped hairpin")
                expected[*rule]++;
        }
        EXPECT_EQ(met(), expected);
    }
}

XDPB_AT_EACH_HOOK(AclTest);

class VlanAclTest : public AclTest {
  protected:
    VlanAclTest() : AclTest({.vlan_aware = true}) {
        for (const auto* port : {&port_, &other_})
            bridge_.vlans().add(port->device, {2, 4});
    }
    static Frame tagged(std::uint16_t vid, std::uint8_t pcp) {
        return ethernet() / Vlan{.vid = vid, .pcp = pcp} / ip4() / Udp{.dport = 53} / Payload{20};
    }
    // What becomes of a frame, whose bytes may change on the way.
    std::uint64_t dropped(const Frame& frame) {
        const auto before = counters(port_).dropped[XDPB_DROP_ACL];
        inject(port_, frame);
        return counters(port_).dropped[XDPB_DROP_ACL] - before;
    }
};

TEST_P(VlanAclTest, VlanAndPcp) {
    rules({"--vlan 3 drop"});
    EXPECT_EQ(dropped(tagged(3, 0)), 1U);
    EXPECT_EQ(dropped(tagged(2, 0)), 0U);
    EXPECT_EQ(dropped(udp4_), 0U);
    rules({"--vlan 1 drop"});
    EXPECT_EQ(dropped(udp4_), 1U) << "it is in the PVID";
    EXPECT_EQ(dropped(tagged(0, 0)), 1U) << "priority-tagged";
    rules({"--pcp 5 drop"});
    EXPECT_EQ(dropped(tagged(3, 5)), 1U);
    EXPECT_EQ(dropped(tagged(3, 4)), 0U);
    EXPECT_EQ(dropped(udp4_), 0U);
    ports_.set("port1", {.settings = {.priority = 5}});
    EXPECT_EQ(dropped(udp4_), 1U) << "the priority that the port gives it";
}

TEST_P(VlanAclTest, WhatTheRulesSayOneByOne) {
    AclDice dice(7, {"port1"}, true);
    std::vector<AclRule> list(200);
    for (auto& rule : list)
        rule = dice.rule(4);
    for (unsigned i = 0; i < list.size(); i++)
        list[i].priority = i + 1;
    acl_.replace(list);
    for (int i = 0; i < 300; i++) {
        const auto frame = dice.frame();
        const auto rule = first_that_fits(list, frame);
        EXPECT_EQ(dropped(frame.bytes()), rule && list[*rule].action == AclAction::drop ? 1U : 0U);
    }
}

XDPB_AT_EACH_HOOK(VlanAclTest);

class AclRulesTest : public SwitchTest {
  protected:
    Acl acl_ = bridge_.acl();
    const Port port_ = add_port();
    const Port other_ = add_port();

    int error_code(const std::string& rule) {
        return error_of([&] { acl_.add(AclRule::parse(rule)); }).code().value();
    }
};

TEST_F(AclRulesTest, WhatCannotBe) {
    EXPECT_EQ(error_code("--port port9 drop"), ENOENT);
    EXPECT_EQ(error_code("mirror port9"), ENOENT);
    EXPECT_EQ(error_code("--port port1 mirror port1"), EINVAL);
    EXPECT_EQ(error_code("--vlan 3 drop"), EOPNOTSUPP);
    EXPECT_EQ(error_code("--pcp 3 drop"), EOPNOTSUPP);
    EXPECT_EQ(error_code("--src 10.0.0.0/8 --dst fd00::/8 drop"), EINVAL);
    EXPECT_EQ(error_code("--proto icmp --dport 80 drop"), EINVAL);
    EXPECT_EQ(error_code("--prio 7 drop"), 0);
    EXPECT_EQ(error_code("--prio 7 pass"), EEXIST);
    EXPECT_EQ(error_code("--prio 1000000000 drop"), 0);
    EXPECT_EQ(error_code("drop"), ENOSPC) << "no priority is left";
    EXPECT_EQ(acl_.list().size(), 2U);
}

TEST_F(AclRulesTest, AFullListIsReplacedByAnother) {
    std::vector<AclRule> list(XDPB_ACL_RULES);
    for (std::size_t i = 0; i < list.size(); i++)
        list[i].dport = PortRange{static_cast<std::uint16_t>(i), static_cast<std::uint16_t>(i)};
    acl_.replace(list);
    EXPECT_EQ(error_code("drop"), ENOSPC);
    for (auto& rule : list)
        rule.action = AclAction::drop;
    acl_.replace(list);
    const auto entries = acl_.list();
    ASSERT_EQ(entries.size(), list.size());
    for (const auto& entry : entries)
        EXPECT_EQ(entry.rule.action, AclAction::drop);
    list.emplace_back();
    EXPECT_EQ(error_of([&] { acl_.replace(list); }).code().value(), ENOSPC);
}

TEST_F(AclRulesTest, WhatFailsChangesNothing) {
    acl_.add(AclRule::parse("--prio 5 --proto tcp drop"));
    std::vector<AclRule> list(3);
    list[2].port = "port9";
    EXPECT_EQ(error_of([&] { acl_.replace(list); }).code().value(), ENOENT);
    list[2].port.reset();
    list[0].priority = list[1].priority = 3;
    EXPECT_EQ(error_of([&] { acl_.replace(list); }).code().value(), EEXIST);
    ASSERT_EQ(acl_.list().size(), 1U);
    EXPECT_EQ(acl_.list()[0].rule.to_string(), "--prio 5 --proto tcp drop");
}

TEST_F(AclRulesTest, APortThatARuleNamesStays) {
    acl_.add(AclRule::parse("--prio 10 --port port2 drop"));
    const auto error = error_of([&] { ports_.remove("port2"); });
    EXPECT_EQ(error.code().value(), EBUSY);
    EXPECT_NE(std::string(error.what()).find("rule 10"), std::string::npos) << error.what();
    acl_.remove(10);
    acl_.add(AclRule::parse("--prio 20 mirror port2"));
    EXPECT_EQ(error_of([&] { ports_.remove("port2"); }).code().value(), EBUSY);
    acl_.remove(20);
    ports_.remove("port2");
}

TEST_F(AclRulesTest, RulesOfAPortThatGoesWithItsOwnerGoToo) {
    make_veth("lent");
    {
        const Attachment attachment = ports_.attach("lent", at_xdp);
        acl_.add(AclRule::parse("--prio 10 --port lent drop"));
        acl_.add(AclRule::parse("--prio 20 mirror lent"));
        acl_.add(AclRule::parse("--prio 30 drop"));
        ports_.set("port1", {.settings = {.mirror_rx = "lent"}});
    }
    ASSERT_EQ(acl_.list().size(), 1U);
    EXPECT_EQ(acl_.list()[0].rule.priority, 30U);
    EXPECT_EQ(ports_.get("port1").mirror_rx, 0);
    EXPECT_FALSE(ports_.get("port1").tc);
}

// The generation that holds is told by one flag: a frame meets the old rules or the new ones.
TEST_F(AclRulesTest, NoFrameMeetsAMixture) {
    const auto list = [](const char* address) {
        // Each alone drops what the other lets pass; together, or without either, a frame passes.
        return std::vector{
            AclRule::parse(fmt::format("--prio 1 --dport 80 --src {} pass", address)),
            AclRule::parse("--prio 2 --dport 80 drop")};
    };
    acl_.replace(list("10.0.0.1"));
    Child changer([&] {
        Acl acl = Bridge::open("switch").acl();
        for (int i = 0;; i++)
            acl.replace(list(i % 2 ? "10.0.0.1" : "10.0.0.2"));
    });
    const Frame frame = Ethernet{.dst = host(2).to_string(), .src = host(1).to_string()} /
                        IPv4{.src = "10.9.9.9", .dst = "10.0.0.9"} / Tcp{.dport = 80} / Payload{20};
    for (int i = 0; i < 20000; i++)
        inject(port_, frame);
    changer.kill();
    EXPECT_EQ(counters(port_).dropped[XDPB_DROP_ACL], 20000U);
    EXPECT_EQ(acl_.list().size(), 2U) << "whenever the other was killed";
    acl_.flush();
    EXPECT_EQ(send(port_, frame), "flooded");
}

} // namespace
} // namespace xdpbridge::test
