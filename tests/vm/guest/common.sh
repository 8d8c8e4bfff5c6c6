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
# Host h1 at the port v1, and so on.
add_host() { # NUMBER
    ip netns add "h$1"
    ip link add "v$1" type veth peer name eth0 netns "h$1"
    ip link set "v$1" up
    ip -n "h$1" address add "10.0.0.$1/24" dev eth0
    ip -n "h$1" link set eth0 up
    ip netns exec "h$1" ethtool -K eth0 tx off gro on
}
for i in 1 2; do add_host $i; done
ping_h2() { ip netns exec h1 ping -c 3 -i 0.2 -W 2 "${1:-10.0.0.2}"; }
