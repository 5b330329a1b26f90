#!/bin/sh
# Builds the sandbox kernel inside a throwaway root that holds Debian's linux-source.
# usage: build.sh FOLDER OUTPUT PATCH..
# FOLDER has the configuration and the patches, which make the sandbox quicker and nothing else: one that
# does not fit the version at hand is left out.
# Lines that start with "offnet:" are meant for the user of the build.
set -eu
folder=$1
fragment=$folder/uml.fragment
output=$2
shift 2
cd /usr/src

source=$(ls linux-source-*.tar.xz | sort -V | tail -n 1)
version=${source#linux-source-}
version=${version%.tar.xz}
if [ "$(printf '%s\n6.16\n' "$version" | sort -V | head -n 1)" != 6.16 ]; then
	echo "offnet: the newest linux-source of this Debian mirror is $version;" \
		"the sandbox needs 6.16 or newer (its seccomp mode): use a mirror that carries trixie-backports"
	exit 1
fi

echo "offnet-step: unpacking Linux $version"
# The manual and the devices that user-mode Linux cannot have are most of the tree;
# their Kconfig and Makefile stay, because the configuration reads them.
tar -xf "$source" --wildcards \
	--exclude='*.rst' --exclude='*.dts' --exclude='*.dtsi' \
	--exclude='*/Documentation/devicetree/*' --exclude='*/tools/testing/*' \
	--exclude='*/drivers/gpu/*.[ch]' \
	--exclude='*/drivers/media/*.[ch]' \
	--exclude='*/sound/*.[ch]'
cd "linux-source-$version"

# A console whose reader falls 4 kB behind is taken out of epoll, and nothing puts it back: left
# without these calls, the tty's own buffers do the flow control. Their retry timer reads the
# console as the interrupt does, and lets it in between: bytes change places. So it is kept out.
drivers=arch/um/drivers
sed -i '/line_throttle/d; /line_unthrottle/d' "$drivers/stdio_console.c"
sed -i 's/^\tif (!line->throttled)$/\tguard(irqsave)();\n&/' "$drivers/chan_kern.c"
grep -q 'guard(irqsave)' "$drivers/chan_kern.c" ||
	echo "offnet-warning: the console of Linux $version is not the one known: large transfers may stop the sandbox"

mkdir -p "$output"
: >"$output/patches"
for name; do
	if patch -p0 --batch --forward --silent --dry-run <"$folder/$name" >/dev/null; then
		patch -p0 --batch --silent <"$folder/$name"
		echo "$name" >>"$output/patches"
	else
		echo "offnet-warning: $name does not fit Linux $version: the sandbox will be slower"
	fi
done

# Nothing of the building machine goes into the kernel.
export KBUILD_BUILD_USER=offnet KBUILD_BUILD_HOST=offnet
KBUILD_BUILD_TIMESTAMP=$(date -u -d "@$(stat -c %Y "../$source")")
export KBUILD_BUILD_TIMESTAMP ARCH=um

echo "offnet-step: configuring Linux $version"
make -s KCONFIG_ALLCONFIG="$fragment" allnoconfig
# An option that this version no longer knows is dropped silently by kconfig: say so.
grep -v '^#' "$fragment" | grep '=y$' | while read -r option; do
	grep -qx "$option" .config || echo "offnet-warning: Linux $version does not take $option"
done

echo "offnet-step: compiling Linux $version"
# One job more than cores: compilers wait for files, too.
make -j"$(($(nproc) + 1))" linux
make -s modules.builtin
strip linux

cp linux modules.builtin "$output/"
[ ! -e modules.builtin.modinfo ] || cp modules.builtin.modinfo "$output/"
cp .config "$output/config"
make -s kernelrelease >"$output/release"
