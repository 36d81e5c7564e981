#!/usr/bin/env bash
# The same bits on other machines: builds the static library and examples/c/verify.c for 64-bit and 32-bit ARM and for
# 64-bit RISC-V Linux, runs them under qemu on every golden model and every model that ships, and compares the digests
# with this machine's. The expected digests in the models come from the integer reference in tools/.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools/scripts/install_dependencies.sh arm-check
build=$(mktemp -d)
trap 'rm -fr "$build"' EXIT
models=(Tests/SiLIFTests/Golden/*.silif Tests/Fixtures/*.silif models/*.silif)

# The fixtures' first self-test value, changed, with a checksum that is right: every machine must notice.
python3 - Tests/Fixtures/audio.silif "$build/changed.silif" <<'END'
import struct, sys, zlib
content = bytearray(open(sys.argv[1], "rb").read())
for index in range(struct.unpack_from("<H", content, 10)[0]):
    tag, offset = struct.unpack_from("<4sI", content, 32 + 16 * index)
    if tag == b"TEST":
        content[offset + 33] ^= 0x10
struct.pack_into("<I", content, 16, zlib.crc32(content[20:], zlib.crc32(content[:16])))
open(sys.argv[2], "wb").write(content)
END

# Kernels in C beside the plain ones, each against those: on values at their bounds, which models do not have.
clang=$(swiftc -print-target-info | sed -nE 's|.*"runtimeResourcePath": "(.*)/lib/swift".*|\1/bin/clang|p')
kernels() { # kernels TRIPLE COMPILER FLAGS EMULATOR...
  local triple=$1 compiler=$2 flags=$3 source objects=()
  shift 3
  mkdir -p "$build/kernels-$triple"
  for source in Sources/CKernels/*.c Tests/KernelSets/compare.c; do
    objects+=("$build/kernels-$triple/$(basename "$source" .c).o")
    # shellcheck disable=SC2086
    "$clang" --target="$triple" $flags -std=gnu11 -O2 -fomit-frame-pointer -Wall -Wextra -Werror -I Sources/CKernels/include \
      -c "$source" -o "${objects[-1]}"
  done
  "$compiler" -static "${objects[@]}" -o "$build/compare-$triple"
  "$@" "$build/compare-$triple" >"$build/compared" || { cat "$build/compared"; echo "check_arm: kernels of $triple differ" >&2; exit 1; }
  echo "kernels, $triple: $(paste -sd' ' "$build/compared") as plain"
}

run() { # run TARGET COMPILER [EMULATOR]: the digests of all models
  tools/scripts/build_library.sh "$1" "$build" >&2
  "$2" -std=c11 -Wall -Wextra -Werror -O2 -static -I "$build/lib/$1" -I examples/c examples/c/verify.c \
    "$build/lib/$1/libsilif.a" -o "$build/verify-$1"
  if ${3:-} "$build/verify-$1" "$build/changed.silif" >/dev/null; then
    echo "check_arm: $1: a changed self-test passed" >&2
    return 1
  fi
  ${3:-} "$build/verify-$1" "${models[@]}"
}

emulator() { command -v "qemu-$1-static" || command -v "qemu-$1"; }

kernels armv7-unknown-linux-gnueabihf arm-linux-gnueabihf-gcc "-mcpu=cortex-a7 -mthumb -isystem /usr/arm-linux-gnueabihf/include" \
  "$(emulator arm)"
kernels aarch64-unknown-linux-gnu aarch64-linux-gnu-gcc "-isystem /usr/aarch64-linux-gnu/include" "$(emulator aarch64)"

run host cc >"$build/host"
check() {
  run "$@" >"$build/digests"
  diff "$build/host" "$build/digests" || { echo "check_arm: $1 computes something else than this machine" >&2; exit 1; }
  echo "$1: ${#models[@]} models, the same digests as on $(uname -m)"
}
check aarch64-linux aarch64-linux-gnu-gcc "$(emulator aarch64)"
check armv7-linux arm-linux-gnueabihf-gcc "$(emulator arm)"
check riscv64-linux riscv64-linux-gnu-gcc "$(emulator riscv64)"

# The shared library of the Python package has the kernels in C besides.
shared() { # shared MACHINE COMPILER EMULATOR...
  local machine=$1 compiler=$2
  shift 2
  tools/scripts/build_shared_library.sh "$machine" "$build/$machine" >&2
  "$compiler" -std=c11 -Wall -Wextra -Werror -O2 -I Sources/CSiLIF -I examples/c examples/c/verify.c "$build/$machine/libsilif.so" \
    -Wl,-rpath,"$build/$machine" -o "$build/verify-shared-$machine"
  "$@" "$build/verify-shared-$machine" "${models[@]}" >"$build/digests"
  diff "$build/host" "$build/digests" || { echo "check_arm: $* computes something else than this machine" >&2; exit 1; }
  echo "shared library, $machine: ${#models[@]} models, the same digests"
}
shared aarch64 aarch64-linux-gnu-gcc "$(emulator aarch64)" -L /usr/aarch64-linux-gnu
# A processor without AVX.
if [ "$(uname -m)" = x86_64 ]; then shared x86_64 cc "$(emulator x86_64)" -cpu core2duo; fi
