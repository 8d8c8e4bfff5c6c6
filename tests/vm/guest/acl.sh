# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Rules that drop and mirror.
for hook in tc xdp; do
    check "acl $hook: add" xdp-bridge add br0
    for i in 1 2; do check "acl $hook: port" xdp-bridge port add br0 v$i --hook $hook; done
    check "acl $hook: rule" xdp-bridge acl add br0 --prio 10 --src 10.0.0.0/24 --proto icmp drop
    check "acl $hook: none passes" silent "time=" ip netns exec h1 ping -c 1 -W 1 10.0.0.2
    check "acl $hook: mirror" xdp-bridge acl add br0 --prio 20 --port v2 mirror v1
    check "acl $hook: its port stays" says "rule 20" xdp-bridge port del br0 v2
    check "acl $hook: del" xdp-bridge acl del br0 10
    check "acl $hook: ping, and its mirror" ping_h2
    check "acl $hook: mirrored" sh -c "xdp-bridge -j stats br0 v2 | grep -q '\"mirrored\":[1-9]'"
    check "acl $hook: flush" xdp-bridge acl flush br0
    check "acl $hook: del br0" xdp-bridge del br0
done
