#!/bin/sh
# Makes a runner a lab server: kernel modules, containerlab, the node image in Docker.
# Output: host, which is local where all of that could be had. Otherwise it is sandbox, with a notice:
# the mirrors drop the modules of a kernel once a newer one is out, and runner images lag behind.
set -eu
. "$(dirname -- "$0")/common.sh"

decide() {
    output "host=$1"
    [ -z "${2-}" ] || echo "::notice title=containerlab in the sandbox::$2"
    exit 0
}

release=$(uname -r)
as_root apt-get update -qq || decide sandbox "the package lists could not be fetched"
as_root apt-get install -y -qq "linux-modules-extra-$release" ||
    echo "no package linux-modules-extra-$release; perhaps the modules are here without it"
# shellcheck disable=SC2046 # a list of words
as_root modprobe -a $(ask modules) || decide sandbox "kernel $release comes without the modules that labs need"

tool=$(ask tool containerlab) || decide sandbox "containerlab could not be built"
as_root install -m 0755 "$tool" /usr/local/bin/containerlab
as_root "$root/.venv/bin/offnet" image build || decide sandbox "Docker did not take the node image"
obstacle=$(as_root "$root/.venv/bin/python" "$root/.github/scripts/runner.py" obstacle containerlab local)
[ -z "$obstacle" ] || decide sandbox "$obstacle"
decide local
