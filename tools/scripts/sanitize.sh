#!/usr/bin/env bash
# sanitize.sh [address|thread|quick]: the Swift tests, and the commands that they start, with sanitizers. The first: addresses and
# leaks, in C also what is undefined. The second: races, in the tests of what has threads. `quick` is what .ci/run has time for: the
# first for the libraries alone, then two commands with threads on the demo recording.
set -euo pipefail
cd "$(dirname "$0")/../.."
scratch=${BUILD:-.build}
# Else the runtime takes minutes to print where something ended.
export SWIFT_BACKTRACE=enable=no LSAN_OPTIONS=suppressions=$PWD/Tests/Fuzz/leaks.txt:print_suppressions=0
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
# Optimised, as released: without, the tests take many times as long.
optimised=(-c release -Xswiftc -enable-testing)
addresses=("${optimised[@]}" --sanitize=address -Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined)
threads=("${optimised[@]}" --sanitize=thread)

# gold, the linker of Swift on Debian 12, finds fault with a symbol of the sanitizer's own.
build() { swift build "$@" 2>&1 | sed '/ld.gold: warning: Cannot export local symbol/d'; }

tests() { # tests FOLDER BUILD-FLAG... -- TEST-FLAG...
  local folder=$scratch/$1 flags=()
  shift
  while [[ $1 != -- ]]; do
    flags+=("$1")
    shift
  done
  shift
  build --scratch-path "$folder" --build-tests "${flags[@]}"
  swift test --scratch-path "$folder" --skip-build "${flags[@]}" "$@"
}

# The audio thread, the threads of --jobs, and what they hand over.
commands_with_threads() {
  build --scratch-path "$scratch/tsan" --product kws-listen "${threads[@]}"
  local folder listen heard
  folder=$(mktemp -d)
  listen=$(swift build --scratch-path "$scratch/tsan" --show-bin-path "${threads[@]}")/kws-listen
  heard=$("$listen" --input models/demo.flac --output word --stats --save-dir "$folder/saved" --near-misses 0.3 | sort | uniq)
  [[ $heard == "$(tail -n +2 models/demo.csv | cut -d, -f3 | sort)" ]] || {
    echo "sanitize: kws-listen heard '$heard'" >&2
    exit 1
  }
  for number in 1 2 3 4 5 6 7 8; do ln -s "$PWD/models/demo.flac" "$folder/$number.flac"; done
  ln -s "$listen" "$folder/kws-score"
  "$folder/kws-score" --jobs 8 --format json --model models/kws12.silif "$folder"/*.flac >"$folder/report"
  grep -q '"failed":0' "$folder/report"
  rm -fr "$folder"
  echo "sanitize: no races in kws-listen and kws-score"
}

case ${1:-all} in
  all)
    "$0" address
    "$0" thread
    ;;
  # A limit of memory leaves no room for shadow memory.
  address) tests asan "${addresses[@]}" -- --skip moreJobsThanThereIsMemoryFor ;;
  thread)
    tests tsan "${threads[@]}" -- \
      --filter 'ListenLoop|EventRing|Listen|ScoreTests|ScoreRowTests|NeverStuck|AudioInputTests' --skip moreJobsThanThereIsMemoryFor
    ;;
  quick)
    SILIF_LIBRARIES=1 tests asan-libraries "${addresses[@]}" --
    commands_with_threads
    ;;
  *)
    echo "usage: sanitize.sh [address|thread|quick]" >&2
    exit 2
    ;;
esac
