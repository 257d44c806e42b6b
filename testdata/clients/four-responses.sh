#!/bin/sh
# Leads a client to the four documented responses:
#
#   nox-mock exec --require 201,400,401,500 -- sh four-responses.sh COMMAND ARGUMENTS
#
# The client takes the user_id as its last argument and what nox-mock exec sets
# from the environment.
set -u

run() {
	"$@" 2>&1
	echo "exit code $?"
}

run "$@" customer-7                                         # 201
run "$@" nox-mock:400                                       # 400
run env NOX_API_KEY=wrong "$@" customer-8                   # 401
run env NOX_API_KEY="$NOX_DISABLED_API_KEY" "$@" customer-9 # 401: not enabled
run "$@" nox-mock:500                                       # 500, however often it is tried
