// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "lib/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <type_traits>
#include <utility>

namespace xdpbridge {
namespace {

static_assert(std::is_nothrow_move_constructible_v<Fd> && std::is_nothrow_move_assignable_v<Fd>);
static_assert(!std::is_copy_constructible_v<Fd> && !std::is_copy_assignable_v<Fd>);

Fd open_null() {
    return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(Fd, OwnsNothingAtFirst) {
    const Fd none;
    EXPECT_FALSE(none);
    EXPECT_EQ(none.get(), -1);
}

TEST(Fd, ZeroIsADescriptorToo) {
    Fd zero(0);
    EXPECT_TRUE(zero);
    EXPECT_EQ(zero.release(), 0); // it is the test's own standard input
}

TEST(Fd, ClosesWhenItGoes) {
    int number = -1;
    {
        const Fd fd = open_null();
        number = fd.get();
        EXPECT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
}

TEST(Fd, AMoveLeavesNothingBehind) {
    Fd from = open_null();
    const int number = from.get();
    const Fd to = std::move(from);
    EXPECT_EQ(to.get(), number);
    EXPECT_FALSE(from); // NOLINT(bugprone-use-after-move): what the move leaves is the point
    EXPECT_TRUE(is_open(number));
}

TEST(Fd, AnAssignmentClosesWhatWasThere) {
    Fd from = open_null();
    Fd to = open_null();
    const int replaced = to.get();
    const int kept = from.get();
    to = std::move(from);
    EXPECT_FALSE(is_open(replaced));
    EXPECT_TRUE(is_open(kept));
    EXPECT_EQ(to.get(), kept);
}

TEST(Fd, AssignedToItselfItStaysOpen) {
    Fd fd = open_null();
    Fd& same = fd;
    fd = std::move(same);
    EXPECT_TRUE(fd);
    EXPECT_TRUE(is_open(fd.get()));
}

TEST(Fd, ReleasedItStaysOpen) {
    int number = -1;
    {
        Fd fd = open_null();
        number = fd.release();
        EXPECT_FALSE(fd);
    }
    EXPECT_TRUE(is_open(number));
    const Fd closer(number);
}

} // namespace
} // namespace xdpbridge
