#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Description: what a workload reports of its latencies and spans arrives in results.json.
#
# usage: harness_test.sh path-to-mflab path-to-harness_demo
set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

# has DESCRIPTION TEXT: results.json has it
has()
{
	if grep -q -F -e "$2" "$dir/results.json"; then
		echo "ok harness: $1"
	else
		bad=1
		echo "not ok harness: $1"
		sed 's/^/# /' "$dir/log" "$dir/results.json"
	fi
}

: >"$dir/results.json"
{
	echo '{"type":"hello","release":"x","jobs":1}'
	echo '{"type":"begin","job":1,"words":"run workload=demo"}'
	"$2" job=1 round=1 arm=hold 2>"$dir/log" || :
	echo '{"type":"end","job":1,"status":0}'
	echo '{"type":"done"}'
} >"$dir/records"
echo '{"project_commit":"c","base":"b","kernel":{"series_sha256":"s","config_sha256":"k"},
"machine":{"accel":"det","vcpus":1,"qemu":"q","compiler":"c"}}' >"$dir/meta"
"$1" report --records "$dir/records" --meta "$dir/meta" --out "$dir/results.json" 2>>"$dir/log" || :

has 'percentiles are of the latencies' '"op.p50_ns": 129, '
has 'classes are those of all threads' \
	'"histograms": {"op": [[100, 1], [127, 1], [129, 2], [131, 1], [5046271, 2]]}'
has 'spans keep their words' \
	'{"who": "B", "what": "mprotect, waits for A'"'"'s \"lock\"", "begin_ns": 7, "end_ns": 7}'
exit "$bad"
