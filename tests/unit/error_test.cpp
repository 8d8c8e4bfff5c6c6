// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <xdpbridge/error.h>

#include <cerrno>
#include <gtest/gtest.h>

namespace xdpbridge {
namespace {

TEST(Error, WithoutAReasonGivesThatOfTheErrno) {
    EXPECT_STREQ(Error(ENOENT, "open bridge 'br0'").what(),
                 "cannot open bridge 'br0': No such file or directory");
}

TEST(Error, AReasonTakesItsPlace) {
    EXPECT_STREQ(Error(ENOENT, "open bridge 'br0'", "no such bridge").what(),
                 "cannot open bridge 'br0': no such bridge");
}

TEST(Error, AHintComesLast) {
    EXPECT_STREQ(Error(EEXIST, "create bridge 'br0'", "it is there", "choose another name").what(),
                 "cannot create bridge 'br0': it is there; choose another name");
    EXPECT_STREQ(Error(EEXIST, "create bridge 'br0'", {}, "choose another name").what(),
                 "cannot create bridge 'br0': File exists; choose another name");
}

TEST(Error, MissingPrivilegesHaveAHintOfTheirOwn) {
    const std::string hint = "; run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON";
    // Between them what is missing, which depends on who runs this test.
    const std::string eperm = Error(EPERM, "load").what();
    EXPECT_TRUE(eperm.starts_with("cannot load: Operation not permitted;")) << eperm;
    EXPECT_TRUE(eperm.ends_with(hint)) << eperm;
    const std::string eacces = Error(EACCES, "load").what();
    EXPECT_TRUE(eacces.starts_with("cannot load: Permission denied;")) << eacces;
    EXPECT_TRUE(eacces.ends_with(hint)) << eacces;
    EXPECT_STREQ(Error(EPERM, "load", {}, "unlock it").what(),
                 "cannot load: Operation not permitted; unlock it");
}

TEST(Error, CarriesTheErrno) {
    const Error error(ERANGE, "add port 'eth0'", "too large");
    EXPECT_EQ(error.code(), std::error_code(ERANGE, std::generic_category()));
    EXPECT_EQ(error.code(), std::errc::result_out_of_range);
}

TEST(Error, KeepsTheDetailOutOfTheLine) {
    const Error error(EINVAL, "load", "refused", "look", "a log\nof two lines\n");
    EXPECT_STREQ(error.what(), "cannot load: refused; look");
    EXPECT_EQ(error.detail(), "a log\nof two lines\n");
    EXPECT_EQ(Error(EINVAL, "load").detail(), "");
}

TEST(Error, IsCaughtAsASystemError) {
    try {
        throw Error(EBUSY, "lock");
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code().value(), EBUSY);
        EXPECT_STREQ(error.what(), "cannot lock: Device or resource busy");
    }
}

} // namespace
} // namespace xdpbridge
