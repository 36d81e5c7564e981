#!/usr/bin/env bash
# What memory kws-listen takes while it listens: feeds it the bundled recording through a pipe, waits until it has printed
# the words, and reads /proc. Fails above the promised 3 MB of its own (RssAnon) and 16 MB resident (VmRSS).
#
#   tools/scripts/measure_memory.sh [FOLDER_OF_THE_COMMANDS]     (default: .build/release)
set -euo pipefail
cd "$(dirname "$0")/../.."

listen=${1:-.build/release}/kws-listen
work=$(mktemp -d)
trap 'exec 3>&- || true; rm -fr "$work"' EXIT
mkfifo "$work/sound" "$work/words"

"$listen" --model models/kws12.silif --input - <"$work/sound" >"$work/words" &
process=$!
exec 3>"$work/sound" 4<"$work/words"
# Header and all: a FLAC file on standard input is recognised.
cat models/demo.flac >&3
expected=$(($(wc -l <models/demo.csv) - 1))
# The last word comes when the decoder has the file's end, so the pipe is closed only for it.
for ((index = 1; index < expected; index++)); do
  read -r -t 60 -u 4 line || { echo "measure_memory: kws-listen printed $((index - 1)) words, not $expected" >&2; exit 1; }
done
field() { awk -v name="$1:" '$1 == name {print $2}' "/proc/$process/status"; }
own_kB=$(field RssAnon)
resident_kB=$(field VmRSS)
exec 3>&-
wait "$process"

echo "kws-listen: $own_kB kB of its own (at most 3000), $resident_kB kB resident (at most 16000)"
((own_kB <= 3000 && resident_kB <= 16000)) || { echo "measure_memory: more than promised" >&2; exit 1; }
