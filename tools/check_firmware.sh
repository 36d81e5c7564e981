#!/usr/bin/env bash
# Builds examples/firmware-mps2-an386 and runs it on an emulated Cortex-M4: it must hear the recorded word, pass its
# self-test, and make in every step the bits that examples/c/spot.c makes on this machine. Prints what it reports.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/install_dependencies.sh build
tools/install_dependencies.sh firmware
model=${MODEL:-models/kws12-stream.silif}
word=${WORD:-yes}
build=build/firmware
log=$build/uart.log
fail() {
  echo "check_firmware: $*" >&2
  exit 1
}

make --no-print-directory -C examples/firmware-mps2-an386 MODEL="$PWD/$model" all
timeout 300 make --no-print-directory -C examples/firmware-mps2-an386 MODEL="$PWD/$model" run </dev/null | tr -d '\r' | tee "$log" ||
  fail "the firmware did not end well: ${PIPESTATUS[*]}"
[[ $(tail -n 1 "$log") == end ]] || fail "the firmware did not come to its end"
field() { awk -v name="$1" '$1 == name {print $2}' "$log"; }

mapfile -t words < <(field word)
[[ ${words[*]} == "$word" ]] || fail "it heard '${words[*]}', not '$word'"

# The digest in the model is the integer reference's.
expected=$(python3 - "$model" <<'END'
import struct, sys
content = open(sys.argv[1], "rb").read()
for index in range(struct.unpack_from("<H", content, 10)[0]):
    tag, offset = struct.unpack_from("<4sI", content, 32 + 16 * index)
    if tag == b"TEST":
        print("%016x" % struct.unpack_from("<Q", content, offset + 8))
END
)
[[ $(field self_test) == "$expected" ]] || fail "the self-test's digest is $(field self_test), not $expected"

tools/build_library.sh host >/dev/null
cc -std=c11 -O2 -I build/lib/host examples/c/spot.c build/lib/host/libsilif.a -o "$build/spot"
host=$("$build/spot" "$model" "$build/word.raw" | awk '$1 == "digest" {print $2}')
[[ $(field digest) == "$host" ]] || fail "its digest is $(field digest), this machine's $host"

# What the issue and docs/EMBEDDED.md promise.
(($(field engine_ram_bytes) <= 24000)) || fail "engine, front end and rings take $(field engine_ram_bytes) bytes of RAM"
(($(field stack_bytes_to_open) < 4096)) || fail "the stack is full"
echo "check_firmware: the same bits as on $(uname -m)"
