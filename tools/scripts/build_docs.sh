#!/usr/bin/env bash
# The pages of the four Swift libraries, by the toolchain's DocC: BUILD/docs/LIBRARY.doccarchive. Fails on warnings.
# `make docs` builds the libraries first.
#
#   tools/scripts/build_docs.sh [.build]
#
# To read one: python3 -m http.server --directory .build/docs/SiLIF.doccarchive, then localhost:8000/documentation/silif
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-.build}

for tool in docc swift-symbolgraph-extract; do
  command -v "$tool" >/dev/null || {
    echo "build_docs: $tool is missing; it comes with the toolchains of swift.org" >&2
    exit 1
  }
done
work=$(mktemp -d)
trap 'rm -fr "$work"' EXIT
mkdir -p "$build/docs"

symbols() { # symbols FOLDER MODULE
  mkdir -p "$work/$1"
  swift-symbolgraph-extract -module-name "$2" -target "$(uname -m)-unknown-linux-gnu" -minimum-access-level public \
    -skip-synthesized-members -I "$build/release/Modules" -I "$build/release/CKernels.build" -I Sources/CALSA \
    -I Sources/CSndFile -output-dir "$work/$1"
}
for library in SiLIF LogMel KeywordSpotter AudioInput; do
  symbols "$library" "$library"
  docc convert "Sources/$library/$library.docc" --additional-symbol-graph-dir "$work/$library" \
    --fallback-display-name "$library" --fallback-bundle-identifier "silif.$library" --warnings-as-errors \
    --output-dir "$build/docs/$library.doccarchive"
done
echo "build_docs: $build/docs"
