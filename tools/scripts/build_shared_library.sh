#!/usr/bin/env bash
# Builds what silif.h declares as a shared library for Linux, by Embedded Swift and with the kernels in C, which it chooses
# by the processor when a model is opened. It needs no Swift, no C library of a certain version and nothing else where it runs.
#
#   tools/scripts/build_shared_library.sh x86_64|aarch64 FOLDER      writes FOLDER/libsilif.so
#
# Needs the Swift 6.3 toolchain from swift.org, whose clang and lld make both; nothing of the other machine.
set -euo pipefail
cd "$(dirname "$0")/../.."

case ${1:-} in
  # Swift's Embedded library for bare aarch64 is the one that the toolchain has; the code is the same.
  x86_64) swift_target=x86_64-unknown-linux-gnu ;;
  aarch64) swift_target=aarch64-none-none-elf ;;
  *)
    sed -n '2,8p' "$0" >&2
    exit 2
    ;;
esac
machine=$1
output=${2:?a folder is wanted}
c_target=$machine-unknown-linux-gnu
version=$(swiftc --version 2>&1 | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p' | head -n 1)
read -r major minor <<<"${version:-0 0}"
if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 3 ]; }; then
  echo "build_shared_library: Embedded Swift needs the 6.3 toolchain from swift.org; this swiftc is ${major}.${minor}" >&2
  exit 1
fi
# Of the toolchain, not of the system; swiftly's swiftc is a proxy, so ask for the resources that it compiles with.
toolchain=$(swiftc -print-target-info | sed -nE 's|.*"runtimeResourcePath": "(.*)/lib/swift".*|\1|p')
if [ "$machine" = x86_64 ]; then tools/scripts/install_dependencies.sh host; fi

work=$(mktemp -d)
trap 'rm -fr "$work"' EXIT
mkdir "$work/kernels"
echo "module CKernels { header \"$PWD/Sources/CKernels/include/CKernels.h\" export * }" >"$work/kernels/module.modulemap"

for module in FixedPoint Kernels SiLIF LogMel KeywordSpotter SiLIFC; do
  mapfile -t sources < <(find "Sources/$module" -name '*.swift' | sort)
  swiftc -enable-experimental-feature Embedded -wmo -parse-as-library -swift-version 6 -warnings-as-errors -O \
    -target "$swift_target" -Xfrontend -function-sections -Xfrontend -disable-stack-protector \
    -I "$work" -I "$work/kernels" -I Sources/CSiLIF -module-name "$module" -emit-module \
    -emit-module-path "$work/$module.swiftmodule" -c "${sources[@]}" -o "$work/$module.o"
done
for source in Sources/CKernels/*.c; do
  "$toolchain/bin/clang" --target="$c_target" -std=c11 -O2 -ffreestanding -fPIC -fvisibility=hidden -Wall -Wextra -Werror \
    -I Sources/CKernels/include -c "$source" -o "$work/$(basename "$source" .c).c.o"
done

{
  echo '{ global:'
  grep -oE 'silif_[a-z0-9_]+\(' Sources/CSiLIF/silif.h | tr -d '(' | sort -u | sed 's/$/;/'
  echo 'local: *; };'
} >"$work/exported"
# The compiler's own runtime asks the processor what it is. No C library is named: the program that loads this has one.
builtins=()
if [ "$machine" = x86_64 ]; then builtins=("$toolchain"/lib/clang/*/lib/*/libclang_rt.builtins-x86_64.a); fi
"$toolchain/bin/ld.lld" -shared -soname libsilif.so --gc-sections --strip-all -z relro -z now -z noexecstack --hash-style=gnu \
  --build-id=sha1 --version-script="$work/exported" "$work"/*.o "${builtins[@]}" -o "$work/libsilif.so"

foreign=$("$toolchain/bin/llvm-nm" -D -u "$work/libsilif.so" | awk '{print $2}' | grep -vxE 'memcpy|memmove|memset' || true)
if [ -n "$foreign" ]; then
  echo "build_shared_library: $machine: the library calls what it must not: $(tr '\n' ' ' <<<"$foreign")" >&2
  exit 1
fi
mkdir -p "$output"
mv "$work/libsilif.so" "$output/libsilif.so"
echo "$output/libsilif.so for $machine: $(stat -c %s "$output/libsilif.so") bytes"
