#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh MM OUT: unit tests of the functions by which a fault lets go of its lock, waits,
# and takes it back or has the access made again. They are cut out of internal.h, memory.c
# and filemap.c, all in the directory MM. The same tests then run on mutants (mutants), each
# of which they must notice. Prints a line `ok NAME` or `not ok NAME` a result.
set -eu
mm=$1
out=$2
here=$(cd "$(dirname "$0")" && pwd -P)
rm -rf "${out:?}"
mkdir -p "$out"

# take FILE NAME: the definition of the function NAME, or of the struct, whole
take()
{
	awk -v name="$2" '
		$0 ~ "^(struct " name " [{]|[a-z].*[ *]" name "[(])" { text = ""; within = 1 }
		within { text = text $0 "\n" }
		within && /^};?$/ { print text; found = 1; exit }
		within && /;$/ && text !~ /[{]/ { within = 0 }	# declared only
		END { exit !found }' "$mm/$1" >"$out/taken" && sed 's/^static //; s/^inline //' "$out/taken" && return
	echo "run.sh: $mm/$1 does not define $2: is it of another series?" >&2
	return 1
}

# compile SOURCE OBJECT [OPTION...]
compile()
{
	source=$1 object=$2
	shift 2
	${CC:-gcc} -std=gnu11 -g -O0 -fsanitize=address "$@" -I"$here" -I"$out" \
		-DENTRY_WAIT="$entry_wait" -c -o "$object" "$source"
}

link()
{
	${CC:-gcc} -fsanitize=address -o "$2" "$1" "$out/relock_test.o" -lcmocka
}

# As it is called from 6.19 on, or before
entry_wait=softleaf_entry_wait_on_locked
grep -q "$entry_wait(" "$mm/filemap.c" || entry_wait=migration_entry_wait_on_locked

if ! take internal.h fault_wait >"$out/fault_wait.h" || ! {
	echo '#include "kernel.h"' &&
	take memory.c vmf_unlock &&
	take memory.c vmf_relock &&
	take memory.c vmf_again &&
	take internal.h maybe_unlock_mmap_for_io &&
	take memory.c do_page_mkwrite &&
	take memory.c fault_dirty_shared_page &&
	take filemap.c "$entry_wait" &&
	take filemap.c vmf_lock_folio &&
	take filemap.c __folio_lock_or_retry &&
	take filemap.c lock_folio_maybe_drop_mmap &&
	take filemap.c do_sync_mmap_readahead &&
	take filemap.c do_async_mmap_readahead &&
	take filemap.c filemap_fault
} >"$out/extract.c"; then
	echo "not ok relock: the functions to test are not all there"
	exit 1
fi

compile "$here/relock_test.c" "$out/relock_test.o" -Wall -Wextra -Werror
compile "$out/extract.c" "$out/extract.o" -Wall -Wextra -Werror -Wno-sign-compare \
	-Wno-unused-variable -Wno-unused-but-set-variable
link "$out/extract.o" "$out/test"
if "$out/test" >"$out/test.log" 2>&1; then
	echo "ok relock: the functions of mm/, $(grep -c '  OK ' "$out/test.log") tests"
else
	cat "$out/test.log" >&2
	echo "not ok relock: the functions of mm/"
fi

# mutant NUMBER FUNCTION NAME SED: the line that goes with this change
mutant()
{
	name="relock mutant: $2(): $3"
	sed "/^[a-z].*[ *]$2(/,/^}/{
$4
}" "$out/extract.c" >"$out/$1.c"
	if cmp -s "$out/extract.c" "$out/$1.c"; then
		echo "not ok $name: the change no longer applies"
	elif ! { compile "$out/$1.c" "$out/$1.o" -w && link "$out/$1.o" "$out/$1"; } 2>"$out/$1.log"; then
		cat "$out/$1.log" >&2
		echo "not ok $name: does not compile"
	elif timeout 60 "$out/$1" >"$out/$1.log" 2>&1; then
		echo "not ok $name: no test noticed"
	else
		echo "ok $name"
	fi
	rm -f "$out/$1" "$out/$1.c" "$out/$1.o"
}

# As many at once as there are processors
tab=$(printf '\t')
jobs=$(nproc)
n=0
while IFS=$tab read -r function name script; do
	case $function in
	'' | '#'*) continue ;;
	@ENTRY_WAIT) function=$entry_wait ;;
	esac
	n=$((n + 1))
	mutant "$n" "$function" "$name" "$script" >"$out/$n.result" &
	[ $((n % jobs)) -ne 0 ] || wait
done <"$here/mutants"
wait
i=0
while [ $((i += 1)) -le "$n" ]; do
	cat "$out/$i.result"
done
