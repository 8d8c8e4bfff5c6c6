// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What `xdp-bridge doctor` and `xdp-bridge demo` print; what is found,
// tests/library/doctor_test.cpp asks.
#include "cli_test.h"

namespace xdpbridge::test {
namespace {

TEST_F(CliTest, TheDoctorTellsAPersonWhatItMeansAndWhatMendsIt) {
    make_veth("eth0"); // and leaves it down
    const auto said = cli_ok({"doctor", "eth0"});
    EXPECT_THAT(said, HasSubstr("host\n"));
    EXPECT_THAT(said, HasSubstr("eth0\n"));
    EXPECT_THAT(said, HasSubstr("fix: ip link set dev eth0 up"));
}

TEST_F(CliTest, TheDoctorTellsAProgram) {
    make_veth("eth0");
    bool found = false;
    for (const auto& row : json({"doctor", "eth0"}))
        if (row["device"] == "eth0" && row["check"] == "state") {
            found = true;
            EXPECT_EQ(row["severity"], "warning");
            EXPECT_EQ(row["fix"], "ip link set dev eth0 up");
            EXPECT_EQ(row["fixed"], false);
        }
    EXPECT_TRUE(found);
}

TEST_F(CliTest, TheDoctorMendsWhatTakesNothingFromAnybody) {
    make_veth("eth0");
    const auto said = cli_ok({"doctor", "eth0", "--fix"});
    EXPECT_THAT(said, HasSubstr("done: ip link set dev eth0 promisc on\n"
                                "  undo: ip link set dev eth0 promisc off\n"));
    EXPECT_THAT(sandbox::check({"ip", "link", "show", "eth0"}).out, HasSubstr("PROMISC"));
}

TEST_F(CliTest, AHostThatIsNotFitIsAFailure) {
    const auto result = cli({"--bpffs", "/tmp", "doctor"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.out, HasSubstr("fix: mount -t bpf bpf /tmp"));
    EXPECT_THAT(result.err, HasSubstr("cannot call this host fit: "));
}

TEST_F(CliTest, TheDemoWorks) {
    const auto result = cli({"demo"}, {.timeout = std::chrono::seconds(100)});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("All of it worked. The sandbox is gone."));
}

} // namespace
} // namespace xdpbridge::test
