#!/bin/sh
# Proves the labs in every crypto variant asked for, and ends with the worst exit code of them.
# Output: results, a folder with three files for every lab, and the folders of the runs with their evidence.
# The summary of the job gets one section a lab and variant, whatever the outcome.
set -eu
. "$(dirname -- "$0")/common.sh"
. "$(dirname -- "$0")/inputs.sh"

summary=${GITHUB_STEP_SUMMARY:-/dev/stdout}
runs=$(ask runs)
results=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/offnet-results.XXXXXX")
begun=$(mktemp)
output "results=$results"

# Directly on this machine's kernel labs need root; in the sandbox they do not.
# shellcheck disable=SC2329 # called by name
here() {
    if [ "$host" = local ]; then
        as_root env CI=1 "$root/.venv/bin/offnet" "$@"
    else
        offnet "$@"
    fi
}

# What daemons say in the log must not be taken for commands to the runner.
unheard() {
    token=$(cat /proc/sys/kernel/random/uuid)
    echo "::stop-commands::$token"
    code=0
    "$@" </dev/null || code=$?
    echo "::$token::"
    return "$code"
}

prove() {
    lab=$1 crypto=$2
    name=$(basename "$lab")
    files="$results/$crypto/$name"
    mkdir -p "$results/$crypto"
    set -- check "$lab" --runtime "$runtime" --markdown "$files.md" --junit "$files.xml" --json "$files.json"
    [ "$crypto" = default ] || set -- "$@" --crypto "$crypto"
    [ -z "$host" ] || set -- "$@" --host "$host"
    code=0
    unheard here "$@" || code=$?
    if [ -s "$files.md" ]; then
        cat "$files.md" >>"$summary"
        echo >>"$summary"
    else
        told="Nothing was proved: offnet ended with exit code $code, see the log."
        printf '## ! %s\n\n%s\n\n' "$name" "$told" >>"$summary"
    fi
    [ "$code" -eq 0 ] || echo "::error title=offnet::$name: exit code $code, see the summary of the job"
    return "$code"
}

worst=0
for crypto in $cryptos; do
    for lab in $labs; do
        code=0
        prove "$lab" "$crypto" || code=$?
        [ "$code" -le "$worst" ] || worst=$code
    done
done

mkdir -p "$results/runs" "$runs"
find "$runs" -mindepth 1 -maxdepth 1 -type d -newer "$begun" -exec cp -R {} "$results/runs/" \;
rm -f "$begun"
exit "$worst"
