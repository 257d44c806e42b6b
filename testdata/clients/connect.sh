#!/bin/sh
# Connects a user:  sh connect.sh USER_ID
#
# Prints the user's nox_user_id. Keep it: it stays the same. NOX_BASE_URL and
# NOX_API_KEY say where and as whom; nox-mock exec sets both.
set -eu
: "${1:?give the user_id as argument}"

user_id=$(printf %s "$1" | sed 's/[\\"]/\\&/g') # as JSON wants it; control characters aside
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# What may pass (a broken connection, a 5xx) is tried again after 1, 2 and 4
# seconds, and a 400 or a 401 is not.
status=$(
	curl --silent --max-time 10 --retry 3 --retry-all-errors --output "$answer" --write-out '%{http_code}' \
		--header "x-api-key: $NOX_API_KEY" \
		--header 'content-type: application/json' \
		--data-binary "{\"user_id\": \"$user_id\"}" \
		"$NOX_BASE_URL/manufacturer/device-connections"
) || status=000 # no answer, or not all of it

# member NAME: a string of the answer; with jq, jq -r .NAME
member() {
	printf '%s\n' "$(sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p' "$answer")"
}

case $status in
201) member nox_user_id ;;
400) echo "not valid: $(member error)" >&2 && exit 1 ;;
401) echo 'the API key was refused' >&2 && exit 1 ;;
000 | 5??) echo 'no success after 4 tries' >&2 && exit 1 ;;
*) echo "unexpected status $status" >&2 && exit 1 ;;
esac
