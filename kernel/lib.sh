# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What every step shares: where things are, how a step speaks, how it fails, how
# it ends when interrupted.  Sourced, after TOP (the project's directory) is set.
#
# Read from the environment:
#   MAJORFAULT_CACHE   everything that can be made again; never inside the project
#   MAJORFAULT_JOBS    how many compilers at once (default: one a core)
#   BASE               kernel the series is for (default 7.3)
#   KERNEL_SRC         another kernel tree to use instead; copied, never changed
#
# Functions for other scripts:
#   say, detail, warn, die STATUS TEXT...
#   step TEXT; step_done        announce a step and how long it took
#   run CMD...                  run CMD so that Ctrl-C ends it with all its children
#   run_logged LOG CMD...       the same, output into LOG; a full disk is status 9
#   run_step SCRIPT ARG...      run a step of its own; ends with its status if it fails
#   tee_to FILE CMD...          run CMD, what it says goes into FILE as well
#   after STEP                  the same for kernel/STEP, unless it has just been done
#   need_space DIR MB WHAT      status 9 unless DIR has MB megabytes free
#   make_cache                  the cache is there, and no other clone uses it
#   take_lock kernel|guest      one majorfault at a time builds in one cache
#   source_dir, source_version, build_dir FLAVOUR, kernel_image FLAVOUR,
#   boot_guest FLAVOUR IMAGE JOBS DIR OPTION...  boot it, do the jobs, records in DIR
#   test_results DIR [PREFIX]   lines `ok` and `not ok` of the tests in that guest
#   need_guest STATUS [LOG]     end unless boot_guest's status tells of a guest
#   arm_conf ARM FIELD, arms_for COMMAND [default], check_arms COMMAND LIST  (conf/arms.conf)
#   patches KIND...             the patches of "series" and "arms" in order
#   scratch_repository DIR KIND...  a git repository that they apply to

E_TEST=1 E_USAGE=2 E_TOOL=3 E_FETCH=4 E_CHECKSUM=5 E_SERIES=6 E_CONFIG=7 E_BUILD=8
E_SPACE=9 E_HUNG=10 E_PANIC=11 E_QEMU=12 E_GUEST=13 E_INTERRUPT=130
export E_TEST E_USAGE E_TOOL E_FETCH E_CHECKSUM E_SERIES E_CONFIG E_BUILD
export E_SPACE E_HUNG E_PANIC E_QEMU E_GUEST E_INTERRUPT

# Tools are parsed below; they must speak English and sort alike everywhere.
LC_ALL=C
export LC_ALL
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE CDPATH

: "${TOP:?}"
BASE=${BASE:-7.3}
KERNEL_SRC=${KERNEL_SRC:-}
CACHE=${MAJORFAULT_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/majorfault}
case $CACHE in
/*)	;;
*)	CACHE=$PWD/$CACHE ;;
esac
MAJORFAULT_CACHE=$CACHE
MAJORFAULT_JOBS=${MAJORFAULT_JOBS:-$(nproc)}
export BASE KERNEL_SRC MAJORFAULT_CACHE MAJORFAULT_JOBS

# ---- speaking --------------------------------------------------------------

if [ -z "${MAJORFAULT_COLOUR+set}" ]; then
	MAJORFAULT_COLOUR=
	if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${NO_COLOR:-}" ]; then
		MAJORFAULT_COLOUR=yes
	fi
	export MAJORFAULT_COLOUR
fi
if [ "$MAJORFAULT_COLOUR" ]; then
	BOLD=$(printf '\033[1m') RED=$(printf '\033[31m') PLAIN=$(printf '\033[0m')
else
	BOLD='' RED='' PLAIN=''
fi

say() { printf '%s\n' "$*"; }
detail() { printf '      %s\n' "$*"; }
warn() { printf '%swarning:%s %s\n' "$RED" "$PLAIN" "$*" >&2; }

# die STATUS TEXT...: each TEXT is a line; the last ones say what to do
die()
{
	died=$1
	shift
	printf '%smajorfault:%s %s\n' "$RED" "$PLAIN" "$1" >&2
	shift
	for _line in "$@"; do
		printf '      %s\n' "$_line" >&2
	done
	exit "$died"
}

now() { date +%s; }

# words LIST: of a comma-separated list
words() { echo "$1" | tr , ' '; }

# leave_out NAME: the file with the lines of tests/NAME.jobs that BASE cannot run
leave_out()
{
	_file=$TOP/tests/$1-$BASE.leave-out
	[ -f "$_file" ] || _file=/dev/null
	echo "$_file"
}

# duration SECONDS
duration()
{
	if [ "$1" -lt 60 ]; then
		echo "$1 s"
	else
		echo "$(($1 / 60)) min $(($1 % 60)) s"
	fi
}

# step TEXT: the front door numbers its steps (MAJORFAULT_STEP), a script alone does not
step()
{
	step_began=$(now)
	say "${BOLD}[${MAJORFAULT_STEP:-*}]$PLAIN $*"
}

step_done() { detail "${1:-done} ($(duration $(($(now) - step_began))))"; }

# ---- ending ----------------------------------------------------------------

died=
child=
child_leads=
temporary=

# add_temporary PATH: removed when the script ends, however it ends
add_temporary()
{
	temporary="$temporary $1"
}

# A full disk shows up anywhere, also in a redirection; so look when all else failed.
on_exit()
{
	_status=$?
	trap '' INT TERM HUP
	trap - EXIT
	for _path in $temporary; do
		rm -rf -- "$_path"
	done
	if [ "$_status" -ne 0 ] && [ -z "$died" ]; then
		if [ -d "$CACHE" ] && [ "$(free_mb "$CACHE")" -lt 8 ]; then
			no_space "$CACHE"
			_status=$E_SPACE
		else
			printf '%smajorfault:%s %s stopped unexpectedly (status %s); the lines above say where\n' \
				"$RED" "$PLAIN" "${0##*/}" "$_status" >&2
			_status=$E_BUILD
		fi
	fi
	if command -v at_end >/dev/null; then
		at_end
	fi
	exit "$_status"
}

end_child()
{
	[ "$child" ] || return 0
	_target=$child
	[ -z "$child_leads" ] || _target=-$child
	kill -s TERM -- "$_target" 2>/dev/null || return 0
	for _try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		kill -s 0 -- "$_target" 2>/dev/null || break
		sleep 0.25
	done
	[ "$_try" != 20 ] || kill -s KILL -- "$_target" 2>/dev/null || :
	child=
}

on_signal()
{
	trap '' INT TERM HUP
	died=$E_INTERRUPT
	end_child
	if [ -z "${MAJORFAULT_SESSION:-}" ]; then
		printf '\n%smajorfault:%s interrupted; nothing is left running, the next run goes on from here\n' \
			"$RED" "$PLAIN" >&2
	fi
	exit "$E_INTERRUPT"
}

trap on_exit EXIT
trap on_signal INT TERM HUP

# run CMD...: CMD and all it starts are one session, ended as a whole.  Within
# such a session a script only starts its children; the outermost ends them.
run()
{
	if [ "${MAJORFAULT_SESSION:-}" ]; then
		"$@" &
		child_leads=
	else
		MAJORFAULT_SESSION=1 setsid "$@" &
		child_leads=yes
	fi
	child=$!
	_rc=0
	wait "$child" || _rc=$?
	child=
	return "$_rc"
}

# run_step SCRIPT ARG...: a step of its own; it has said why if it failed
run_step()
{
	_rc=0
	run "$@" || _rc=$?
	if [ "$_rc" -ne 0 ]; then
		died=$_rc
		exit "$_rc"
	fi
}

# tee_to FILE CMD...: run CMD; what it says goes into FILE as well. Ends with CMD's status,
# which a pipe would lose, or with E_SPACE if FILE is not complete.
tee_to()
{
	_copy=$1
	_pipe=$CACHE/tmp/tee.$$
	shift
	add_temporary "$_pipe"
	rm -f "$_pipe"
	mkfifo "$_pipe" || return "$E_SPACE"
	tee -i "$_copy" <"$_pipe" &
	_tee=$!
	_rc=0
	run "$@" >"$_pipe" 2>&1 || _rc=$?
	rm -f "$_pipe"
	if ! wait "$_tee"; then
		warn "$_copy is not complete; is the disk full?"
		[ "$_rc" -ne 0 ] || _rc=$E_SPACE
	fi
	return "$_rc"
}

# after STEP: run kernel/STEP first, unless the caller has just done so
after()
{
	case " ${MAJORFAULT_DONE:-} " in
	*" $1 "*) ;;
	*)	run_step "$TOP/kernel/$1" ;;
	esac
}

# run_logged LOG CMD...
run_logged()
{
	_log=$1
	shift
	_rc=0
	run "$@" >"$_log" 2>&1 || _rc=$?
	if [ "$_rc" -ne 0 ] && out_of_space "$_log"; then
		no_space "$CACHE"
		died=$E_SPACE
		exit "$E_SPACE"
	fi
	return "$_rc"
}

# tail_of LOG LINES
tail_of()
{
	sed 's/^/      | /' "$1" | tail -n "${2:-15}" >&2
}

# ---- disk space ------------------------------------------------------------

free_mb() { df -Pk -- "$1" | awk 'NR == 2 { print int($4 / 1024) }'; }

out_of_space()
{
	grep -qE 'No space left on device|Disk quota exceeded' "$1" 2>/dev/null ||
		[ "$(free_mb "$CACHE")" -lt 8 ]
}

no_space()
{
	printf '%smajorfault:%s the disk is full: %s has %s MB left\n' \
		"$RED" "$PLAIN" "$1" "$(free_mb "$1")" >&2
	printf '      %s\n' "Free some space, or set MAJORFAULT_CACHE to a directory on a larger disk." \
		"Nothing half-made is taken for done; run the same command again." >&2
}

# need_space DIR MB WHAT
need_space()
{
	_free=$(free_mb "$1")
	[ "$_free" -ge "$2" ] || die "$E_SPACE" \
		"not enough disk space: $3 needs about $2 MB, $1 has $_free MB free" \
		"Free some space, or set MAJORFAULT_CACHE to a directory on a larger disk."
}

# ---- the cache -------------------------------------------------------------

# plain_path WHAT PATH TEXT: make(1) takes neither spaces nor colons in a path
plain_path()
{
	case $2 in
	*[[:space:]:]*)
		die "$E_USAGE" "the $1's path has a space or a colon in it: $2" "$3" ;;
	esac
}

# make_cache: and keep other clones from using it meanwhile
make_cache()
{
	plain_path project "$TOP" "Nothing can be built from there; move it to another directory."
	plain_path cache "$CACHE" "The kernel cannot be built there; set MAJORFAULT_CACHE to another directory."
	case $CACHE/ in
	"$TOP"/*)
		die "$E_USAGE" "the cache is inside the project: $CACHE" \
			"Set MAJORFAULT_CACHE to a directory outside of it." ;;
	esac
	mkdir -p "$CACHE/tmp" "$CACHE/apt" "$CACHE/src" "$CACHE/build" "$CACHE/deb" "$CACHE/ccache" \
		"$CACHE/guest" "$CACHE/bin" 2>/dev/null ||
		{ [ ! -d "$CACHE" ] || need_space "$CACHE" 8 "the cache"; die "$E_USAGE" \
			"the cache directory $CACHE cannot be made or written to" \
			"Set MAJORFAULT_CACHE to a directory that you may write to."; }
	TMPDIR=$CACHE/tmp
	export TMPDIR
	share_cache
}

# share_cache: clones that share a cache build in the same places, so they take turns:
# CACHE/clone names the one whose commands may run.  Held like the locks of take_lock.
share_cache()
{
	case " ${MAJORFAULT_LOCKED:-} " in
	*" $CACHE/clone.lock "*) return 0 ;;
	esac
	exec 7>"$CACHE/clone.lock"
	flock -s 7 || die "$E_BUILD" "the lock $CACHE/clone.lock cannot be taken"
	until stamp_is "$CACHE/clone" "$TOP"; do
		if ! flock -n 7; then
			_other=$(cat "$CACHE/clone" 2>/dev/null || :)
			say "Another clone${_other:+, $_other,} uses $CACHE; waiting for it to end."
			detail "With MAJORFAULT_CACHE set to another directory, this one need not wait."
			run flock 7 || die "$E_BUILD" "the lock $CACHE/clone.lock cannot be taken"
		fi
		echo "$TOP" | write_file "$CACHE/clone"
		flock -s 7	# not at once: another clone may come first
	done
	MAJORFAULT_LOCKED="${MAJORFAULT_LOCKED:-} $CACHE/clone.lock"
	export MAJORFAULT_LOCKED
}

# take_lock kernel|guest: held until the script and everything it started have
# ended.  A step that finds its work done needs no lock.
take_lock()
{
	case " ${MAJORFAULT_LOCKED:-} " in
	*" $CACHE/$1.lock "*) return 0 ;;
	esac
	case $1 in
	kernel)	exec 9>"$CACHE/kernel.lock" && set -- "$1" 9 ;;
	guest)	exec 8>"$CACHE/guest.lock" && set -- "$1" 8 ;;
	esac
	if ! flock -n "$2"; then
		say "Another majorfault is building in $CACHE; waiting for it to end."
		run flock "$2" || die "$E_BUILD" "the lock $CACHE/$1.lock cannot be taken"
	fi
	MAJORFAULT_LOCKED="${MAJORFAULT_LOCKED:-} $CACHE/$1.lock"
	export MAJORFAULT_LOCKED
}

# write_file FILE: from stdin, complete or not at all
write_file()
{
	cat >"$1.part" && mv -f -- "$1.part" "$1"
}

sha256() { sha256sum | cut -d ' ' -f 1; }

# file_sha256 FILE
file_sha256() { sha256sum <"$1" | cut -d ' ' -f 1; }

# stamp_is STAMP KEY
stamp_is() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

# ---- where things are ------------------------------------------------------

# source_conf FIELD: of the line for $BASE in sources.conf (2 package, 3 suite, ...)
source_conf()
{
	awk -v base="$BASE" -v field="$1" '$1 == base { print $field }' "$TOP/kernel/sources.conf"
}

# all_bases: newest first, as they stand in sources.conf
all_bases() { awk '!/^#/ && NF { printf "%s ", $1 }' "$TOP/kernel/sources.conf"; }

# source_name: "local-..." for a tree of the user's, else the package's version
source_name()
{
	if [ "$KERNEL_SRC" ]; then
		printf 'local-%.12s\n' "$(printf '%s' "$KERNEL_SRC" | sha256)"
		return
	fi
	_pinned=$(source_conf 4)
	if [ ! -f "$CACHE/src/$_pinned/pristine.ok" ] && [ -f "$CACHE/src/$BASE.newer" ]; then
		_newer=$(cat "$CACHE/src/$BASE.newer")
		if [ -f "$CACHE/src/$_newer/pristine.ok" ]; then
			echo "$_newer"
			return
		fi
	fi
	echo "$_pinned"
}

source_home() { echo "$CACHE/src/$(source_name)"; }
source_dir() { echo "$(source_home)/pristine"; }

# make_version TREE: "7.3.4" of the tree's Makefile, extra version included
make_version()
{
	awk -F '=[ \t]*' '
		/^VERSION/ { v = $2 }
		/^PATCHLEVEL/ { p = $2 }
		/^SUBLEVEL/ { s = $2 }
		/^EXTRAVERSION/ { e = $2; exit }
		END { if (v != "" && p != "") print v "." p (s != "" ? "." s : "") e }' \
		"$1/Makefile" 2>/dev/null
}

# source_version: of the tree in use, after fetch
source_version() { make_version "$(source_dir)"; }

# flavour_conf FLAVOUR FIELD: of flavours.conf (2 tree, 3 fragments, 4 minutes)
flavour_conf()
{
	awk -v flavour="$1" -v field="$2" '$1 == flavour { print $field }' "$TOP/kernel/flavours.conf"
}

all_flavours() { awk '!/^#/ && NF { print $1 }' "$TOP/kernel/flavours.conf"; }

# arm_conf ARM FIELD: of conf/arms.conf (2 kind, 3 commands, 4 bases)
arm_conf()
{
	awk -v arm="$1" -v field="$2" '!/^#/ && $1 == arm { print $field }' "$TOP/conf/arms.conf"
}

# arms_for COMMAND [default]: the arms of BASE that it takes, or those it takes unasked;
# a list with commas
arms_for()
{
	awk -v command="$1" -v unasked="${2:-}" -v base="$BASE" '
		/^#/ || ($4 != "all" && !index("," $4 ",", "," base ",")) { next }
		index("," $3 ",", "," command "*,") ||
			(!unasked && index("," $3 ",", "," command ",")) { list = list "," $1 }
		END { print substr(list, 2) }' "$TOP/conf/arms.conf"
}

# check_arms COMMAND LIST: status 2 unless it takes each of them
check_arms()
{
	_arm=
	for _arm in $(words "$2"); do
		case ,$(arms_for "$1"), in
		*,"$_arm",*)	continue ;;
		esac
		_kind=$(arm_conf "$_arm" 2)
		[ "$_kind" ] || die "$E_USAGE" "there is no arm '$_arm'" "Arms of $1: $(arms_for "$1")"
		die "$E_USAGE" "the arm '$_arm' ($_kind) is not for $1 with Linux $BASE; it is for: $(arm_conf "$_arm" 3 | tr -d '*')" \
			"Arms of $1: $(arms_for "$1")"
	done
	[ "$_arm" ] || die "$E_USAGE" "no arm is named" "Arms of $1: $(arms_for "$1")"
}

# kernel_tree FLAVOUR: what it is built from
kernel_tree() { echo "$(source_home)/$(flavour_conf "$1" 2)"; }

build_dir()
{
	if [ "$KERNEL_SRC" ]; then
		echo "$CACHE/build/$(source_name)-$1"
	else
		echo "$CACHE/build/$BASE-$1"
	fi
}

kernel_image() { echo "$(build_dir "$1")/arch/x86/boot/bzImage"; }

# patches KIND...: numbered files of KIND/BASE in order, the cover letter left out
patches()
{
	for _kind in "$@"; do
		for _patch in "$TOP/$_kind/$BASE"/*.patch; do
			case ${_patch##*/} in
			'*.patch' | 0000*) ;;
			*) echo "$_patch" ;;
			esac
		done
	done
}

# touched_files KIND...: every path the patches name, old and new
touched_files()
{
	patches "$@" | while read -r _patch; do
		sed -n 's|^diff --git a/\(.*\) b/\(.*\)$|\1\n\2|p' "$_patch"
	done | sort -u
}

# copy_touched TREE DIR KIND...: those of them that TREE has
copy_touched()
{
	_from=$1 _to=$2
	shift 2
	mkdir -p "$_to"
	touched_files "$@" | while read -r _file; do
		if [ -f "$_from/$_file" ]; then
			mkdir -p "$_to/$(dirname "$_file")"
			cp -- "$_from/$_file" "$_to/$_file"
		fi
	done
}

# plain_git: the user's git configuration (signing, hooks, line ends) has no say
plain_git()
{
	GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
	GIT_COMMITTER_NAME=majorfault GIT_COMMITTER_EMAIL=majorfault@localhost
	GIT_AUTHOR_NAME=majorfault GIT_AUTHOR_EMAIL=majorfault@localhost
	export GIT_CONFIG_NOSYSTEM GIT_CONFIG_GLOBAL
	export GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL
}

# scratch_repository DIR KIND...: of the pristine files that these patches touch,
# for git am
scratch_repository()
{
	_scratch=$1
	shift
	plain_git
	rm -rf "$_scratch"
	copy_touched "$(source_dir)" "$_scratch" "$@"
	git -C "$_scratch" init -q -b main
	git -C "$_scratch" add -f .
	git -C "$_scratch" commit -q --allow-empty -m "$BASE"
}

# fragments FLAVOUR [SUFFIX]: its files of kernel/config that there are
fragments()
{
	for _fragment in $(words "$(flavour_conf "$1" 3)"); do
		_fragment=$TOP/kernel/config/$_fragment.${2:-config}
		if [ "${2:-config}" = config ] || [ -f "$_fragment" ]; then
			echo "$_fragment"
		fi
	done
}

# boot_words FLAVOUR: what its fragments ask for on the kernel's command line
boot_words()
{
	_files=$(fragments "$1" boot)
	# shellcheck disable=SC2086 # a word a file
	[ -z "$_files" ] || sed 's/#.*//' $_files | tr -s ' \t\n' ' ' | sed 's/^ //; s/ $//'
}

# boot_lacks FLAVOUR LOG: the first text of a `# verify:` line of its boot files that
# is not in the kernel log, so that something it asks for has not come about
boot_lacks()
{
	_files=$(fragments "$1" boot)
	# shellcheck disable=SC2086
	[ -z "$_files" ] || sed -n 's/^# verify: //p' $_files | while IFS= read -r _text; do
		grep -qaF -- "$_text" "$2" || { printf '%s\n' "$_text"; break; }
	done
}

# boot_guest FLAVOUR IMAGE JOBS DIR OPTION...: what `mflab run` says and ends with, its
# options last; guest/IMAGE.cpio, and all that the flavour's boot files ask for. E_CONFIG,
# and a line `not ok`, if the kernel log does not say what they look for.
boot_guest()
{
	_flavour=$1 _image=$2 _jobs=$3 _records=$4
	shift 4
	_words=$(boot_words "$_flavour")
	run "$CACHE/bin/mflab" run ${_words:+--append "$_words"} --kernel "$(kernel_image "$_flavour")" \
		--initrd "$CACHE/guest/$_image.cpio" --jobs "$_jobs" --out "$_records" "$@" || return
	_lacks=$(boot_lacks "$_flavour" "$_records/console.log")
	[ "$_lacks" ] || return 0
	say "not ok ${_records##*/}: the $_flavour kernel's log does not say: $_lacks"
	return "$E_CONFIG"
}

# need_guest STATUS [LOG]: boot_guest's STATUS says that there was a guest, whatever became
# of it; without one (QEMU did not start, the disk is full, Ctrl-C) nothing can be judged,
# and the script ends with STATUS
need_guest()
{
	case $1 in
	0 | "$E_CONFIG" | "$E_HUNG" | "$E_PANIC" | "$E_GUEST") return ;;
	esac
	[ -z "${2:-}" ] || tail_of "$2" 5
	died=$1
	exit "$1"
}

# test_results DIR [PREFIX]: lines `ok` and `not ok` of the self tests in the guest that left
# its records in DIR; a verdict that has not come to its end is `not ok`
test_results()
{
	_rc=0
	"$CACHE/bin/mflab" tests --records "$1/records.jsonl" --console "$1/console.log" \
		>"$1/verdict" || _rc=$?
	sed "s/^FAIL /not ok ${2:-}/; s/^ok /ok ${2:-}/; s/^skip /not ok ${2:-}skipped: /
		/^[0-9]* skipped\$/d; /^[0-9]* passed, /d" "$1/verdict"
	if [ "$_rc" -gt "$E_TEST" ] || ! grep -q '^[0-9]* passed, ' "$1/verdict"; then
		say "not ok ${2:-}the verdict is not complete (status $_rc), see $1"
	fi
}

compiler() { gcc --version | sed -n 1p; }

# need_tools STEP...: status 3 unless all are there; the front door installs them
need_tools()
{
	"$TOP/kernel/tools" check "$@" || { died=$?; exit "$died"; }
}

# number_of OPTION VALUE MAX
number_of()
{
	case $2 in
	'' | *[!0-9]* | 0* | ?????*)
		die "$E_USAGE" "$1 takes a number from 1 to $3, not '$2'" ;;
	esac
	[ "$2" -le "$3" ] || die "$E_USAGE" "$1 takes a number from 1 to $3, not '$2'"
}

# has_value OPTION [VALUE]
has_value()
{
	[ "${2:-}" ] || die "$E_USAGE" "$1 needs a value" "Try: ./majorfault help"
}

# common_option OPTION [VALUE]: --base and --kernel-src, in every step's usage
common_option()
{
	case $1 in
	--base)		BASE=${2:-} ;;
	--kernel-src)	KERNEL_SRC=${2:-} ;;
	*)		die "$E_USAGE" "unknown option: $1" "Try: ./majorfault help" ;;
	esac
	has_value "$@"
}

# check_source: BASE and KERNEL_SRC make sense; a tree of the user's chooses its series
check_source()
{
	if [ "$KERNEL_SRC" ]; then
		_tree=$(cd -- "$KERNEL_SRC" 2>/dev/null && pwd -P) || _tree=
		if [ -z "$_tree" ] || [ -z "$(make_version "$_tree")" ]; then
			die "$E_USAGE" "there is no kernel tree at $KERNEL_SRC" \
				"Give --kernel-src the directory that holds the kernel's top Makefile."
		fi
		KERNEL_SRC=$_tree
		_base=$(make_version "$KERNEL_SRC" | cut -d . -f 1-2)
		_base=${_base%%-*}
		[ ! -d "$TOP/series/$_base" ] || BASE=$_base
	fi
	[ "$(source_conf 1)" ] || die "$E_USAGE" "there is no kernel source for base $BASE" \
		"Bases: $(all_bases)"
}
