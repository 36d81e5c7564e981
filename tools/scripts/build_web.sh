#!/usr/bin/env bash
# The page of web/ with all that it needs, ready to be served: build/web (docs/BROWSER.md). Needs the Swift 6.3 toolchain.
#
#   tools/scripts/build_web.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=${1:-build/web}
work=$(mktemp -d)
trap 'rm -fr "$work"' EXIT
tools/scripts/build_library.sh wasm32 "$work"
mkdir -p "$folder"
# What they are, for Node, which would else guess.
echo '{ "type": "module" }' >"$folder/package.json"
cp web/*.js web/*.html web/*.css "$work/lib/wasm32/silif.wasm" models/kws12.silif models/demo.flac "$folder/"
echo "$folder: $(du -cb "$folder"/* | awk 'END {print $1}') bytes, of which the network $(stat -c %s models/kws12.silif)"
