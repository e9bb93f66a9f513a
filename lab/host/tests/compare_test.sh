#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Description: `./majorfault compare` with programs that stand in for the kernel build and
# for QEMU: a comparison that is interrupted goes on where it was, says so, and is not
# mixed with another one. Also --seeds, --smoke and `./majorfault report`, how a clone can
# be called and where it can be, and two clones with one cache.
#
# usage: compare_test.sh path-to-mflab
set -eu

mflab=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
# shellcheck source=lab/host/tests/stage.sh
. "$(dirname "$0")/stage.sh"
out=$dir/out
ln -s "$mflab" "$cache/bin/mflab"
echo kernel >"$cache/build/7.3-lab/arch/x86/boot/bzImage"
echo fake >"$cache/build/7.3-lab/majorfault.release"
echo config >"$cache/build/7.3-lab/.config"
echo base >"$cache/guest/initramfs.cpio"
printf '#!/bin/sh\necho "  seed=4711  of all"\n' >"$cache/guest/workloads/storm"
printf '#!/bin/sh\necho "  faults=1  of all"\n' >"$cache/guest/workloads/cost"
printf '#!/bin/sh\ncat >/dev/null; echo "<svg><title>x</title><desc></desc></svg>"\n' >"$dir/path/gnuplot"
cp "$here/fake_guest.sh" "$dir/path/qemu-system-x86_64"
chmod +x "$cache/guest/workloads/storm" "$cache/guest/workloads/cost" "$dir/path"/*
PATH=$dir/path:$PATH
FAKE_BOOTS=$dir/boots
FAKE_HANG=
FAKE_FAIL=
export PATH FAKE_BOOTS FAKE_HANG FAKE_FAIL

# compare OPTION...: its status goes to $status
compare()
{
	status=0
	"$top/majorfault" compare "$@" >"$dir/log" 2>&1 </dev/null || status=$?
}

# How many runs the newest boot has ended.
runs_ended() { grep -c '"type":"run"' "$(sed -n '$s/^[0-9]* //p' "$dir/boots")/records.jsonl" || :; }

# interrupted SIGNAL OPTION...: once the guest hangs
interrupted()
{
	signal=$1
	shift
	: >"$dir/boots"
	env --default-signal=INT "$top/majorfault" compare "$@" >"$dir/log" 2>&1 </dev/null &
	pid=$!
	for _ in $(seq 100); do
		[ ! -s "$dir/boots" ] || [ "$(runs_ended)" -lt "$FAKE_HANG" ] || break
		sleep 0.1
	done
	kill -s "$signal" "$pid"
	status=0
	wait "$pid" || status=$?
}

boots() { [ "$(cut -d ' ' -f 1 "$dir/boots" | tr '\n' ' ')" = "$1" ]; }
in_results() { grep -q -e "$1" "$out/results.json"; }
not_in_results() { ! grep -q -e "$1" "$out/results.json"; }
runs_in_results() { [ "$(grep -c '"workload"' "$out/results.json")" -eq "$1" ]; }
no_file() { [ ! -e "$1" ]; }
no_file_has() { ! grep -q -e "$1" "$2"; }

# ---- all at once ----

: >"$dir/boots"
compare --arms mainline,relock --rounds 2 --out "$out"
check 'a comparison comes to its end' status_is 0
check 'in one boot: 3 sets, 2 arms, 2 rounds' boots '12 '
check 'all runs are in the results' runs_in_results 12
check 'they do not say that it was cut short' not_in_results cut_short
check 'the command is in the results' in_results \
	'"./majorfault compare --base=7.3 --arms=mainline,relock --workloads=storm --accel=det --vcpus=4 --rounds=2"'
check 'the time left is told' says '\[ *5/16\] storm arm=mainline round=1 .*, about [0-9]* s left$'
check 'nothing is left to go on with' no_file "$out/unfinished"
compare --continue --out "$out"
check 'what is finished cannot be continued' status_is 2
: >"$dir/boots"
compare --arms mainline,relock --rounds 2 --out "$out"
check 'the same again is run again' boots '12 '

# ---- Ctrl-C, and on ----

FAKE_HANG=5
interrupted INT --arms mainline,relock --rounds 2 --out "$out"
check 'Ctrl-C' status_is 130
check 'says how to go on' says "majorfault compare --continue --out $out"
check 'the old results are gone' no_file "$out/results.json"
FAKE_HANG=
: >"$dir/boots"
compare --arms mainline --rounds 2 --out "$out"
check 'other options are not mixed with it' status_is 2
check 'and the message says what differs' says 'differs: .*--arms=mainline'
compare --continue --rounds 2 --out "$out"
check '--continue takes no other options' status_is 2
cp "$cache/guest/initramfs.cpio" "$dir/keep"
echo other >"$cache/guest/initramfs.cpio"
compare --continue --out "$out"
check 'nor are other programs' status_is 2
check 'which is said' says 'differs: guest'
cp "$dir/keep" "$cache/guest/initramfs.cpio"
check 'no guest was booted for that' boots ''
FAKE_HANG=4
interrupted INT --continue --out "$out"
check 'Ctrl-C again' status_is 130
check 'only what was left was to be run' boots '7 '
FAKE_HANG=
: >"$dir/boots"
compare --arms mainline,relock --rounds 2 --out "$out"
check 'the same command goes on, too' status_is 0
check 'with the last jobs' boots '3 '
check 'every run is in the results once' runs_in_results 12
check 'they say that it was cut short' in_results '"cut_short": 2'
check 'and so does the table' says 'Not one boot: cut short 2 times'
compare --continue --out "$out"
check 'then it is finished' status_is 2

# A boot that had done nothing leaves nothing: the comparison is one boot.
FAKE_HANG=0
interrupted TERM --arms mainline --rounds 1 --out "$out"
FAKE_HANG=
compare --continue --out "$out"
check 'interrupted before the first run ended' status_is 0
check 'it was not cut short' not_in_results cut_short

# What failed is not hidden by what goes on.
FAKE_FAIL=2
compare --arms mainline --rounds 1 --out "$out"
check 'a job that fails' status_is 13
check 'the others are in the results' runs_in_results 2
check 'and it, as what has failed' in_results '"job": "run workload=storm arm=mainline round=1 '
check 'the table says so before its numbers' says '^1 run failed, and is not in the numbers:$'
FAKE_FAIL=
compare --continue --out "$out"
check 'is not continued' status_is 2
FAKE_FAIL=2 FAKE_HANG=2
interrupted INT --arms mainline --rounds 1 --out "$out"
FAKE_FAIL='' FAKE_HANG=
compare --continue --out "$out"
check 'not if it was interrupted after that, either' status_is 13
check 'which is said' says 'a job had failed before'
rm -rf "$out"

# ---- seeds and smoke ----

compare --arms mainline --seeds 4 --seed 7 --out "$out"
check 'a round for each seed' status_is 0
check 'from the first on' grep -q 'round=1 .*seed=7$' "$out/patched.jobs"
check 'to the last' grep -q 'round=4 .*seed=10$' "$out/patched.jobs"
check 'the table takes them together' says '^median of 4 seeds, '
check 'the command names them' in_results '--seeds=4 --seed=7'
compare --arms mainline --seeds 2 --workloads cost --out "$out"
check 'a workload without a seed gets none' no_file_has 'seed=' "$out/patched.jobs"
compare --seeds 2 --rounds 2 --out "$out"
check 'seeds and rounds exclude each other' status_is 2
compare --arms mainline --smoke --out "$out"
check 'smoke is one round' says '^one round'
check 'of small runs' grep -q 'faults=25$' "$out/patched.jobs"
"$top/majorfault" stress --smoke >"$dir/log" 2>&1 || status=$?
check 'smoke is for compare' status_is 2

# ---- a full disk ----

rm "$cache/bin/mflab"
# shellcheck disable=SC2016 # expanded by that sh
printf '#!/bin/sh\n[ "$1" != table ] || exec >/dev/full\nexec "%s" "$@"\n' "$mflab" >"$cache/bin/mflab"
chmod +x "$cache/bin/mflab"
compare --arms mainline --smoke --out "$out"
check 'no space for the table' status_is 9
check 'is said' says 'could not be written in full; free some space'
ln -sf "$mflab" "$cache/bin/mflab"

# ---- report ----

status=0
"$top/majorfault" report "$out" >"$dir/log" 2>&1 || status=$?
check 'the report is written' status_is 0
check 'beside the results' grep -q '</html>' "$out/report.html"
check 'with a plot' grep -q '<figure>' "$out/report.html"
status=0
"$mflab" html --gnuplot /nowhere --out "$dir/none.html" "$out/results.json" 2>"$dir/log" || status=$?
check 'no gnuplot' status_is 3
check 'and what to install' says 'gnuplot-nox'
check 'then there is no half of a page' no_file "$dir/none.html"
printf '#!/bin/sh\nexit 1\n' >"$dir/path/gnuplot"
status=0
"$top/majorfault" report "$out" >"$dir/log" 2>&1 || status=$?
check 'a gnuplot that fails' status_is 1
status=0
"$mflab" html "$out/results.json" 2>"$dir/log" || status=$?
check 'a report without --out' status_is 2
status=0
"$top/majorfault" report "$dir/nowhere" >"$dir/log" 2>&1 || status=$?
check 'a report of nothing' status_is 2

# ---- a link, and a path with a space ----

ln -s "$top/majorfault" "$dir/path/mf"
status=0
mf help >"$dir/log" 2>&1 || status=$?
check 'through a symbolic link' status_is 0
cp -R "$top" "$dir/a clone"
status=0
"$dir/a clone/majorfault" compare --out "$out" >"$dir/log" 2>&1 || status=$?
check 'a clone in a path with a space' status_is 2
check 'is told to move' says "the project's path has a space .*: $dir/a clone"

# ---- two clones, one cache ----

for clone in a b; do
	cp -R "$top" "$dir/$clone"
	cp "$project/kernel/programs" "$dir/$clone/kernel"
	mkdir -p "$dir/$clone/lab/host"
	# shellcheck disable=SC2016 # expanded by make
	printf 'all:\n\tln -sf %s $(OUT)/mflab\n' "$mflab" >"$dir/$clone/lab/host/Makefile"
	cat >"$dir/$clone/kernel/build" <<-END
	#!/bin/sh
	mkdir -p "$cache/build/7.3-\$1/arch/x86/boot"
	cd "$cache/build/7.3-\$1"
	touch majorfault.release .config
	echo "kernel of $dir/$clone" >arch/x86/boot/bzImage
	END
	printf '#!/bin/sh\necho base >"%s/guest/initramfs.cpio"\n' "$cache" >"$dir/$clone/kernel/initramfs"
	echo 'plain pristine lab 8' >>"$dir/$clone/kernel/flavours.conf"
done

# running CLONE: it boots a guest, its process is $pid; two boots, of a pause each
running()
{
	: >"$dir/boots"
	FAKE_HANG=1 FAKE_PAUSE=4 "$dir/$1/majorfault" compare --arms mainline,unpatched --smoke \
		--out "$dir/out-$1" >"$dir/log-$1" 2>&1 </dev/null &
	pid=$!
	for _ in $(seq 100); do
		[ ! -s "$dir/boots" ] || break
		sleep 0.1
	done
}

still_runs() { kill -0 "$pid" 2>>"$dir/log"; }

# booted CLONE: in both of its boots, its own kernel
booted()
{
	cat "$dir/out-$1/patched/booted" "$dir/out-$1/unpatched/booted" >>"$dir/log"
	[ "$(tail -n 2 "$dir/log" | sort -u)" = "kernel of $dir/$1" ]
}

running a
status=0
"$dir/a/majorfault" build lab >"$dir/log" 2>&1 || status=$?
check 'another command of the same clone' status_is 0
check 'does not wait' still_runs
status=0
"$dir/b/majorfault" compare --arms mainline,unpatched --smoke --out "$dir/out-b" \
	>"$dir/log" 2>&1 </dev/null || status=$?
check 'another clone comes to its end, too' status_is 0
check 'it says for what it waits' says "Another clone, $dir/a, uses $cache; waiting for it"
check 'it boots its own kernel' booted b
status=0
wait "$pid" || status=$?
cp "$dir/log-a" "$dir/log"
check 'the first was not disturbed' status_is 0
check 'and booted its own kernel, twice' booted a

to_end
