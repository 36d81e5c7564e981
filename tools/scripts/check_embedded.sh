#!/usr/bin/env bash
# Compiles arithmetic, engine, front end, detector and C interface as Embedded Swift: two bare-metal targets and the host. Fails on warnings too.
# Embedded Swift became usable for this code with Swift 6.3; with an older toolchain it says so and succeeds.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=$(swiftc --version 2>&1 | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p' | head -n 1)
[ -n "$version" ] || { echo "check_embedded: no usable swiftc" >&2; exit 1; }
read -r major minor <<<"$version"
if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 3 ]; }; then
  echo "skipped: toolchain older than 6.3 (this is $major.$minor)"
  exit 0
fi
tools/scripts/install_dependencies.sh build # The host's target needs the headers of the C library.

work=$(mktemp -d)
trap 'rm -fr "$work"' EXIT
# In the order of their imports: each module reads the ones before it.
for target in armv7em-none-none-eabi riscv32-none-none-eabi "$(uname -m)-unknown-linux-gnu"; do
  mkdir "$work/$target"
  for module in FixedPoint Kernels SiLIF LogMel KeywordSpotter SiLIFC; do
    mapfile -t sources < <(find "Sources/$module" -name '*.swift' | sort)
    swiftc -enable-experimental-feature Embedded -wmo -parse-as-library -swift-version 6 -warnings-as-errors -O \
      -target "$target" -I "$work/$target" -I Sources/CSiLIF -module-name "$module" -emit-module \
      -emit-module-path "$work/$target/$module.swiftmodule" -c "${sources[@]}" -o "$work/$target/$module.o"
    echo "embedded: $module for $target"
  done
done
