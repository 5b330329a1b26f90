#!/bin/sh
# Fills a new development container: the environment, and what labs run on. Run again, it does nothing.
set -eu
cd "$(dirname -- "$0")/.."

make .venv/ready
.github/scripts/build.sh
.venv/bin/offnet doctor
