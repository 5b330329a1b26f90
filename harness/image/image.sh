#!/bin/sh
# Writes the file system image of a finished root, with the owners that the root has.
# usage: image.sh ROOT, with the image open as file descriptor OFFNET_IMAGE_FD
# Run by mmdebstrap outside the chroot but inside its user namespace: only there are the owners right,
# and only through an open file does that user reach the cache of the one who builds.
set -eu
root=$1

# A bind mount without its submounts shows the plain tree: no /proc, /sys, /dev of the build.
# Who may not mount (root in a plain container) has none of them mounted in the first place.
plain=$root/mnt
if mount --bind "$root" "$plain" 2>/dev/null; then
	mount -t tmpfs -o mode=1777 none "$plain/tmp" # the build still keeps files in its own /tmp
	trap 'umount "$plain/tmp" "$plain"' EXIT
else
	plain=$root
fi

blocks=$(du -skx "$plain" | cut -f 1)
inodes=$(find "$plain" -xdev | wc -l)
rm -f "$plain"/etc/resolv.conf "$plain"/etc/hostname

# Read-only at all times: no journal, nothing reserved, no checksums to verify in the sandbox.
PATH=$PATH:/usr/sbin:/sbin
mkfs.ext4 -q -F -L offnet-node -b 4096 -m 0 -N $((inodes + 256)) \
	-O ^has_journal,^metadata_csum,^resize_inode -E lazy_itable_init=0,root_owner=0:0 \
	-d "$plain" "/proc/self/fd/$OFFNET_IMAGE_FD" "$((blocks + blocks / 10 + 8192))k"
