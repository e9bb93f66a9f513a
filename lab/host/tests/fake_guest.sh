#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Description: stands in for QEMU in compare_test.sh and stress_test.sh: does the jobs that
# it finds at the end of its initramfs, a moment each. After $FAKE_HANG workloads it hangs,
# for $FAKE_PAUSE seconds if that is set; the workload $FAKE_FAIL fails. $FAKE_ENDS is a
# file of lines "WORD|STATUS|ERROR": how workloads with that word in their job end; if
# STATUS is splat, the kernel says ERROR. Each boot is noted in $FAKE_BOOTS, and beside its
# records, in booted, is what was booted.
set -eu

console=
records=
initrd=
kernel=
while [ $# -gt 0 ]; do
	case $1 in
	--version)
		echo 'QEMU emulator version 0.0-fake'
		exit ;;
	-initrd) initrd=$2 ;;
	-kernel) kernel=$2 ;;
	*id=console,path=*) console=${1#*path=} ;;
	*id=records,path=*) records=${1#*path=} ;;
	esac
	shift
done
: "${console:?no console}" "${records:?no records}" "${initrd:?no initramfs}"

cp "$kernel" "${records%/*}/booted"
jobs=$records.jobs
grep -a -o -E '(device name|mkfs device|swapon device|run workload)=.*' "$initrd" >"$jobs"
echo "[    0.500000] Linux version fake" >"$console"
echo "{\"type\":\"hello\",\"release\":\"fake\",\"jobs\":$(wc -l <"$jobs")}" >"$records"
echo "$(grep -c '^run ' "$jobs") ${records%/*}" >>"$FAKE_BOOTS"

# word KEY LINE
word() { echo "$2" | tr ' ' '\n' | sed -n "s/^$1=//p" | tail -n 1; }

# ends LINE: status and error
ends()
{
	while IFS='|' read -r words status error; do
		case " $1 " in
		*" $words "*)	echo "$status $error" ;;
		esac
	done <"${FAKE_ENDS:-/dev/null}" | sed -n 1p
}

job=0
runs=0
while read -r line; do
	job=$((job + 1))
	status=0
	error=
	echo "{\"type\":\"begin\",\"job\":$job,\"words\":\"$line\"}" >>"$records"
	case $line in
	'run '*)
		if [ "$runs" = "${FAKE_HANG:-}" ]; then
			sleep "${FAKE_PAUSE:-600}"
		fi
		runs=$((runs + 1))
		[ "$runs" != "${FAKE_FAIL:-}" ] || status=1
		end=$(ends "$line")
		case $end in
		'splat '*)
			echo "[    1.000000] majorfault: job $job begin $line" >>"$console"
			echo "[    1.500000] ${end#splat }" >>"$console" ;;
		?*)
			status=${end%% *}
			error=${end#* } ;;
		esac
		seed=$(word seed "$line")
		faulters=$(word faulters "$line")
		round=$(word round "$line")
		echo "{\"type\":\"run\",\"job\":$job,\"workload\":\"$(word workload "$line")\",\"arm\":\"$(word arm "$line")\",\"round\":${round:-1},\"params\":{\"faulters\":${faulters:-0},\"seed\":${seed:-4711}},\"metrics\":{\"fault.p50_ns\":$((1000 + ${round:-1})),\"major_faults\":100,\"checks\":5},\"histograms\":{\"fault\":[[1007,3]]}}" >>"$records" ;;
	esac
	echo "{\"timeout\":false,\"signal\":0,\"status\":$status,${error:+\"error\":\"$error\",}\"job\":$job,\"type\":\"end\"}" >>"$records"
done <"$jobs"
echo '{"type":"done"}' >>"$records"
