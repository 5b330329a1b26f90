#!/bin/sh
# Prints everything that this node can tell of its state: evidence.sh TOKEN
#
# Each part follows a line that starts with a record separator and the token, which nothing
# else can print. As few processes as possible: the kernel of a sandbox has one CPU for all nodes.
token=$1

part() {
    printf '\036%s %s\n' "$token" "$1"
}

show() { # show FILE COMMAND..
    part "$1"
    shift
    "$@" 2>&1
}

# One ip for many questions. It cannot print a separator, but it complains of a device that is
# not there, in order, and goes on: the parts that follow are named so.
questions='
link show dev @address
address show
link show dev @rule
rule show
link show dev @route
route show table all
link show dev @neighbor
neighbor show
'

files() { # files PATH..: those that are there; awk, because it tells where each begins
    for path; do
        shift
        case $path in
        *.key | *.pem) ;;
        *) [ ! -f "$path" ] || set -- "$@" "$path" ;;
        esac
    done
    awk -v token="$token" 'FNR == 1 { printf "\036%s %s\n", token, FILENAME } { print }' "$@" 2>&1
}

# -s for counters, -d for what an interface is
part ip
ip -s -d -force -batch - 2>&1 <<END
$questions
END
show processes.txt ps -eo pid,ppid,etime,time,rss,args
if [ -f /etc/offnet/swanctl.conf ]; then
    # the keys of SAs are nobody's business
    show ip/xfrm-state.txt ip -s xfrm state list nokeys
    show ip/xfrm-policy.txt ip -s xfrm policy list
fi
[ ! -e /proc/sys/net/mpls ] || show ip/labels.txt ip -f mpls route show
[ ! -f /etc/offnet/nftables.conf ] || show nftables.txt nft list ruleset

for context in /run/netns/*; do
    context=${context##*/}
    [ "$context" != '*' ] || continue
    show "contexts/$context/addresses.txt" ip -n "$context" -d address show
    show "contexts/$context/routes.txt" ip -n "$context" route show table all
done

files /proc/version /proc/net/xfrm_stat /etc/offnet/* /etc/offnet/frr/* /var/log/offnet/*.log /var/log/offnet/*.out
