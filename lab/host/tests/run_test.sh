#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Description: `mflab run` end to end with a program that stands in for QEMU:
# every way in which a run can end has its own exit status and one clear
# message, and QEMU never outlives mflab.
#
# usage: run_test.sh path-to-mflab
set -eu

mflab=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0
bad=0

ok() { # description
	n=$((n + 1))
	echo "ok $n $1"
}

not_ok() { # description
	n=$((n + 1))
	bad=$((bad + 1))
	echo "not ok $n $1"
	sed 's/^/# /' "$dir/err"
}

skip() { # description reason
	n=$((n + 1))
	echo "ok $n $1 # SKIP $2"
}

chmod +x "$here/fake_qemu.sh"
echo kernel >"$dir/bzImage"
mkdir "$dir/tree"
echo 'hello' >"$dir/tree/init"
(cd "$dir/tree" && echo init | cpio --quiet -o -H newc) >"$dir/base.cpio"
printf '# jobs\ndevice name=disk latency_us=5000\n' >"$dir/jobs"

# run case [option...]: the exit status goes to $status
run() {
	FAKE=$1
	shift
	export FAKE
	status=0
	"$mflab" run --kernel "$dir/bzImage" --initrd "$dir/base.cpio" \
		--jobs "$dir/jobs" --out "$dir/out" \
		--qemu "$here/fake_qemu.sh" "$@" \
		</dev/null >"$dir/stdout" 2>"$dir/err" || status=$?
}

# expect description status text: judge what run did
expect() {
	if [ "$status" -ne "$2" ]; then
		echo "status $status instead of $2" >>"$dir/err"
		not_ok "$1"
	elif ! grep -q -e "$3" "$dir/err"; then
		echo "the message lacks: $3" >>"$dir/err"
		not_ok "$1"
	elif ! grep -q -e "$3" "$dir/out/run.log"; then
		echo "run.log lacks: $3" >>"$dir/err"
		not_ok "$1"
	else
		ok "$1"
	fi
}

# check description command...: the command must succeed
check() {
	what=$1
	shift
	if "$@"; then
		ok "$what"
	else
		not_ok "$what"
	fi
}

gone() { # file with a process id: nothing of that id runs any more
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		# A zombie counts as gone: its new parent may be slow to reap.
		case $(ps -o stat= -p "$(cat "$1")") in
		'' | Z*) return 0 ;;
		esac
		sleep 0.1
	done
	return 1
}

no_escapes() {
	! grep -q "$(printf '\033')" "$dir/err"
}

wait_for() { # file
	for _ in $(seq 100); do
		[ ! -s "$1" ] || return 0
		sleep 0.1
	done
	return 1
}

run ok
expect 'all jobs done' 0 '^\[2/2\] storm arm=hold round=1 \.\.\. [0-9.]* s$'
expect 'the end is announced' 0 '^2 jobs done in'
expect 'threads that do not take turns are told of' 0 'did not take turns'
check 'no escape codes without a terminal' no_escapes
check 'the command is kept' grep -q -e '-icount shift=0,align=off,sleep=off' \
	"$dir/out/qemu.cmd"
# shellcheck disable=SC2016
check 'the jobs are appended to the initramfs' sh -c '
	dd if="$1/out/initrd.img" bs=1 skip="$(wc -c <"$1/base.cpio")" \
		2>/dev/null | (cd "$1/tree" && cpio --quiet -i) &&
	cmp -s "$1/jobs" "$1/tree/jobs"' - "$dir"

run failed-job
expect 'a failed job' 13 '^\[2/2\] storm .* FAILED: status 3$'
run killed-job
expect 'a job that a signal has killed' 13 '^\[2/2\] storm .* FAILED: signal 11$'
expect 'what the kernel said by then' 13 '^  <6>.* storm\[99\]: segfault at 0$'
run failed-test
expect 'a failed test is judged elsewhere' 0 \
	'^\[2/2\] test r1_file arm=hold \.\.\. [0-9.]* s: status 1, kernel splat$'
run splat
expect 'a splat fails its job' 13 'FAILED: kernel splat$'
run garbage
expect 'garbage among the records' 0 'a line is no record'
run panic
expect 'a panic' 11 'panicked in job 1 of 2 (storm arm=hold round=1): .*kill init'
expect 'a panic shows the console' 11 "^  .*Linux version 7.3.4-fake"
run early-end
expect 'the guest ends early' 13 'ended in job 1 of 2 (storm'
run die
expect 'QEMU fails' 12 '^  fake: no such machine'
run killed
expect 'QEMU is killed' 12 'killed by signal 9'
run ok --qemu /nonexistent/qemu
expect 'no QEMU' 12 'cannot start /nonexistent/qemu: No such file'
run hang --idle-timeout 1
expect 'a guest that falls silent' 10 'hung in job 1 of 2 .*nothing was printed'
check 'it is killed' gone "$dir/out/pid"
check 'and so is what it started' gone "$dir/out/child"
run chatter --timeout 1
expect 'a guest that does not end' 10 'not done after 1 s'
run stubborn --timeout 1
expect 'a QEMU that ignores SIGTERM' 10 'not done after 1 s'
check 'it is killed, too' gone "$dir/out/pid"

# A file that cannot be written for want of space: no root needed.
rm -f "$dir/out/initrd.img"
ln -s /dev/full "$dir/out/initrd.img"
run ok
expect 'no space for the initramfs' 9 'initrd.img: no space left'
rm "$dir/out/initrd.img" "$dir/out/run.log"
ln -s /dev/full "$dir/out/run.log"
run ok
check 'no space for the log' [ "$status" -eq 9 ]
rm "$dir/out/run.log"
mkdir "$dir/full"
status=0
# shellcheck disable=SC2016
FAKE=full unshare -rm sh -c '
	mount -t tmpfs -o size=512k none "$1/full" 2>/dev/null || exit 99
	"$2" run --kernel "$1/bzImage" --initrd "$1/base.cpio" \
		--jobs "$1/jobs" --out "$1/full/out" --qemu "$3" \
		--idle-timeout 5' \
	- "$dir" "$mflab" "$here/fake_qemu.sh" 2>"$dir/err" || status=$?
case $status in
9)
	check 'the disk fills up during the run' grep -q 'no space left' \
		"$dir/err"
	;;
1 | 99 | 127)
	skip 'the disk fills up during the run' 'no private mounts here'
	;;
*)
	not_ok 'the disk fills up during the run'
	;;
esac

run ok --accel nonsense
check 'an unknown accelerator' [ "$status" -eq 2 ]
run ok --kernel "$dir/nothing"
expect 'no kernel' 2 'nothing: No such file'

# Signals: mflab ends QEMU and tells of it; killed outright, the kernel does.
for sig in INT TERM HUP KILL; do
	rm -f "$dir/out/pid" "$dir/out/child"
	FAKE=hang
	export FAKE
	# A script's background jobs start with SIGINT ignored; mflab must not care.
	# SIGHUP it leaves alone where it is ignored, as the tests may be run by nohup.
	env --default-signal=HUP "$mflab" run --kernel "$dir/bzImage" --initrd "$dir/base.cpio" \
		--jobs "$dir/jobs" --out "$dir/out" \
		--qemu "$here/fake_qemu.sh" >/dev/null 2>"$dir/err" &
	pid=$!
	wait_for "$dir/out/child" || echo 'the guest did not start' >>"$dir/err"
	kill -s "$sig" "$pid"
	status=0
	wait "$pid" || status=$?
	check "QEMU is gone after SIG$sig" gone "$dir/out/pid"
	if [ "$sig" = KILL ]; then
		kill "$(cat "$dir/out/child")"
	else
		expect "SIG$sig interrupts" 130 'interrupted in job 1 of 2'
		check "nothing is left after SIG$sig" gone "$dir/out/child"
	fi
done

rm -f "$dir/out/child"
FAKE=hang
export FAKE
nohup "$mflab" run --kernel "$dir/bzImage" --initrd "$dir/base.cpio" \
	--jobs "$dir/jobs" --out "$dir/out" --idle-timeout 3 \
	--qemu "$here/fake_qemu.sh" >/dev/null 2>"$dir/err" &
pid=$!
wait_for "$dir/out/child"
kill -s HUP "$pid"
status=0
wait "$pid" || status=$?
expect 'nohup is honoured' 10 'nothing was printed'

run panic-hang
expect 'a guest that hangs after its panic' 11 'panicked before job 1 of 2'

echo "1..$n"
[ "$bad" -eq 0 ]
