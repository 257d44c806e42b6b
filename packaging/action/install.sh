#!/usr/bin/env bash
#
# Puts PROGRAM into a folder, and the folder on PATH of the steps that follow.
#
#   VERSION            release to take, as in 0.1.0 or v0.1.0; without it, the
#                      ref of the action, if that is a version
#   ACTION_REPOSITORY  OWNER/NAME of the action
#   ACTION_REF         branch, tag or commit of the action
#   ACTION_PATH        the checkout of the action
#
# A release is downloaded and compared with its checksum. For any other ref, and
# only then, the program is built from the checkout, for which Go is needed.

set -euo pipefail

program=$1
bin=$RUNNER_TEMP/nox-bin
mkdir -p "$bin"

fail() {
	echo "::error title=$program::$1"
	exit 2
}

version=${VERSION-}
if [ -z "$version" ] && [[ ${ACTION_REF-} =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-.+)?$ ]]; then
	version=$ACTION_REF
fi

if [ -n "$version" ]; then
	version=${version#v}
	case $RUNNER_OS in
	Linux) os=linux ;;
	macOS) os=darwin ;;
	Windows) os=windows ;;
	*) fail "there is no build for $RUNNER_OS" ;;
	esac
	case $RUNNER_ARCH in
	X64) arch=amd64 ;;
	ARM64) arch=arm64 ;;
	ARM) arch=armv7 ;;
	*) fail "there is no build for $RUNNER_ARCH" ;;
	esac
	archive=${program}_${version}_${os}_${arch}
	if [ "$os" = windows ]; then archive+=.zip; else archive+=.tar.gz; fi
	release=${GITHUB_SERVER_URL:-https://github.com}/$ACTION_REPOSITORY/releases/download/v$version
	download=$(mktemp -d "$RUNNER_TEMP/nox-download.XXXXXX")
	for file in checksums.txt "$archive"; do
		curl -fsSL --retry 3 --max-time 120 -o "$download/$file" "$release/$file" ||
			fail "cannot download $release/$file; is $version a release?"
	done
	expected=$(awk -v name="$archive" '$2 == name {print $1}' "$download/checksums.txt")
	actual=$( (sha256sum "$download/$archive" 2>/dev/null || shasum -a 256 "$download/$archive") | cut -d ' ' -f 1)
	if [ -z "$expected" ] || [ "$expected" != "$actual" ]; then
		fail "$archive does not match its checksum in $release/checksums.txt"
	fi
	if [ "$os" = windows ]; then
		unzip -q -o "$download/$archive" "$program.exe" -d "$bin"
	else
		tar -xzf "$download/$archive" -C "$bin" "$program"
	fi
	rm -rf "$download"
elif command -v go >/dev/null; then
	echo "Building $program from ${ACTION_REF:-the checkout of the action}, which is no version. Set the input version to download a release instead."
	go build -C "$ACTION_PATH" -trimpath -buildvcs=false -o "$bin/" "./cmd/$program"
else
	fail "\"${ACTION_REF-}\" is no version, and Go is not installed to build the program; set the input version, as in version: 0.1.0, or add actions/setup-go before this step"
fi

echo "$bin" >>"$GITHUB_PATH"
"$bin/$program" --version
