// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Fdb::load and Fdb::save of text: what a person may write, and what is wrong with the rest.
#include "support/switch_test.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sstream>

namespace xdpbridge::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FdbFileTest : public SwitchTest {
  protected:
    FdbFileTest() : SwitchTest({.fdb_size = 32}) {}

    const Port a_ = add_port();
    const Port b_ = add_port();

    std::size_t load(const std::string& text) {
        std::istringstream in(text);
        return fdb_.load(in);
    }
    std::string load_error(const std::string& text) {
        const Error error = error_of([&] { load(text); });
        EXPECT_EQ(error.code().value(), EINVAL) << text;
        return error.what();
    }
    // As saved, in order.
    std::vector<std::string> saved() {
        std::stringstream out;
        const auto count = fdb_.save(out);
        std::vector<std::string> lines;
        for (std::string line; std::getline(out, line);)
            lines.push_back(line);
        EXPECT_EQ(lines.size(), count);
        std::sort(lines.begin(), lines.end());
        return lines;
    }
};

TEST_F(FdbFileTest, TakesWhatTheFormatAllows) {
    EXPECT_EQ(load("# the servers\n"
                   "\n"
                   "02:00:00:00:00:01 dev port1\n"
                   "  02:00:00:00:00:02\tdev   port2 static  # the printer\r\n"
                   "02:00:00:00:00:03 static dev port1\n"
                   "   \t \n"
                   "#02:00:00:00:00:09 dev port1\n"
                   "02:00:00:00:00:0A vlan 0 dev port2#no blank before\n"
                   "02:00:00:00:00:05 dev port1"), // no newline at the end
              5U);
    EXPECT_THAT(saved(),
                ElementsAre("02:00:00:00:00:01 dev port1", "02:00:00:00:00:02 dev port2 static",
                            "02:00:00:00:00:03 dev port1 static", "02:00:00:00:00:05 dev port1",
                            "02:00:00:00:00:0a dev port2"));
    EXPECT_EQ(learned(a_), 2U);
    EXPECT_EQ(learned(b_), 1U);
}

TEST_F(FdbFileTest, AnEmptyFileLoadsNothing) {
    EXPECT_EQ(load(""), 0U);
    EXPECT_EQ(load("# nothing\n\n"), 0U);
    EXPECT_THAT(table(), IsEmpty());
}

TEST_F(FdbFileTest, NamesTheBadLineAndWhatIsWrongWithIt) {
    const struct {
        const char* line;
        const char* reason;
    } cases[] = {
        {"02:00:00:00:00 dev port1", "'02:00:00:00:00' is no MAC address"},
        {"port1 02:00:00:00:00:07", "'port1' is no MAC address"},
        {"01:00:5e:00:00:01 dev port1", "'01:00:5e:00:00:01' is no host's address"},
        {"00:00:00:00:00:00 dev port1", "'00:00:00:00:00:00' is no host's address"},
        {"02:00:00:00:00:07", "no 'dev DEVICE'"},
        {"02:00:00:00:00:07 static", "no 'dev DEVICE'"},
        {"02:00:00:00:00:07 dev", "'' is no port"},
        {"02:00:00:00:00:07 dev port3", "'port3' is no port of this bridge"},
        {"02:00:00:00:00:07 dev port1 vlan", "'' is no VLAN id"},
        {"02:00:00:00:00:07 dev port1 vlan x", "'x' is no VLAN id"},
        {"02:00:00:00:00:07 dev port1 vlan -1", "'-1' is no VLAN id"},
        {"02:00:00:00:00:07 dev port1 vlan 4095", "'4095' is no VLAN id"},
        {"02:00:00:00:00:07 dev port1 vlan 65536", "'65536' is no VLAN id"},
        {"02:00:00:00:00:07 dev port1 vlan 10", "VLAN 10 on a bridge that is not VLAN-aware"},
        {"02:00:00:00:00:07 dev port1 dynamic", "unknown word 'dynamic'"},
        {"02:00:00:00:00:07 dev port1 Static", "unknown word 'Static'"},
    };
    inject(a_, frame(host(1), broadcast));
    const auto before = table();
    for (const auto& [line, reason] : cases) {
        const auto error =
            load_error(fmt::format("# comment\n02:00:00:00:00:08 dev port1\n\n{}\n??\n", line));
        EXPECT_THAT(error, HasSubstr(fmt::format("line 4: {}", reason)));
        EXPECT_THAT(error, HasSubstr("nothing was loaded"));
        EXPECT_EQ(table(), before) << line;
    }
}

TEST_F(FdbFileTest, TheLastLineCanBeTheBadOne) {
    EXPECT_THAT(load_error("02:00:00:00:00:01 dev port1\nnonsense"), HasSubstr("line 2: "));
    EXPECT_THAT(load_error("nonsense"), HasSubstr("line 1: "));
}

TEST_F(FdbFileTest, MoreThanFitsLoadsNothing) {
    load("02:00:00:00:00:01 dev port1\n02:00:00:00:00:02 dev port2 static\n");
    const auto before = table();
    std::string text;
    for (std::uint32_t i = 1; i <= 33; i++)
        text += fmt::format("{} dev port2\n", host(i).to_string());
    EXPECT_EQ(error_of([&] { load(text); }).code().value(), ENOSPC);
    EXPECT_EQ(table(), before);
}

TEST_F(FdbFileTest, WhatWasSavedCanBeLoaded) {
    for (std::uint32_t i = 1; i <= 20; i++)
        inject(i % 3 ? a_ : b_, frame(host(i), broadcast));
    for (std::uint32_t i = 21; i <= 32; i++)
        fdb_.add({.mac = host(i), .port = i % 2 ? a_.number : b_.number, .is_static = true});
    std::stringstream file;
    EXPECT_EQ(fdb_.save(file), 32U);
    const auto before = saved();

    EXPECT_EQ(fdb_.flush({.static_too = true}), 32U);
    EXPECT_EQ(fdb_.load(file), 32U);
    EXPECT_EQ(saved(), before);
    EXPECT_EQ(learned(a_) + learned(b_), 20U);
}

TEST_F(FdbFileTest, AgedEntriesAreNotSaved) {
    inject(a_, frame(host(1), broadcast));
    inject(a_, frame(host(2), broadcast));
    age_out(host(1));
    EXPECT_THAT(saved(), ElementsAre("02:00:00:00:00:02 dev port1"));
}

// The file of yesterday is still good while a VM is down.
TEST_F(FdbFileTest, EntriesOfAPortThatIsGoneAreKept) {
    fdb_.add({.mac = host(1), .port = a_.number, .is_static = true});
    delete_device(a_.device);
    const auto before = saved();
    EXPECT_THAT(before, ElementsAre("02:00:00:00:00:01 dev port1 static"));
    fdb_.flush({.static_too = true});
    EXPECT_EQ(load(before.at(0)), 1U);
    EXPECT_EQ(saved(), before);
}

} // namespace
} // namespace xdpbridge::test
