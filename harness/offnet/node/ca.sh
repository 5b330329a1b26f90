#!/bin/sh
# The certification authorities of this node, as /etc/offnet/authorities lists them.
#
#   ca.sh serve                                     make them, publish them, certify keys as they come
#   ca.sh sign AUTHORITY NAMES SUBJECT [OPTION..]   the public key on standard input to a certificate
#   ca.sh rogue AUTHORITY                           make an impostor, rogue-AUTHORITY: same subject, other key
#   ca.sh revoke AUTHORITY FILE..                   revoke certificates and publish the CRL
#
# Each node that is certified here shares one volume with this node and nobody else. A node puts its
# public key there, and gets x509/, x509ca/ and x509crl/ as swanctl wants them; one that only trusts an
# authority has no key, and an empty x509/. Private keys do not travel: a node makes its own, those of
# the authorities stay in this node. NAMES are the subjectAltNames, with commas between them, or - for
# none; OPTIONs are those of `pki --issue`.
# As few processes as possible: every other node waits for this one.
set -eu
umask 022

list=/etc/offnet/authorities
volumes=/srv/offnet
state=/var/lib/offnet/ca
. /etc/offnet/node.env
export STRONGSWAN_CONF=/usr/lib/offnet/pki.conf

make_authority() { # make_authority NAME SUBJECT
    (umask 077 && pki --gen --type "${KEY%:*}" --size "${KEY#*:}" --outform pem >"$state/$1.key")
    pki --self --ca --in "$state/$1.key" --dn "$2" --lifetime 3650 --outform pem >"$state/x509ca/$1.pem"
    sign_crl "$1" >"$state/x509crl/$1.crl"
}

sign_crl() { # sign_crl AUTHORITY [OPTION..]
    authority=$1
    shift
    pki --signcrl --cacert "$state/x509ca/$authority.pem" --cakey "$state/$authority.key" \
        --lifetime 30 --outform pem "$@"
}

sign() { # sign AUTHORITY NAMES SUBJECT [OPTION..]
    authority=$1 names=$2 subject=$3
    shift 3
    [ "$names" = - ] || for name in $(printf %s "$names" | tr , ' '); do
        set -- --san "$name" "$@"
    done
    pki --issue --type pub --dn "$subject" --outform pem \
        --cacert "$state/x509ca/$authority.pem" --cakey "$state/$authority.key" "$@"
}

publish() { # publish AUTHORITY: its certificate and CRL, to all that it certifies and that trust it
    while read -r kind authority node _; do
        case "$kind $authority" in
        "certificate $1" | "trust $1")
            (cd "$state" && cp --parents "x509ca/$1.pem" "x509crl/$1.crl" "$volumes/$node")
            ;;
        esac
    done <"$list"
}

certify() { # certify NODE REQUEST: by every authority that the list names for it
    mkdir -p "$volumes/$1/x509"
    while read -r kind authority node names subject; do
        [ "$kind $node" != "certificate $1" ] || sign "$authority" "$names" "$subject" --lifetime 365 \
            <"$volumes/$1/key.pem" >"$volumes/$1/x509/$authority.pem"
    done <"$list"
    printf '%s\n' "$2" >>"$volumes/$1/issued" # a line more: tail misses another one of the same length
}

# One tail follows the requests of all nodes, those to come and those that are made anew. Where one
# of the files were missing it would look once a second, instead of being told.
serve() {
    mkdir -p "$state/x509ca" "$state/x509crl"
    while read -r kind name subject; do
        [ "$kind" != authority ] || { make_authority "$name" "$subject" && publish "$name"; }
    done <"$list"
    set --
    for node in $(sed -nE 's/^(certificate|trust) [^ ]+ ([^ ]+).*/\2/p' "$list" | sort -u); do
        : >>"$volumes/$node/request"
        set -- "$@" "$volumes/$node/request"
    done
    tail -q -n 1 -F "$@" | while read -r node request; do
        certify "$node" "$request"
    done
}

revoke() { # revoke AUTHORITY FILE..
    authority=$1
    shift
    for file; do
        shift
        set -- "$@" --cert "$file"
    done
    crl=$state/x509crl/$authority.crl
    sign_crl "$authority" --lastcrl "$crl" --reason key-compromise "$@" >"$crl.new"
    mv "$crl.new" "$crl"
    publish "$authority"
}

case ${1:-} in
serve) serve ;;
sign) shift && sign "$@" ;;
rogue) make_authority "rogue-$2" "$(sed -n "s/^authority $2 //p" "$list")" ;;
revoke) shift && revoke "$@" ;;
*) sed -n 's/^#  //p' "$0" >&2 && exit 2 ;;
esac
