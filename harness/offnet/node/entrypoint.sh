#!/bin/sh
# Brings one node up from the files in /etc/offnet and keeps its daemons running.
# PID 1 of the node under every runtime; stays until it is killed, and the node with it.
#
# /run/offnet/ready appears when everything has been started, /run/offnet/failed (daemon,
# status) when a daemon died before that; both are also written as one line to the FIFO
# /run/offnet/events where the runtime has put one.
#
# entrypoint.sh CONTEXT, which is called from here: the same for a routing context beside the first one,
# in its network namespace. Its FRR instance has its files and sockets in folders of that name.
set -u

context=${1:-}
conf=/etc/offnet${context:+/contexts/$context}
frr_run=/run/frr${context:+/$context}
frr_log=${context:+$context.} # before the names of its daemons
run=/run/offnet
log=/var/log/offnet
max_restarts=5
route_deadline=30 # seconds

say() { printf '%s %s\n' "${NODE:-node}" "$*" >>"$log/entrypoint.log"; }

tell() { # tell STATE LINE: the state for those who look, one line for the one who waits
    printf '%s\n' "$2" >"$run/$1"
    [ ! -p "$run/events" ] || printf '%s %s %s\n' "$NODE" "$1" "$2" >"$run/events"
}

fail() { # fail DAEMON STATUS
    say "$1 died at start, status $2"
    tell failed "$1 $2"
}

# ---- interfaces ------------------------------------------------------------------------

missing_interface() {
    for name in $INTERFACES; do
        [ -e "/sys/class/net/$name" ] || return 0
    done
    return 1
}

# subscribe FIFO TOPIC: what `ip monitor` tells comes from descriptor 4 from now on. The kernel lists
# the subscription by port id: only when it is there, what one looks up is not older than it.
subscribe() {
    [ -p "$run/$1" ] || mkfifo "$run/$1"
    ip monitor "$2" >"$run/$1" &
    monitor=$!
    exec 4<"$run/$1"
    until grep -q "^[0-9a-f]* 0 *$monitor " /proc/net/netlink; do
        kill -0 "$monitor" || return 1
    done
}

unsubscribe() {
    exec 4<&-
    kill "$monitor"
}

# The runtime moves links in while we are starting: looked at again on every link event.
await_interfaces() {
    missing_interface || return 0
    say "waiting for interfaces: $INTERFACES"
    subscribe link link || return
    while missing_interface; do
        read -r _ <&4 || return
    done
    unsubscribe
}

# Docker shows /proc/sys read-only to a container that is not privileged, and its own option for
# sysctls fails where a module is missing, or an interface not there yet.
unlock_sysctl() {
    [ -w /proc/sys/net ] || mount -o remount,rw /proc/sys || say "/proc/sys stays read-only"
}

apply_sysctl() { # apply_sysctl FILE: plain writes: one sysctl process less per node
    while IFS='=' read -r key value; do
        [ -z "$key" ] || printf '%s\n' "$value" >"/proc/sys/$key" || say "sysctl $key not set"
    done <"$1"
}

apply_batch() { # apply_batch FILE
    [ ! -f "$1" ] || ip -batch "$1" >>"$log/entrypoint.log" 2>&1 || fail "ip-batch($1)" $?
}

# ---- daemons ---------------------------------------------------------------------------

# A daemon that ends is started again, a few times; one that ends before the node is ready
# makes the node fail, because its configuration is then the likely reason.
supervise() { # supervise NAME COMMAND..
    name=$1
    shift
    restarts=0
    while [ "$restarts" -le "$max_restarts" ]; do
        "$@" </dev/null >>"$log/$name.out" 2>&1
        status=$?
        [ -e "$run/ready" ] || { fail "$name" "$status"; return; }
        restarts=$((restarts + 1))
        say "$name ended with status $status, restart $restarts"
    done
    say "$name given up"
    tell failed "$name $status"
}

# Returns once something accepts on the socket. socat retries by itself, in one process.
await_socket() { # await_socket PATH
    socat -u OPEN:/dev/null "UNIX-CONNECT:$1,retry=2000,interval=0.01" 2>>"$log/entrypoint.log"
}

wants() { # wants DAEMON
    case " $DAEMONS " in *" $1 "*) return 0 ;; esac
    return 1
}

frr() { # frr DAEMON: in the foreground, with its own file (mgmtd knows no -f, and reads it from its folder)
    daemon=$1
    if [ "$daemon" != mgmtd ]; then
        set -- -f "$conf/frr/$daemon.conf"
    else
        set --
        [ ! -f "$conf/frr/mgmtd.conf" ] || cp "$conf/frr/mgmtd.conf" /etc/frr/
    fi
    [ -z "$context" ] || set -- -N "$context" "$@"
    supervise "$frr_log$daemon" "/usr/lib/frr/$daemon" "$@" --log "file:$log/$frr_log$daemon.log"
}

# drop_route DESTINATION: one route less to wait for
drop_route() {
    left=
    for prefix in $pending; do
        [ "${prefix%/32}" = "$1" ] || left="$left $prefix"
    done
    pending=$left
}

# A first LDP session that fails is retried only after 15 s: so ldpd starts when OSPF has brought
# the way to each neighbour, or without them after the deadline.
start_ldpd() {
    pending=$AWAIT_ROUTES
    subscribe route route || fail "ip-monitor" $?
    for prefix in $pending; do
        [ -z "$(ip -4 route show "$prefix")" ] || drop_route "${prefix%/32}"
    done
    (sleep "$route_deadline" && echo deadline >"$run/route") &
    timer=$!
    while [ -n "$pending" ] && read -r destination _ <&4 && [ "$destination" != deadline ]; do
        drop_route "$destination"
    done
    kill "$timer"
    unsubscribe
    frr ldpd
}

# eigrpd starts no process for a VRF of which zebra has not told it yet, and never does later: it is
# told again until it has one.
configure_eigrpd() {
    await_socket /run/frr/eigrpd.vty
    sed -n 's/^router eigrp 1 vrf //p' "$conf/frr/eigrpd.conf" | while read -r vrf; do
        tries=0
        while vtysh -d eigrpd -c "show ip eigrp vrf $vrf interfaces" | grep -q 'not enabled'; do
            [ $((tries += 1)) -le 50 ] || { fail eigrpd 1; return; }
            vtysh -d eigrpd -c 'configure terminal' -c "no router eigrp 1 vrf $vrf"
            vtysh -d eigrpd -f "$conf/frr/eigrpd.conf"
            sleep 0.1
        done
    done >>"$log/entrypoint.log" 2>&1
}

# A first registration that is lost is tried again only after 2, 4, 8 s: so a spoke's nhrpd starts when
# there is an SA that takes it to the hub, or without one after the deadline.
start_nhrpd() {
    tries=$((route_deadline * 10))
    until [ -n "$context" ] || ip xfrm state list | grep -q . || [ $((tries -= 1)) -eq 0 ]; do
        sleep 0.1
    done
    frr nhrpd
}

start_frr() {
    [ -n "$DAEMONS" ] || return 0
    install -d -o frr -g frr -m 755 "$frr_run" "$log"
    frr mgmtd &
    await_socket "$frr_run/mgmtd.vty" # without mgmtd zebra tries to reach it without pause
    frr zebra &
    # Not zserv.api: a client that comes and goes while zebra starts may leave it without any route.
    await_socket "$frr_run/zebra.vty"
    for daemon in ospfd bgpd eigrpd; do
        ! wants "$daemon" || frr "$daemon" &
    done
    ! wants eigrpd || configure_eigrpd &
    ! wants ldpd || start_ldpd &
    ! wants nhrpd || start_nhrpd &
}

# The namespaces come first: a tunnel begins in the first context, and is then moved to its own.
make_contexts() {
    for name in ${CONTEXTS:-}; do
        ip netns add "$name" || fail "context($name)" $?
    done
}

start_contexts() {
    for name in ${CONTEXTS:-}; do
        nsenter --net="/run/netns/$name" unshare --mount "$0" "$name" &
    done
}

context() { # what entrypoint.sh CONTEXT does
    . "$conf/context.env"
    # mgmtd reads from this folder, whatever the instance is called; vtysh wants a file of its own in the other.
    mkdir -p "/etc/frr/$context"
    : >"/etc/frr/$context/vtysh.conf"
    mount --bind "/etc/frr/$context" /etc/frr
    apply_sysctl "$conf/sysctl.conf"
    apply_batch "$conf/ip.batch"
    [ ! -f "$conf/nftables.conf" ] || nft -f "$conf/nftables.conf" >>"$log/entrypoint.log" 2>&1 || fail nft $?
    start_frr
    wait
}

# A charon that was killed leaves its SAs and policies in the kernel, and its files.
charon() {
    if [ -e /run/charon.vici ]; then
        ip xfrm state flush
        ip xfrm policy flush
        rm -f /run/charon.vici /run/charon.pid
    fi
    await_tables
    load_connections &
    /usr/sbin/charon-systemd
}

# A router that tells us that the peer is unreachable ends ping before its time.
await_peer() { # await_peer ADDRESS
    tries=20
    until ping -q -c 1 -i 0.05 -w 60 "$1" >/dev/null || [ "$tries" -eq 0 ]; do
        tries=$((tries - 1))
    done
}

obtain_credentials() { # once: a charon that is started again finds them
    [ -n "${KEY:-}" ] && [ "$IKE" = yes ] || return 0
    export SWANCTL_DIR="$run/swanctl"
    [ ! -e "$SWANCTL_DIR/complete" ] || return 0
    /usr/lib/offnet/credentials.sh "$NODE" "$KEY" >>"$log/entrypoint.log" 2>&1
}

# unfilled TABLE:LABELS..: those tables that have no route of BGP with so many labels
unfilled() {
    for table; do
        stack='[0-9]\+'
        [ "${table#*:}" = 1 ] || stack='[0-9]\+/[0-9]\+'
        ip -4 route show table "${table%:*}" proto bgp | grep -q "encap mpls *$stack " || echo "$table"
    done
}

# An aggregator that is one of two has no charon before BGP has filled its VRFs with routes that have all
# their labels: it would draw sites away from the other one into nothing, or refuse them for good.
await_tables() {
    [ -n "${AWAIT_TABLES:-}" ] || return 0
    subscribe tables route || return 0
    # shellcheck disable=SC2086 # words
    pending=$(unfilled $AWAIT_TABLES)
    while [ -n "$pending" ] && read -r line <&4; do
        # shellcheck disable=SC2086
        case $line in *" table "*" proto bgp "*) pending=$(unfilled $pending) ;; esac
    done
    unsubscribe
}

# The front door opens when the keys are in place; a spoke loads its connections when the
# front door answers, and one that others wait for answers no ping until it has its own. So no first IKE message is ever lost, whatever starts first.
load_connections() {
    obtain_credentials || { fail credentials $?; return; }
    await_socket /run/charon.vici || return
    [ -e "$run/loaded" ] || for peer in $AWAIT_PEERS; do
        await_peer "$peer"
    done
    swanctl --load-all --noprompt --uri unix:///run/charon.vici >>"$log/entrypoint.log" 2>&1 ||
        { fail swanctl $?; return; }
    await_aaa
    for name in ${CONTEXTS:-}; do # whoever gets in may register there at once
        await_socket "/run/frr/$name/nhrpd.vty"
    done
    apply_batch "$conf/front-door.batch"
    [ ! -f "$conf/loaded.conf" ] || apply_sysctl "$conf/loaded.conf"
    : >"$run/loaded"
}

# Groups that AAA knows are loaded by the agent, on top of what swanctl has loaded. It answers when it
# has them, or when it has waited long enough: peers that need no AAA must not wait for ever.
await_aaa() {
    [ "${AAA:-no}" = yes ] || return 0
    echo >"$run/download"
    read -r _ <"$run/downloaded"
}

# Both ends of both FIFOs stay open here, so that nobody waits for the other one to come.
open_aaa() {
    [ "${AAA:-no}" = yes ] || return 0
    mkfifo "$run/download" "$run/downloaded"
    exec 5<>"$run/download" 6<>"$run/downloaded"
}

start_radius() {
    [ "${RADIUS:-no}" = yes ] || return 0
    : >"$log/accounting.log"
    chown freerad "$log/accounting.log"
    supervise freeradius freeradius -f -d "$conf/freeradius" &
}

# A configuration that the server does not take makes the node fail, and not those who ask it.
await_radius() {
    [ "${RADIUS:-no}" = yes ] || return 0
    until grep -q 'Ready to process requests' "$log/freeradius.out" 2>/dev/null || [ -e "$run/failed" ]; do
        sleep 0.05
    done
}

# Routing is waited for longest, so it goes first where both want the processor: the rest steps back.
step_back() {
    read -r own _ </proc/self/stat # the number of this process, of a subshell too
    renice -n 10 -p "$own" >/dev/null
}

start_ike() {
    [ "$IKE" = yes ] || return 0
    step_back
    export STRONGSWAN_CONF="$conf/strongswan.conf" SWANCTL_DIR="$conf"
    supervise charon charon &
    [ "$AGENT" != yes ] || PYTHONPATH=/usr/lib/offnet supervise agent python3 -m agent "$conf/agent.json" &
}

# ---- main ------------------------------------------------------------------------------

. /etc/offnet/node.env
mkdir -p "$run" "$log"
trap 'exit 0' TERM INT
[ -z "$context" ] || { context; exit; }

[ -n "$DAEMONS" ] || step_back
await_interfaces || fail interfaces 1
unlock_sysctl
apply_sysctl "$conf/sysctl.conf"
make_contexts
apply_batch "$conf/ip.batch"
start_contexts
[ ! -f "$conf/sysctl-tunnels.conf" ] || apply_sysctl "$conf/sysctl-tunnels.conf" # of what the batch has made
open_aaa
start_radius
[ ! -f "$conf/nftables.conf" ] || nft -f "$conf/nftables.conf" >>"$log/entrypoint.log" 2>&1 || fail nft $?
# FRR first: what converges is waited for longest.
start_frr &
frr_started=$!
start_ike &
[ ! -f "$conf/authorities" ] || supervise ca /usr/lib/offnet/ca.sh serve &
wait "$frr_started"
await_radius
[ -e "$run/failed" ] || tell ready started
wait
mkfifo "$run/hold"
read -r _ <>"$run/hold" # a node without daemons has nothing to wait for, and stays all the same
