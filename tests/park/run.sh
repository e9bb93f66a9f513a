#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh MM OUT: unit tests of the series' vmf_park.c and of the functions with vmf_
# in internal.h, both in the directory MM, then the same tests on mutants of them,
# each of which they must notice. Prints a line `ok NAME` or `not ok NAME` a result.
set -eu
mm=$1
out=$2
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd -P)
rm -rf "${out:?}"
mkdir -p "$out/real" "$out/mutant"

# build DIR PROGRAM
build()
{
	${CC:-gcc} -std=gnu11 -g -O1 -Wall -Wextra -Werror -Wno-unused-function -Wno-unused-parameter -Wno-empty-body \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		-I"$here/shim" -I"$here" -DVMF_PARK_C="\"$1/vmf_park.c\"" -DINTERNAL_H="\"$1/vmf.h\"" \
		-o "$2" "$here/vmf_park_test.c" -lcmocka
}

cp "$mm/vmf_park.c" "$out/real/vmf_park.c"
sed -n '/anon_prepare/d
	/^[a-z_]* \(__\)\{0,1\}vmf_[a-z_]*(.*;$/p
	/^static inline [a-z_]* vmf_[a-z_]*(/,/^}/p' "$mm/internal.h" |
	sed '/^static inline vm_fault_t vmf_anon/,/^}/d' >"$out/real/vmf.h"
build "$out/real" "$out/test"
if "$out/test" >"$out/test.log" 2>&1; then
	echo "ok park: the real mm/vmf_park.c, $(grep -c '  OK ' "$out/test.log") tests"
else
	cat "$out/test.log" >&2
	echo "not ok park: the real mm/vmf_park.c"
fi

# mutant NAME SED: a change that the tests must notice
mutant()
{
	for file in vmf_park.c vmf.h; do
		sed "$2" "$out/real/$file" >"$out/mutant/$file"
	done
	if cmp -s "$out/real/vmf_park.c" "$out/mutant/vmf_park.c" &&
	   cmp -s "$out/real/vmf.h" "$out/mutant/vmf.h"; then
		echo "not ok park mutant: $1: the change no longer applies"
	elif ! build "$out/mutant" "$out/mutant/test" 2>"$out/mutant.log"; then
		cat "$out/mutant.log" >&2
		echo "not ok park mutant: $1: does not compile"
	elif timeout 60 "$out/mutant/test" >"$out/mutant.log" 2>&1; then
		echo "not ok park mutant: $1: no test noticed"
	else
		echo "ok park mutant: $1"
	fi
}

mutant "another VMA"			's/vma != vmf->vma/0/'
mutant "another page offset"		's/linear_page_index(vma, vmf->address) != vmf->pgoff/0/'
for fact in file vm_flags flags anon_vma; do
	if grep -q "^		.$fact = " "$out/real/vmf_park.c"; then
		mutant "fact left out: $fact"	"/^		.$fact = /d"
	fi
done
mutant "first anon_vma is a change"	's/now.anon_vma = NULL;/;/'
mutant "any anon_vma will do"		's/if (!vmf->facts.anon_vma)/if (1)/'
mutant "facts not compared"		's/return !memcmp(&now, \(.*\);/return !memcmp(\&now, \1 || 1;/'
mutant "policy of the page to copy to"	's/vmf->cow_page \&\& vma_policy(vma)/0/'
mutant "policy for any fault"		's/vmf->cow_page \&\& vma_policy/vma_policy/'
mutant "policy or not"			's/vmf->cow_page \&\& vma_policy(vma)/vmf->cow_page/'
mutant "file not pinned"		's/get_file(vmf->facts.file);/;/'
mutant "file kept pinned"		's/fput(vmf->facts.file);/;/'
mutant "VMA lock leaked"		's/vma_end_read(vma);/;/'
mutant "old pmd"			's/vmf->pmd = pmd;/;/'
mutant "facts taken for a pud"		's/vmf->pud = NULL;/;/'
mutant "facts taken for a pte"		's/vmf->pte = NULL;/;/'
mutant "missing page table"		's/pmd && pmd_none(pmdp_get_lockless(pmd)) &&/0 \&\&/'
mutant "preallocated table not used"	's/ && !vmf->prealloc_pte)/)/'
mutant "resumes without a page table"	's/\*pmd ? FAULT_RESUMED : FAULT_NOT_RESUMED_PGTABLE/FAULT_RESUMED/'
mutant "fatal signal"			's/fatal_signal_pending(current)/0/'
mutant "handler needs mmap_lock"		's/vma->vm_ops \&\& !vma->vm_ops->map_pages/0/'
mutant "handler asked under VMA lock"	's/!(vmf->flags & FAULT_FLAG_VMA_LOCK) \&\&/1 \&\&/'
mutant "any handler needs mmap_lock"	's/ \&\& !vma->vm_ops->map_pages/ \&\& 1/'
mutant "kernel threads resume"		's/current->flags & PF_KTHREAD/0/'
mutant "lock of before taken for held"	's/vmf->flags |= FAULT_FLAG_VMA_LOCK;/;/'
mutant "waited, but not major"		's/VM_FAULT_COMPLETED | VM_FAULT_MAJOR;/VM_FAULT_COMPLETED;/'
mutant "let go, but not major"		's/return ret | VM_FAULT_MAJOR;/return ret;/'
mutant "VMA lock kept at the end"	's/vma_end_read(vmf->vma);/;/'
mutant "VMA lock taken at the end"	's/likely(!((vmf->flags ^ flags) & FAULT_FLAG_VMA_LOCK))/0/'
mutant "let go of twice at the end"	's/if (ret & (VM_FAULT_RETRY | VM_FAULT_COMPLETED))/if (0)/'
mutant "error and completed"		's/if (!(ret & VM_FAULT_ERROR))/if (1)/'
mutant "error, and no lock"		's/!mmap_read_trylock(mm)/!mm/'
mutant "error always, at the end"	's/if (!(ret & VM_FAULT_ERROR))/if (0)/'
mutant "completes what is not parked"	'/^vm_fault_t vmf_complete/,/^}/s/!vmf->parked/0/'
mutant "completed without a word"	's/return VM_FAULT_COMPLETED | VM_FAULT_NOPAGE;/return 0;/'
mutant "somebody looks for a page"	's/VM_FAULT_COMPLETED | VM_FAULT_NOPAGE/VM_FAULT_COMPLETED/'
mutant "parks when tried"		's/!fault_flag_allow_retry_first(vmf->flags)/0/'
mutant "parks when it must not wait"	's/(vmf->flags & FAULT_FLAG_RETRY_NOWAIT))$/0)/'
mutant "fails whatever the signal"	's/vmf->parked \&\& vmf_interrupted(vmf)/0/'
mutant "signal, though it did not wait"	's/vmf->parked \&\& vmf_interrupted/vmf_interrupted/'
mutant "any signal is fatal"		's/vmf->flags & FAULT_FLAG_INTERRUPTIBLE/1/'
mutant "no signal but a fatal one"	's/vmf->flags & FAULT_FLAG_INTERRUPTIBLE/0/'
mutant "fails without its lock"		's/return vmf_resume(vmf) ? ret | VM_FAULT_RETRY : error;/vmf_resume(vmf); return error;/'
mutant "no error after a wait"		's/ret | VM_FAULT_RETRY : error;/ret | VM_FAULT_RETRY : 0;/'
mutant "an error beside others"		's/ret | VM_FAULT_RETRY : error;/ret | VM_FAULT_RETRY : ret | error;/'
mutant "a restart forgets"		's/ret | VM_FAULT_RETRY : error;/VM_FAULT_RETRY : error;/'
mutant "abandon keeps the lock"		's/release_fault_lock(vmf);$/;/'
mutant "abandon drops a NOWAIT lock"	's/else if (!(vmf->flags & FAULT_FLAG_RETRY_NOWAIT))/else/'
mutant "still parked after the wait"	's/vmf->parked = false;/;/'
mutant "kept folio leaked"		's/folio_put(current->fault_folio);/;/'
mutant "kept folio not forgotten"	's/current->fault_folio = NULL;/;/'
mutant "old kept folio leaked"		's/folio_put(folio);/;/'
mutant "old folio kept, not the new"	's/swap(task->fault_folio, folio);/if (!task->fault_folio) swap(task->fault_folio, folio);/'
mutant "kept by kernel faults"		's/(vmf->flags & FAULT_FLAG_USER) \&\&/1 \&\&/'
mutant "kept by kernel threads"		's/ \&\& !(task->flags & PF_KTHREAD)//'
mutant "no fault, but parks"		's/if (!vmf)$/if (0)/'
mutant "completed without VMA locks"	's/if (!IS_ENABLED(CONFIG_PER_VMA_LOCK))/if (0)/'
mutant "locked folio not noticed"	's/return folio_trylock(folio) ||/return 1 ||/'
mutant "free folio waited for"		's/return folio_trylock(folio) ||/return/'
mutant "parked but not resumed"		's/return vmf->parked ? __vmf_resume(vmf) : 0;/return 0;/'
mutant "dying task keeps the folio"	's/if (task_work_add(\(.*\)))$/if (task_work_add(\1) \&\& 0)/'
mutant "not counted"			's/count_vm_event(outcome);/;/'
