#!/usr/bin/env bash
#
# Starts nox-mock for the steps that follow. It serves until the job ends, when
# the runner stops the processes that a job left running.
#
#   NOX_ARGS  further arguments, one a line

set -euo pipefail

work=$(mktemp -d "$RUNNER_TEMP/nox-mock.XXXXXX")
args=()
while IFS= read -r line; do
	line=${line%$'\r'}
	if [ -n "$line" ]; then args+=("$line"); fi
done <<<"${NOX_ARGS-}"

"$RUNNER_TEMP/nox-bin/nox-mock" --quiet --listen 127.0.0.1:0 --address-file "$work/address.json" \
	${args[@]+"${args[@]}"} >"$work/log.txt" 2>&1 </dev/null &
mock=$!
echo "$mock" >"$work/pid"

for _ in $(seq 300); do
	if [ -e "$work/address.json" ]; then
		break
	fi
	if ! kill -0 "$mock" 2>/dev/null; then
		echo "::error title=nox-mock::$(tail -n 1 "$work/log.txt")"
		wait "$mock"
	fi
	sleep 0.1
done
if [ ! -e "$work/address.json" ]; then
	kill "$mock"
	echo '::error title=nox-mock::the mock did not start within 30 seconds'
	exit 1
fi

field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/address.json"; }
{
	echo "base-url=$(field base_url)"
	echo "control-url=$(field control_url)"
	echo "pid=$mock"
} >>"$GITHUB_OUTPUT"
echo "NOX_BASE_URL=$(field base_url)" >>"$GITHUB_ENV"
echo "nox-mock serves at $(field base_url); control API and dashboard: $(field control_url)"
