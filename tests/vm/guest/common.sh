# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the other scripts here start with. They run in a VM (see ../kernel_test.cpp and ../in_vm.cpp), by busybox's sh, and
# need the programs xdp-bridge, ip, tc, ethtool, bpftool, xdp-loader, ping and iperf3.
# Each check prints "PASS name" or "FAIL name" with what it said, after the time since boot.
uptime() { read -r now idle </proc/uptime && echo "$now"; }
check() {
    name=$1
    shift
    if out=$("$@" 2>&1); then echo "$(uptime) PASS $name"; else echo "$(uptime) FAIL $name: $out"; fi
}
says() {
    text=$1
    shift
    out=$("$@" 2>&1)
    case "$out" in *"$text"*) ;; *) echo "$out" && return 1 ;; esac
}
silent() {
    text=$1
    shift
    out=$("$@" 2>&1)
    case "$out" in *"$text"*) echo "$out" && return 1 ;; esac
}

ip() { /usr/sbin/ip "$@"; } # busybox prefers its own

mkdir -p /run/netns
ulimit -l unlimited
# Two hosts, h1 and h2, at the ports v1 and v2.
for i in 1 2; do
    ip netns add h$i
    ip link add v$i type veth peer name eth0 netns h$i
    ip link set v$i up
    ip -n h$i address add 10.0.0.$i/24 dev eth0
    ip -n h$i link set eth0 up
    ip netns exec h$i ethtool -K eth0 tx off gro on
done
ping_h2() { ip netns exec h1 ping -c 3 -i 0.2 -W 2 "${1:-10.0.0.2}"; }
