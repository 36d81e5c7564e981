#!/usr/bin/env bash
# Builds the library for this machine and runs examples/c and examples/python on it: self-tests, the words of the bundled
# recording, a damaged model, and every bit of the probabilities against the integer reference.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools/scripts/install_dependencies.sh build
python=${PYTHON:-.venv/bin/python}
build=$(mktemp -d)
trap 'rm -fr "$build"' EXIT
fail() {
  echo "check_examples: $*" >&2
  exit 1
}

tools/scripts/build_library.sh host "$build"
library=$build/lib/host
for program in verify spot; do
  cc -std=c11 -Wall -Wextra -Wpedantic -Werror -O2 -I "$library" "examples/c/$program.c" "$library/libsilif.a" \
    -o "$build/$program"
done
# The header is C++ too.
echo '#include "silif.h"' | c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -x c++ -fsyntax-only -I "$library" -

"$build/verify" models/*.silif Tests/Fixtures/*.silif >/dev/null
echo "C: the self-tests pass"

head -c -1 models/kws12.silif >"$build/cut.silif"
refused=("$build/none.silif" "$build/cut.silif")
if message=$("$build/verify" "${refused[@]}" models/kws12.silif 2>&1); then fail "a cut model was taken"; fi
[[ $message == *SILIF_ERROR_TRUNCATED*total_length* ]] || fail "a cut model's message is '$message'"
[[ $message == *none.silif*pass*kws12.silif* ]] || fail "behind what cannot be opened, a model was not verified: '$message'"

cc -O2 -Wall -Wextra -Werror tools/scripts/cut_samples.c -lsndfile -o "$build/cut_samples"
"$build/cut_samples" models/demo.flac 0 14800 >"$build/demo.raw"
heard=$("$build/spot" models/kws12.silif "$build/demo.raw" | awk '/ s /{print $3}' | paste -sd' ')
expected=$(tail -n +2 models/demo.csv | cut -d, -f3 | paste -sd' ')
[[ $heard == "$expected" ]] || fail "C heard '$heard', not '$expected'"
for refused in "models/kws12.silif $build/none.raw" "$build/cut.silif $build/demo.raw" \
  "Tests/Fixtures/counts.silif $build/demo.raw"; do
  read -ra files <<<"$refused"
  if "$build/spot" "${files[@]}" >/dev/null 2>&1; then fail "spot took $refused"; fi
done
for command in "verify models/kws12.silif" "spot models/kws12.silif $build/demo.raw"; do
  read -ra words <<<"$command"
  if "$build/${words[0]}" "${words[@]:1}" >/dev/full 2>&1; then fail "${words[0]} did not see that its output was lost"; fi
done
echo "C: heard $heard"

export SILIF_LIBRARY=$library/libsilif.so PYTHONPATH=tools:examples/python
for model in models/*.silif Tests/SiLIFTests/Golden/silif-synaptic-w16.silif; do
  "$python" examples/python/frames.py "$model" | tail -n 1
done
heard=$("$python" - "$build/demo.raw" <<'END'
import sys

import numpy as np
from c_interface import Engine, SilifError

engine = Engine("models/kws12.silif")
engine.verify()
samples = np.fromfile(sys.argv[1], np.int16)
words = engine.listen(samples)
engine.reset()
assert [heard for start in range(0, samples.size, 777) for heard in engine.listen(samples[start : start + 777])] == [
    (word, score, position + samples.size) for word, score, position in words
], "the blocks change what is heard"
try:
    Engine("models/demo.csv")
    raise SystemExit("a text file was taken for a model")
except SilifError as error:
    assert error.name == "SILIF_ERROR_NOT_A_MODEL", error
print(*(word for word, _, _ in words))
END
)
[[ $heard == "$expected" ]] || fail "Python heard '$heard', not '$expected'"
echo "Python: heard $heard"
