#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Description: the front door and the scripts of the tests, with programs that stand in for
# every step: what fails ends as a failure, options of another command and arms that are
# none are refused, and the lists in conf/ and tests/ agree with what they name.
set -eu

# shellcheck source=lab/host/tests/stage.sh
. "$(dirname "$0")/stage.sh"

mkdir "$top/tests" "$top/lab" "$top/lab/host"
cp "$project/tests/run.sh" "$project/tests/parts.conf" "$project/tests/guest.jobs" "$top/tests"
printf 'all:\n' >"$top/tests/Makefile"
printf 'test:\n\t@echo ok 1 unit\n' >"$top/lab/host/Makefile"

# A script of the tests: notes what it is called with, says $FAKE_SAYS, ends with
# $FAKE_STATUS. With $FAKE_HANG it writes its process number there, and hangs.
cat >"$top/tests/stub" <<'END'
#!/bin/sh
echo "$*" >"${0%/*}/called"
if [ "${FAKE_HANG:-}" ]; then
	echo $$ >"$FAKE_HANG"
	sleep 300
fi
case $* in
*--plan*)	echo lab; exit ;;
esac
printf '%s' "${FAKE_SAYS-ok stub
}"
exit "${FAKE_STATUS:-0}"
END
# mflab: what the guest ends with, and the verdict on it
cat >"$cache/bin/mflab" <<'END'
#!/bin/sh
case $1 in
run)	while [ "$1" != --out ]; do shift; done
	mkdir -p "$2"
	exit "${FAKE_GUEST:-0}" ;;
tests)	printf '%s' "${FAKE_VERDICT-ok    a test: as it should be
1 passed, 0 failed
}"
	exit "${FAKE_JUDGE:-0}" ;;
esac
END
chmod +x "$top/tests/stub" "$cache/bin/mflab"
for script in stress forks bad_days model series filesystems; do
	ln -s stub "$top/tests/$script"
done
cp "$project/tests/outside" "$top/tests"	# the real one would install packages
out=$dir/out

# run COMMAND...: its status goes to $status
run()
{
	status=0
	"$@" >"$dir/log" 2>&1 </dev/null || status=$?
}

# ends DESCRIPTION STATUS TEXT: so did what was run, and it says that
ends() { check "$1: status $2, and says so" ended "$2" "$3"; }
ended() { status_is "$1" && says "$2"; }

# refused TEXT COMMAND...: with status 2
refused()
{
	text=$1
	shift
	run "$@"
	ends "$(echo "$*" | sed "s|$project/||")" 2 "$text"
}

door() { "$top/majorfault" "$@"; }

# ---- stress and replay end with the status of their step ----

# judged COMMAND...
judged()
{
	run door "$@" --out "$out"
	ends "$1" 0 '^ok stub'
	FAKE_STATUS=12 run door "$@" --out "$out"
	check "$1: QEMU does not start" status_is 12
	FAKE_STATUS=9 run door "$@" --out "$out"
	check "$1: the disk is full" status_is 9
	FAKE_SAYS='ok a
not ok b
' run door "$@" --out "$out"
	check "$1: a line not ok" status_is 1
	FAKE_SAYS='' run door "$@" --out "$out"
	ends "$1: no result" 1 'gave no result'
	rm "$out/$1.txt"
	mkdir "$out/$1.txt"
	run door "$@" --out "$out"
	ends "$1: what it says cannot be written" 9 "$1.txt is not complete"
	rmdir "$out/$1.txt"
}

judged stress
judged replay none anon 1

# Nothing is left running.
FAKE_HANG=$dir/pid
export FAKE_HANG
"$top/majorfault" stress --out "$out" >"$dir/log" 2>&1 </dev/null &
pid=$!
for _ in $(seq 100); do
	[ ! -s "$FAKE_HANG" ] || break
	sleep 0.1
done
kill "$pid"
began=$(date +%s)
status=0
wait "$pid" || status=$?
FAKE_HANG=
check 'stress, ended: status 130' status_is 130
gone() { ! kill -0 "$(cat "$dir/pid")" 2>/dev/null && [ $(($(date +%s) - began)) -lt 200 ]; }
check 'stress, ended: its step has been ended, too' gone

# ---- every part of the tests gives a result ----

# tests TIER: of one base
tests()
{
	MAJORFAULT_TIER=$1 OUT=$out BASES=7.3 run "$top/tests/run.sh"
}

parts() { [ "$(grep -o "^\[[0-9]*/$1\] " "$dir/log" | sort -u | wc -l)" -eq "$1" ]; }
failed() { says "^[0-9]* passed, $1 failed$"; }

tests quick
ends 'quick' 0 '^7 passed, 0 failed$'
check 'quick: parts are numbered to the last' parts 7
FAKE_GUEST=12 tests quick
ends 'QEMU does not start' 1 '^not ok Linux 7.3: guest self tests on the debug kernel: ended with status 12'
check 'QEMU does not start: one part fails' failed 1
FAKE_GUEST=11 tests quick
check 'a guest that panicked is for the verdict' failed 0
FAKE_VERDICT='' FAKE_JUDGE=9 tests quick
ends 'an empty verdict' 1 '^not ok the verdict is not complete (status 9)'
FAKE_VERDICT='ok    a test: as it should be
' tests quick
ends 'a verdict without its end' 1 '^not ok the verdict is not complete'
FAKE_SAYS='' tests quick
ends 'no result' 1 '^not ok Bad days: gave no result'
check 'no result: two parts' failed 2
FAKE_STATUS=3 tests quick
ends 'a part that ends early' 1 '^not ok Bad days: ended with status 3'
rm "$out/part4.log"
mkdir "$out/part4.log"
tests quick
ends 'what a part says cannot be written' 1 '^not ok Linux 7.3: kernels: ended with status 9'
rmdir "$out/part4.log"
MAJORFAULT_TIER=medium run "$top/tests/run.sh"
ends 'no such tier' 2 "not 'medium'"

# Every line of parts.conf is a part, and each in its place.
not_a_part()
{
	grep -v '^#' "$1" | while IFS='	' read -r tier when part title; do
		case $tier,$(grep -c "^$part()" "$project/tests/run.sh") in
		quick,1 | ci,1 | full,1) ;;
		*)	echo "$part" ;;
		esac
		case " first last each $(cut -d '	' -f 1 "$project/kernel/sources.conf" | tr '\n' ' ') " in
		*" $when "*)	[ "$title" ] || echo "$part" ;;
		*)	echo "$part" ;;
		esac
	done
}
nothing() { [ -z "$("$@")" ]; }
something() { [ "$("$@")" ]; }
check 'parts.conf has only parts' nothing not_a_part "$project/tests/parts.conf"
sed 's/^ci	each	storm/ci	eahc	storm/' "$project/tests/parts.conf" >"$dir/parts.conf"
check 'a word in parts.conf that is none is seen' something not_a_part "$dir/parts.conf"
sed 's/^ci	each	storm/ci	each	strom/' "$project/tests/parts.conf" >"$dir/parts.conf"
check 'a part in parts.conf that is none is seen' something not_a_part "$dir/parts.conf"
grep -v '^full' "$project/tests/parts.conf" | cut -f 2 >"$dir/when"
mv "$top/majorfault" "$top/door"
ln -s tests/stub "$top/majorfault"
MAJORFAULT_TIER=ci OUT=$out BASES='7.3 6.12' run "$top/tests/run.sh"
mv "$top/door" "$top/majorfault"
check 'two bases: parts are numbered to the last' parts \
	$(($(grep -cxE 'first|last|7\.3' "$dir/when") + 2 * $(grep -cx each "$dir/when")))

# ---- the scripts of the tests ----

FAKE_GUEST=12 OUT=$out run "$project/tests/stress"
check 'tests/stress: QEMU does not start' status_is 12
FAKE_GUEST=9 OUT=$out run "$project/tests/forks" --cases anon
check 'tests/forks: the disk is full' status_is 9
for script in kernel/build kernel/fetch kernel/prepare kernel/programs kernel/stats tests/run.sh \
	tests/stress tests/forks tests/filesystems tests/outside tests/series; do
	refused '\-\-base needs a value' "$project/$script" --base
done
refused '\-\-kernel-src needs a value' "$project/kernel/build" lab --kernel-src
refused '\-\-arms needs a value' "$project/tests/stress" --arms
refused '\-\-cases needs a value' "$project/tests/forks" --cases
refused '\-\-only needs a value' "$project/tests/filesystems" --only ''
refused 'not .abc' "$project/tests/stress" --minutes abc
refused 'not .abc' "$project/tests/forks" --seeds abc
refused 'unknown option: --frobnicate' "$project/tests/stress" --frobnicate

# ---- options ----

refused '\-\-workloads is for compare, not for build' door build lab --workloads storm
refused '\-\-fault-arm is for replay, not for build' door build lab --fault-arm bogus
refused '\-\-minutes is for test,stress, not for build' door build lab --minutes abc
refused '\-\-out is for' door build lab --out "$out"
refused '\-\-rounds is for compare, not for stress' door stress --rounds 5
refused '\-\-fault-arm is for replay' door stress --fault-arm bogus
refused '\-\-accel is for compare,shell' door test --accel kvm
refused '\-\-seeds is for' door replay none anon 1 --seeds 4
refused '\-\-vcpus is for' door doctor --vcpus 4
refused '\-\-smoke is for compare' door stress --smoke
refused '\-\-minutes takes a number' door test --full --minutes abc
refused '\-\-minutes says nothing without --full' door test --minutes 5
refused '\-\-seed says nothing without --seeds' door compare --seed 5
refused '\-\-smoke takes no value' door compare --smoke=1
refused '\-\-rounds needs a value' door compare --rounds
refused '\-\-out needs a value' door compare --out=
refused '\-\-out needs a value' door compare --out --smoke
refused 'unknown option: --frobnicate' door compare --frobnicate=1
refused 'unknown word: lab' door test lab
run door help
not_in_help()
{
	sed -n "/^OPTIONS='/,/^'/s/^\(--[a-z-]*\).*/\1/p" "$top/majorfault" | while read -r option; do
		says "[ ,]$option\([ ,]\|\$\)" || echo "$option"
	done
}
check 'help has every option' nothing not_in_help
sed -i '/--vcpus/d' "$dir/log"
check 'one that it lacks is seen' something not_in_help

# ---- arms ----

# arms_of COMMAND: that conf/arms.conf gives it, on 7.3
arms_of()
{
	awk -v command="$1" '!/^#/ && $3 ~ command && $4 ~ /all|7\.3/ { print $1 }' "$project/conf/arms.conf"
}
all=$(arms_of stress | paste -sd ,)
run door stress --arms "$all" --out "$out"
check 'stress takes all of its arms' status_is 0
check 'and hands them on' grep -q -e "--arms $all " "$top/tests/called"
run door stress --out "$out"
check 'those that are taken unasked' grep -q -e "--arms $(arms_of 'stress[*]' | paste -sd ,) " "$top/tests/called"
wrong=$(awk '$2 == "wrong" { print $1; exit }' "$project/conf/arms.conf")
refused "there is no arm 'nothing_such'" door stress --arms nothing_such
refused "there is no arm 'nosiz'" "$project/tests/stress" --arms nosiz
refused "there is no arm 'nosiz'" "$top/tests/outside" --arms nosiz
refused "there is no arm 'holt'" door compare --arms mainline,holt
refused "'$wrong' (wrong) is not for compare" door compare --arms "$wrong"
refused "'unpatched' (kernel) is not for stress" door stress --arms unpatched
refused "'$wrong' (wrong) is not for replay" "$project/tests/forks" --fault-arms "$wrong"
refused 'no arm is named' door compare --arms ,

# A line of arms.conf is all that an arm takes.
printf 'madeup\twrong\tstress\t7.3\tnothing is right\n' >>"$top/conf/arms.conf"
run door stress --arms madeup --out "$out"
check 'an arm more' status_is 0
refused "'madeup' (wrong) is not for stress with Linux 6.12" door stress --arms madeup --base 6.12

# ill_formed FILE: its lines that a script would misread
ill_formed()
{
	awk -F '\t' '!/^#/ && (NF != 5 || $2 !~ /^(rival|ours|wrong|kernel)$/ || !$5 ||
		$3 !~ /^(-|(compare|stress|replay)\*?(,(compare|stress|replay)\*?)*)$/)' "$1"
}
check 'arms.conf is well formed' nothing ill_formed "$project/conf/arms.conf"
sed 's/	wrong	/	rong	/' "$project/conf/arms.conf" >"$dir/arms.conf"
check 'a kind that is none is seen' something ill_formed "$dir/arms.conf"

# agree BASE FILE: has it the arms that the patches put into fault_arm_names?
agree()
{
	awk -F '"' '/^[+-]\t\[FAULT_ARM_[A-Z0-9_]*\][ \t]*= "/ { names[$2] += /^\+/ ? 1 : -1 }
		END { for (name in names) if (names[name] > 0) print name }' \
		"$project/arms/$1"/*.patch | sort >"$dir/names"
	awk -v base="$1" '!/^#/ && $2 != "kernel" && ($4 == "all" || index("," $4 ",", "," base ",")) {
		print $1 }' "$2" | sort >"$dir/conf"
	diff "$dir/conf" "$dir/names" >"$dir/log"
}
disagree() { ! agree "$@"; }
# changed FIELD VALUE: arms.conf with another line for the arm $wrong; without VALUE, none
changed()
{
	awk -F '\t' -v OFS='\t' -v arm="$wrong" -v field="$1" -v value="${2:-}" '
		$1 != arm { print }
		$1 == arm && value { $field = value; print }' "$project/conf/arms.conf" >"$dir/arms.conf"
}
grep -v '^#' "$project/kernel/sources.conf" >"$dir/sources"
while read -r base _; do
	check "arms.conf and the kernel of $base agree" agree "$base" "$project/conf/arms.conf"
	changed 1
	check "$base: an arm that conf lacks is seen" disagree "$base" "$dir/arms.conf"
	changed 4 5.10
	check "$base: an arm of another base is seen" disagree "$base" "$dir/arms.conf"
	changed 1 nosuch
	check "$base: an arm of another name is seen" disagree "$base" "$dir/arms.conf"
done <"$dir/sources"

# no_arms FILE...: arms that a list of jobs names and arms.conf does not have
no_arms()
{
	sed -n '/^#/!s/.* arm=\([^ ]*\).*/\1/p' "$@" | sort -u | while read -r name; do
		awk '!/^#/ { print $1 }' "$project/conf/arms.conf" | grep -qxF "$name" || echo "$name"
	done
}
check 'lists of jobs name arms that there are' nothing no_arms "$project"/tests/*.jobs
echo 'test name=r10_truncate arm=nosiz expect=fail' >"$dir/jobs"
check 'one that there is not is seen' something no_arms "$dir/jobs"

# no_lines FILE: what it leaves out of guest.jobs, which has no such line
no_lines() { grep -vE '^(#|$)' "$1" | grep -vxFf "$project/tests/guest.jobs"; }
check 'what a base leaves out is there' nothing no_lines "$project/tests/guest-6.12.leave-out"
check 'a line that is not is seen' something no_lines "$dir/jobs"

to_end
