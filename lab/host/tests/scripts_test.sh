#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Description: every script of the project that sources kernel/lib.sh finds it through a
# symbolic link, too, and says at once if the project's path is one in which nothing can
# be built.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

# refuses WHAT WORDS COMMAND...: it ends with status 2, and says WORDS
refuses()
{
	what=$1 words=$2
	shift 2
	status=0
	timeout 20 "$@" >"$dir/log" 2>&1 || status=$?
	if [ "$status" -eq 2 ] && grep -q -e "$words" "$dir/log"; then
		echo "ok scripts: $what"
	else
		bad=1
		echo "not ok scripts: $what: status $status, not 2, or it does not say '$words'"
		sed 's/^/# /' "$dir/log"
	fi
}

# shellcheck disable=SC2016 # it is the text
scripts=$(cd "$project" && grep -d skip -lxF '. "$TOP/kernel/lib.sh"' majorfault kernel/* tests/*)

# Where nothing can be cached each of them stops before it does anything: if it has found
# the file that says so.
cd "$dir"
unset MAJORFAULT_SESSION MAJORFAULT_STEP MAJORFAULT_DONE MAJORFAULT_LOCKED OUT BASE KERNEL_SRC
http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9	# should one go on
export http_proxy https_proxy
for script in $scripts; do
	set --
	case $script in
	majorfault)	set -- build ;;
	kernel/build)	set -- lab ;;
	kernel/tools)	set -- list ;;	# keeps nothing
	esac
	ln -sf "$project/$script" link
	case $script in
	kernel/tools)	words='majorfault: usage' ;;
	*)		words="the cache's path has a space" ;;
	esac
	refuses "$script through a link" "$words" env MAJORFAULT_CACHE='/no where' ./link "$@"
done

mkdir 'a clone' cache
for part in "$project"/*; do
	[ "${part##*/}" = results ] || cp -R "$part" 'a clone'
done
for script in $scripts; do
	set --
	case $script in
	majorfault)	set -- build ;;
	kernel/build)	set -- lab ;;
	kernel/tools)	continue ;;
	esac
	refuses "$script in a path with a space" "the project's path has a space .*: $dir/a clone" \
		env MAJORFAULT_CACHE="$dir/cache" "./a clone/$script" "$@"
done
exit "$bad"
