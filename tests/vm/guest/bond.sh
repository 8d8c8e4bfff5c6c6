# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A bonding device as a port: two cables to host h3, which bonds its ends too. Needs the module bonding.
ip netns add h3
ip link del bond0 2>/dev/null # the module makes one by itself
check "bond: add bond0" ip link add bond0 type bond mode active-backup miimon 100
ip -n h3 link add bond0 type bond mode active-backup miimon 100
for i in 0 1; do
    ip link add s$i type veth peer name s$i netns h3
    ip netns exec h3 ethtool -K s$i tx off gro on
    ip link set s$i master bond0
    ip -n h3 link set s$i master bond0
    ip link set s$i up
    ip -n h3 link set s$i up
done
ip link set bond0 up
ip -n h3 address add 10.0.0.3/24 dev bond0
ip -n h3 link set bond0 up
cut_cable() { # 0 or 1: the other one is to be used
    ip link set s$1 down
    ip link set s$((1 - $1)) up
    sleep 1
    says "Currently Active Slave: s$((1 - $1))" cat /proc/net/bonding/bond0
}

# The kernel sends no redirected frame into a bonding device from XDP: our ports hand those to tc.
for hook in auto both tc; do
    check "bond $hook: add" xdp-bridge add br0
    check "bond $hook: v1" xdp-bridge port add br0 v1 --hook $hook
    check "bond $hook: bond0" xdp-bridge port add br0 bond0 --hook $hook
    for i in 0 1; do
        check "bond $hook: without s$i" cut_cable $i
        check "bond $hook: ping without s$i" ping_h2 10.0.0.3
    done
    check "bond $hook: learned" says bond0 xdp-bridge fdb show br0
    xdp-bridge port show br0
    check "bond $hook: del" xdp-bridge del br0
done
ip link del bond0
