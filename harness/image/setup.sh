#!/bin/sh
# Turns a Debian root with the packages of packages.txt into the node image.
# Run inside that root, by mmdebstrap and by the Dockerfile alike.
# usage: setup.sh STAGE     STAGE holds requirements.txt, wheels/ and node/
set -eu
umask 022
export LC_ALL=C
stage=$1
lib=/usr/lib/offnet

# Nothing starts by itself: the entrypoint of a node (or the sandbox's init) starts what is wanted.
rm -rf /etc/systemd/system/*.wants /etc/rc?.d/S*
: >/etc/machine-id
# Keys made at installation would be the same in every copy of the image.
rm -f /etc/ssh/ssh_host_*

# Wheels are archives of pure Python: no pip in the image. Only what requirements.txt pins goes in.
# Not /usr/local: Python started as /bin/python3 does not look there.
site=/usr/lib/python3/dist-packages
pinned=$(grep -c -- '--hash=sha256:' "$stage/requirements.txt")
installed=0
for wheel in "$stage"/wheels/*.whl; do
	digest=$(sha256sum "$wheel" | cut -d ' ' -f 1)
	if ! grep -q -- "--hash=sha256:$digest" "$stage/requirements.txt"; then
		echo "offnet: ${wheel##*/} is not what requirements.txt pins (sha256 $digest)" >&2
		exit 1
	fi
	python3 -m zipfile -e "$wheel" "$site"
	installed=$((installed + 1))
done
if [ "$installed" -ne "$pinned" ]; then
	echo "offnet: requirements.txt pins $pinned wheels, $installed are here" >&2
	exit 1
fi

# The node's own files. A runtime may lay a newer working copy over them; the digest tells.
mkdir -p "$lib" /etc/offnet /var/log/offnet
cp -R "$stage/node/." "$lib/"
find "$lib" -name __pycache__ -prune -exec rm -rf {} +
node_digest=$(cd "$lib" && find . -type f | sort | xargs sha256sum | sha256sum | cut -d ' ' -f 1)
chown -R root:root "$lib"
chmod -R u=rwX,go=rX "$lib"
find "$lib" -name '*.sh' -exec chmod 755 {} +

# Sources never change in an image: compiled files need not be checked against them.
python3 -m compileall -q -f --invalidation-mode unchecked-hash "$site" "$lib"

# /run is a fresh tmpfs in every node: whoever mounts it makes these again, with these owners.
cat >/usr/lib/tmpfiles.d/offnet.conf <<'EOF'
d /run/offnet 0755 root root
d /run/frr 0755 frr frr
d /run/sshd 0755 root root
EOF
install -d -o frr -g frr -m 755 /run/frr
install -d -o root -g root -m 755 /run/offnet /run/sshd

# What nobody reads in a node.
find /usr/share/doc -type f ! -name copyright -delete
rm -rf /usr/share/man /usr/share/info /usr/share/locale /usr/share/lintian /usr/share/bug
rm -rf /usr/lib/udev/hwdb.bin /usr/lib/udev/hwdb.d
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb
rm -f /var/log/*.log /var/log/apt/*

version() {
	dpkg-query -W -f '${Version}' "$1"
}
cat >/etc/offnet-image <<EOF
DEBIAN=$(cat /etc/debian_version)
FRR=$(version frr)
STRONGSWAN=$(version charon-systemd)
IPROUTE2=$(version iproute2)
NFTABLES=$(version nftables)
FREERADIUS=$(version freeradius)
PYTHON=$(version python3)
NODE_DIGEST=$node_digest
EOF
cat /etc/offnet-image
rm -rf "$stage"
