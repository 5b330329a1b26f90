# shellcheck shell=sh
# What the steps share; sourced. Sets root, the folder of this checkout.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)

# refuse MESSAGE: ends the step as bad usage.
refuse() {
    echo "::error title=offnet::$1" >&2
    exit 2
}

# output LINE..: sets outputs of the step; shows them where no runner wants them.
output() {
    printf '%s\n' "$@" >>"${GITHUB_OUTPUT:-/dev/stdout}"
}

# as_root COMMAND..: runs a command as root, in the environment that finds this user's cache.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo --non-interactive env "PATH=$PATH" "HOME=$HOME" "XDG_CACHE_HOME=${XDG_CACHE_HOME-}" "$@"
    fi
}

offnet() {
    CI=1 "$root/.venv/bin/offnet" "$@"
}

# ask QUESTION ARGUMENT..: what offnet knows, in one answer.
ask() {
    "$root/.venv/bin/python" "$root/.github/scripts/runner.py" "$@"
}
