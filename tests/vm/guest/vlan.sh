# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# TCP with all offloads on, also by 802.1Q devices of the hosts, and VLANs of the switch.
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

ip -n h2 link del tagged
ip -n h2 address add 10.0.5.2/24 dev eth0
for hook in tc xdp; do
    check "vlan $hook: add" xdp-bridge add br0 --vlan-aware
    check "vlan $hook: trunk" xdp-bridge port add br0 v1 --hook $hook
    check "vlan $hook: its VLANs" xdp-bridge vlan add br0 v1 2-100
    check "vlan $hook: access port" xdp-bridge port add br0 v2 --hook $hook
    check "vlan $hook: its VLAN" xdp-bridge vlan add br0 v2 5 --pvid --untagged
    check "vlan $hook: ping" ping_h2 10.0.5.2
    check "vlan $hook: TCP" ip netns exec h1 iperf3 --connect-timeout 5000 -c 10.0.5.2 -n 5M
    check "vlan $hook: learned" says "   5" xdp-bridge fdb show br0
    check "vlan $hook: del" xdp-bridge del br0
    for i in 1 2; do ip netns exec h$i ethtool -K eth0 tx off tso off txvlan off; done # for XDP
done
