// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "path.h"
#include "placement.h"

#include <sandbox/process.h>

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <regex>
#include <stdexcept>
#include <thread>

namespace xdpbridge::bench {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using sandbox::Argv;

// Where `make ovs` unpacks it.
const std::string unpacked = XDPB_OVS "/usr";

// A tmpfs of the sandbox: nothing of it stays, however this ends.
const std::string folder = "/run/netns/ovs";

class OvsPath : public Path {
  public:
    OvsPath(Net& net, const Target& target, OvsPorts ports)
        : Path(net, target),
          database_(server()),
          vswitchd_(program("/sbin/ovs-vswitchd", {}), options()) {
        const auto cpus = fmt::format("other_config:pmd-cpu-mask={:#x}", 1U << placement().vswitch);
        vsctl({"set", "Open_vSwitch", ".", cpus});
        Argv add{"add-br", name,       "--", "set", "bridge", name, "datapath_type=" + datapath(),
                 "--",     "add-port", name, uplink};
        if (ports == OvsPorts::afxdp)
            add.insert(add.end(), {"--", "set", "interface", uplink, "type=afxdp"});
        add.insert(add.end(), {"--", "add-port", name, target.tap});
        vsctl(add);
        for (const auto& device : {uplink, target.tap})
            if (const auto error = vsctl({"get", "interface", device, "error"}); error != "[]\n")
                throw std::runtime_error(fmt::format("port {}: {}", device, error));
        appctl({"fdb/add", name, target.tap, "0", target.mac});
        if (ports == OvsPorts::afxdp)
            note_ = afxdp_mode();
        else if (datapath() == "netdev")
            note_ = "userspace datapath, for the kernel's is not loaded";
    }

    // It takes its XDP program off uplink, if it gets to it.
    ~OvsPath() override {
        vswitchd_.signal(SIGTERM);
        vswitchd_.wait(3s);
    }

    [[nodiscard]] std::string note() const override { return note_; }

  private:
    static inline const std::string name = "ovsbr";

    static std::string datapath() {
        return fs::exists("/sys/module/openvswitch") ? "system" : "netdev";
    }

    static Argv program(const std::string& path, const Argv& arguments) {
        if (!fs::exists(unpacked + path))
            throw std::runtime_error("there is no Open vSwitch: run 'make ovs'");
        Argv argv{unpacked + path};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        if (path.starts_with("/sbin/"))
            argv.insert(argv.end(), {"-vconsole:off", "-vfile:off", "-vsyslog:off"});
        return argv;
    }

    static sandbox::RunOptions options() {
        return {.netns = switch_netns,
                .env = {{"LD_LIBRARY_PATH", unpacked + "/lib/x86_64-linux-gnu"},
                        {"OVS_RUNDIR", folder},
                        {"OVS_DBDIR", folder},
                        {"OVS_LOGDIR", folder},
                        {"OVS_SYSCONFDIR", folder}}};
    }

    static std::string vsctl(const Argv& arguments) {
        Argv all{"--timeout=10"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return sandbox::check(program("/bin/ovs-vsctl", all), options()).out;
    }

    std::string appctl(const Argv& arguments) const {
        Argv all{"-t", fmt::format("{}/ovs-vswitchd.{}.ctl", folder, vswitchd_.pid())};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return sandbox::check(program("/bin/ovs-appctl", all), options()).out;
    }

    [[nodiscard]] std::string afxdp_mode() const {
        std::smatch match;
        const std::string ports = appctl({"dpif/show"});
        return std::regex_search(ports, match, std::regex("xdp-mode-in-use=[^),]+")) ? match.str(0)
                                                                                     : "";
    }

    static sandbox::Process server() {
        fs::remove_all(folder);
        fs::create_directory(folder);
        const std::string file = folder + "/conf.db";
        sandbox::check(program("/bin/ovsdb-tool",
                               {"create", file, unpacked + "/share/openvswitch/vswitch.ovsschema"}),
                       options());
        sandbox::Process process(
            program("/sbin/ovsdb-server", {file, fmt::format("--remote=punix:{}/db.sock", folder)}),
            options());
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (!fs::exists(folder + "/db.sock")) {
            if (!process.running() || std::chrono::steady_clock::now() > deadline)
                throw std::runtime_error("ovsdb-server: " + process.err());
            std::this_thread::sleep_for(5ms);
        }
        return process;
    }

    sandbox::Process database_, vswitchd_;
    std::string note_;
};

} // namespace

std::unique_ptr<Path> make_ovs(Net& net, const Target& target, OvsPorts ports) {
    return std::make_unique<OvsPath>(net, target, ports);
}

} // namespace xdpbridge::bench
