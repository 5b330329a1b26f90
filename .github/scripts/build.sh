#!/bin/sh
# Builds what the labs run on, as far as the cache did not bring it. Minutes without a cache, else nothing.
set -eu
. "$(dirname -- "$0")/common.sh"
. "$(dirname -- "$0")/inputs.sh"

ask build "$runtime" "$host"
