#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Description: stands in for QEMU in run_test.sh. Writes the console and the
# records that $FAKE asks for into the files named by -chardev, and then ends as
# $FAKE asks.
set -eu

console=
records=
for arg; do
	case $arg in
	*id=console,path=*) console=${arg#*path=} ;;
	*id=records,path=*) records=${arg#*path=} ;;
	esac
done
: "${console:?no console}" "${records:?no records}"

say() {
	printf '%s\r\n' "$1" >>"$console"
}

record() {
	printf '%s\n' "$1" >>"$records"
}

hello() {
	say '[    0.500000] Linux version 7.3.4-fake'
	record '{"type":"hello","release":"7.3.4-fake","jobs":2}'
}

begin() { # job words
	say "[    1.000000] majorfault: job $1 begin $2"
	record "{\"type\":\"begin\",\"job\":$1,\"words\":\"$2\"}"
}

end() { # job status [more]
	say "[    2.000000] majorfault: job $1 end status=$2"
	record "{\"type\":\"end\",\"job\":$1,\"status\":$2,\"signal\":0,\"timeout\":false${3:-}}"
}

jobs() { # first-status second-words second-status
	hello
	begin 1 'device name=disk latency_us=5000'
	end 1 "$1"
	begin 2 "$2"
	[ "${4:-}" = "" ] || say "$4"
	end 2 "$3"
	record '{"type":"done"}'
}

storm='run workload=storm arm=hold round=1 faulters=8'
warning='[    1.500000] WARNING: mm/memory.c:1 at f+0x0/0x1, CPU#0: storm/9'

case $FAKE in
ok)
	jobs 0 "$storm" 0
	;;
failed-job)
	jobs 0 "$storm" 3
	;;
killed-job)
	hello
	begin 1 'device name=disk latency_us=5000'
	end 1 0
	begin 2 "$storm"
	record '{"type":"kernel","job":2,"line":"<6>[    1.900000] storm[99]: segfault at 0"}'
	record '{"type":"end","job":2,"status":0,"signal":11,"timeout":false}'
	record '{"type":"done"}'
	;;
failed-test)
	jobs 0 'test name=r1_file arm=hold' 1 "$warning"
	;;
splat)
	jobs 0 "$storm" 0 "$warning"
	;;
garbage)
	record 'g@rbage'
	printf '\000\001\n{"type":"he' >>"$records"
	printf 'llo","release":"x","jobs":0}\n{"type":"done"}' >>"$records"
	;;
panic)
	hello
	begin 1 "$storm"
	say '[    3.000000] Kernel panic - not syncing: Attempted to kill init!'
	;;
panic-hang)
	hello
	say '[    3.000000] Kernel panic - not syncing: VFS: Unable to mount'
	sleep 600
	;;
early-end)
	hello
	begin 1 "$storm"
	;;
die)
	hello
	echo 'fake: no such machine' >&2
	exit 1
	;;
killed)
	kill -KILL $$
	;;
hang)
	hello
	begin 1 "$storm"
	echo "$$" >"${records%/*}/pid"
	sleep 600 &
	echo "$!" >"${records%/*}/child"
	wait
	;;
chatter)
	hello
	while :; do
		say 'still here'
		sleep 0.2
	done
	;;
stubborn)
	trap '' TERM
	hello
	echo "$$" >"${records%/*}/pid"
	while :; do sleep 0.2; done
	;;
full)
	hello
	# All but 8 KiB: mflab's own writes still succeed.
	dd if=/dev/zero bs=8192 count=1 of="${records%/*}/room" 2>/dev/null
	dd if=/dev/zero bs=4096 of="${records%/*}/fill" 2>/dev/null || true
	rm "${records%/*}/room"
	sleep 600
	;;
esac
