// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The switch on other kernels than this one: each is booted in a VM, and runs the program there,
// beside another XDP program where libxdp's dispatcher is to be had.
#include "kernels.h"
#include "sandbox/initramfs.h"
#include "sandbox/process.h"
#include "sandbox/vm.h"
#include "support/sandbox_test.h"

#include <fmt/format.h>

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;

// Each check prints "PASS name" or "FAIL name" with what it said, after the time since boot.
constexpr const char* guest_script = R"(
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
uptime() { read now idle < /proc/uptime; echo $now; }
check() { name=$1; shift; if out=$("$@" 2>&1); then echo "$(uptime) PASS $name"; else echo "$(uptime) FAIL $name: $out"; fi; }
says() { text=$1; shift; out=$("$@" 2>&1); case "$out" in *"$text"*) ;; *) echo "$out"; return 1;; esac; }
silent() { text=$1; shift; out=$("$@" 2>&1); case "$out" in *"$text"*) echo "$out"; return 1;; *) ;; esac; }

ip() { /usr/sbin/ip "$@"; } # busybox prefers its own

mount -t bpf bpf /sys/fs/bpf
mkdir -p /run/netns /var/run
ulimit -l unlimited
for i in 1 2; do
    ip netns add h$i
    ip link add v$i type veth peer name eth0 netns h$i
    ip link set v$i up
    ip -n h$i address add 10.0.0.$i/24 dev eth0
    ip -n h$i link set eth0 up
    ip netns exec h$i ethtool -K eth0 tx off gro on
done
for object in /objects/*.o; do
    mkdir /sys/fs/bpf/objects
    check "load ${object##*/}" bpftool prog loadall $object /sys/fs/bpf/objects
    rm -r /sys/fs/bpf/objects
done

check "another program first" xdp-loader load -m native -P 10 v1 /pass.o
check "add" xdp-bridge add br0
check "add v1" xdp-bridge port add br0 v1 --hook both
check "add v2" xdp-bridge port add br0 v2 --hook both
check "attached by the dispatcher" says dispatcher xdp-bridge port show br0
check "no bare link" silent link xdp-bridge port show br0
check "another program after" xdp-loader load -m native -P 90 v2 /pass.o
check "beside the other on v1" says xdpb_ingress xdp-loader status v1
check "beside the other on v2" says xdpb_ingress xdp-loader status v2
check "ping" ip netns exec h1 ping -c 3 -i 0.2 -W 2 10.0.0.2
check "refusals are counted" silent "not counted" xdp-bridge show br0
check "learned" says v2 xdp-bridge fdb show br0
check "groups and neighbours: on" xdp-bridge set br0 --snooping on --neigh-suppress on
for i in 1 2; do ip -n h$i neigh flush all; done
check "neighbours: ping" ip netns exec h1 ping -c 3 -i 0.2 -W 2 10.0.0.2
check "neighbours: learned" says 10.0.0.2 xdp-bridge neigh show br0
ip -n h1 neigh flush all
check "neighbours: ping again" ip netns exec h1 ping -c 3 -i 0.2 -W 2 10.0.0.2
check "neighbours: answered" says '"answered":1,' xdp-bridge -j stats br0 v1
check "groups: add" xdp-bridge mdb add br0 v2 239.1.2.3
check "groups: shown" says 239.1.2.3 xdp-bridge mdb show br0
check "del v2" xdp-bridge port del br0 v2
check "the other stays on v2" says xdp_pass xdp-loader status v2
check "del" xdp-bridge del br0
check "the other stays on v1" says xdp_pass xdp-loader status v1
check "ours is gone from v1" silent xdpb_ingress xdp-loader status v1
check "the folder is gone" says "[]" xdp-bridge -j show

check "offloads: add" xdp-bridge add br0
for i in 1 2; do
    ip netns exec h$i ethtool -K eth0 tx on tso on
    ip -n h$i link add link eth0 name tagged type vlan id 5
    ip -n h$i address add 10.0.5.$i/24 dev tagged
    ip -n h$i link set tagged up
    check "offloads: port" xdp-bridge port add br0 v$i --hook tc
done
ip netns exec h2 iperf3 -s -D
sleep 1
check "offloads: TCP" ip netns exec h1 iperf3 --connect-timeout 5000 -c 10.0.0.2 -n 5M
check "offloads: TCP with a VLAN tag" ip netns exec h1 iperf3 --connect-timeout 5000 -c 10.0.5.2 -n 5M
check "offloads: back" ip netns exec h1 iperf3 --connect-timeout 5000 -c 10.0.5.2 -n 5M --reverse
check "offloads: del" xdp-bridge del br0
check "offloads: no qdisc stays" silent clsact tc qdisc show

# Not every kernel takes a VLAN-aware bridge's program beside another.
check "vlan: beside another: add" xdp-bridge add br0 --vlan-aware
beside() { out=$(xdp-bridge port add br0 v1 --hook xdp 2>&1) || case "$out" in *"does not take ours"*"--hook tc"*) ;; *) echo "$out"; return 1;; esac; }
check "vlan: beside another: port" beside
check "vlan: beside another: it stays" says xdp_pass xdp-loader status v1
check "vlan: beside another: del" xdp-bridge del br0
for i in 1 2; do check "vlan: the other goes" xdp-loader unload v$i --all; done
ip -n h2 link del tagged
ip -n h2 address add 10.0.5.2/24 dev eth0
for hook in tc xdp; do
    check "vlan $hook: add" xdp-bridge add br0 --vlan-aware
    check "vlan $hook: trunk" xdp-bridge port add br0 v1 --hook $hook
    check "vlan $hook: its VLANs" xdp-bridge vlan add br0 v1 2-100
    check "vlan $hook: access port" xdp-bridge port add br0 v2 --hook $hook
    check "vlan $hook: its VLAN" xdp-bridge vlan add br0 v2 5 --pvid --untagged
    check "vlan $hook: ping" ip netns exec h1 ping -c 3 -i 0.2 -W 2 10.0.5.2
    check "vlan $hook: TCP" ip netns exec h1 iperf3 --connect-timeout 5000 -c 10.0.5.2 -n 5M
    check "vlan $hook: learned" says "   5" xdp-bridge fdb show br0
    check "vlan $hook: del" xdp-bridge del br0
    for i in 1 2; do ip netns exec h$i ethtool -K eth0 tx off tso off txvlan off; done # for XDP
done

for hook in tc xdp; do
    check "acl $hook: add" xdp-bridge add br0
    for i in 1 2; do check "acl $hook: port" xdp-bridge port add br0 v$i --hook $hook; done
    check "acl $hook: rule" xdp-bridge acl add br0 --prio 10 --src 10.0.0.0/24 --proto icmp drop
    check "acl $hook: none passes" silent "time=" ip netns exec h1 ping -c 1 -W 1 10.0.0.2
    check "acl $hook: mirror" xdp-bridge acl add br0 --prio 20 --port v2 mirror v1
    check "acl $hook: its port stays" says "rule 20" xdp-bridge port del br0 v2
    check "acl $hook: del" xdp-bridge acl del br0 10
    check "acl $hook: ping, and its mirror" ip netns exec h1 ping -c 3 -i 0.2 -W 2 10.0.0.2
    check "acl $hook: mirrored" sh -c "xdp-bridge -j stats br0 v2 | grep -q '\"mirrored\":[1-9]'"
    check "acl $hook: flush" xdp-bridge acl flush br0
    check "acl $hook: del br0" xdp-bridge del br0
done

# Hosts a1 and a2, b1 and b2: each pair in two VLANs that are routed; both have the same addresses.
sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip link add vrf1 type vrf table 101
ip link add vrf2 type vrf table 102
for i in 1 2; do ip link set vrf$i up; done
host() { # NAME, VLAN, and the number that its addresses end with
    ip netns add $1
    ip link add p$2 type veth peer name eth0 netns $1
    ip link set p$2 up
    ip -n $1 address add 10.1.$3.1/24 dev eth0
    ip -n $1 address add fd00:$3::1/64 dev eth0 nodad
    ip -n $1 link set eth0 up
    ip netns exec $1 ethtool -K eth0 tx off gro on
    ip -n $1 route add default via 10.1.$3.254
    ip -n $1 -6 route add default via fd00:$3::fe
}
host a1 11 1
host a2 12 2
host b1 21 1
host b2 22 2
svi() { # VLAN, the number of its addresses, and options
    xdp-bridge svi add br0 vlan$1 --vlan $1 $3 $4 || return
    ip address add 10.1.$2.254/24 dev vlan$1
    ip address add fd00:$2::fe/64 dev vlan$1 nodad
    for host in a1 a2 b1 b2; do ip -n $host neigh flush all; done # they may know the MAC of one before
}
# Pings that a host has seen.
asked() { ip netns exec $1 busybox awk '/^Icmp: [0-9]/ { sum += $10 } /^Icmp6InEchos/ { sum += $2 } END { print sum }' /proc/net/snmp /proc/net/snmp6; }
# A first ping is for the stack to find the neighbour. 10 pings of a host, each of which counts as routed.
reaches() {
    for to in 10.1.2.1 fd00:2::1; do
        ip netns exec $1 ping -c 1 -W 2 $to
        ip netns exec $1 ping -c 5 -i 0.1 -W 2 $to || return
    done
}
routes() { # PORT NUMBER
    xdp-bridge -j stats br0 $1 | busybox awk -v want=$2 -F '"routed":' '
        { print; for (i = 2; i <= NF; i++) sum += $i + 0 } END { exit !(sum >= want) }'
}
saw() { # HOST COUNT
    now=$(asked $1)
    [ "$now" = "$2" ] || { echo "$now pings, not $2"; return 1; }
}
vrf() { # HOST, THE OTHER VRF'S, PORT, HOW MANY IT HAS ROUTED BY NOW
    there=$(asked ${1}2) elsewhere=$(asked ${2}2)
    check "vrf $hook: ping in $1" reaches ${1}1
    check "vrf $hook: routed in $1" routes $3 $4
    check "vrf $hook: the other VRF's host has seen none" saw ${2}2 $elsewhere
    check "vrf $hook: its own has" saw ${1}2 $((there + 12))
}
for hook in tc xdp; do
    check "l3 $hook: add" xdp-bridge add br0 --vlan-aware
    for vlan in 11 12 21 22; do
        check "l3 $hook: port $vlan" xdp-bridge port add br0 p$vlan --hook $hook
        check "l3 $hook: its VLAN" xdp-bridge vlan add br0 p$vlan $vlan --pvid --untagged
    done
    check "l3 $hook: svi 11" svi 11 1
    check "l3 $hook: svi 12" svi 12 2
    check "l3 $hook: ping" reaches a1
    check "l3 $hook: routed" routes p11 10
    check "l3 $hook: routed back" routes p12 10
    for vlan in 11 12; do check "l3 $hook: svi del $vlan" xdp-bridge svi del br0 vlan$vlan; done
    check "vrf $hook: svi 11" svi 11 1 --vrf vrf1
    check "vrf $hook: svi 12" svi 12 2 --vrf vrf1
    check "vrf $hook: svi 21" svi 21 1 --vrf vrf2
    check "vrf $hook: svi 22" svi 22 2 --vrf vrf2
    check "vrf $hook: shown" says vrf2 xdp-bridge svi show br0
    vrf a b p11 20
    vrf b a p21 10
    check "vrf $hook: del" xdp-bridge del br0
done

check "classes: add" xdp-bridge add br0
ip tuntap add t0 mode tap
check "classes: port" xdp-bridge port add br0 t0 --classes on
check "classes: the tap's queue is seen" says '"isolation":"tap' xdp-bridge -j class stats br0 t0
check "latency: measured" xdp-bridge latency br0 --interval 0.5 --count 1
check "classes: del" xdp-bridge del br0

check "vanish: add" xdp-bridge add br0
check "vanish: port" xdp-bridge port add br0 v2
ip link del v2
check "vanish: gone" says gone xdp-bridge port show br0
check "vanish: del" xdp-bridge port del br0 v2
check "vanish: nothing is held" silent fdb bpftool map show name fdb_
xdp-bridge del br0
sleep 1
check "no map stays" silent "name fdb" bpftool map show
echo "SCRIPT DONE"
)";

// Another XDP program, which lets every frame pass on.
constexpr const char* pass_program = R"(
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("xdp") int xdp_pass(struct xdp_md *ctx) { return XDP_PASS; }
char LICENSE[] SEC("license") = "GPL";
)";

class KernelTest : public SandboxTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(KernelTest, TheSwitchWorks) {
    const auto kernel = sandbox::find_vm_kernel(GetParam());
    const std::string pass = fmt::format("/tmp/xdp-bridge-vm-test-{}.o", ::getpid());
    sandbox::check({"clang", "-O2", "-g", "-target", "bpf", "-I/usr/include/x86_64-linux-gnu", "-x",
                    "c", "-", "-c", "-o", pass},
                   {.input = pass_program});

    sandbox::Initramfs initramfs;
    for (const char* module :
         {"veth", "virtio_pci", "virtio_net", "sch_ingress", "cls_bpf", "8021q", "vrf", "tun"})
        initramfs.add_module(kernel, module);
    for (const char* program :
         {"/usr/sbin/ip", "/usr/sbin/ethtool", "/usr/sbin/bpftool", "/usr/sbin/xdp-loader",
          "/usr/bin/ping", "/usr/sbin/tc", "/usr/bin/iperf3"})
        initramfs.add_program(program);
    initramfs.add_program(XDPB_CLI);
    initramfs.add_symlink("/usr/local/bin/xdp-bridge", XDPB_CLI);
    initramfs.add_file(pass, "/pass.o");
    for (const char* file : {"xdp-dispatcher.o"})
        initramfs.add_file(std::string("/usr/lib/x86_64-linux-gnu/bpf/") + file,
                           std::string("/usr/lib/x86_64-linux-gnu/bpf/") + file);
    for (const auto& object : std::filesystem::directory_iterator(XDPB_OBJECTS))
        if (object.path().extension() == ".o")
            initramfs.add_file(object.path(), "/objects" / object.path().filename());
    initramfs.set_script(guest_script);

    sandbox_.add_namespace("vm");
    sandbox::Vm vm({.kernel = kernel,
                    .initramfs = initramfs.finish(),
                    .netns = "vm",
                    .nics = {},
                    .memory_mb = 1024});
    EXPECT_TRUE(vm.wait_for("SCRIPT DONE", 400s)) << kernel.version;
    const std::string console = vm.console();
    const bool passed = console.find("PASS ping") != std::string::npos &&
                        console.find("FAIL ") == std::string::npos;
    EXPECT_TRUE(passed) << kernel.version;
    std::cout << kernel.version << "\n" << console; // ctest shows it if the test failed
    std::filesystem::remove(pass);
}

INSTANTIATE_TEST_SUITE_P(Kernels, KernelTest, ::testing::ValuesIn(vm_kernels()), test_name);

} // namespace
} // namespace xdpbridge::test
