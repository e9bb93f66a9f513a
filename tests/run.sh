#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [--base B] [--kernel-src DIR]: everything that `majorfault test` tests,
# for the bases in BASES (default: BASE). MAJORFAULT_TIER is quick, ci or full, see
# docs/testing.md. The parts are in parts.conf, and each is a function below.
#
# Each part prints lines `ok ...` and `not ok ...`; they are counted, and the
# last line is `N passed, N failed`. A part that does not get to its end, or gives no
# result, counts as a failure; the others still run. What the parts printed is in OUT.

set -eu
TOP=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd -P)
# shellcheck source=kernel/lib.sh
. "$TOP/kernel/lib.sh"

# All that is started below is one session, which ends as a whole.
if [ -z "${MAJORFAULT_SESSION:-}" ]; then
	run_step "$0" "$@"
	exit
fi

while [ $# -gt 0 ]; do
	common_option "$@"
	shift 2
done
check_source
make_cache

out=${OUT:-$CACHE/test}
: "${BASES:=$BASE}"
: "${MAJORFAULT_TIER:=ci}" "${MAJORFAULT_MINUTES:=0}"
case $MAJORFAULT_TIER in
quick | ci | full) ;;
*)	die "$E_USAGE" "MAJORFAULT_TIER is quick, ci or full, not '$MAJORFAULT_TIER'" ;;
esac
mkdir -p "$out"
began=$(now)

# planned WHEN BASE PREFIX: the tier's parts that are for one of the words in WHEN
planned()
{
	awk -F '\t' -v tier="$MAJORFAULT_TIER" -v when="$1" -v base="$2" -v prefix="$3" '
		BEGIN { rank["quick"] = 1; rank["ci"] = 2; rank["full"] = 3 }
		!/^#/ && rank[$1] <= rank[tier] && index(" " when " ", " " $2 " ") {
			print base, $3, prefix $4
		}' "$TOP/tests/parts.conf"
}

# plan: a line a part: base, function, title
plan()
{
	planned first "${BASES%% *}" ""
	for base in $BASES; do
		planned "each $base" "$base" "Linux $base: "
	done
	planned last "${BASES%% *}" ""
}

# lines REGEX FILE: how many there are
lines()
{
	_lines=$(grep -cE "$1" "$2") || :
	echo "${_lines:-0}"
}

# part FUNCTION TITLE; the counts are kept here, for a disk can be full
part()
{
	name=$2
	number=$((number + 1))
	part_began=$(now)
	log=$out/part$number.log
	MAJORFAULT_STEP=$number/$parts
	export MAJORFAULT_STEP
	say "${BOLD}[$MAJORFAULT_STEP]${PLAIN} $name"
	rc=0
	tee_to "$log" "$1" || rc=$?
	ok=$(lines '^ok ' "$log")
	not_ok=$(lines '^not ok ' "$log")
	wrong=
	if [ "$rc" -ne 0 ] && [ "$not_ok" -eq 0 ]; then
		wrong="not ok $name: ended with status $rc, see $log"
	elif [ "$((ok + not_ok))" -eq 0 ]; then
		wrong="not ok $name: gave no result, see $log"
	fi
	if [ "$wrong" ]; then
		say "$wrong"
		not_ok=1
	fi
	passed=$((passed + ok))
	failed=$((failed + not_ok))
	failures=$(printf '%s\n' "$failures" "$wrong" "$(grep '^not ok ' "$log")" | sed '/^$/d')
	detail "$ok passed, $not_ok failed ($(duration $(($(now) - part_began))); $(duration $(($(now) - began))) in all)"
}

# cmocka's lines as ours
unit_tests()
{
	make -s -C "$TOP/lab/host" test OUT="$CACHE/bin" >"$out/unit" 2>&1 || echo "not ok lab/host: make test failed"
	sed -n "s|^\[       OK \] |ok lab/host: |p; s|^\[  FAILED  \] \([a-z_0-9]*\)\$|not ok lab/host: \1|p;
		/^ok /p; /^not ok /p; /error/p; /\*\*\*/p" "$out/unit"
}

# tests_in FLAVOUR NAME OPTION...: the jobs in OUT/NAME.jobs; options of mflab run
tests_in()
{
	flavour=$1 dir=${out:?}/$2
	shift 2
	rm -rf "$dir"
	# Some arms corrupt the kernel, which then may not even power off: what
	# counts is that all jobs were done, and that is for the verdict to say.
	rc=0
	boot_guest "$flavour" initramfs "$dir.jobs" "$dir" --accel det --vcpus 4 --mem 1536 \
		--timeout 2400 "$@" || rc=$?
	need_guest "$rc"
	test_results "$dir"
}

self_tests()
{
	grep -vxFf "$(leave_out guest)" "$TOP/tests/guest.jobs" >"$out/$BASE/selftests.jobs"
	tests_in debug "$BASE/selftests"
}

stock()
{
	"$TOP/kernel/build" plain || return
	grep -vE '^(test|inject) ' "$TOP/tests/guest.jobs" | cat - "$TOP/tests/guest-stock.jobs" >"$out/$BASE/stock.jobs"
	tests_in plain "$BASE/stock"
}

# R12: what the path that does not wait costs, against the stock kernel where there is
# one, and that a dearer one is found out
cost()
{
	arms=mainline,relock
	[ "$BASE" != 7.3 ] || arms=unpatched,$arms
	"$TOP/majorfault" compare --base "$BASE" --workloads cost --vcpus 1 --arms "$arms" \
		--rounds 1 --out "$out/$BASE/cost" || return
	claims "$out/$BASE/cost/results.json"
	no_claims "$out/$BASE/cost/results.json" --as mainline
	no_claims "$out/$BASE/cost/results.json" --dearer 10
}

# small NAME LINES LIMIT
small()
{
	if [ "$2" -le "$3" ]; then
		say "ok simpler: $1: $2 code lines over mainline, $3 at most"
	else
		say "not ok simpler: $1: $2 code lines over mainline, $3 at most"
	fi
}

# R11, as far as it is kept: docs/simpler.md
simpler()
{
	"$TOP/kernel/stats" --base "$BASE" >"$out/$BASE/stats" || return
	# shellcheck disable=SC2046 # a word a patch
	set -- $(sed -n 's/^code lines over mainline after each patch://p' "$out/$BASE/stats")
	[ $# -ge 2 ] || { say "not ok simpler: kernel/stats has no line 'after each patch'"; return; }
	core=$1
	shift $(($# - 1))
	small "the core" "$core" 60
	small "all of it" "$1" 100
	case $(small "" "$1" 60) in
	"not ok "*)	say "ok simpler: a core like all of it is too large" ;;
	*)		say "not ok simpler: a core like all of it passes, so nothing is claimed" ;;
	esac
}

same_digits()
{
	"$CACHE/bin/mflab" diff "$out/$BASE/$1/results.json" "$out/$BASE/$2/results.json"
}

# The command of the README, twice: every digit repeats, and what is claimed holds.
# The second time QEMU's main loop is late and its clock uneven, which must not matter.
storm()
{
	rm -rf "${out:?}/$BASE"/storm[12]	# what was cut short is not continued
	"$TOP/majorfault" compare --base "$BASE" --rounds 1 --out "$out/$BASE/storm1" || return
	rm -rf "${out:?}/late"
	mkdir "$out/late"
	qemu=$(command -v qemu-system-x86_64)
	# after what mflab preloads; a path could have a space in it
	# shellcheck disable=SC2016 # the script's own variables
	printf '#!/bin/sh\nexec 9<"%s"\nLD_PRELOAD=$LD_PRELOAD:/proc/self/fd/9 exec %s "$@"\n' \
		"$CACHE/bin/late.so" "$qemu" >"$out/late/${qemu##*/}"
	chmod +x "$out/late/${qemu##*/}"
	PATH=$out/late:$PATH "$TOP/majorfault" compare --base "$BASE" --rounds 1 --out "$out/$BASE/storm2" || return
	if same_digits storm1 storm2; then
		say "ok storm: two deterministic runs agree in every digit"
	else
		say "not ok storm: two deterministic runs differ"
	fi
	claims "$out/$BASE/storm1/results.json"
	no_claims "$out/$BASE/storm1/results.json" --as mainline
}

# claims RESULTS: what is claimed must hold
claims()
{
	"$CACHE/bin/claims" "$1" || [ $? -eq 1 ] || say "not ok claims: cannot be put to $1"
}

# no_claims RESULTS OPTION VALUE: then they must not, or they claim nothing
no_claims()
{
	rc=0
	"$CACHE/bin/claims" "$2" "$3" "$1" >/dev/null || rc=$?
	if [ "$rc" -eq 1 ]; then
		say "ok claims: do not hold with $2 $3"
	else
		say "not ok claims: end with status $rc with $2 $3, so they claim nothing"
	fi
}

programs() { "$TOP/kernel/programs" && say "ok programs: built"; }

test_programs()
{
	make -s -C "$TOP/tests" OUT="$CACHE/bin" && say "ok tests: programs built"
}

model() { "$TOP/tests/model"; }

series() { "$TOP/tests/series"; }

bad_days() { "$TOP/tests/bad_days"; }

ports() { OUT=$out/$BASE "$TOP/tests/ports" --base "$BASE"; }

kernels()
{
	"$TOP/kernel/build" lab debug && "$TOP/kernel/initramfs" &&
		say "ok kernels: lab and debug are built, with every option asked for"
}

stress()
{
	OUT=$out/$BASE "$TOP/tests/stress" --base "$BASE" --seeds 4 --arms relock,mainline
}

# On the debug kernel, and something fails now and then of what a fault needs.
failures()
{
	OUT=$out/$BASE "$TOP/tests/stress" --base "$BASE" --flavour debug --inject 300 \
		--seeds 2 --arms relock,mainline
}

# What mainline's own code does is in splats.txt. In the arm peek a fault that waited looks
# at its VMA without the lock: a race, and so to be seen.
races()
{
	"$TOP/kernel/build" kcsan || return
	OUT=$out/$BASE "$TOP/tests/stress" --base "$BASE" --flavour kcsan --seeds 8 \
		--arms peek,relock
}

# The wrong arms that 6.12 can show: a VMA object is not used again there in time.
long_stress()
{
	wrong=nosize,noseq,anyvma
	[ "$BASE" != 6.12 ] || wrong=nosize
	[ "$MAJORFAULT_MINUTES" -gt 0 ] || MAJORFAULT_MINUTES=60
	OUT=$out/$BASE/long "$TOP/tests/stress" --base "$BASE" --seeds 200 \
		--minutes "$MAJORFAULT_MINUTES" --arms "$wrong,relock,retry,hold,mainline"
}

# What must pass, in the right arm; what a wrong one does may well be a race. Three ask for
# what that kernel lacks.
self_test_races()
{
	grep -vE '^inject |expect=fail' "$out/$BASE/selftests.jobs" |
		sed -E '/name=(r20_policy|r10_inject|r7_device) /s/expect=pass/expect=skip/' >"$out/$BASE/races.jobs"
	tests_in kcsan "$BASE/races"
}

filesystems()
{
	"$TOP/kernel/tools" install fs && "$TOP/kernel/build" fs && "$TOP/kernel/initramfs" fs &&
		OUT=$out/$BASE "$TOP/tests/filesystems" --base "$BASE"
}

outside()
{
	OUT=$out/$BASE "$TOP/tests/outside" --base "$BASE"
}

# A write that fork() loses without VMA locks takes CPUs that run at once.
parallel_fork()
{
	printf '%s\n' "test name=fork_write arm=relock expect=pass forks=1000" \
		"test name=fork_write arm=noforklock expect=fail not_ok=1 forks=1000" >"$out/$BASE/fork.jobs"
	tests_in lab "$BASE/fork" --accel tcg --timeout 1200
}

# A few cells of fork_arms(): one that each way to lock less breaks, or does not.
few_fork_arms()
{
	OUT=$out/$BASE "$TOP/tests/forks" --base "$BASE" --seeds 6 --fault-arms relock \
		--arms full,none,cow --cases anon,guard_shmem,uffd_wp_shmem
}

fork_arms()
{
	"$TOP/kernel/build" fork || return
	OUT=$out/$BASE "$TOP/tests/forks" --base "$BASE" --flavour fork --seeds 10
}

decision_logic()
{
	"$TOP/tests/relock/run.sh" "$(build_dir steps)/mm-of-series" "$out/$BASE/relock"
}

plan=$(plan)
parts=$(echo "$plan" | wc -l)
number=0 passed=0 failed=0 failures=
while read -r BASE function title <&7; do
	mkdir -p "$out/$BASE"
	part "$function" "$title" 7<&-
done 7<<END
$plan
END

say ""
[ -z "$failures" ] || say "$failures"
say "$passed passed, $failed failed"
[ "$failed" -eq 0 ] || { died=$E_TEST; exit "$E_TEST"; }
