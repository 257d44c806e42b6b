#!/usr/bin/env bash
#
# Repeats the runs that compared.md beside this script shows: each tool judges the
# mock on loopback, first as it keeps the contract, then with one defect at a time.
# Needs node, npm, java and some minutes.
#
#   cmd/nox-conformance/compared.sh [FOLDER]    FOLDER keeps what npm installs
#   STEP=20 cmd/nox-conformance/compared.sh     every 20th defect (but those of TLS), so that nobody chose

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

step=${STEP:-20}
folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
hooks=$PWD/testdata/clients/dredd-hooks.js
mock=
finish() {
	if [ -n "$mock" ]; then kill "$mock" 2>/dev/null || true; fi
}
trap finish EXIT

go build -o "$folder/" ./cmd/nox-mock ./cmd/nox-conformance
# shellcheck disable=SC2016 # backquotes of Markdown
sed -n '/^````yaml/,/^````/p' spec/create-manufacturer-device-connection.md | sed '1d;/^````/d' >"$folder/contract.yaml"
install() {
	local prefix=$folder/$1
	shift
	[ -d "$prefix/node_modules" ] || npm install --ignore-scripts --no-audit --no-fund --silent --prefix "$prefix" "$@"
}
install dredd dredd@14.1.0
install portman @apideck/portman@1.33.0 tslib@2
install specmatic specmatic@2.55.1

# Portman is told how to bring about 400, 401 and 500, as Dredd is by its hooks.
variation() {
	printf '{"openApiOperation": "*::/*", "openApiResponse": "%s", "variations": [{"name": "%s", "overwrites": [%s],
		"tests": {"contractTests": [{"statusCode": {"enabled": true, "code": %s}}, {"contentType": {"enabled": true}}, {"jsonBody": {"enabled": true}}, {"schemaValidation": {"enabled": true}}]}}]}' "$1" "$1" "$2" "$1"
}
cat >"$folder/portman.json" <<END
{
  "version": 1.0,
  "overwrites": [{
    "openApiOperation": "*::/*",
    "overwriteRequestHeaders": [{"key": "x-api-key", "value": "acme-test-key-5c1d0a", "overwrite": true, "insert": true}],
    "overwriteRequestSecurity": {"remove": true}
  }],
  "tests": {
    "contractTests": [{"openApiOperation": "*::/*", "statusSuccess": {"enabled": true}, "contentType": {"enabled": true}, "jsonBody": {"enabled": true}, "schemaValidation": {"enabled": true}}],
    "variationTests": [
      $(variation 400 '{"overwriteRequestBody": [{"key": "user_id", "remove": true}]}'),
      $(variation 401 '{"overwriteRequestHeaders": [{"key": "x-api-key", "remove": true}]}'),
      $(variation 500 '{"overwriteRequestHeaders": [{"key": "Prefer", "value": "code=500", "overwrite": true, "insert": true}]}')
    ]
  }
}
END

export NOX_API_KEY=acme-test-key-5c1d0a NOX_OTHER_API_KEY=globex-test-key-e83b27 NOX_DISABLED_API_KEY=initech-test-key-94f6bd
url=http://127.0.0.1:4320/v2

# judge TOOL: exit code 0 if the tool finds nothing.
judge() {
	case $1 in
	nox-conformance) ./nox-conformance --strict --provoke '500=Prefer: code=500' "$url" ;;
	dredd) dredd/node_modules/.bin/dredd contract.yaml "$url" --hookfiles "$hooks" ;;
	portman) portman/node_modules/.bin/portman -l contract.yaml -b "$url" -c portman.json --runNewman ;;
	specmatic) ApiKeyAuth=$NOX_API_KEY SPECMATIC_GENERATIVE_TESTS=true java -jar specmatic/node_modules/specmatic/specmatic.jar test --testBaseURL "$url" contract.yaml ;;
	esac
}

tools=(nox-conformance specmatic portman dredd)
declare -A found
# row NAME [FLAG…]: starts a mock with flags, and prints what each tool says of it.
row() {
	local name=$1 tool said=()
	shift
	rm -f "$folder/address.json"
	"$folder/nox-mock" --quiet --listen 127.0.0.1:4320 --control-listen off --address-file "$folder/address.json" "$@" &
	mock=$!
	until [ -e "$folder/address.json" ]; do
		kill -0 "$mock"
		sleep 0.1
	done
	for tool in "${tools[@]}"; do
		if (cd "$folder" && judge "$tool" >"$tool.$name.log" 2>&1 </dev/null); then
			said+=('-')
		else
			said+=(found)
			found[$tool]=$((${found[$tool]:-0} + 1))
		fi
	done
	kill "$mock"
	wait "$mock" || true
	mock=
	printf '| %s |' "$name"
	printf ' %s |' "${said[@]}"
	echo
}

printf '| defect |'
printf ' %s |' "${tools[@]}"
printf '\n|---|'
printf -- '---|%.0s' "${tools[@]}"
echo
row none
for tool in "${tools[@]}"; do
	if [ "${found[$tool]:-0}" -gt 0 ]; then
		echo "$tool finds something in a mock that keeps the contract; see $folder/$tool.none.log" >&2
	fi
done
found=()
all=0
for defect in $("$folder/nox-mock" --list-deviations | awk '/^Variations/ {exit} /^  tls-/ {next} /^  [a-z0-9]/ {print $1}' | awk -v step="$step" 'NR % step == 0'); do
	row "$defect" --defect "$defect"
	all=$((all + 1))
done
printf '| **of %d** |' "$all"
for tool in "${tools[@]}"; do printf ' **%d** |' "${found[$tool]:-0}"; done
echo
