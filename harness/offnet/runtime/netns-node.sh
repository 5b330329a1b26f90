#!/bin/sh
# Starts one node: netns-node.sh LAB_DIRECTORY NODE
#
# Called in the node's network, mount, UTS and IPC namespaces; the first process started from
# here is PID 1 of the node's PID namespace. That one makes the mounts, takes the overlay as its
# root, and becomes the entrypoint. This one waits for it, so that the end of a node is noticed.
set -u

here=$1
node=$2
root=$here/live/$node/root

# The old root is gone for this process too once the node has its own: open files stay.
exec 3<>"$here/live/events" 4>"$here/live/$node/state"
cd /

become_node() {
    mount -a -T "$here/fstab/$node" || exit
    printf '%s\n' "$node" >/proc/sys/kernel/hostname
    cd "$root" && pivot_root . mnt && umount -l mnt && cd / || exit
    exec /usr/lib/offnet/entrypoint.sh </dev/null 3>&- 4>&-
}

become_node &
printf '%s\n' "$!" >&4
printf '%s started\n' "$node" >&3
wait "$!"
status=$?
printf 'entrypoint %s\n' "$status" >&4
printf '%s ended %s\n' "$node" "$status" >&3
