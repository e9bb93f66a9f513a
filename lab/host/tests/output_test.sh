#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Description: what mflab prints arrives in full or is no success: a full disk has a status
# and a message of its own, whatever the command. So has a lack of memory. What a guest put
# into its kernel log is printed without its escape codes.
#
# usage: output_test.sh path-to-mflab
set -eu

mflab=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0
bad=0

# expect DESCRIPTION STATUS WORDS CMD...: its message, if there is to be one, has the words
expect()
{
	what=$1 wanted=$2 words=$3
	shift 3
	n=$((n + 1))
	status=0
	"$@" 2>"$dir/err" || status=$?
	if [ "$status" -eq "$wanted" ] && { [ -z "$words" ] || grep -q -e "$words" "$dir/err"; }; then
		echo "ok $n $what"
	else
		bad=$((bad + 1))
		echo "not ok $n $what: status $status, not $wanted, or it does not say '$words'"
		sed 's/^/# /' "$dir/err"
	fi
}

into_full() { "$mflab" "$@" >/dev/full; }
into_file() { "$mflab" "$@" >"$dir/out"; }

# ---- one job of each kind ----

mkdir "$dir/run"
cat >"$dir/run/records.jsonl" <<'END'
{"type":"hello","release":"x","jobs":3}
{"type":"begin","job":1,"words":"run workload=w arm=relock round=1"}
{"type":"run","job":1,"workload":"w","arm":"relock","round":1,"params":{},"metrics":{"x":1}}
{"type":"end","job":1,"status":0}
{"type":"begin","job":2,"words":"test name=t"}
{"type":"tap","job":2,"line":"1..1"}
{"type":"tap","job":2,"line":"ok 1 t"}
{"type":"end","job":2,"status":0}
{"type":"begin","job":3,"words":"program name=p"}
{"type":"tap","job":3,"line":"ok 1 p"}
{"type":"end","job":3,"status":0}
{"type":"done"}
END
printf '[ 1.0] BUG: unable to handle \033[2J\302\2332J\n' >"$dir/splat"
echo '[ 1.0] Linux version x' >"$dir/run/console.log"
echo 'run workload=w arm=hold round=1' >"$dir/jobs"
echo '{"project_commit":"c","base":"b","kernel":{"series_sha256":"s","config_sha256":"k"},
"machine":{"accel":"det","vcpus":1,"qemu":"q","compiler":"c"}}' >"$dir/meta"
results=$dir/results.json
"$mflab" report --records "$dir/run/records.jsonl" --meta "$dir/meta" --out "$results"

# try DESCRIPTION STATUS COMMAND...: ends with STATUS, but not where there is no space
try()
{
	what=$1 wanted=$2
	shift 2
	expect "$what" "$wanted" '' into_file "$@"
	expect "$what, no space" 9 'could not be written in full; free some space' into_full "$@"
}

try 'a table' 0 table "$results"
try 'what is left' 0 left --jobs "$dir/jobs"
try 'a comparison' 0 diff "$results" "$results"
try 'tests' 0 tests --records "$dir/run/records.jsonl" --console "$dir/run/console.log"
try 'parity' 0 parity "$dir/run" "$dir/run"
try 'splats' 1 splats "$dir/splat"
try 'help' 0 help
expect 'what prints nothing needs no space' 0 '' into_full splats "$dir/run/console.log"

# ---- others ----

n=$((n + 1))
into_file splats "$dir/splat" || :
if grep -q 'BUG: unable to handle ?\[2J??2J$' "$dir/out"; then
	echo "ok $n no escape codes of a guest"
else
	bad=$((bad + 1))
	echo "not ok $n no escape codes of a guest: $(cat -v "$dir/out")"
fi

truncate -s 256M "$dir/large"
expect 'out of memory is not a comparison that failed' 14 'out of memory' \
	prlimit --as=67108864 "$mflab" left --jobs "$dir/large"

echo "1..$n"
[ "$bad" -eq 0 ]
