#!/usr/bin/env bash
# Takes a mend out of a copy of the sources (Tests/Fuzz/planted.patch): the fuzzer must find what it mended.
set -euo pipefail
cd "$(dirname "$0")/../.."
copy=build/planted
mkdir -p "$copy"
# All but what was built there, which makes the next time faster.
find "$copy" -mindepth 1 -maxdepth 1 ! -name .build -exec rm -fr {} +
git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -c | tar x -C "$copy"
cd "$copy"
patch -p1 <Tests/Fuzz/planted.patch
if tools/scripts/fuzz.sh 300 models 2>log; then
  echo "check_fuzzers: 300 s of the fuzzer 'models' do not find what Tests/Fuzz/planted.patch plants" >&2
  exit 1
fi
# What ended is a trap, and there: a build that failed ends with another status.
tail -n 1 log
compgen -G 'build/fuzz/models/crash-*' >/dev/null && grep -aq 'scaledRearm_q15\|Detector' build/fuzz/models/log
echo "fuzz-planted: found"
