# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Routing, and VRFs. Hosts a1 and a2, b1 and b2: each pair in two VLANs that are routed; both have the same addresses.
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
