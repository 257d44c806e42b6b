#!/usr/bin/env bash
#
# Runs nox-conformance with what the inputs of the action ask for: a job summary,
# annotations, and the reports in one folder.
#
#   NOX_TARGET    base URL of the server
#   NOX_PROFILE, NOX_KNOWN, NOX_REQUIRE, NOX_CONTRACT_PATH, NOX_WAIT
#                 values of the flags of these names; empty for the default
#   NOX_STRICT    true for --strict
#   NOX_PROVOKE   values of --provoke, one a line
#   NOX_ARGS      further arguments, one a line
#   NOX_REPORTS   folder of the reports
#
# The keys are in NOX_API_KEY, NOX_OTHER_API_KEY and NOX_DISABLED_API_KEY.

set -euo pipefail

reports=${NOX_REPORTS:-nox-reports}
mkdir -p "$reports"

args=()
flag() {
	if [ -n "$2" ]; then args+=("$1" "$2"); fi
}
# lines FLAG TEXT: an argument for each line, behind FLAG unless that is empty.
lines() {
	local line
	while IFS= read -r line; do
		line=${line%$'\r'}
		if [ -n "$line" ]; then
			if [ -n "$1" ]; then args+=("$1"); fi
			args+=("$line")
		fi
	done <<<"$2"
}
flag --profile "${NOX_PROFILE-}"
flag --known "${NOX_KNOWN-}"
flag --require "${NOX_REQUIRE-}"
flag --contract-path "${NOX_CONTRACT_PATH-}"
flag --wait "${NOX_WAIT-}"
if [ "${NOX_STRICT-}" = true ]; then args+=(--strict); fi
lines --provoke "${NOX_PROVOKE-}"
for format in json:report.json junit:junit.xml html:report.html sarif:report.sarif markdown:summary.md; do
	args+=(--report "${format%%:*}=$reports/${format#*:}")
done
args+=(--report github=-)
lines '' "${NOX_ARGS-}"

echo "reports=$reports" >>"$GITHUB_OUTPUT"
code=0
"${NOX_CONFORMANCE:-$RUNNER_TEMP/nox-bin/nox-conformance}" "${args[@]}" "$NOX_TARGET" || code=$?

verdict=none
if [ -s "$reports/report.json" ]; then
	verdict=$(sed -n '/^ *"verdict"/{s/.*: *"\([a-z]*\)".*/\1/p;q;}' "$reports/report.json") # the first is that of the run
fi
{
	echo "exit-code=$code"
	echo "verdict=$verdict"
} >>"$GITHUB_OUTPUT"

# GitHub refuses a summary of more than 1 MiB.
if [ -s "$reports/summary.md" ]; then
	head -c 1000000 "$reports/summary.md" >>"$GITHUB_STEP_SUMMARY"
elif [ "$code" -ne 0 ]; then
	echo "nox-conformance reached no verdict (exit code $code); see the log of the step." >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"
