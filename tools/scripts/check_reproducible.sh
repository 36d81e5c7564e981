#!/usr/bin/env bash
# Builds the package twice, each time from nothing, and compares the bytes.
set -euo pipefail
cd "$(dirname "$0")/../.."
for turn in 1 2; do
  rm -fr .build/reproducible build/deb build/reproducible-$turn
  make deb BUILD=.build/reproducible
  mkdir -p build/reproducible-$turn
  cp build/deb/*.deb build/reproducible-$turn
done
for package in build/reproducible-1/*.deb; do
  cmp "$package" "build/reproducible-2/${package##*/}"
  sha256sum "$package"
done
echo "reproducible: the same bytes, built twice"
