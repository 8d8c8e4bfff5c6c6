// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Guards: bindings added, listed and deleted; what they do to frames is bpf/port_guard_test.cpp's.
#include "lib/source_table.h"
#include "support/switch_test.h"

#include <cerrno>
#include <gmock/gmock.h>

namespace xdpbridge::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GuardsLibraryTest : public SwitchTest {
  protected:
    const Port a_ = add_port();
    const Port b_ = add_port();
    const Map<xdpb_source, xdpb_source_info> sources_{
        Fd(bpf_obj_get((bridge_.info().folder / "sources").c_str()))};
    Guards guards_ = bridge_.guards();

    static Ip ip(const std::string& text) { return Ip::parse(text).value(); }
    [[nodiscard]] bool in_map(const Binding& binding) const {
        return sources_.lookup(to_source(binding)).has_value();
    }
};

TEST_F(GuardsLibraryTest, AreListedByPortMacAndAddress) {
    guards_.add(b_.device, host(1), ip("10.0.0.1"));
    guards_.add(a_.device, host(2));
    guards_.add(a_.device, host(1), ip("2001:db8::1"));
    guards_.add(a_.device, host(1), ip("10.0.0.1"));
    EXPECT_THAT(guards_.list(), ElementsAre(Binding{a_.number, host(1), ip("10.0.0.1")},
                                            Binding{a_.number, host(1), ip("2001:db8::1")},
                                            Binding{a_.number, host(2)},
                                            Binding{b_.number, host(1), ip("10.0.0.1")}));
    EXPECT_EQ(guards_.list(b_.device).size(), 1U);
}

TEST_F(GuardsLibraryTest, AMacIsThereAsLongAsAnAddressOfItIs) {
    const Binding mac{a_.number, host(1)};
    guards_.add(a_.device, host(1), ip("10.0.0.1"));
    guards_.add(a_.device, host(1), ip("10.0.0.2"));
    EXPECT_TRUE(in_map(mac));
    guards_.remove(a_.device, host(1), ip("10.0.0.1"));
    EXPECT_TRUE(in_map(mac));
    guards_.remove(a_.device, host(1), ip("10.0.0.2"));
    EXPECT_FALSE(in_map(mac));
}

TEST_F(GuardsLibraryTest, AMacBoundByItselfStays) {
    const Binding mac{a_.number, host(1)};
    guards_.add(a_.device, host(1), ip("10.0.0.1"));
    guards_.add(a_.device, host(1));
    guards_.remove(a_.device, host(1), ip("10.0.0.1"));
    EXPECT_TRUE(in_map(mac));
    EXPECT_THAT(guards_.list(), ElementsAre(mac));
    guards_.add(a_.device, host(1), ip("10.0.0.1"));
    guards_.remove(a_.device, host(1), ip("10.0.0.1"));
    EXPECT_THAT(guards_.list(), ElementsAre(mac)) << "an address does not take it over";
}

TEST_F(GuardsLibraryTest, AMacGoesWithAllItsAddresses) {
    guards_.add(a_.device, host(1), ip("10.0.0.1"));
    guards_.add(a_.device, host(1), ip("10.0.0.2"));
    guards_.add(a_.device, host(2), ip("10.0.0.3"));
    guards_.remove(a_.device, host(1));
    EXPECT_THAT(guards_.list(), ElementsAre(Binding{a_.number, host(2), ip("10.0.0.3")}));
    EXPECT_FALSE(in_map({a_.number, host(1)}));
}

TEST_F(GuardsLibraryTest, Errors) {
    const auto add = [&](const Mac& mac, const std::optional<Ip>& address = {}) {
        return error_of([&] { guards_.add(a_.device, mac, address); }).code().value();
    };
    EXPECT_EQ(add(broadcast), EINVAL);
    EXPECT_EQ(add(Mac{}), EINVAL);
    for (const char* address : {"0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1"})
        EXPECT_EQ(add(host(1), ip(address)), EINVAL) << address;
    EXPECT_EQ(error_of([&] { guards_.add("nothing", host(1)); }).code().value(), ENOENT);
    EXPECT_EQ(error_of([&] { guards_.remove(a_.device, host(1)); }).code().value(), ENOENT);
    EXPECT_EQ(error_of([&] { return guards_.list("nothing"); }).code().value(), ENOENT);
    EXPECT_THAT(guards_.list(), IsEmpty());
}

TEST_F(GuardsLibraryTest, WhenTheMapIsFullNothingIsHalfDone) {
    for (std::uint32_t i = 0; i < XDPB_SOURCES - 1; i++)
        ASSERT_EQ(sources_.update(to_source({b_.number, host(i + 1)}), {}), 0);
    const Error full = error_of([&] { guards_.add(a_.device, host(1), ip("10.0.0.1")); });
    EXPECT_EQ(full.code().value(), ENOSPC);
    EXPECT_THAT(full.what(), HasSubstr("16384 bindings"));
    EXPECT_THAT(guards_.list(a_.device), IsEmpty()) << "the address without its MAC";
    guards_.add(a_.device, host(1));
    EXPECT_EQ(guards_.list(a_.device).size(), 1U);
    ports_.remove(b_.device);
    EXPECT_EQ(guards_.list().size(), 1U);
    guards_.add(a_.device, host(1), ip("10.0.0.1"));
}

} // namespace
} // namespace xdpbridge::test
