#!/bin/sh
# Gives a new trixie root the backports suite and installs the newest kernel source from it.
# usage: backports.sh ROOT
set -eu
root=$1
lists=$root/etc/apt/sources.list.d

# The mirror is whatever the bootstrap chose: only the suite's name differs.
cat "$root/etc/apt/sources.list" "$lists"/*.list 2>/dev/null |
	sed -n 's/^\(deb .*\) trixie \(.*\)$/\1 trixie-backports \2/p' >"$lists/backports.list"
cat "$lists"/*.sources 2>/dev/null |
	sed 's/^\(Suites:\).*/\1 trixie-backports/' >"$lists/backports.sources"
find "$lists" -name 'backports.*' -empty -delete

chroot "$root" apt-get -q update
chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
	-t trixie-backports install linux-source
