#!/usr/bin/env bash
#
# Repeats the runs that compared.md beside this script shows: other mocks serve the
# contract on loopback, as they do with no settings, and the same requests are sent
# to each. Needs node, npm, java, curl and jq.
#
#   cmd/nox-mock/compared.sh [FOLDER]    FOLDER keeps what npm installs

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
peer=
finish() {
	if [ -n "$peer" ]; then kill "$peer" 2>/dev/null || true; fi
}
trap finish EXIT

go build -o "$folder/" ./cmd/nox-mock
# shellcheck disable=SC2016 # backquotes of Markdown
sed -n '/^````yaml/,/^````/p' spec/create-manufacturer-device-connection.md | sed '1d;/^````/d' >"$folder/contract.yaml"
for package in @stoplight/prism-cli@5.16.0 @mockoon/cli@9.9.0 wiremock@3.13.2 specmatic@2.55.1; do
	name=${package%@*}
	prefix=$folder/${name//[@\/]/_}
	[ -d "$prefix/node_modules" ] || npm install --no-audit --no-fund --silent --prefix "$prefix" "$package"
done

# WireMock reads no OpenAPI: this is the one stub that a user would write for it.
mkdir -p "$folder/wiremock/mappings"
cat >"$folder/wiremock/mappings/connect.json" <<'END'
{
  "request": {
    "method": "POST", "urlPath": "/v2/manufacturer/device-connections",
    "headers": {"x-api-key": {"equalTo": "acme-test-key-5c1d0a"}},
    "bodyPatterns": [{"matchesJsonPath": "$.user_id"}]
  },
  "response": {
    "status": 201, "headers": {"Content-Type": "application/json"}, "transformers": ["response-template"],
    "body": "{\"manufacturer_user_id\": \"{{jsonPath request.body '$.user_id'}}\", \"nox_user_id\": \"{{randomValue type='UUID'}}\"}"
  }
}
END

# send PATH [CURL ARGUMENT…]: prints the status and the body of a response.
send() {
	local path=$1
	shift
	curl -sS --max-time 10 -o "$folder/body" -w '%{http_code}' -X POST "http://127.0.0.1:4310$path" "$@" || true
}

# probe NAME PATH COMMAND…: runs a mock and prints its row.
probe() {
	local name=$1 base=$2
	shift 2
	(cd "$folder" && exec "$@") >"$folder/$name.log" 2>&1 </dev/null &
	peer=$!
	for _ in $(seq 600); do
		if curl -s -o /dev/null --max-time 2 http://127.0.0.1:4310/ || ! kill -0 "$peer" 2>/dev/null; then break; fi
		sleep 0.2
	done
	local path=$base/manufacturer/device-connections key='x-api-key: acme-test-key-5c1d0a' json='content-type: application/json'
	local row=() status first second
	status=$(send "$path" -H "$key" -H "$json" -d '{"user_id":"customer-7"}')
	row+=("$status")
	row+=("$(jq -r 'if .manufacturer_user_id == "customer-7" then "yes" else "no" end' "$folder/body" 2>/dev/null || echo no)")
	first=$(jq -r '.nox_user_id // empty' "$folder/body" 2>/dev/null || true)
	send "$path" -H "$key" -H "$json" -d '{"user_id":"customer-7"}' >/dev/null
	second=$(jq -r '.nox_user_id // empty' "$folder/body" 2>/dev/null || true)
	if [ -n "$first" ] && [ "$first" = "$second" ]; then row+=(yes); else row+=(no); fi
	send "$path" -H "$key" -H "$json" -d '{"user_id":"customer-8"}' >/dev/null
	second=$(jq -r '.nox_user_id // empty' "$folder/body" 2>/dev/null || true)
	if [ -n "$second" ] && [ "$first" != "$second" ]; then row+=(yes); else row+=(no); fi
	row+=("$(send "$path" -H "$json" -d '{"user_id":"customer-7"}')")
	row+=("$(send "$path" -H 'x-api-key: unknown' -H "$json" -d '{"user_id":"customer-7"}')")
	row+=("$(send "$path" -H "$key" -H "$json" -d '{}')")
	row+=("$(send "$path" -H "$key" -H "$json" -d '{"user_id":17}')")
	row+=("$(send "$path" -H "$key" -H "$json" -d '{"user_id":')")
	row+=("$(send "$path" -H "$key" -H 'content-type: text/plain' -d '{"user_id":"customer-7"}')")
	row+=("$(send "$path" -H "$key" -H "$json" -H 'Prefer: code=500' -d '{"user_id":"customer-7"}')")
	printf '| %s |' "$name"
	printf ' %s |' "${row[@]}"
	echo
	kill "$peer" 2>/dev/null || true
	wait "$peer" 2>/dev/null || true
	peer=
}

# shellcheck disable=SC2016
echo '| mock | valid | echoes the `user_id` | same user, same id | other user, other id | no key | unknown key | `{}` | `user_id` a number | cut short | `text/plain` | `Prefer: code=500` |'
echo '|---|---|---|---|---|---|---|---|---|---|---|---|'
probe nox-mock /v2 ./nox-mock --quiet --listen 127.0.0.1:4310 --control-listen off
probe Prism '' _stoplight_prism-cli/node_modules/.bin/prism mock --port 4310 contract.yaml
probe Mockoon /v2 _mockoon_cli/node_modules/.bin/mockoon-cli start --data contract.yaml --port 4310 --hostname 127.0.0.1 --disable-admin-api --disable-log-to-file
probe WireMock /v2 java -jar wiremock/node_modules/wiremock/build/wiremock-standalone-3.13.2.jar --port 4310 --bind-address 127.0.0.1 --root-dir wiremock --disable-banner
probe Specmatic '' java -jar specmatic/node_modules/specmatic/specmatic.jar mock --host 127.0.0.1 --port 4310 contract.yaml
