// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// include/xdpbridge/vlan.h: memberships, and what is refused.
#include "lib/fd.h"
#include "lib/map.h"
#include "support/sandbox_test.h"

#include <xdpbridge/xdpbridge.h>

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <linux/bpf.h>

namespace xdpbridge::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VlansTest : public SandboxTest {
  protected:
    VlansTest() {
        for (const char* device : {"v1", "v2"}) {
            make_veth(device);
            bridge_.ports().add(device);
        }
    }
    // "10 port 1 pvid untagged"
    [[nodiscard]] static std::vector<std::string> lines(const std::vector<VlanInfo>& list) {
        std::vector<std::string> lines;
        for (const auto& vlan : list)
            lines.push_back(fmt::format("{} port {}{}{}", vlan.vid, vlan.port,
                                        vlan.pvid ? " pvid" : "",
                                        vlan.untagged ? " untagged" : ""));
        return lines;
    }
    [[nodiscard]] std::vector<std::string> of(const std::string& device) const {
        return lines(bridge_.vlans().list(device));
    }
    [[nodiscard]] std::size_t flood_maps() const {
        const Fd floods(bpf_obj_get((bridge_.info().folder / "flood_by_vlan").c_str()));
        std::size_t count = 0;
        for (std::uint32_t vid = 0; vid < XDPB_VLANS; vid++) {
            std::uint32_t id = 0;
            count += bpf_map_lookup_elem(floods.get(), &vid, &id) == 0 ? 1 : 0;
        }
        return count;
    }

    Bridge bridge_ = Bridge::create("br0", {.vlan_aware = true});
};

TEST_F(VlansTest, ANewPortIsInTheDefaultVlan) {
    EXPECT_THAT(lines(bridge_.vlans().list()),
                ElementsAre("1 port 1 pvid untagged", "1 port 2 pvid untagged"));
    EXPECT_EQ(bridge_.ports().get("v1").pvid, 1);
}

TEST_F(VlansTest, RangesComeAndGo) {
    bridge_.vlans().add("v1", {10, 12});
    EXPECT_THAT(of("v1"),
                ElementsAre("1 port 1 pvid untagged", "10 port 1", "11 port 1", "12 port 1"));
    EXPECT_EQ(flood_maps(), 4U);
    bridge_.vlans().remove("v1", {11, 4094});
    EXPECT_THAT(of("v1"), ElementsAre("1 port 1 pvid untagged", "10 port 1"));
    EXPECT_THAT(of("v2"), ElementsAre("1 port 2 pvid untagged"));
}

TEST_F(VlansTest, EveryVlanThereIs) {
    bridge_.vlans().add("v1", {1, 4094});
    EXPECT_EQ(bridge_.vlans().list("v1").size(), 4094U);
    bridge_.ports().remove("v1");
    EXPECT_EQ(flood_maps(), 4094U) << "they stay as long as the bridge";
}

TEST_F(VlansTest, AddingAgainChangesHow) {
    bridge_.vlans().add("v1", {10, 10}, {.pvid = true, .untagged = true});
    EXPECT_THAT(of("v1"), ElementsAre("1 port 1 untagged", "10 port 1 pvid untagged"));
    bridge_.vlans().add("v1", {10, 10});
    EXPECT_THAT(of("v1"), ElementsAre("1 port 1 untagged", "10 port 1"));
    EXPECT_EQ(bridge_.ports().get("v1").pvid, 0);
}

TEST_F(VlansTest, RemovingThePvidLeavesNone) {
    bridge_.vlans().remove("v1", {1, 1});
    EXPECT_EQ(bridge_.ports().get("v1").pvid, 0);
    EXPECT_THAT(of("v1"), IsEmpty());
}

TEST_F(VlansTest, AVlanThatIsLeftTakesItsEntriesAlong) {
    bridge_.vlans().add("v1", {10, 11});
    for (const std::uint16_t vid : {10, 11})
        bridge_.fdb().add({.mac = host(1), .vlan = vid, .port = 1, .is_static = true});
    bridge_.vlans().remove("v1", {10, 10});
    EXPECT_FALSE(bridge_.fdb().lookup(host(1), 10));
    EXPECT_TRUE(bridge_.fdb().lookup(host(1), 11));
}

TEST_F(VlansTest, AnEntryNeedsAVlanOfItsPort) {
    const auto add = [&](std::uint16_t vid) {
        return error_of([&] { bridge_.fdb().add({.mac = host(1), .vlan = vid, .port = 1}); });
    };
    EXPECT_EQ(add(10).code().value(), EINVAL);
    EXPECT_THAT(add(10).what(), HasSubstr("not in VLAN 10"));
    EXPECT_THAT(add(0).what(), HasSubstr("needs its VLAN"));
    EXPECT_EQ(add(65535).code().value(), EINVAL);
    EXPECT_EQ(add(1).code().value(), 0);
}

TEST_F(VlansTest, RefusesWhatIsNoVlan) {
    for (const VlanRange range : {VlanRange{0, 1}, {1, 4095}, {7, 6}, {4095, 4095}}) {
        EXPECT_EQ(error_of([&] { bridge_.vlans().add("v1", range); }).code().value(), EINVAL);
        EXPECT_EQ(error_of([&] { bridge_.vlans().remove("v1", range); }).code().value(), EINVAL);
    }
    EXPECT_EQ(error_of([&] {
                  bridge_.vlans().add("v1", {2, 3}, {.pvid = true});
              })
                  .code()
                  .value(),
              EINVAL);
    EXPECT_EQ(error_of([&] { bridge_.vlans().add("v3", {2, 2}); }).code().value(), ENOENT);
    EXPECT_EQ(error_of([&] { bridge_.vlans().remove("v1", {2, 3}); }).code().value(), ENOENT);
    EXPECT_THAT(of("v1"), ElementsAre("1 port 1 pvid untagged"));
}

TEST_F(VlansTest, ABridgeThatIsNotAwareHasNone) {
    auto plain = Bridge::create("br1");
    make_veth("v3");
    plain.ports().add("v3");
    const auto error = error_of([&] { plain.vlans().add("v3", {10, 10}); });
    EXPECT_EQ(error.code().value(), EOPNOTSUPP);
    EXPECT_THAT(error.what(), HasSubstr("--vlan-aware"));
    EXPECT_EQ(error_of([&] { (void)plain.vlans().list(); }).code().value(), EOPNOTSUPP);
    EXPECT_EQ(
        error_of([&] { plain.ports().set("v3", {.settings = {.tunnel = true}}); }).code().value(),
        EOPNOTSUPP);
}

TEST_F(VlansTest, ABridgeOfAnotherProtocolIsRefused) {
    EXPECT_EQ(error_of([] { Bridge::create("br1", {.vlan_aware = true, .vlan_protocol = 0x9100}); })
                  .code()
                  .value(),
              EINVAL);
    EXPECT_EQ(error_of([] { Bridge::create("br1", {.vlan_aware = true, .default_pvid = 4095}); })
                  .code()
                  .value(),
              EINVAL);
}

// All or none. VLAN 25 has a devmap that does not take the port's program: one that got its first
// program from "devices", whose programs are without frags.
TEST_F(VlansTest, ARangeThatFailsHalfwayIsUndone) {
    const auto folder = bridge_.info().folder;
    const Map<std::uint32_t, bpf_devmap_val> devices(Fd(bpf_obj_get((folder / "devices").c_str())));
    const Fd floods(bpf_obj_get((folder / "flood_by_vlan").c_str()));
    const Map<std::uint32_t, bpf_devmap_val> unfit(
        Fd(bpf_map_create(BPF_MAP_TYPE_DEVMAP, "unfit", sizeof(std::uint32_t),
                          sizeof(bpf_devmap_val), XDPB_MAX_PORTS, nullptr)));
    auto output = devices.lookup(2).value();
    const Fd program(bpf_prog_get_fd_by_id(output.bpf_prog.id));
    output.bpf_prog.fd = program.get();
    ASSERT_EQ(unfit.update(200, output), 0);
    const std::uint32_t vid = 25;
    const int fd = unfit.fd();
    ASSERT_EQ(bpf_map_update_elem(floods.get(), &vid, &fd, BPF_ANY), 0);

    bridge_.vlans().add("v1", {20, 20}, {.untagged = true});
    const auto before = of("v1");
    const auto error = error_of([&] { bridge_.vlans().add("v1", {18, 30}); });
    EXPECT_EQ(error.code().value(), EINVAL);
    EXPECT_THAT(error.what(), HasSubstr("VLAN 25"));
    EXPECT_EQ(of("v1"), before);
}

} // namespace
} // namespace xdpbridge::test
