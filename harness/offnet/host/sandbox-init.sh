#!/bin/sh
# First process of the sandbox. It comes with the payload (a tar on the second disk, unpacked
# in /run by the kernel's command line), so that nothing of it is part of the image.
#
# The root becomes an overlay: the image below, memory above. The image as it is stays visible
# at /run/offnet/rootfs; nodes use it as their own lower layer. Then sshd serves one connection
# on a raw console, and its end is the end of the sandbox.
boot=/run/offnet/rootfs/run/boot

mount -t proc proc /proc
mount -a -T /run/boot/fstab
cd /run/root && pivot_root . run/offnet/rootfs && cd /
ip link set lo up &
# each new namespace without the eight idle tunnel devices, and no search for modules: all is built in
echo 1 >/proc/sys/net/core/fb_tunnels_only_for_init_net
echo >/proc/sys/kernel/modprobe

# a lab server: its root and its disk have Docker
[ ! -e "$boot/docker.sh" ] || "$boot/docker.sh" &

stty raw -echo </dev/tty1
echo raw >/dev/tty2
/usr/sbin/sshd -i -e -f "$boot/sshd_config" <>/dev/tty1 >&0 2>/dev/console
echo o >/proc/sysrq-trigger
# the first process must not end while the power goes off
read -r _ </dev/tty3
