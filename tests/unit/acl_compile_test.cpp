// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// lib/acl_compile.cpp: the tables say what going through the rules one by one says. They are looked
// up here as bpf/acl.h does.
#include "lib/acl_compile.h"
#include "support/acl_model.h"

#include <bit>
#include <cstring>
#include <gtest/gtest.h>
#include <set>

namespace xdpbridge::test {
namespace {

std::uint16_t number_of(const std::string& port) {
    return static_cast<std::uint16_t>(std::stoi(port.substr(4))); // "port7"
}

const std::uint8_t* map_bytes(const Ip& ip) {
    return ip.octets.data() + (ip.is_ipv4() ? 12 : 0);
}

xdpb_acl_rule to_map(const AclRule& rule) {
    xdpb_acl_rule out{};
    const auto ask = [&out](xdpb_acl_field field) {
        out.fields = static_cast<__u16>(out.fields | 1U << field);
    };
    const auto ask_value = [&](xdpb_acl_field field, const auto& value, auto& member) {
        if (value) {
            ask(field);
            member = *value;
        }
    };
    const auto ask_prefix = [&](xdpb_acl_field field, const std::optional<IpPrefix>& prefix,
                                __u8* address, __u8& length) {
        if (!prefix)
            return;
        ask(field);
        out.ipv6 = prefix->address.is_ipv4() ? 0 : 1;
        std::copy_n(map_bytes(prefix->address), out.ipv6 ? 16 : 4, address);
        length = prefix->length;
    };
    const auto ask_range = [&](xdpb_acl_field field, const std::optional<PortRange>& range,
                               __u16* member) {
        if (!range)
            return;
        ask(field);
        member[0] = range->first;
        member[1] = range->last;
    };
    if (rule.port) {
        ask(XDPB_ACL_PORT);
        out.port = number_of(*rule.port);
    }
    for (const auto& [field, mac, member] :
         {std::tuple(XDPB_ACL_SRC_MAC, rule.src_mac, +out.src_mac),
          std::tuple(XDPB_ACL_DST_MAC, rule.dst_mac, +out.dst_mac)})
        if (mac) {
            ask(field);
            std::copy(mac->octets.begin(), mac->octets.end(), member);
        }
    ask_value(XDPB_ACL_VLAN, rule.vlan, out.vlan);
    ask_value(XDPB_ACL_PCP, rule.pcp, out.pcp);
    ask_value(XDPB_ACL_ETHERTYPE, rule.ethertype, out.ethertype);
    ask_value(XDPB_ACL_PROTOCOL, rule.protocol, out.protocol);
    ask_value(XDPB_ACL_DSCP, rule.dscp, out.dscp);
    ask_prefix(XDPB_ACL_SRC, rule.src, out.src, out.src_length);
    ask_prefix(XDPB_ACL_DST, rule.dst, out.dst, out.dst_length);
    ask_range(XDPB_ACL_SPORT, rule.sport, out.sport);
    ask_range(XDPB_ACL_DPORT, rule.dport, out.dport);
    return out;
}

class Search {
  public:
    explicit Search(const AclTables& tables) : tables_(tables), head_(tables.cells.at(0).head) {}

    // The slot of the rule.
    std::optional<std::uint16_t> find(const AclFrame& frame) {
        value(XDPB_ACL_PORT, number_of(frame.port));
        value(XDPB_ACL_VLAN, frame.vlan);
        value(XDPB_ACL_PCP, frame.pcp);
        value(XDPB_ACL_ETHERTYPE, frame.ethertype);
        value(XDPB_ACL_PROTOCOL, frame.is_ip ? frame.protocol : XDPB_ACL_NO_PROTOCOL);
        value(XDPB_ACL_SPORT, frame.has_ports ? frame.sport : XDPB_ACL_NO_PORT);
        value(XDPB_ACL_DPORT, frame.has_ports ? frame.dport : XDPB_ACL_NO_PORT);
        value(XDPB_ACL_DSCP, frame.is_ip ? frame.dscp : XDPB_ACL_NO_DSCP);
        mac(XDPB_ACL_SRC_MAC, 0, frame.src_mac);
        mac(XDPB_ACL_DST_MAC, 1, frame.dst_mac);
        address(XDPB_ACL_SRC, 0, XDPB_ACL_SRC4, frame, frame.src);
        address(XDPB_ACL_DST, 1, XDPB_ACL_DST4, frame, frame.dst);
        for (unsigned word = 0; word < XDPB_ACL_WORDS; word++) {
            std::uint64_t rules = ~std::uint64_t{0};
            for (const auto number : classes_) {
                const auto set = tables_.cells.at(number & 0xffff).set[word];
                EXPECT_EQ(set != 0, (number >> (16 + word) & 1) != 0) << "its summary is wrong";
                rules &= set;
            }
            if (rules == 0)
                continue;
            const auto position = word * 64 + static_cast<unsigned>(std::countr_zero(rules));
            return tables_.cells.at(head_.slots + position / 64).slots[position % 64];
        }
        return std::nullopt;
    }

  private:
    [[nodiscard]] bool asked(xdpb_acl_field field) const {
        return (head_.fields >> field & 1) != 0;
    }
    void value(xdpb_acl_field field, std::uint32_t number) {
        if (asked(field))
            classes_.push_back(
                tables_.cells.at(head_.table[field] + number / 32).classes[number % 32]);
    }
    void mac(xdpb_acl_field field, std::uint16_t destination, const Mac& mac) {
        if (!asked(field))
            return;
        auto number = head_.other_mac[destination];
        for (const auto& [key, its] : tables_.macs)
            if (key.destination == destination &&
                std::equal(mac.octets.begin(), mac.octets.end(), key.mac))
                number = its;
        classes_.push_back(number);
    }
    // The longest prefix that covers the address: one bit after the other.
    void address(xdpb_acl_field field, std::uint32_t destination, std::uint32_t kind,
                 const AclFrame& frame, const Ip& ip) {
        if (!asked(field))
            return;
        if (!frame.is_ip) {
            classes_.push_back(head_.no_address[destination]);
            return;
        }
        if (!ip.is_ipv4())
            kind++;
        std::uint32_t bits = 0, number = 0;
        for (const auto& [key, its] : tables_.prefixes) {
            bool covered = key.kind == kind && key.bits > bits;
            for (unsigned bit = 0; covered && bit < key.bits - 32; bit++)
                covered =
                    ((key.address[bit / 8] ^ map_bytes(ip)[bit / 8]) >> (7 - bit % 8) & 1) == 0;
            if (covered) {
                bits = key.bits;
                number = its;
            }
        }
        EXPECT_NE(bits, 0U) << "a trie that has nothing for an address";
        classes_.push_back(number);
    }

    const AclTables& tables_;
    xdpb_acl_head head_;
    std::vector<std::uint32_t> classes_;
};

// Slots that are not in order, and leave some out.
std::vector<PlacedRule> place(const std::vector<AclRule>& rules) {
    std::vector<PlacedRule> placed;
    for (std::size_t i = 0; i < rules.size(); i++)
        placed.push_back(
            {to_map(rules[i]), static_cast<std::uint16_t>(XDPB_ACL_SLOTS - 1 - i * 2)});
    return placed;
}

void expect_the_same(const std::vector<AclRule>& rules, const AclTables& tables,
                     const AclFrame& frame) {
    const auto wanted = first_that_fits(rules, frame);
    const auto found = Search(tables).find(frame);
    ASSERT_EQ(found.has_value(), wanted.has_value());
    if (found) {
        EXPECT_EQ(*found, XDPB_ACL_SLOTS - 1 - *wanted * 2) << rules[*wanted].to_string();
    }
}

const std::vector<std::string> ports = {"port1", "port2", "port255"};

TEST(AclCompile, SaysWhatTheRulesSayOneByOne) {
    for (const unsigned count : {1, 2, 10, 63, 64, 65, 300, 1024}) {
        AclDice dice(count, ports, true);
        std::vector<AclRule> rules(count);
        for (auto& rule : rules)
            rule = dice.rule(count < 100 ? 1 : 4); // else the first ones fit all
        const auto tables = compile_acl(place(rules));
        std::set<std::size_t> met;
        for (int i = 0; i < 500; i++) {
            const auto frame = dice.frame();
            expect_the_same(rules, tables, frame);
            if (const auto rule = first_that_fits(rules, frame))
                met.insert(*rule);
        }
        EXPECT_GE(met.size(), std::min(count / 4, 20U)) << "too easy: " << count;
    }
}

TEST(AclCompile, ARuleThatAsksForNothingFitsAll) {
    AclDice dice(1, ports, true);
    const std::vector<AclRule> rules(3);
    const auto tables = compile_acl(place(rules));
    for (int i = 0; i < 50; i++)
        EXPECT_EQ(Search(tables).find(dice.frame()), XDPB_ACL_SLOTS - 1);
}

TEST(AclCompile, BoundsOfRanges) {
    AclDice dice(2, ports, true);
    std::vector<AclRule> rules(4);
    rules[0].dport = {0, 0};
    rules[1].dport = {65535, 65535};
    rules[2].dport = {80, 90};
    rules[3].dport = {0, 65535};
    const auto tables = compile_acl(place(rules));
    auto frame = dice.frame();
    while (!frame.has_ports)
        frame = dice.frame();
    for (const std::uint16_t port : {0, 1, 79, 80, 81, 90, 91, 65534, 65535}) {
        frame.dport = port;
        expect_the_same(rules, tables, frame);
    }
    frame.has_ports = false;
    EXPECT_EQ(Search(tables).find(frame), std::nullopt) << "all ports is not no port";
}

TEST(AclCompile, RulesThatDropFitWhatIsHidden) {
    std::vector<AclRule> rules(3);
    rules[0].protocol = 6;
    rules[0].dport = {80, 80};
    rules[0].action = AclAction::pass;
    rules[1].protocol = 6;
    rules[1].dport = {80, 80};
    rules[1].action = AclAction::drop;
    auto placed = place(rules);
    placed[1].rule.action = XDPB_ACL_DROP;
    const auto tables = compile_acl(placed);
    const auto set = [&](xdpb_acl_field field, std::uint32_t value) {
        const auto number =
            tables.cells.at(tables.cells[0].head.table[field] + value / 32).classes[value % 32];
        return tables.cells.at(number & 0xffff).set[0];
    };
    EXPECT_EQ(set(XDPB_ACL_PROTOCOL, XDPB_ACL_HIDDEN_PROTOCOL), 0b110U);
    EXPECT_EQ(set(XDPB_ACL_DPORT, XDPB_ACL_HIDDEN_PORT), 0b110U);
    EXPECT_EQ(set(XDPB_ACL_PROTOCOL, XDPB_ACL_NO_PROTOCOL), 0b100U);
    EXPECT_EQ(set(XDPB_ACL_DPORT, XDPB_ACL_NO_PORT), 0b100U);
    EXPECT_EQ(set(XDPB_ACL_DPORT, 80), 0b111U);
}

// Whatever 1,024 rules ask for, the numbers of cells fit into 16 bits.
TEST(AclCompile, TheLargestTablesFit) {
    std::vector<AclRule> rules(XDPB_ACL_RULES);
    for (std::size_t i = 0; i < rules.size(); i++) {
        const auto n = static_cast<std::uint16_t>(i);
        const auto high = static_cast<std::uint8_t>(i >> 8), low = static_cast<std::uint8_t>(i);
        auto& rule = rules[i];
        rule.port = "port" + std::to_string(1 + i % 255);
        rule.vlan = static_cast<std::uint16_t>(1 + i);
        rule.pcp = static_cast<std::uint8_t>(i % 8);
        rule.src_mac = rule.dst_mac = Mac{{2, 0, 0, 0, high, low}};
        rule.ethertype = n;
        rule.src = rule.dst = IpPrefix{Ip{{0xfd, high, low}}, 24};
        rule.protocol = 6;
        rule.sport = rule.dport = PortRange{static_cast<std::uint16_t>(n * 20),
                                            static_cast<std::uint16_t>(n * 20 + 30000)};
        rule.dscp = static_cast<std::uint8_t>(i % 64);
    }
    const auto tables = compile_acl(place(rules));
    EXPECT_LE(tables.cells.size(), 65536U);
    AclFrame frame{.port = *rules[700].port,
                   .vlan = *rules[700].vlan,
                   .pcp = *rules[700].pcp,
                   .src_mac = *rules[700].src_mac,
                   .dst_mac = *rules[700].dst_mac,
                   .ethertype = *rules[700].ethertype,
                   .is_ip = true,
                   .src = rules[700].src->address,
                   .dst = rules[700].dst->address,
                   .protocol = 6,
                   .dscp = *rules[700].dscp,
                   .has_ports = true,
                   .sport = rules[700].sport->first,
                   .dport = rules[700].dport->last};
    expect_the_same(rules, tables, frame);
    EXPECT_TRUE(Search(tables).find(frame).has_value());
}

} // namespace
} // namespace xdpbridge::test
