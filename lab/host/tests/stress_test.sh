#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Description: tests/stress with a program that stands in for QEMU: an arm is caught by a
# violation that the checker reports, or by the kernel's own complaint, and by nothing else;
# and each self-check by a report on its own kind of wrong.
#
# usage: stress_test.sh path-to-mflab
set -eu

mflab=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
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

# ---- the stage ----

cache=$dir/cache
mkdir -p "$cache/bin" "$cache/guest" "$cache/build/7.3-lab/arch/x86/boot" "$dir/path"
ln -s "$mflab" "$cache/bin/mflab"
echo kernel >"$cache/build/7.3-lab/arch/x86/boot/bzImage"
echo base >"$cache/guest/initramfs.cpio"
cp "$here/fake_guest.sh" "$dir/path/qemu-system-x86_64"
chmod +x "$dir/path"/*
PATH=$dir/path:$PATH
MAJORFAULT_CACHE=$cache
FAKE_BOOTS=$dir/boots
FAKE_ENDS=$dir/ends
export PATH MAJORFAULT_CACHE FAKE_BOOTS FAKE_ENDS
unset MAJORFAULT_SESSION MAJORFAULT_STEP MAJORFAULT_DONE MAJORFAULT_LOCKED OUT BASE KERNEL_SRC

# stress ARMS: how workloads end is on the standard input; the last lines are the checker
# as it is, which sees what it must
stress()
{
	cat - "$dir/sound" >"$FAKE_ENDS"
	status=0
	"$project/tests/stress" --arms "$1" --seeds 1 >"$dir/log" 2>&1 || status=$?
}

seen='3|checker: seed 4711, step 99: anon page 3:'
cat >"$dir/sound" <<END
selfcheck=byte|$seen wrong contents: word 154 is 0xc504000000109a0a (of anon, page 2, step 2124)
selfcheck=lost|$seen wrong contents: word 0 is 0 (zero)
selfcheck=stale|$seen wrong contents in a child: word 0 is 0x1 (of anon, page 3, step 1)
selfcheck=leak|$seen wrong contents: word 0 is 0x1 (of a child, page 3, step 1)
selfcheck=stuck|3|checker: seed 4711: thread 1 is stuck in read of anon page 3
selfcheck=open|$seen could read what cannot be accessed (zero)
dir=/proc/nowhere|1|checker: cannot make /proc/nowhere: No such file or directory
END

status_is() { [ "$status" -eq "$1" ] || { echo "status $status, not $1" >>"$dir/log"; false; }; }
says() { grep -q -e "$1" "$dir/log"; }
no_line() { ! says "$1"; }
ok_lines() { [ "$(grep -c '^ok ' "$dir/log")" -eq "$1" ]; }
not_ok_lines() { [ "$(grep -c '^not ok ' "$dir/log")" -eq "$1" ]; }

# ---- as it should be ----

stress relock,nosize <<END
arm=nosize|3|checker: seed 1, step 7: trunc page 3: could read what cannot be accessed (zero)
END
check 'six kinds of wrong are seen, an arm is right, one is caught' ok_lines 9
check 'nothing is not ok' not_ok_lines 0
check 'by what it was caught' says '^ok stress: nosize is caught after .*: checker: seed 1, step 7: trunc page 3: could read'
check 'how much was checked' says '^ok stress: relock, seeds 1 to 1: 5 checks, nothing to report$'
stress nosize <<END
arm=nosize|splat|BUG: Bad page cache in process checker  pfn:12345
END
check 'the kernel can catch it, too' says '^ok stress: nosize is caught after .*: .*Bad page cache'
stress relock <<END
arm=relock|3|checker: seed 1, step 7: trunc page 3: could read what cannot be accessed (zero)
END
check 'a violation in an arm that is right' says '^not ok stress: relock: checker: seed 1, step 7'
stress nosize </dev/null
check 'an arm with nothing to report' says '^not ok stress: nosize is not caught: seeds 1 to 1, 5 checks$'

# ---- what says nothing ----

stress relock,nosize <<END
workload=checker|1|checker: cannot create file A in /mnt/checker: Read-only file system
END
check 'a directory that is read-only is no violation' ok_lines 1
check 'and shows nothing, neither of the checker nor of an arm' not_ok_lines 8
check 'which is said' says '^not ok stress: nosize: status 1 (checker: cannot create .*Read-only file system)'
stress nosize <<END
arm=nosize|22|/proc/sys/vm/fault_arm: cannot choose the arm nosize: Invalid argument
END
check 'an arm that the kernel does not have is not caught' says '^not ok stress: nosize: status 22 (.*cannot choose the arm'
stress nosiz <<END
arm=nosiz|22|/proc/sys/vm/fault_arm: cannot choose the arm nosiz: Invalid argument
END
check 'nor is one that is misspelt' no_line '^ok .*nosiz'
stress nosize <<END
arm=nosize|127|cannot run /workloads/checker: Cannot allocate memory
END
check 'nor by a checker that did not run' says '^not ok stress: nosize: status 127'
stress relock <<END
selfcheck=byte|3|checker: seed 4711: thread 1 is stuck in read of anon page 3
END
check 'another kind of wrong than the one done' says '^not ok stress: the checker does not see: byte: status 3 (.*stuck'
check 'is the only thing not ok' not_ok_lines 1
stress relock <<END
selfcheck=open|1|checker: what cannot be accessed
END
check 'words without the status' says '^not ok stress: the checker does not see: open: status 1'
stress relock <<END
dir=/proc/nowhere|3|checker: cannot make /proc/nowhere: No such file or directory
END
check 'a violation of a checker that cannot check' says '^not ok stress: a checker that cannot check: status 3'
printf '#!/bin/sh\nexit 1\n' >"$dir/path/qemu-system-x86_64"
stress relock,nosize </dev/null
check 'a guest that does not start shows nothing' ok_lines 0
check 'and ends with the status of QEMU' status_is 12

echo "1..$n"
[ "$bad" -eq 0 ]
