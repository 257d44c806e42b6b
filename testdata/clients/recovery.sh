#!/bin/sh
# Lets a client succeed at last:
#
#   nox-mock exec -- sh recovery.sh COMMAND ARGUMENTS
#
# For one user two answers are a 500; for two others the first answer is lost,
# or cut short, after the user was connected. Asking again is right each time.
set -eu

fault() {
	curl --silent --show-error --fail --output /dev/null "$NOX_CONTROL_URL/faults" \
		--header 'content-type: application/json' --data-binary "$1"
}

fault '{"manufacturer": "acme", "user_id": "customer-10", "kind": "status", "status": 500, "times": 2}'
fault '{"manufacturer": "acme", "user_id": "customer-11", "kind": "lost", "times": 1}'
fault '{"manufacturer": "acme", "user_id": "customer-12", "kind": "cut-short", "times": 1}'
"$@" customer-10
"$@" customer-11
"$@" customer-12
