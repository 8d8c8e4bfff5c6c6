# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A VM in the VM, at a tap that the kernel itself serves (vhost-net). Needs the module vhost_net, QEMU, and in KERNEL a
# folder that sandbox/fetch-vm-kernel made.
check "vhost: /dev/vhost-net" test -c /dev/vhost-net
root=/tmp/nested
mkdir -p $root/bin $root/proc
cp /bin/busybox $root/bin
# Those of virtio are built into some kernels.
modules="virtio virtio_ring virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci failover net_failover virtio_net"
for module in $modules; do
    find "$KERNEL/lib/modules" -name "$module.ko*" -exec cp {} $root \;
done
for module in $(cd $root && ls ./*.ko.xz); do xz -d "$root/$module"; done
cat >$root/init <<INIT
#!/bin/busybox sh
for module in $modules; do [ ! -e /\$module.ko ] || busybox insmod /\$module.ko; done
busybox ip address add 10.0.0.9/24 dev eth0
busybox ip link set eth0 up
while true; do busybox sleep 60; done
INIT
chmod +x $root/init
(cd $root && find . | busybox cpio -o -H newc) >/tmp/nested.cpio

ip tuntap add t9 mode tap
ip link set t9 up
qemu-system-x86_64 -accel tcg -cpu max -m 256 -nodefaults -display none -serial file:/tmp/nested.log \
    -kernel "$KERNEL"/boot/vmlinuz-* -initrd /tmp/nested.cpio -append "console=ttyS0 panic=-1" \
    -netdev tap,id=n9,ifname=t9,script=no,downscript=no,vhost=on -device virtio-net-pci,netdev=n9,romfile= &
nested=$!
for hook in auto xdp tc; do
    check "vhost $hook: add" xdp-bridge add br0
    check "vhost $hook: v1" xdp-bridge port add br0 v1 --hook $hook
    check "vhost $hook: t9" xdp-bridge port add br0 t9 --hook $hook
    up() { # it is emulated in an emulated VM
        for try in $(busybox seq 200); do
            kill -0 $nested || return
            ip netns exec h1 ping -c 1 -W 2 10.0.0.9 && return
        done
        cat /tmp/nested.log && return 1
    }
    check "vhost $hook: it is up" up
    check "vhost $hook: ping" ping_h2 10.0.0.9
    check "vhost $hook: by the kernel's thread" says vhost- cat /proc/[0-9]*/task/*/comm
    check "vhost $hook: del" xdp-bridge del br0
done
kill $nested
