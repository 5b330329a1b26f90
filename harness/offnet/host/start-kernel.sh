#!/bin/sh
# The ProxyCommand of a sandbox: start-kernel.sh KERNEL ARGUMENT..
#
# Becomes the kernel, with the SSH connection on the descriptors 3 and 4 of a guest console.
# The client speaks first, and would be echoed by a terminal that is not raw yet: so its bytes
# are held back until the guest has written a line to its other console, descriptor 5.
# The end of the connection, however it came, is the end of the kernel: a guest that is busy
# reading may miss it. Runs in the run directory; all names are relative, for socket paths are
# short.
set -u

feed_kernel() {
    # by exec, because the shell would keep a copy of what a redirection replaces, and with it
    # the connection open
    exec <&6 6<&- >input 2>/dev/null
    read -r _ <gate && cat
    [ ! "/proc/$$/cwd" -ef . ] || kill -KILL "$$"
}

mkfifo -m 600 input gate
exec 6<&0
feed_kernel &
exec 3<input 4>&1 5>gate 6<&- </dev/null >console.log 2>&1
exec "$@"
