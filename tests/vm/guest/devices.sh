# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A tap with latency classes, and a device that vanishes.
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
