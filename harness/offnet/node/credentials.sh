#!/bin/sh
# Makes the private key of this node and waits until its authority has certified it: credentials.sh NODE KEY
#
# KEY is TYPE:SIZE of `pki --gen`, or none for a node that only checks what others show. Leaves a folder that swanctl takes for its own, in /run/offnet/swanctl.
# The private key is made here and stays here, mode 0600; the volume shared with the authority has the
# public one only. An answer counts if it is to this very request: a volume may hold an earlier lab's.
set -eu
umask 022

node=$1
key=$2
volume=/var/lib/offnet/pki
own=/run/offnet/swanctl
export STRONGSWAN_CONF=/usr/lib/offnet/pki.conf

mkdir -p "$own"
mkdir -m 700 -p "$own/private"
ln -sfn "$volume/x509" "$volume/x509ca" "$volume/x509crl" /etc/offnet/swanctl.conf "$own"
if [ "$key" != none ]; then
    (umask 077 && pki --gen --type "${key%:*}" --size "${key#*:}" --outform pem >"$own/private/node.pem")
    pki --pub --in "$own/private/node.pem" --outform pem >"$volume/key.pem"
fi
: >>"$volume/issued" # tail is told of changes if it finds the file, else it looks once a second
read -r request </proc/sys/kernel/random/uuid
# A line more, never another line in its place: tail cannot tell a file of the same length from an unchanged one.
printf '%s %s\n' "$node" "$request" >>"$volume/request"
tail -q -n 1 -F "$volume/issued" 2>/dev/null | while read -r answered; do
    [ "$answered" != "$request" ] || break
done
: >"$own/complete"
