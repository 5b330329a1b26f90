#!/bin/sh
# Takes a lab away from this host, whatever state it is in: down.sh [--when-lost]
#
# Ends a containerlab that is still deploying it, has containerlab destroy what there is, and
# removes what an ended containerlab left: links on their way into a node. Nothing else on the host
# is touched.
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
# one at a time: a `down` may come while the program's end is still being cleared up after
exec 8<plan.env
flock 8
[ -e "$here/plan.env" ] || exit 0
export TERM=dumb CLAB_VERSION_CHECK=disable

end_deploy() {
    [ -s containerlab.pid ] && read -r pid <containerlab.pid || return
    tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF "topology/$LAB.clab.yml" || return
    kill -TERM "$pid"
    timeout -s KILL 20 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"
} 2>/dev/null

# Containerlab names a link so until it is in its node. They are strays if no containerlab works.
remove_stray_links() {
    [ -e links.before ] && ! pgrep -x containerlab >/dev/null || return 0
    for link in /sys/class/net/clab-????????; do
        name=${link##*/}
        [ ! -e "$link" ] || grep -qxF "$name" links.before || ip link delete "$name" 2>/dev/null
    done
}

# Somebody else may have deployed a lab of that name in the meantime.
foreign() {
    containerlab inspect --name "$LAB" --format json </dev/null 2>/dev/null |
        grep -o '"absLabPath": *"[^"]*"' | grep -qvF "\"$here/"
}

end_deploy
foreign || containerlab destroy --topo "topology/$LAB.clab.yml" --cleanup </dev/null >down.log 2>&1 || {
    status=$?
    cat down.log >&2
    exit "$status"
}
[ -z "$VOLUMES" ] || foreign || docker volume rm --force $VOLUMES >/dev/null
remove_stray_links
cd / && rm -rf "$here"
