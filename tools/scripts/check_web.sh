#!/usr/bin/env bash
# The library as WebAssembly, in Node: the same bits, words, scores and refusals as the commands of this machine; and the page of
# web/ in Chromium, which hears the demo by a microphone made of a file. `quick` leaves Chromium out.
#
#   [PICTURE=page.png] tools/scripts/check_web.sh [quick]
set -euo pipefail
cd "$(dirname "$0")/../.."

tools/scripts/install_dependencies.sh build
tools/scripts/install_dependencies.sh web
commands=${BUILD:-.build}/release
work=$(mktemp -d)
trap 'rm -fr "$work"' EXIT

tools/scripts/build_web.sh "$work/page"
tools/scripts/build_library.sh host "$work"
cc -O2 -I "$work/lib/host" examples/c/spot.c "$work/lib/host/libsilif.a" -o "$work/spot"
cc -O2 tools/scripts/cut_samples.c -lsndfile -o "$work/cut_samples"
"$work/cut_samples" models/demo.flac 0 14800 >"$work/demo.raw"
for model in models/*.silif; do
  name=$work/$(basename "$model" .silif)
  "$commands/kws-model" verify --format json "$model" >"$name.verify"
  "$work/spot" "$model" "$work/demo.raw" | awk '$1 == "digest" {print $2}' >"$name.digest"
  "$commands/kws-listen" --model "$model" --input models/demo.flac --format json >"$name.events" 2>/dev/null
done

python3 - "$work" <<'END' # a clip of every word, and one cut short
import csv, sys, wave
from pathlib import Path

work = Path(sys.argv[1])
sound = (work / "demo.raw").read_bytes()
with open("models/demo.csv", newline="") as rows:
    ends = [float(row["end_s"]) for row in csv.DictReader(rows)]
lengths = [1.0] * len(ends) + [0.4]
for number, (end, length) in enumerate(zip(ends + ends[:1], lengths)):
    last = 2 * round(16000 * (end + 0.2))
    with wave.open(str(work / f"clip-{number}.wav"), "wb") as out:
        out.setparams((1, 2, 16000, 0, "NONE", ""))
        out.writeframes(sound[last - 2 * round(16000 * length) : last])
END
"$commands/kws-score" --model kws12 --each --format jsonl "$work"/clip-*.wav >"$work/clips"
"$commands/kws-score" --model kws12 --each --format jsonl models/demo.flac >"$work/whole" 2>/dev/null
node tools/scripts/check_web.mjs "$work/page" "$work"

if [[ ${1:-} != quick ]]; then
  tools/scripts/install_dependencies.sh browser
  node --input-type=module - "$work/page" "$work" <<'END' # what a sound card has: 48 kHz; and sound in the right channel alone
import { readFileSync, writeFileSync } from "node:fs";
const [page, work] = process.argv.slice(2);
const { Resampler } = await import(`${page}/resampler.js`);
const file = readFileSync(`${work}/demo.raw`);
const sound = new Int16Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
const floats = new Resampler(16000, 48000).process(Float32Array.from(sound, (x) => x / 32768));
const wide = Int16Array.from(floats, (x) => Math.max(-32768, Math.min(32767, Math.round(x * 32768))));
function write(name, samples, rate, channels) {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0), header.writeUInt32LE(36 + samples.byteLength, 4), header.write("WAVEfmt ", 8);
  const bytes = [rate * 2 * channels, 28, 4];
  const fields = [[16, 16, 4], [1, 20, 2], [channels, 22, 2], [rate, 24, 4], bytes, [2 * channels, 32, 2], [16, 34, 2]];
  fields.forEach(([x, at, size]) => header.writeUIntLE(x, at, size));
  header.write("data", 36), header.writeUInt32LE(samples.byteLength, 40);
  writeFileSync(`${work}/${name}`, Buffer.concat([header, Buffer.from(samples.buffer)]));
}
write("microphone.wav", wide, 48000, 1);
write("right.wav", Int16Array.from({ length: 2 * sound.length }, (_, k) => (k % 2 ? sound[k >> 1] : 0)), 16000, 2);
END
  node tools/scripts/check_browser.mjs "$work/page" "$work" ${PICTURE:+"$PICTURE"}
fi
echo "check_web: passed"
