// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// lib/acl_rule.cpp: rules as text.
#include "support/acl_model.h"

#include <xdpbridge/error.h>

#include <gmock/gmock.h>

namespace xdpbridge::test {
namespace {

using ::testing::HasSubstr;

TEST(AclRuleText, SaysAllThatARuleAsksFor) {
    const std::string text =
        "--prio 10 --port tap0 --vlan 7 --pcp 5 --src-mac 02:00:00:00:00:01 "
        "--dst-mac 01:00:5e:00:00:01 --ethertype ip --src 10.0.0.0/8 --dst 192.0.2.1/32 "
        "--proto tcp --sport 1024-65535 --dport 80 --dscp 46 drop";
    const auto rule = AclRule::parse(text);
    EXPECT_EQ(rule.priority, 10U);
    EXPECT_EQ(rule.port, "tap0");
    EXPECT_EQ(rule.vlan, 7);
    EXPECT_EQ(rule.pcp, 5);
    EXPECT_EQ(rule.ethertype, 0x0800);
    EXPECT_EQ(rule.src->length, 8);
    EXPECT_EQ(rule.protocol, 6);
    EXPECT_EQ(rule.sport, (PortRange{1024, 65535}));
    EXPECT_EQ(rule.dport, (PortRange{80, 80}));
    EXPECT_EQ(rule.dscp, 46);
    EXPECT_EQ(rule.action, AclAction::drop);
    EXPECT_EQ(rule.to_string(), text);
}

TEST(AclRuleText, WhatIsWrittenIsReadTheSame) {
    AclDice dice(3, {"tap0", "veth1"}, true);
    for (int i = 0; i < 500; i++) {
        AclRule rule = dice.rule();
        rule.priority = static_cast<std::uint32_t>(1 + i);
        EXPECT_EQ(AclRule::parse(rule.to_string()), rule) << rule.to_string();
    }
    for (const char* action : {"pass", "drop", "police 10mbit", "police 1kpps,burst=100pkt",
                               "mirror tap0", "class 0", "class 7"}) {
        const auto rule = AclRule::parse(action);
        EXPECT_EQ(rule.to_string(), action);
        EXPECT_EQ(AclRule::parse(rule.to_string()), rule);
    }
}

TEST(AclRuleText, NamesWhatIsWrong) {
    const auto wrong = [](const std::string& text) -> std::string {
        try {
            AclRule::parse(text);
        } catch (const Error& error) {
            return error.what();
        }
        return "nothing";
    };
    EXPECT_THAT(wrong("--proto tcp"), HasSubstr("no action"));
    EXPECT_THAT(wrong(""), HasSubstr("no action"));
    EXPECT_THAT(wrong("--proto"), HasSubstr("'--proto' has no value"));
    EXPECT_THAT(wrong("--protocol tcp drop"), HasSubstr("unknown word '--protocol'"));
    EXPECT_THAT(wrong("--proto tpc drop"), HasSubstr("'tpc' is no IP protocol"));
    EXPECT_THAT(wrong("--proto 256 drop"), HasSubstr("'256' is no IP protocol"));
    EXPECT_THAT(wrong("--vlan 4095 drop"), HasSubstr("'4095' is no VLAN id"));
    EXPECT_THAT(wrong("--vlan 0 drop"), HasSubstr("'0' is no VLAN id"));
    EXPECT_THAT(wrong("--pcp 8 drop"), HasSubstr("'8' is no PCP"));
    EXPECT_THAT(wrong("--dscp 64 drop"), HasSubstr("'64' is no DSCP"));
    EXPECT_THAT(wrong("--src 10.0.0.1/8 drop"), HasSubstr("'10.0.0.1/8' is no IP prefix"));
    EXPECT_THAT(wrong("--src 10.0.0.0/33 drop"), HasSubstr("'10.0.0.0/33' is no IP prefix"));
    EXPECT_THAT(wrong("--dst 2001:db8::/129 drop"), HasSubstr("is no IP prefix"));
    EXPECT_THAT(wrong("--dport 80-79 drop"), HasSubstr("'80-79' is no port"));
    EXPECT_THAT(wrong("--dport 65536 drop"), HasSubstr("'65536' is no port"));
    EXPECT_THAT(wrong("--dport -1 drop"), HasSubstr("'-1' is no port"));
    EXPECT_THAT(wrong("--prio 0 drop"), HasSubstr("'0' is no number of 1"));
    EXPECT_THAT(wrong("--src-mac 02:00 drop"), HasSubstr("'02:00' is no MAC address"));
    EXPECT_THAT(wrong("--ethertype 0x10000 drop"), HasSubstr("'0x10000' is no ethertype"));
    EXPECT_THAT(wrong("deny"), HasSubstr("'deny' is no action"));
    EXPECT_THAT(wrong("drop it"), HasSubstr("'drop' takes no 'it'"));
    EXPECT_THAT(wrong("class 8"), HasSubstr("'8' is no class"));
    EXPECT_THAT(wrong("class"), HasSubstr("'' is no class"));
    EXPECT_THAT(wrong("police fast"), HasSubstr("'fast' is no rate"));
    EXPECT_THAT(wrong("police off"), HasSubstr("'off' is no rate"));
    EXPECT_THAT(wrong("mirror"), HasSubstr("mirror needs the port"));
    EXPECT_THAT(wrong("mirror tap0 tap1"), HasSubstr("'tap1' comes after the action"));
}

} // namespace
} // namespace xdpbridge::test
