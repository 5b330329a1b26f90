#!/bin/sh
# The ProxyCommand of a sandbox: start-kernel.sh KERNEL ARGUMENT..
#
# Becomes the kernel, with the SSH connection on the descriptors 3 and 4 of a guest console.
# The client speaks first, and would be echoed by a terminal that is not raw yet: so its bytes
# are held back until the guest has written a line to its other console, descriptor 5.
# Runs in the run directory; all names are relative, because paths of sockets are short.
set -u

mkfifo -m 600 input gate
exec 6<&0
{ read -r _ <gate && exec cat; } <&6 >input &
exec 3<input 4>&1 5>gate 6<&- </dev/null >console.log 2>&1
exec "$@"
