#!/usr/bin/env bash
# Builds engine, front end and detector as a static library with a C header, by Embedded Swift: build/lib/TARGET/libsilif.a
# and silif.h; for the host also libsilif.so, for wasm32 silif.wasm alone. Needs the Swift 6.3 toolchain and the target's binutils.
#
#   tools/scripts/build_library.sh cortex-m4|cortex-m7|riscv32|host|aarch64-linux|armv7-linux|riscv64-linux|wasm32 [BUILD_FOLDER]
#
# BLOCKS=no leaves out blocks over a stream and their encoder (docs/NEURONS.md), into build/lib/TARGET-without-blocks: it is
# smaller, and refuses models that have them. OPTIMIZE=-Osize makes it smaller, and slower to open a model (the default is -O).
# KEEP_SYMBOLS=1 leaves in the names of all functions.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${1:-}
output=${2:-build}/lib/$target
blocks=()
if [ "${BLOCKS:-yes}" = no ]; then output+=-without-blocks blocks=(-D SILIF_WITHOUT_BLOCKS); fi
optimize=${OPTIMIZE:--O}

# flags: what the compiler is to know of the core. Nothing computes in floating point, so a core without a
# floating-point unit, and one with it, and both ARM calling conventions, take the same library. kernels: what the C compiler
# is to know besides; only where it is set are the inner loops in C part of the library.
case $target in
  cortex-m4 | cortex-m7)
    triple=armv7em-none-none-eabi binutils=arm-none-eabi- flags="-Xcc -mcpu=$target -Xcc -mfpu=none"
    kernels="-mcpu=$target -mfpu=none"
    ;;
  riscv32) triple=riscv32-none-none-eabi binutils=riscv64-unknown-elf- emulation="-m elf32lriscv" flags="" ;;
  host) triple=$(uname -m)-unknown-linux-gnu binutils="" flags="" ;;
  aarch64-linux) triple=aarch64-none-none-elf binutils=aarch64-linux-gnu- flags="" kernels="-fPIC" ;;
  armv7-linux)
    triple=armv7-none-none-eabi binutils=arm-linux-gnueabihf- flags="-Xcc -mcpu=cortex-a7 -Xcc -mfpu=neon"
    kernels="-mcpu=cortex-a7 -mfpu=neon -mfloat-abi=softfp -mthumb"
    ;;
  # Browsers and Node (docs/BROWSER.md). Vectors (-Xcc -msimd128) make it a tenth faster and a fifth larger.
  wasm32) triple=wasm32-unknown-none-wasm flags="" ;;
  riscv64-linux) triple=riscv64-none-none-eabi binutils=riscv64-linux-gnu- flags="-Xcc -march=rv64gc -Xcc -mabi=lp64d" ;;
  *)
    sed -n '2,9p' "$0" >&2
    exit 2
    ;;
esac

version=$(swiftc --version 2>&1 | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p' | head -n 1)
read -r major minor <<<"${version:-0 0}"
if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 3 ]; }; then
  echo "build_library: Embedded Swift needs the 6.3 toolchain from swift.org; this swiftc is ${major}.${minor}" >&2
  exit 1
fi
tools/scripts/install_dependencies.sh "$target"

work=$(mktemp -d)
trap 'rm -fr "$work"' EXIT

# The toolchain's own clang, not the system's; swiftly's swiftc is a proxy, so ask for the resources that it compiles with.
programs=$(swiftc -print-target-info | sed -nE 's|.*"runtimeResourcePath": "(.*)/lib/swift".*|\1/bin|p')
modules=(-I "$work" -I Sources/CSiLIF)
objects=("$work"/{SiLIFC,KeywordSpotter,LogMel,SiLIF,Kernels,FixedPoint}.o)
if [ -n "${kernels:-}" ]; then
  mkdir "$work/kernels"
  echo "module CKernels { header \"$PWD/Sources/CKernels/include/CKernels.h\" export * }" >"$work/kernels/module.modulemap"
  modules+=(-I "$work/kernels")
  for source in Sources/CKernels/*.c; do
    object=$work/$(basename "$source" .c).c.o
    # shellcheck disable=SC2086
    "$programs/clang" --target="$triple" $kernels -std=gnu11 -O2 -ffreestanding -fomit-frame-pointer -ffunction-sections -fdata-sections \
      -Wall -Wextra -Werror -I Sources/CKernels/include -c "$source" -o "$object"
    objects+=("$object")
  done
fi

compile() { # compile MODULE
  local sources
  mapfile -t sources < <(find "Sources/$1" -name '*.swift' | sort)
  # shellcheck disable=SC2086
  swiftc -enable-experimental-feature Embedded -wmo -parse-as-library -swift-version 6 -warnings-as-errors "$optimize" \
    -target "$triple" $flags "${blocks[@]}" -Xfrontend -function-sections -Xfrontend -disable-stack-protector \
    "${modules[@]}" -module-name "$1" -emit-module -emit-module-path "$work/$1.swiftmodule" \
    -c "${sources[@]}" -o "$work/$1.o"
}
compile FixedPoint
compile Kernels
compile SiLIF
compile LogMel
compile KeywordSpotter
compile SiLIFC

mapfile -t interface < <(grep -oE 'silif_[a-z0-9_]+\(' Sources/CSiLIF/silif.h | tr -d '(' | sort -u)

if [ "$target" = wasm32 ]; then
  # A module without imports: what it would call of the system or the C library is an error here. silif.js lays model and engine
  # behind __heap_base. The stack lies first, so that it ends in a trap and not in data.
  "$programs/clang" --target="$triple" -std=gnu11 -O2 -ffreestanding -Wall -Wextra -Werror -c web/multiply.c -o "$work/multiply.o"
  mkdir -p "$output"
  "$programs/wasm-ld" --no-entry --gc-sections --strip-all --fatal-warnings -z stack-size=65536 --stack-first \
    --export=__heap_base "${interface[@]/#/--export=}" "${objects[@]}" "$work/multiply.o" -o "$output/silif.wasm"
  echo "$output/silif.wasm: $(stat -c %s "$output/silif.wasm") bytes; calls nothing"
  exit
fi

# One object with nothing but the interface: what it does not reach is dropped, and no other name can clash.
printf '%s\n' "${interface[@]}" >"$work/interface"
# shellcheck disable=SC2086
"${binutils}ld" -r ${emulation:-} --gc-sections -e silif_open "${interface[@]/#/--undefined=}" \
  "${objects[@]}" -o "$work/silif.o"
cp "$work/interface" "$work/kept"
[ -z "${KEEP_SYMBOLS:-}" ] || "${binutils}nm" "$work/silif.o" | awk '$2 ~ /[tT]/ && $3 !~ /^\$[atd]/ {print $3}' >>"$work/kept"
# The build attributes of ARM would bind the library to one floating-point calling convention.
"${binutils}objcopy" --keep-global-symbols="$work/interface" --keep-symbols="$work/kept" --strip-unneeded \
  --remove-section=.ARM.attributes \
  --remove-section=.comment --remove-section=.note.gnu.property "$work/silif.o"

mkdir -p "$output"
rm -f "$output/libsilif.a"
"${binutils}ar" rcsD "$output/libsilif.a" "$work/silif.o"
cp Sources/CSiLIF/silif.h "$output/silif.h"
if [ "$target" = host ]; then
  cc -shared -nostartfiles -Wl,-soname,libsilif.so -Wl,--no-undefined "$work/silif.o" -lc -o "$work/libsilif.so"
  mv "$work/libsilif.so" "$output/libsilif.so"
fi

# Nothing of the heap, of floating point or of the system: only these of the C library and of the compiler.
allowed='memcpy|memmove|memset|__aeabi_mem(cpy|move|set|clr)[48]?|__aeabi_u?[il]div(mod)?|__aeabi_l(mul|lsr|lsl|asr)|__u?(div|mod|mul)[sdt]i3|__(ashl|ashr|lshr)di3|__clz[sd]i2'
foreign=$("${binutils}nm" -u "$output/libsilif.a" | awk '/ U /{print $2}' | grep -vxE "$allowed" || true)
if [ -n "$foreign" ]; then
  echo "build_library: $target: the library calls what it must not: $(tr '\n' ' ' <<<"$foreign")" >&2
  exit 1
fi
"${binutils}size" "$output/libsilif.a" | awk -v t="$target" -v o="$output" \
  'NR == 2 {print o "/libsilif.a for " t ": " $1 + $2 " bytes of flash, " $3 " of RAM; calls " }' | tr -d '\n'
"${binutils}nm" -u "$output/libsilif.a" | awk '/ U /{printf "%s%s", s, $2; s = " "} END {print ""}'
