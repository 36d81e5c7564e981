#!/usr/bin/env bash
# Counts the arm64 instructions that kws-listen runs for a second of audio, under emulation: the demo three times over, less the
# demo once, so that start-up does not count. A count of instructions, no time: what a board takes for them shows on the board.
#
#   tools/scripts/count_instructions.sh FOLDER LIBRARIES      FOLDER: arm64 commands; LIBRARIES: an arm64 root
#
# Needs qemu-user, gcc and sox.
set -euo pipefail
cd "$(dirname "$0")/../.."
(($# == 2)) || { sed -n '2,7p' "$0" >&2; exit 2; }
for tool in qemu-aarch64 gcc sox; do
  command -v $tool >/dev/null || { echo "count_instructions: $tool is missing: apt-get install qemu-user gcc sox" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -fr "$work"' EXIT
gcc -O2 -Wall -Werror -shared -fPIC tools/scripts/count_instructions.c -o "$work/plugin.so"
sox models/demo.flac -t raw -r 16000 -c 1 -b 16 -e signed "$work/once"
cat "$work/once" "$work/once" "$work/once" >"$work/thrice"
samples=$(($(stat -c %s "$work/once") / 2))

count() { # count COMMAND LIBRARIES MODEL SOUND: the instructions of one run
  qemu-aarch64 -L "$2" -plugin "$work/plugin.so" "$1" --model "models/$3.silif" --input "$work/$4" 2>&1 >/dev/null |
    awk '$1 == "instructions" { print $2 }'
}
for model in models/*.silif; do
  model=$(basename "$model" .silif)
  once=$(count "$1/kws-listen" "$2" "$model" once)
  thrice=$(count "$1/kws-listen" "$2" "$model" thrice)
  awk -v model="$model" -v once="$once" -v thrice="$thrice" -v seconds="$((2 * samples))" 'BEGIN {
    printf "%-14s %.2f million arm64 instructions for a second of audio, %.0f million to start\n", model,
      (thrice - once) / (seconds / 16000) / 1e6, (once - (thrice - once) / 2) / 1e6 }'
done
