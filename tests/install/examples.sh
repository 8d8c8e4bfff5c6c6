#!/bin/bash
# Usage: examples.sh CMAKE CXX SOURCE_DIR BUILD_DIR
#
# Is what we install enough for others? Installs into a folder of its own, builds the examples
# against that in both ways that we offer, and runs them on real traffic.
set -euo pipefail
cmake=$1 cxx=$2 source=$3 build=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step() { echo "--- $*"; }
fail() {
    echo "FAILED: $*" >&2
    exit 1
}

step "install"
prefix=$work/prefix
# Named as a component, it leaves alone the install_manifest.txt that `make uninstall` reads.
"$cmake" --install "$build" --prefix "$prefix" --component Unspecified >/dev/null
"$prefix/bin/xdp-bridge" version

step "build by find_package(xdpbridge)"
# Copied, so that nothing but the installed prefix can be found.
cp -r "$source/examples" "$work/examples"
"$cmake" -S "$work/examples" -B "$work/by-cmake" -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
"$cmake" --build "$work/by-cmake" >/dev/null

step "build by pkg-config"
mkdir "$work/by-pkg-config"
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name xdpbridge.pc)")
for example in "$work"/examples/*.cpp; do
    # shellcheck disable=SC2046 # the flags are words
    "$cxx" -std=c++20 -o "$work/by-pkg-config/$(basename "$example" .cpp)" "$example" \
        $(pkg-config --cflags --static --libs xdpbridge)
done

# Runs in namespaces of its own, which take the bridge, the BPF file system and the devices with them.
run_examples() {
    local examples=$1
    mount -t tmpfs tmpfs /run # `ip netns` leaves its names here
    mount -t bpf bpf /sys/fs/bpf
    for host in 1 2; do
        ip netns add "host$host"
        ip link add "port$host" type veth peer name eth0 address "02:00:00:00:00:0$host" netns "host$host"
        ip -n "host$host" address add "192.0.2.$host/24" dev eth0
        ip -n "host$host" link set eth0 up
        ip link set "port$host" up
        # A veth takes redirected frames only while its receiving end has NAPI. GRO turns that on,
        # and the sending end learns of it only if both are up.
        ip netns exec "host$host" ethtool -K eth0 gro on
    done

    ip netns exec host1 ping -q -c 1 -W 1 192.0.2.2 >/dev/null && fail "ping works without a bridge"
    # Or its failed attempts at ARP go on, and take these pings with them when they are given up.
    ip -n host1 neighbor flush dev eth0
    "$examples/attach_two_ports" br0 port1 port2
    ip netns exec host1 ping -q -c 5 -i 0.2 -W 2 192.0.2.2 || fail "no ping across attach_two_ports"

    local fdb counts host
    fdb=$("$examples/dump_fdb" br0)
    counts=$("$examples/count_packets" br0)
    printf '%s\n' "$fdb" "$counts"
    for host in 1 2; do
        grep -Eqx "02:00:00:00:00:0$host port$host [0-9]{1,5}" <<<"$fdb" || fail "dump_fdb misses host$host"
        # Five echoes and an ARP message at least, each way.
        awk -v port="port$host" '$1 == port && $3 >= 6 && $5 >= 6 { seen = 1 } END { exit !seen }' <<<"$counts" ||
            fail "count_packets misses the packets of port$host"
    done

    # The same two hosts in two VLANs, and a router between them.
    ip link add port3 type veth peer name port3-peer
    ip link add port4 type veth peer name port4-peer
    "$examples/route_between_vlans" br1 port3 10 port4 20
    echo 1 >/proc/sys/net/ipv4/ip_forward
    for host in 3 4; do
        ip netns add "host$host"
        ip link set "port$host-peer" netns "host$host" name eth0
        ip -n "host$host" address add "192.0.$host.2/24" dev eth0
        ip -n "host$host" link set eth0 up
        ip link set "port$host" up
        ip address add "192.0.$host.1/24" dev "svi$(((host - 2) * 10))"
        ip -n "host$host" route add default via "192.0.$host.1"
    done
    ip netns exec host3 ping -q -c 5 -i 0.2 -W 2 192.0.4.2 || fail "no ping across route_between_vlans"

    "$examples/dump_fdb" no-such-bridge 2>/dev/null && fail "dump_fdb of no bridge succeeds"
    return 0
}
export -f run_examples fail
# A shared library in a place that the dynamic linker does not know.
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
export LD_LIBRARY_PATH

for build in by-cmake by-pkg-config; do
    step "run what was built $build"
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare --mount --net bash -euo pipefail -c 'run_examples "$1"' - "$work/$build"
done
echo "all examples built and ran"
