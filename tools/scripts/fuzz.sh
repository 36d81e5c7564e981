#!/usr/bin/env bash
# fuzz.sh SECONDS [TARGET...]: runs each fuzzer of Tests/Fuzz, and hypothesis on Python's readers (`readers`), for so long, on inputs
# that are kept and on models and sounds of the tests. A finding ends it; the input lies in build/fuzz/TARGET then. New inputs that
# reach new code stay in build/fuzz/corpus.
#
# AT_ONCE=2 runs so many of them at the same time. SEED, if it is not empty, makes it try the same each time, which is also bounded in
# number: a minute or two of a core.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:?usage: fuzz.sh SECONDS [TARGET...]}
shift
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(models sound tables readers)
scratch=${BUILD:-.build}/fuzz
python=${PYTHON:-.venv/bin/python}
[[ $python == /* ]] || python=$PWD/$python
# Inputs that SEED bounds each to.
declare -A runs=([models]=100000 [sound]=40000 [tables]=150000)

build() {
  # In C also the undefined: a shift too far, an overflow, an address that is not aligned.
  local c_flags=(-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined)
  # SwiftPM adds to the archive and leaves in it what has gone from the sources.
  rm -f "$scratch/release/libSilifFuzz.a"
  SILIF_FUZZ=build swift build --scratch-path "$scratch" -c release --product SilifFuzz \
    -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing $(printf -- "-Xcc %s " "${c_flags[@]}") >&2
  swiftc -sanitize=fuzzer,address -use-ld=lld -emit-executable "$scratch/release/libSilifFuzz.a" -o "$scratch/silif-fuzz" \
    $(pkg-config --libs alsa sndfile)
}

# Else the runtime takes minutes to print where something ended.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=$PWD/Tests/Fuzz/leaks.txt:print_suppressions=0
export UBSAN_OPTIONS=print_stacktrace=1

fuzz() { # fuzz TARGET: Swift and C, by libFuzzer
  local new=build/fuzz/corpus/$1 found=build/fuzz/$1 limit=8192
  # What earlier runs kept would make another run of it.
  if [[ -n ${SEED:-} ]]; then
    new=build/fuzz/seeded/$1
    rm -fr "$new"
  fi
  mkdir -p "$new" "$found"
  local corpus=("$new" "Tests/Fuzz/corpus/$1")
  if [[ $1 == models ]]; then corpus+=(Tests/Fixtures Tests/SiLIFTests/Golden) limit=20000; fi
  SILIF_FUZZ=$1 "$scratch/silif-fuzz" -max_total_time="$seconds" -max_len=$limit -rss_limit_mb=4096 -malloc_limit_mb=1024 \
    -timeout=300 ${SEED:+-seed="$SEED" -runs="${runs[$1]}"} -artifact_prefix="$found/" -print_final_stats=1 -verbosity=0 \
    "${corpus[@]}" </dev/null >"$found/log" 2>&1 || return 1
  sed -n "s/^stat::number_of_executed_units: */fuzz: $1: without a finding, inputs: /p" "$found/log"
}

readers() { # Python's, by hypothesis: again and again, until the time is over
  mkdir -p build/fuzz/readers
  local end=$((SECONDS + seconds)) left status=0 rounds=0
  # The time left is asked once: `timeout 0` would run without an end.
  while left=$((end - SECONDS)) && [[ $left -gt 0 ]]; do
    (cd tools && HYPOTHESIS_PROFILE=fuzz timeout "$left" "$python" -m pytest -q -x -p no:cacheprovider \
      ${SEED:+--hypothesis-seed="$SEED"} tests/test_trust_readers.py) >build/fuzz/readers/log 2>&1 || status=$?
    [[ $status -eq 0 || $status -eq 124 ]] || return 1
    rounds=$((rounds + 1))
    [[ -z ${SEED:-} ]] || break
  done
  echo "fuzz: readers: without a finding, rounds: $rounds"
}

run() { # run TARGET
  echo "fuzz: $1 for at most $seconds s"
  if [[ $1 == readers ]]; then readers; else fuzz "$1"; fi || {
    tail -n 60 "build/fuzz/$1/log" >&2
    echo "fuzz: $1: a finding; its input lies in build/fuzz/$1" >&2
    return 1
  }
}

[[ ${targets[*]} == readers ]] || build
running=0 status=0
for target in "${targets[@]}"; do
  if [[ $running -ge ${AT_ONCE:-1} ]]; then
    wait -n || status=1
    running=$((running - 1))
  fi
  [[ $status -eq 0 ]] || break
  run "$target" &
  running=$((running + 1))
done
while [[ $running -gt 0 ]]; do
  wait -n || status=1
  running=$((running - 1))
done
exit $status
