// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Bridge: made, found, opened, changed and removed, by whichever process.
#include "support/switch_test.h"

#include "sandbox/process.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <unistd.h>

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BridgeTest : public SandboxTest {};

int create_error(const std::string& name, const BridgeOptions& options = {},
                 const Where& where = {}) {
    return error_of([&] { Bridge::create(name, options, where); }).code().value();
}

TEST_F(BridgeTest, ANewBridgeIsWhatWasAskedFor) {
    const auto bridge = Bridge::create("br0", {.fdb_size = 1000, .ageing = 42s});
    const auto info = bridge.info();
    EXPECT_EQ(bridge.name(), "br0");
    EXPECT_EQ(info.name, "br0");
    EXPECT_EQ(info.folder, "/sys/fs/bpf/xdp-bridge/br0");
    EXPECT_EQ(info.fdb_size, 1000U);
    EXPECT_EQ(info.ageing, 42s);
    EXPECT_THAT(info.reserved, Each(ReservedPolicy::peer));
    EXPECT_TRUE(info.here);
    EXPECT_TRUE(info.counts_refusals);
    EXPECT_EQ(info.ports, 0U);
    EXPECT_EQ(info.events_lost, 0U);
    EXPECT_THAT(bridge.ports().list(), IsEmpty());
    EXPECT_THAT(bridge.fdb().entries(), IsEmpty());
}

TEST_F(BridgeTest, HasDefaults) {
    const auto info = Bridge::create("br0").info();
    EXPECT_EQ(info.fdb_size, 16384U);
    EXPECT_EQ(info.ageing, 300s);
}

TEST_F(BridgeTest, OnlyRootCanLookInside) {
    const auto folder = Bridge::create("br0").info().folder;
    using std::filesystem::perms;
    EXPECT_EQ(std::filesystem::status(folder).permissions(), perms::owner_all);
    EXPECT_EQ(std::filesystem::status(folder.parent_path()).permissions(), perms::owner_all);
}

TEST_F(BridgeTest, AreListedInOrder) {
    EXPECT_THAT(Bridge::list(), IsEmpty());
    for (const char* name : {"br2", "a", "br10", "Z"})
        Bridge::create(name);
    EXPECT_THAT(Bridge::list(), ElementsAre("Z", "a", "br10", "br2"));
}

TEST_F(BridgeTest, WhereNothingIsMountedThereAreNone) {
    EXPECT_THAT(Bridge::list({.bpffs = "/nowhere"}), IsEmpty());
}

TEST_F(BridgeTest, ANameIsTakenOnce) {
    const auto bridge = Bridge::create("br0", {.fdb_size = 7});
    const Error error = error_of([] { Bridge::create("br0"); });
    EXPECT_EQ(error.code().value(), EEXIST);
    EXPECT_THAT(error.what(), HasSubstr("'br0'"));
    EXPECT_EQ(Bridge::open("br0").info().fdb_size, 7U) << "the old one is not what it was";
}

TEST_F(BridgeTest, RefusesBadNames) {
    for (const char* name : {"", "0123456789abcdef", "a/b", "a.b", "a b", "br0+creating", "..", ".",
                             "br\xc3\xa9", "br0\n", "*"}) {
        EXPECT_EQ(create_error(name), EINVAL) << name;
        EXPECT_EQ(error_of([&] { Bridge::open(name); }).code().value(), EINVAL) << name;
        EXPECT_EQ(error_of([&] { Bridge::remove(name); }).code().value(), EINVAL) << name;
    }
    EXPECT_THAT(Bridge::list(), IsEmpty());
}

TEST_F(BridgeTest, TakesGoodNames) {
    for (const char* name : {"a", "0", "-", "_", "0123456789abcde", "VM-net_1"})
        EXPECT_EQ(Bridge::create(name).name(), name);
}

TEST_F(BridgeTest, RefusesSizesOutOfRange) {
    EXPECT_EQ(create_error("br0", {.fdb_size = 0}), EINVAL);
    EXPECT_EQ(create_error("br0", {.fdb_size = Bridge::max_fdb_size + 1}), EINVAL);
    EXPECT_EQ(create_error("br0", {.ageing = 0s}), EINVAL);
    EXPECT_EQ(create_error("br0", {.ageing = -1s}), EINVAL);
    EXPECT_EQ(create_error("br0", {.ageing = Bridge::max_ageing + 1s}), EINVAL);
    EXPECT_EQ(create_error("br0", {.ageing = std::chrono::seconds::max()}), EINVAL);
    EXPECT_THAT(Bridge::list(), IsEmpty());
}

TEST_F(BridgeTest, TakesTheSizesAtTheEdges) {
    EXPECT_EQ(Bridge::create("small", {.fdb_size = 1, .ageing = 1s}).info().fdb_size, 1U);
    const auto info =
        Bridge::create("large", {.fdb_size = Bridge::max_fdb_size, .ageing = Bridge::max_ageing})
            .info();
    EXPECT_EQ(info.fdb_size, Bridge::max_fdb_size);
    EXPECT_EQ(info.ageing, Bridge::max_ageing);
}

TEST_F(BridgeTest, NeedsABpfFileSystem) {
    const Error error = error_of([] { Bridge::create("br0", {}, {.bpffs = "/tmp"}); });
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_THAT(error.what(), HasSubstr("`mount -t bpf bpf /tmp`"));
}

TEST_F(BridgeTest, NeedsTheNamespaceItNames) {
    EXPECT_EQ(create_error("br0", {}, {.netns = "nowhere"}), ENOENT);
    EXPECT_THAT(Bridge::list(), IsEmpty());
    EXPECT_EQ(create_error("br0"), 0) << "something was left of it";
}

TEST_F(BridgeTest, ANamespaceIsAName) {
    sandbox_.add_namespace("blue");
    const auto bridge = Bridge::create("br0", {}, {.netns = "blue"});
    EXPECT_TRUE(bridge.info().here);
    EXPECT_TRUE(Bridge::open("br0", {.netns = "/run/netns/blue"}).info().here);
    EXPECT_FALSE(Bridge::open("br0").info().here);
    EXPECT_EQ(Bridge::open("br0").info().netns_cookie, bridge.info().netns_cookie);
}

TEST_F(BridgeTest, ABridgeThatIsNotThere) {
    EXPECT_EQ(error_of([] { Bridge::open("br0"); }).code().value(), ENOENT);
    EXPECT_EQ(error_of([] { Bridge::remove("br0"); }).code().value(), ENOENT);
    Bridge::create("br1");
    EXPECT_EQ(error_of([] { Bridge::open("br0"); }).code().value(), ENOENT);
    EXPECT_EQ(error_of([] { Bridge::remove("br0"); }).code().value(), ENOENT);
}

TEST_F(BridgeTest, IsGoneWhenRemoved) {
    Bridge::create("br0");
    Bridge::create("br1");
    Bridge::remove("br0");
    EXPECT_THAT(Bridge::list(), ElementsAre("br1"));
    EXPECT_EQ(error_of([] { Bridge::remove("br0"); }).code().value(), ENOENT);
    EXPECT_EQ(Bridge::create("br0").info().ports, 0U);
}

TEST_F(BridgeTest, RemovalFreesTheDevices) {
    make_veth("port1");
    Bridge::create("br0").ports().add("port1", at_xdp);
    EXPECT_NE(xdp_program_on("port1"), 0U);
    Bridge::remove("br0");
    EXPECT_EQ(xdp_program_on("port1"), 0U);
    EXPECT_EQ(Bridge::create("br1").ports().add("port1", at_xdp), 1);
}

TEST_F(BridgeTest, RemovalNeedsTheNamespaceOfDevicesToSetBack) {
    make_veth("port1");
    Bridge::create("br0").ports().add("port1", at_xdp);
    sandbox_.add_namespace("blue");
    EXPECT_EQ(error_of([] { Bridge::remove("br0", {.netns = "blue"}); }).code().value(), EXDEV);
    EXPECT_NE(xdp_program_on("port1"), 0U);
    delete_device("port1");
    Bridge::remove("br0", {.netns = "blue"});
    EXPECT_THAT(Bridge::list(), IsEmpty());
}

TEST_F(BridgeTest, RemovalWorksWhenTheNamespaceIsGone) {
    sandbox_.add_namespace("blue");
    Bridge::create("br0", {}, {.netns = "blue"});
    sandbox_.del_namespace("blue");
    Bridge::remove("br0", {.netns = "blue"});
    EXPECT_THAT(Bridge::list(), IsEmpty());
}

// Whoever still holds the bridge must not act on the one that took its name.
TEST_F(BridgeTest, ARemovedBridgeTakesNoOrders) {
    make_veth("port1");
    auto old = Bridge::create("br0");
    old.ports().add("port1", at_xdp);
    Bridge::remove("br0");
    const std::function<void()> orders[] = {
        [&] { old.set_ageing(10s); },
        [&] { old.set_reserved(0, ReservedPolicy::drop); },
        [&] { old.ports().add("port1", at_xdp); },
        [&] { old.ports().remove("port1"); },
        [&] { std::ignore = old.ports().list(); },
        [&] { old.fdb().flush(); },
        [&] { std::ignore = old.events(); },
    };
    for (const auto& order : orders)
        EXPECT_EQ(error_of(order).code().value(), ENOENT);

    auto fresh = Bridge::create("br0");
    fresh.ports().add("port1", at_xdp);
    const Events events = fresh.events();
    for (const auto& order : orders)
        EXPECT_EQ(error_of(order).code().value(), ENOENT);
    EXPECT_EQ(fresh.ports().get("port1").state, PortState::down);
    EXPECT_NE(xdp_program_on("port1"), 0U);
    EXPECT_EQ(fresh.info().ageing, 300s);
}

TEST_F(BridgeTest, OutlivesTheProcessThatMadeIt) {
    make_veth("port1");
    EXPECT_TRUE(in_child([] {
        auto bridge = Bridge::create("br0", {.fdb_size = 100, .ageing = 50s});
        const auto port = bridge.ports().add("port1", {.hook = Hook::xdp, .mac_quota = 9});
        bridge.set_reserved(2, ReservedPolicy::drop);
        bridge.fdb().add({.mac = host(1), .port = port, .is_static = true});
    }));
    auto bridge = Bridge::open("br0");
    EXPECT_EQ(bridge.info().fdb_size, 100U);
    EXPECT_EQ(bridge.info().ageing, 50s);
    EXPECT_EQ(bridge.info().reserved[2], ReservedPolicy::drop);
    EXPECT_EQ(bridge.info().ports, 1U);
    EXPECT_EQ(bridge.ports().get("port1").mac_quota, 9U);
    EXPECT_TRUE(bridge.fdb().lookup(host(1)));
    EXPECT_NE(xdp_program_on("port1"), 0U);

    make_veth("port2");
    EXPECT_EQ(bridge.ports().add("port2", at_xdp), 2);
}

TEST_F(BridgeTest, ProcessesSeeEachOthersChanges) {
    make_veth("port1");
    auto bridge = Bridge::create("br0");
    EXPECT_TRUE(in_child([] {
        auto same = Bridge::open("br0");
        same.set_ageing(77s);
        same.ports().add("port1", at_xdp);
        same.fdb().add({.mac = host(1), .port = 1});
    }));
    EXPECT_EQ(bridge.info().ageing, 77s);
    EXPECT_EQ(bridge.info().ports, 1U);
    EXPECT_TRUE(bridge.fdb().lookup(host(1)));
}

TEST_F(BridgeTest, AgeingIsChangedWithinItsRange) {
    auto bridge = Bridge::create("br0");
    for (const auto good : {1s, 15s, std::chrono::seconds(Bridge::max_ageing)}) {
        bridge.set_ageing(good);
        EXPECT_EQ(bridge.info().ageing, good);
    }
    for (const auto bad : {0s, -5s, Bridge::max_ageing + 1s})
        EXPECT_EQ(error_of([&] { bridge.set_ageing(bad); }).code().value(), EINVAL);
    EXPECT_EQ(bridge.info().ageing, Bridge::max_ageing);
}

TEST_F(BridgeTest, ReservedPoliciesAreChangedOneByOne) {
    auto bridge = Bridge::create("br0");
    bridge.set_reserved(0, ReservedPolicy::drop);
    bridge.set_reserved(15, ReservedPolicy::forward);
    const auto reserved = bridge.info().reserved;
    EXPECT_EQ(reserved[0], ReservedPolicy::drop);
    EXPECT_EQ(reserved[1], ReservedPolicy::peer);
    EXPECT_EQ(reserved[14], ReservedPolicy::peer);
    EXPECT_EQ(reserved[15], ReservedPolicy::forward);
    EXPECT_EQ(error_of([&] { bridge.set_reserved(16, ReservedPolicy::drop); }).code().value(),
              EINVAL);
}

TEST_F(BridgeTest, OfAnotherAbiVersionIsRefusedAndCanBeRemoved) {
    make_veth("port1");
    Bridge::create("br0").ports().add("port1", at_xdp);
    const Map<std::uint32_t, xdpb_bridge> map(Fd(bpf_obj_get("/sys/fs/bpf/xdp-bridge/br0/bridge")));
    auto future = map.lookup(0).value();
    future.abi_version = XDPB_ABI_VERSION + 1;
    ASSERT_EQ(map.update(0, future), 0);

    const Error error = error_of([] { Bridge::open("br0"); });
    EXPECT_EQ(error.code().value(), EPROTO);
    EXPECT_THAT(error.what(), HasSubstr(fmt::format("ABI version {}", XDPB_ABI_VERSION + 1)));
    EXPECT_THAT(Bridge::list(), ElementsAre("br0"));

    make_veth("port2");
    EXPECT_EQ(Bridge::create("br1").ports().add("port2", at_xdp), 1) << "its neighbour suffers";
    Bridge::remove("br0");
    EXPECT_EQ(xdp_program_on("port1"), 0U);
}

TEST_F(BridgeTest, EachBpfFileSystemHasItsOwnBridges) {
    std::filesystem::create_directory("/run/netns/bpf"); // a file system of the sandbox
    ASSERT_EQ(::mount("bpf", "/run/netns/bpf", "bpf", 0, nullptr), 0);
    const Where elsewhere{.bpffs = "/run/netns/bpf"};
    Bridge::create("br0");
    auto other = Bridge::create("br0", {.fdb_size = 5}, elsewhere);
    Bridge::create("br1", {}, elsewhere);
    EXPECT_THAT(Bridge::list(), ElementsAre("br0"));
    EXPECT_THAT(Bridge::list(elsewhere), ElementsAre("br0", "br1"));
    make_veth("port1");
    EXPECT_EQ(other.ports().add("port1", at_xdp), 1);
    EXPECT_EQ(Bridge::open("br0", elsewhere).info().ports, 1U);
    EXPECT_EQ(Bridge::open("br0").info().ports, 0U);
    Bridge::remove("br0", elsewhere);
    EXPECT_THAT(Bridge::list(), ElementsAre("br0"));
}

TEST_F(BridgeTest, WhatABridgeHandsOutMayOutliveIt) {
    std::optional<Bridge> bridge = Bridge::create("br0");
    const Fdb fdb = bridge->fdb();
    Ports ports = bridge->ports();
    Bridge moved = std::move(*bridge);
    bridge.reset();
    EXPECT_EQ(moved.name(), "br0");
    make_veth("port1");
    EXPECT_EQ(ports.add("port1", at_xdp), 1);
    EXPECT_THAT(fdb.entries(), IsEmpty());
}

TEST_F(BridgeTest, ABpfFileSystemIsMountedOnce) {
    EXPECT_FALSE(mount_bpffs());
}

// The sandbox is such a namespace.
TEST_F(BridgeTest, NoBpfFileSystemIsMountedInAPrivateMountNamespace) {
    std::filesystem::create_directory("/run/netns/bpf");
    const Error error = error_of([] { mount_bpffs({.bpffs = "/run/netns/bpf"}); });
    EXPECT_EQ(error.code().value(), EBUSY);
    EXPECT_THAT(error.what(), HasSubstr("ip netns exec"));
}

// Every call fails with an Error that says what is missing, none with another exception.
TEST_F(BridgeTest, WithoutPrivilegesEveryCallSaysSo) {
    Bridge::create("br0");
    EXPECT_TRUE(in_child([] {
        if (::setresuid(65534, 65534, 65534) != 0)
            throw std::runtime_error("cannot give up root");
        const std::function<void()> calls[] = {
            [] { Bridge::create("br0"); }, [] { Bridge::create("br1"); },
            [] { Bridge::open("br0"); },   [] { Bridge::remove("br0"); },
            [] { Bridge::list(); },
        };
        for (const auto& call : calls) {
            const Error error = error_of(call);
            if (error.code() != std::errc::permission_denied)
                throw std::runtime_error(std::string("not refused: ") + error.what());
            if (std::string(error.what()).find("run as root") == std::string::npos)
                throw std::runtime_error(std::string("no hint: ") + error.what());
        }
    }));
}

} // namespace
} // namespace xdpbridge::test
