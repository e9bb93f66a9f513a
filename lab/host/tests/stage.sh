# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Description: sourced by the tests of the front door: a project in $top whose steps do
# nothing, a cache of its own, and check().

here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0
bad=0

# check description command...
check()
{
	what=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n $what"
	else
		bad=$((bad + 1))
		echo "not ok $n $what"
		sed 's/^/# /' "$dir/log"
	fi
}

# to_end: the last line of a test
to_end()
{
	echo "1..$n"
	[ "$bad" -eq 0 ]
}

# shellcheck disable=SC2154 # status is the test's
status_is() { [ "$status" -eq "$1" ] || { echo "status $status, not $1" >>"$dir/log"; false; }; }
says() { grep -q -e "$1" "$dir/log"; }

top=$dir/top
cache=$dir/cache
mkdir -p "$top/kernel" "$cache/bin" "$cache/guest/workloads" "$dir/path" \
	"$cache/build/7.3-lab/arch/x86/boot"
cp -R "$project/majorfault" "$project/conf" "$top"
cp "$project/kernel/lib.sh" "$project/kernel/sources.conf" "$top/kernel"
printf '%s patched lab 8\n' lab debug >"$top/kernel/flavours.conf"
for step in tools fetch prepare build programs initramfs; do
	printf '#!/bin/sh\n' >"$top/kernel/$step"
	chmod +x "$top/kernel/$step"
done
MAJORFAULT_CACHE=$cache
export MAJORFAULT_CACHE
unset MAJORFAULT_SESSION MAJORFAULT_STEP MAJORFAULT_DONE MAJORFAULT_LOCKED OUT BASE KERNEL_SRC \
	BASES MAJORFAULT_TIER MAJORFAULT_MINUTES
cd "$dir" || exit
