#!/bin/sh
# Deploys a lab with containerlab, as root: up.sh
#
# Says on standard output what containerlab says, a line each, and last `done STATUS`. What is made
# here, down.sh takes away, from any state in between. containerlab gets no terminal: it would ask
# it for its colours, and wait for the answer.
set -u

cd "${0%/*}" || exit
. ./plan.env
export TERM=dumb CLAB_VERSION_CHECK=disable

ls /sys/class/net >links.before
containerlab deploy --topo "topology/$LAB.clab.yml" </dev/null 2>&1 &
echo "$!" >containerlab.pid
wait "$!"
printf 'done %s\n' "$?"
: >containerlab.pid
