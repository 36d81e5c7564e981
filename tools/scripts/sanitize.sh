#!/usr/bin/env bash
# sanitize.sh [address|thread]: the Swift tests, and the commands that they start, with sanitizers. The first: addresses and leaks,
# in C also what is undefined. The second: races, in the tests of what has threads.
set -euo pipefail
cd "$(dirname "$0")/../.."
scratch=${BUILD:-.build}
# Else the runtime takes minutes to print where something ended.
export SWIFT_BACKTRACE=enable=no LSAN_OPTIONS=suppressions=$PWD/Tests/Fuzz/leaks.txt:print_suppressions=0

run() { # run NAME FLAG... -- TEST-FLAG...
  local flags=() name=$1
  shift
  while [[ $1 != -- ]]; do
    flags+=("$1")
    shift
  done
  shift
  # gold, the linker of Swift on Debian 12, finds fault with a symbol of the sanitizer's own.
  swift build --scratch-path "$scratch/$name" --build-tests "${flags[@]}" 2>&1 |
    sed '/ld.gold: warning: Cannot export local symbol/d'
  swift test --scratch-path "$scratch/$name" --skip-build "${flags[@]}" "$@"
}

if [[ ${1:-address} == address ]]; then
  # A limit of memory leaves no room for shadow memory.
  ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
    run asan --sanitize=address -Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined -- \
    --skip moreJobsThanThereIsMemoryFor
fi
if [[ ${1:-thread} == thread ]]; then
  TSAN_OPTIONS=halt_on_error=1 run tsan --sanitize=thread -- \
    --filter 'ListenLoop|EventRing|Listen|ScoreTests|NeverStuck|AudioInputTests' --skip moreJobsThanThereIsMemoryFor
fi
