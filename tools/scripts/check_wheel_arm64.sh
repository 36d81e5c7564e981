#!/usr/bin/env bash
# Installs the wheel for 64-bit ARM that `make wheel` built and runs it: with Debian's Python for arm64 and PyPI's NumPy, under emulation.
# The self-tests of all models, the demo in 10 ms blocks of each type of sample, and clips, must come to what they come to here.
#
# Everything comes as packages and is only unpacked, into build/arm64-python, which stays; nothing is installed on this machine but the
# emulator.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools/scripts/install_dependencies.sh arm-check
python=${PYTHON:-.venv/bin/python}
root=$PWD/build/arm64-python
work=$(mktemp -d)
trap 'rm -fr "$work"' EXIT
emulator=$(command -v qemu-aarch64 || command -v qemu-aarch64-static)

if [[ ! -e $root/usr/bin/python3 ]]; then
  # apt for another architecture, beside this machine's own.
  mkdir -p "$work"/apt/{lists/partial,cache/archives/partial} "$work/root" build
  touch "$work/apt/status"
  apt=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State::status="$work/apt/status"
    -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root -o Debug::NoLocking=1)
  "${apt[@]}" update
  "${apt[@]}" install --download-only --no-install-recommends -y python3 libstdc++6 >/dev/null
  for deb in "$work"/apt/cache/archives/*.deb; do dpkg-deb -x "$deb" "$work/root"; done
  rm -fr "$root"
  mv "$work/root" "$root"
fi
version=$(basename "$(readlink "$root/usr/bin/python3")")
packages=$work/packages
"$python" -m pip install --quiet --disable-pip-version-check --target "$packages" --only-binary :all: --implementation cp \
  --python-version "${version#python}" --platform manylinux_2_17_aarch64 --platform manylinux_2_28_aarch64 --platform manylinux2014_aarch64 \
  "silif @ file://$(ls "$PWD"/build/wheel/silif-*_aarch64.whl)"
"$python" - <<'PYTHON' >"$work/demo.raw"
import sys
import soundfile
sys.stdout.buffer.write(soundfile.read("models/demo.flac", dtype="int16")[0].astype("<i2").tobytes())
PYTHON

cat >"$work/program.py" <<'PYTHON'
import platform, sys
import numpy as np
import silif

samples = np.fromfile(sys.argv[1], "<i2")
for name in silif.models():
    print(name, f"{silif.Model(name).verify():016x}")
for kind in (np.int16, np.float32, np.float64):
    spotter = silif.KeywordSpotter()
    sound = samples if kind is np.int16 else (samples / 32768).astype(kind)
    print(kind.__name__, [event for start in range(0, len(sound), 160) for event in spotter.process(sound[start : start + 160])])
scores = silif.score([samples[start : start + 16_000] for start in range(0, 160_000, 16_000)])
print(scores.word.tolist(), scores.probabilities.tolist(), scores.spikes.tolist())
print(platform.machine(), file=sys.stderr)
PYTHON
PYTHONPATH=$packages LD_LIBRARY_PATH= QEMU_LD_PREFIX=$root PYTHONHOME=$root/usr "$emulator" "$root/usr/bin/$version" -S -B \
  "$work/program.py" "$work/demo.raw" >"$work/there" 2>"$work/machine"
[[ $(tail -n 1 "$work/machine") == aarch64 ]] || { cat "$work/machine" >&2; exit 1; }
"$python" -m venv "$work/here"
"$work/here/bin/python" -m pip install --quiet --disable-pip-version-check build/wheel/silif-*_"$(uname -m)".whl
"$work/here/bin/python" "$work/program.py" "$work/demo.raw" >"$work/expected" 2>/dev/null
cmp "$work/there" "$work/expected"
echo "wheel: the same bits on aarch64, emulated, in $(wc -l <"$work/there") lines: $("$emulator" --version | head -n 1)"
