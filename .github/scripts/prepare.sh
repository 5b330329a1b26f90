#!/bin/sh
# Makes a runner ready for labs: the environment of offnet, and whatever its doctor prescribes.
# Outputs: key and paths for the cache of what labs run on.
set -eu
. "$(dirname -- "$0")/common.sh"

if ! command -v make >/dev/null || ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    as_root apt-get update -qq
    as_root apt-get install -y -qq make python3-venv
fi
make -C "$root" .venv/ready
. "$(dirname -- "$0")/inputs.sh"

remedy=$(ask remedy)
if [ -n "$remedy" ]; then
    echo "the doctor prescribes: $remedy"
    as_root apt-get update -qq
    [ "$(id -u)" -ne 0 ] || remedy=$(printf '%s\n' "$remedy" | sed 's/\<sudo //g')
    USER=${USER:-$(id -un)} sh -euc "$remedy"
fi
offnet doctor

output "$(ask outputs "$runtime" "$host")"
