#!/bin/sh
# What ssh calls to ask for known keys of a server: known_hosts.sh FILE FINGERPRINT NAME TYPE KEY
#
# Knows none. Notes the key that the server shows in the file, as a line of known_hosts after its
# fingerprint. ssh also asks before it has seen a key: there is none to note then.
[ "$2" = NONE ] || printf '%s %s %s %s\n' "$2" "$3" "$4" "$5" >"$1"
