// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// bpf/suppress.h: questions for a known address are answered; and who is known, by what they say.
#include "support/switch_test.h"

#include "lib/bridge_state.h"
#include "support/group_frames.h"

#include <algorithm>
#include <fmt/format.h>

namespace xdpbridge::test {
namespace {

using sandbox::Arp;

const std::string asker = "02:00:00:00:00:01", owner = "02:00:00:00:00:02";
const std::string asker4 = "192.0.2.1", owner4 = "192.0.2.2";
const std::string asker6 = "2001:db8::1", owner6 = "2001:db8::2";

Frame arp(const Arp& message, const std::string& src,
          const std::string& dst = "ff:ff:ff:ff:ff:ff") {
    return Ethernet{.dst = dst, .src = src} / message / Payload{.size = 18, .fill = 0};
}

Frame request(const std::string& sender_ip = asker4, const std::string& target_ip = owner4) {
    return arp({.op = 1, .sender_mac = asker, .sender_ip = sender_ip, .target_ip = target_ip},
               asker);
}

class SuppressTest : public HookTest {
  protected:
    SuppressTest() : map_(Fd(bpf_obj_get((bridge_.info().folder / "neighbours").c_str()))) {
        bridge_.set_suppression(true);
        send(other_, frame(mac(owner), mac("02:00:00:00:00:99"))); // the FDB knows it
    }

    static xdpb_neighbour_key key_of(const std::string& address) {
        xdpb_neighbour_key key{};
        const auto octets = Ip::parse(address).value().octets;
        std::copy(octets.begin(), octets.end(), std::begin(key.ip));
        return key;
    }
    // The MAC that is known to have an address; "" if none is.
    std::string known(const std::string& address) const {
        const auto neighbour = bridge_.neighbours().lookup(Ip::parse(address).value());
        return neighbour ? neighbour->mac.to_string() : "";
    }
    void set_seen(const std::string& address, std::chrono::nanoseconds ago) {
        auto value = map_.lookup(key_of(address)).value();
        value.seen_ns = data_plane_now() - static_cast<std::uint64_t>(ago.count());
        map_.update(key_of(address), value);
    }
    std::uint64_t seen_ns(const std::string& address) const {
        return map_.lookup(key_of(address)).value().seen_ns;
    }
    void add_owner() {
        bridge_.neighbours().add(*Ip::parse(owner4), mac(owner));
        bridge_.neighbours().add(*Ip::parse(owner6), mac(owner));
    }

    Map<xdpb_neighbour_key, xdpb_neighbour> map_;
    const Port port_ = add_port(), other_ = add_port();
};

TEST_P(SuppressTest, ARequestBecomesItsReply) {
    EXPECT_EQ(send(port_, request()), "flooded");
    add_owner();
    EXPECT_EQ(send(port_, request()), "answered");
    EXPECT_EQ(answer_, arp({.op = 2,
                            .sender_mac = owner,
                            .sender_ip = owner4,
                            .target_mac = asker,
                            .target_ip = asker4},
                           owner, asker));
}

TEST_P(SuppressTest, ASolicitationBecomesItsAdvertisement) {
    EXPECT_EQ(send(port_, solicitation(asker, asker6, owner6)), "flooded");
    add_owner();
    EXPECT_EQ(send(port_, solicitation(asker, asker6, owner6)), "answered");
    EXPECT_EQ(answer_, advertisement(owner, owner6, asker, asker6));
}

TEST_P(SuppressTest, OffNothingIsAnsweredNorLearned) {
    add_owner();
    bridge_.set_suppression(false);
    EXPECT_EQ(send(port_, request()), "flooded");
    EXPECT_EQ(send(port_, solicitation(asker, asker6, owner6)), "flooded");
    EXPECT_EQ(known(asker4), "");
    EXPECT_EQ(known(asker6), "");
}

TEST_P(SuppressTest, WhatIsNoQuestionOfAHostToAllGoesItsWay) {
    add_owner();
    const std::vector<std::pair<const char*, Frame>> frames = {
        {"a probe", request("0.0.0.0")},
        {"gratuitous", request(owner4, owner4)},
        {"for an unknown address", request(asker4, "192.0.2.77")},
        {"for a loopback address", request(asker4, "127.0.0.1")},
        {"for a group", request(asker4, "224.0.0.1")},
        {"a gratuitous reply",
         arp({.op = 2, .sender_mac = asker, .sender_ip = asker4, .target_ip = owner4}, asker)},
        {"RARP",
         arp({.op = 3, .sender_mac = asker, .sender_ip = asker4, .target_ip = owner4}, asker)},
        {"from a group's MAC",
         arp({.op = 1, .sender_mac = "03:00:00:00:00:01", .sender_ip = asker4, .target_ip = owner4},
             asker)},
        {"DAD", solicitation(asker, "::", owner6)},
        {"for an unknown address", solicitation(asker, asker6, "2001:db8::77")},
        {"an advertisement to all", advertisement(asker, asker6, "33:33:00:00:00:01", "ff02::1")},
    };
    for (const auto& [what, sent] : frames)
        EXPECT_EQ(send(port_, sent), "flooded") << what;
    EXPECT_EQ(
        send(port_, arp({.op = 1, .sender_mac = asker, .sender_ip = asker4, .target_ip = owner4},
                        asker, owner)),
        "forwarded")
        << "the owner is asked itself, whether it is still there";
}

TEST_P(SuppressTest, OnlyWhomTheFdbKnowsBehindAnotherPort) {
    add_owner();
    EXPECT_EQ(send(other_, request()), "flooded") << "the owner hears it itself";
    fdb_.remove(mac(asker));
    age_out(mac(owner));
    EXPECT_EQ(send(port_, request()), "flooded");
    EXPECT_EQ(send(port_, solicitation(asker, asker6, owner6)), "flooded");
    fdb_.remove(mac(owner));
    EXPECT_EQ(send(port_, request()), "flooded");
}

TEST_P(SuppressTest, NotForWhomAnIsolatedPortDoesNotReach) {
    add_owner();
    ports_.set(port_.device, {.settings = {.isolated = true}});
    EXPECT_EQ(send(port_, request()), "answered");
    ports_.set(other_.device, {.settings = {.isolated = true}});
    EXPECT_EQ(send(port_, request()), "flooded");
}

TEST_P(SuppressTest, EveryWrongByteOfARequestMakesItAnOrdinaryFrame) {
    add_owner();
    for (const std::size_t at : {14U, 15U, 16U, 17U, 18U, 19U, 20U, 21U}) {
        Frame wrong = request();
        wrong[at] ^= 0x40;
        EXPECT_EQ(send(port_, wrong), "flooded") << at;
    }
}

TEST_P(SuppressTest, EveryBitOfASolicitationCounts) {
    add_owner();
    const Frame right = solicitation(asker, asker6, owner6);
    for (std::size_t at = 14; at < right.size(); at++) {
        if (at >= 15 && at < 18) // traffic class and flow label are not looked at
            continue;
        Frame wrong = right;
        wrong[at] ^= 0x10;
        EXPECT_EQ(send(port_, wrong), "flooded") << at;
    }
}

TEST_P(SuppressTest, CutShortItIsAnOrdinaryFrame) {
    add_owner();
    for (const Frame& whole :
         {Frame(Ethernet{.dst = "ff:ff:ff:ff:ff:ff", .src = asker} /
                Arp{.op = 1, .sender_mac = asker, .sender_ip = asker4, .target_ip = owner4}),
          solicitation(asker, asker6, owner6)}) {
        ASSERT_EQ(send(port_, whole), "answered");
        for (std::size_t size = shortest(whole); size < whole.size(); size++) {
            const Frame cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_EQ(send(port_, cut), "flooded") << size;
        }
    }
}

// Options that lie about their length, none at all, and one that is not the first.
TEST_P(SuppressTest, OptionsOfASolicitation) {
    add_owner();
    const auto ask = [&](const Frame& options) {
        Frame message = {135, 0, 0, 0, 0, 0, 0, 0};
        const auto target = sandbox::Ip6(owner6).bytes;
        message.insert(message.end(), target.begin(), target.end());
        message.insert(message.end(), options.begin(), options.end());
        return send(port_, nd(asker, "33:33:ff:00:00:02", asker6, "ff02::1:ff00:2", message));
    };
    EXPECT_EQ(ask({1, 1, 2, 0, 0, 0, 0, 1}), "answered");
    EXPECT_EQ(ask({14, 1, 9, 9, 9, 9, 9, 9, 1, 1, 2, 0, 0, 0, 0, 1}), "answered")
        << "a nonce first";
    EXPECT_EQ(ask({}), "flooded");
    EXPECT_EQ(ask({1, 0, 2, 0, 0, 0, 0, 1}), "flooded");
    EXPECT_EQ(ask({1, 2, 2, 0, 0, 0, 0, 1}), "flooded");
    EXPECT_EQ(ask({14, 255, 2, 0, 0, 0, 0, 1}), "flooded");
    EXPECT_EQ(ask({1, 1, 2, 0, 0, 0, 0}), "flooded");
    EXPECT_EQ(ask({2, 1, 2, 0, 0, 0, 0, 1}), "flooded");
    EXPECT_EQ(ask({1, 1, 3, 0, 0, 0, 0, 1}), "flooded") << "a group's MAC";
    EXPECT_EQ(ask(Frame(1400, 0)), "flooded");
}

TEST_P(SuppressTest, LearnsFromAllThatSayWhoTheyAre) {
    send(port_, request("192.0.2.10"));
    send(port_, arp({.op = 2, .sender_mac = asker, .sender_ip = "192.0.2.11", .target_ip = owner4},
                    asker, owner));
    send(port_, request("192.0.2.12", "192.0.2.12"));
    send(port_, solicitation(asker, "2001:db8::10", owner6));
    send(port_, advertisement(asker, "2001:db8::11", owner, owner6));
    for (const char* address :
         {"192.0.2.10", "192.0.2.11", "192.0.2.12", "2001:db8::10", "2001:db8::11"})
        EXPECT_EQ(known(address), asker) << address;
    EXPECT_EQ(bridge_.neighbours().list().size(), 5U);
}

TEST_P(SuppressTest, NotFromThoseWhoSpeakForOthers) {
    send(port_,
         arp({.op = 1, .sender_mac = owner, .sender_ip = owner4, .target_ip = asker4}, asker));
    send(port_, arp({.op = 2, .sender_mac = owner, .sender_ip = owner4, .target_ip = asker4}, asker,
                    owner));
    Frame wrong = solicitation(owner, owner6, asker6);
    std::copy_n(sandbox::Mac(asker).bytes.begin(), 6, wrong.begin() + 6);
    send(port_, wrong);
    send(port_, request("0.0.0.0"));
    send(port_, request("127.0.0.1"));
    send(port_, request("224.0.0.1"));
    send(port_, request("255.255.255.255"));
    send(port_, solicitation(asker, "::", owner6));
    send(port_, advertisement(asker, "ff02::99", owner, owner6));
    EXPECT_TRUE(bridge_.neighbours().list().empty());
}

TEST_P(SuppressTest, NotFromAMacThatTheFdbHasNotLearned) {
    ports_.set(port_.device, {.mac_quota = 1});
    send(port_, frame(host(7), host(8)));
    send(port_, request());
    EXPECT_EQ(known(asker4), "");
}

TEST_P(SuppressTest, AnAddressThatMovesIsTheNewOwners) {
    send(port_, request());
    ASSERT_EQ(known(asker4), asker);
    send(other_,
         arp({.op = 1, .sender_mac = owner, .sender_ip = asker4, .target_ip = asker4}, owner));
    EXPECT_EQ(known(asker4), owner);
    EXPECT_EQ(bridge_.neighbours().list().size(), 1U);
}

TEST_P(SuppressTest, AStaticNeighbourDoesNotChange) {
    bridge_.neighbours().add(*Ip::parse(asker4), mac(owner));
    send(port_, request());
    EXPECT_EQ(known(asker4), owner);
    set_seen(asker4, bridge_.info().ageing * 2);
    EXPECT_EQ(known(asker4), owner);
}

TEST_P(SuppressTest, AgesWithTheFdbAndIsRefreshedOnceASecond) {
    send(port_, request());
    set_seen(asker4, std::chrono::milliseconds(500));
    const auto seen = seen_ns(asker4);
    send(port_, request());
    EXPECT_EQ(seen_ns(asker4), seen);
    set_seen(asker4, std::chrono::milliseconds(1500));
    send(port_, request());
    EXPECT_GT(seen_ns(asker4), seen);

    send(other_,
         arp({.op = 1, .sender_mac = owner, .sender_ip = owner4, .target_ip = owner4}, owner));
    EXPECT_EQ(send(port_, request()), "answered");
    set_seen(owner4, bridge_.info().ageing + std::chrono::seconds(1));
    EXPECT_EQ(known(owner4), "");
    EXPECT_EQ(send(port_, request()), "flooded");
}

TEST_P(SuppressTest, APortFillsItsOwnPlacesAlone) {
    const auto address = [](unsigned i) { return fmt::format("10.0.{}.{}", i / 200, i % 200 + 1); };
    for (unsigned i = 0; i < XDPB_NEIGHBOURS_PER_PORT + 50; i++)
        inject(port_, request(address(i)));
    EXPECT_EQ(bridge_.neighbours().list().size(), XDPB_NEIGHBOURS_PER_PORT);
    EXPECT_EQ(counters(port_).quota_exceeded, 50U);
    send(other_,
         arp({.op = 1, .sender_mac = owner, .sender_ip = owner4, .target_ip = owner4}, owner));
    EXPECT_EQ(known(owner4), owner) << "another port has places of its own";

    for (unsigned i = 0; i < XDPB_NEIGHBOURS_PER_PORT; i++)
        set_seen(address(i), bridge_.info().ageing + std::chrono::seconds(1));
    for (unsigned i = 0; i < 100; i++)
        inject(port_, request(address(1000 + i)));
    EXPECT_EQ(counters(port_).quota_exceeded, 50U) << "those that have aged out give theirs up";
    EXPECT_EQ(bridge_.neighbours().list().size(), 101U);
}

XDPB_AT_EACH_HOOK(SuppressTest);

} // namespace
} // namespace xdpbridge::test
