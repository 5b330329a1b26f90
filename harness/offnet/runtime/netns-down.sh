#!/bin/sh
# Takes a lab away from this host, whatever state it is in: down.sh [--when-lost]
#
# Ends the first process of each node, which ends the node; waits until all are gone; then
# removes what netns-up.sh made outside of the nodes. A process is killed only if it is the one
# that was recorded: it lives in that node's namespace. Nothing else on the host is touched.
#
# With --when-lost it first waits for the program that started the lab: the line `keep` on
# standard input means that the lab stays, the end of input that the program is gone.
set -u

if [ "${1:-}" = --when-lost ]; then
    read -r word
    [ "$word" != keep ] || exit 0
fi
cd "${0%/*}" || exit
here=$PWD
. ./plan.env

end_bring_up() {
    [ -s live/up.pid ] && read -r pid <live/up.pid && read -r command <"/proc/$pid/cmdline" || :
    case ${command:-} in *netns-up.sh*) kill -KILL "$pid" ;; esac
} 2>/dev/null

end_nodes() {
    for node in $NODES; do
        [ -s "live/$node/state" ] && read -r pid <"live/$node/state" || continue
        [ ! "/proc/$pid/ns/net" -ef "/run/netns/$LAB-$node" ] || kill -KILL "$pid"
    done
} 2>/dev/null

if [ -p live/events ]; then
    end_bring_up
    # Every process that starts or awaits a node holds the FIFO open, and says a line when there
    # is something new to kill: so the end of the FIFO is the end of the last of them.
    exec 3<>live/events 4<live/events 3>&-
    end_nodes
    while read -r _ <&4; do end_nodes; done
    exec 4<&-
fi
ip -force -batch down.batch 2>/dev/null
umount live 2>/dev/null
umount rootfs 2>/dev/null
cd / && rm -rf "$here"
