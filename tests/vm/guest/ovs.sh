# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Beside Open vSwitch with its kernel datapath: h3 is at a bridge of its, which a veth pair joins to ours, where h1 is.
# Needs the module openvswitch, and in OVS the folder that sandbox/fetch-ovs made.
export LD_LIBRARY_PATH="$OVS/usr/lib/x86_64-linux-gnu" OVS_RUNDIR=/run/ovs OVS_LOGDIR=/run/ovs
PATH=$PATH:$OVS/usr/bin:$OVS/usr/sbin
mkdir -p /run/ovs
check "ovs: database" ovsdb-tool create /run/ovs/conf.db "$OVS/usr/share/openvswitch/vswitch.ovsschema"
check "ovs: ovsdb-server" ovsdb-server --remote=punix:/run/ovs/db.sock --pidfile --detach --no-chdir /run/ovs/conf.db
check "ovs: ovs-vswitchd" ovs-vswitchd --pidfile --detach --no-chdir --log-file unix:/run/ovs/db.sock
vsctl() { ovs-vsctl --db=unix:/run/ovs/db.sock --timeout=30 "$@"; }

for i in 3 4; do add_host $i; done
ip link add ours type veth peer name theirs
ip link set ours up
ip link set theirs up
ethtool -K theirs gro on tx off
check "ovs: bridge" vsctl add-br ovs0 -- add-port ovs0 v3 -- add-port ovs0 v4 -- add-port ovs0 theirs
check "ovs: in the kernel" says "lookups: hit" ovs-appctl -t "/run/ovs/ovs-vswitchd.$(cat /run/ovs/ovs-vswitchd.pid).ctl" dpctl/show system@ovs-system
check "ovs: by itself" ip netns exec h3 ping -c 3 -i 0.2 -W 2 10.0.0.4

for hook in xdp tc both; do
    check "ovs $hook: add" xdp-bridge add br0
    check "ovs $hook: v1" xdp-bridge port add br0 v1 --hook $hook
    check "ovs $hook: to OVS" xdp-bridge port add br0 ours --hook $hook
    check "ovs $hook: ping" ping_h2 10.0.0.3
    check "ovs $hook: its own still talk" ip netns exec h3 ping -c 3 -i 0.2 -W 2 10.0.0.4
    check "ovs $hook: learned there" says "$(ip -n h3 link show eth0 | busybox awk '/ether/ { print $2 }')" xdp-bridge fdb show br0
    check "ovs $hook: del" xdp-bridge del br0
done
# A port of OVS is not ours to take.
check "ovs: br0" xdp-bridge add br0
taken() { out=$(xdp-bridge port add br0 v3 2>&1) && echo "it was taken" && return 1; echo "$out"; }
check "ovs: a port of its" taken
xdp-bridge port show br0
xdp-bridge del br0
check "ovs: goes" vsctl del-br ovs0
for program in ovs-vswitchd ovsdb-server; do kill "$(cat /run/ovs/$program.pid)"; done
