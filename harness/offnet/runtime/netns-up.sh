#!/bin/sh
# Brings a lab up on this host, as root: netns-up.sh [IMAGE]
#
# Runs in the lab's directory, which holds the plan. Every step is one process for all nodes
# where that can be, because starting a process is what costs. Says on standard output, a line
# each: `phase NAME UPTIME`, `ready NODE`, `failed NODE WORDS`; ends when every node has been
# heard of. What is made here, down.sh takes away, from any state in between.
set -eu

cd "${0%/*}"
here=$PWD
. ./plan.env

phase() {
    read -r uptime _ </proc/uptime
    printf 'phase %s %s\n' "$1" "$uptime"
}

prepare() {
    mkdir -p rootfs live /run/netns
    mount -t tmpfs -o mode=755 "offnet-$LAB" live
    echo $$ >live/up.pid
    [ -z "${1:-}" ] || mount -o ro "$1" rootfs
    set -- live/dev/pts live/dev/net live/dev/shm
    for node in $NODES; do
        set -- "$@" "live/$node/root" "live/$node/work" "live/$node/upper/run/offnet" \
            "live/$node/upper/usr/lib/offnet" "live/$node/upper/etc/offnet"
    done
    for volume in $VOLUMES; do
        set -- "$@" "live/volumes/$volume"
    done
    mkdir -p "$@"
    mkfifo live/events
    cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty live/dev
    [ ! -c /dev/net/tun ] || cp -a /dev/net/tun live/dev/net
    ln -s /proc/self/fd pts/ptmx live/dev
    ln -s fd/0 live/dev/stdin
    ln -s fd/1 live/dev/stdout
    ln -s fd/2 live/dev/stderr
}

start() { # start NODE
    : >"live/$1/upper/run/offnet/events"
    : >"live/$1/state"
    nsenter --net="/run/netns/$LAB-$1" unshare --mount --uts --ipc --pid \
        /bin/sh "$here/netns-node.sh" "$here" "$1" </dev/null >"live/$1/start.log" 2>&1 &
}

# The FIFO only wakes us: the truth is in the files that nodes leave. Prints what is new.
look() {
    waiting=
    for node in $pending; do
        run=live/$node/upper/run/offnet
        if [ -e "$run/failed" ]; then
            read -r words <"$run/failed"
            printf 'failed %s %s\n' "$node" "$words"
        elif [ -e "$run/ready" ]; then
            read -r pid <"live/$node/state"
            printf 'ready %s %s\n' "$node" "$pid"
        elif { read -r _ && read -r words; } <"live/$node/state"; then
            printf 'failed %s %s\n' "$node" "$words"
        else
            waiting="$waiting $node"
        fi
    done
    pending=$waiting
}

phase begin
prepare "$@"
exec 3<>live/events
phase mounts
ip -batch links.batch
phase links
for node in $NODES; do start "$node"; done
phase nodes
pending=$NODES
while look && [ -n "$pending" ]; do
    read -r _ <&3
done
phase ready
: >live/up.pid
