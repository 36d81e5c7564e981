#!/usr/bin/env bash
# Builds examples/firmware and runs it on emulated boards, a Cortex-M4, a Cortex-M7 and RISC-V: it must hear the recorded word,
# pass its self-test, and make in every step the bits that examples/c/spot.c makes on this machine. Prints what the first board
# reports, and what the longest step takes that its model can make; then a line for each of the others.
#
#   [MODEL=models/kws12-stream.silif WORD=yes] tools/scripts/check_firmware.sh      (WORD= where it is to hear none)
#
# BLOCKS=yes takes the library with blocks over a stream, for a model that has them.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools/scripts/install_dependencies.sh build
tools/scripts/install_dependencies.sh firmware
model=${MODEL:-models/kws12-stream.silif}
most_code_bytes=56000
most_memory_bytes=24000
if [[ ${BLOCKS:-no} == yes ]]; then
  most_code_bytes=80000
  most_memory_bytes=64000
fi
word=${WORD-yes}
board=mps2-an386
build=build/firmware
mkdir -p "$build"
log=$build/uart.log
fail() {
  echo "check_firmware: $*" >&2
  exit 1
}

run() { # run MODEL [STEPS]: builds the board's firmware with it, for so many steps at least; what it says goes to the log
  local make=(make --no-print-directory -C examples/firmware BOARD="$board" BUILD="$PWD/$build/$board" MODEL="$1" LEAST_STEPS="${2:-1}")
  "${make[@]}" all
  timeout 300 "${make[@]}" run </dev/null | tr -d '\r' >"$log" ||
    fail "the firmware did not end well: $(cat "$log")"
  [[ $(tail -n 1 "$log") == end ]] || fail "the firmware did not come to its end: $(cat "$log")"
}
run "$(realpath "$model")"
tee "$build/printed" <"$log"
field() { awk -v name="$1" '$1 == name {print $2}' "$log"; }

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
tools/scripts/build_library.sh host >/dev/null
for program in spot verify; do
  cc -std=c11 -O2 -I build/lib/host "examples/c/$program.c" build/lib/host/libsilif.a -o "$build/$program"
done
host=$("$build/spot" "$model" "$build/$board/word.raw" | awk '$1 == "digest" {print $2}')

check() { # check: what every board's firmware must have said
  local words use
  mapfile -t words < <(field word)
  [[ ${words[*]} == "$word" ]] || fail "$board: it heard '${words[*]}', not '$word'"
  [[ $(field self_test) == "$expected" ]] || fail "$board: the self-test's digest is $(field self_test), not $expected"
  [[ $(field digest) == "$host" ]] || fail "$board: its digest is $(field digest), this machine's $host"
  # What docs/EMBEDDED.md promises.
  (($(field engine_ram_bytes) <= most_memory_bytes)) || fail "$board: engine, front end and rings take $(field engine_ram_bytes) bytes of RAM"
  (($(field code_flash_bytes) <= most_code_bytes)) || fail "$board: the code takes $(field code_flash_bytes) bytes of flash"
  for use in open verify step; do
    (($(field "stack_bytes_to_$use") < 5120)) || fail "$board: the stack is full"
  done
}
check
mean=$(field instructions_per_step_mean)
most=$(field instructions_per_step_most)

# The same sizes with everything to do in every step, once the longest delay is over and every state at its limit: which takes up
# to 512 steps. Its self-test's digest is what this machine computes.
tools/scripts/worst_case_model.py "$model" "$build/worst.silif"
digest=$("$build/verify" "$build/worst.silif" | awk '{print $2}') || true
tools/scripts/worst_case_model.py "$model" "$build/worst.silif" "$digest"
run "$(realpath "$build/worst.silif")" 600 >/dev/null
(($(field steps) >= 600)) || fail "the worst step was looked for in $(field steps) steps, not in 600"
worst=$(field instructions_per_step_most)
echo "instructions_per_step_worst $worst" | tee -a "$build/printed"
((worst > most)) || fail "the worst step takes less than one of the recording"
# Caps for the model that ships for streams, 2 % above what it takes: in Swift alone it took 273,304 in the mean and 738,200 in
# the worst step.
if [[ $model == models/kws12-stream.silif ]]; then
  ((mean <= 151000)) || fail "a step takes $mean instructions in the mean, more than 151,000"
  ((worst <= 284000)) || fail "the worst step takes $worst instructions, more than 284,000"
fi
# The page shows what this prints.
[[ $model != models/kws12-stream.silif ]] ||
  tools/scripts/printed_samples.py --output-of 'make firmware' "$build/printed" docs/EMBEDDED.md
echo "check_firmware: $board: the same bits as on $(uname -m)"

for board in mps2-an500 riscv-virt; do
  run "$(realpath "$model")" >/dev/null
  check
  mean=$(field instructions_per_step_mean)
  most=$(field instructions_per_step_most)
  echo "check_firmware: $board: the same bits, $mean instructions a step in the mean, $most at most, $(field code_flash_bytes) bytes of code"
done
