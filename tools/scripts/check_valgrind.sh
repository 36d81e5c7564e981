#!/usr/bin/env bash
# examples/c under valgrind, on a model, a damaged one and the bundled recording: nothing leaks, and nothing is read that was not
# written or lies outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools/scripts/install_dependencies.sh valgrind
build=$(mktemp -d)
trap 'rm -fr "$build"' EXIT

tools/scripts/build_library.sh host "$build"
library=$build/lib/host
for program in verify spot; do
  cc -std=c11 -g -O1 -I "$library" "examples/c/$program.c" "$library/libsilif.a" -o "$build/$program"
done
cc -O2 tools/scripts/cut_samples.c -lsndfile -o "$build/cut_samples"
"$build/cut_samples" models/demo.flac 0 3000 >"$build/demo.raw"
head -c -1 models/kws12.silif >"$build/cut.silif"

# What is still in use when a refusal ends the program is no leak.
check() { valgrind -q --leak-check=full --errors-for-leak-kinds=definite,indirect,possible --error-exitcode=9 "$@" >/dev/null; }
check "$build/verify" models/*.silif Tests/Fixtures/*.silif
check "$build/spot" models/kws12.silif "$build/demo.raw"
# Refused, by an exit status of its own and not by valgrind's.
status=0
check "$build/verify" "$build/cut.silif" 2>"$build/refusal" || status=$?
[[ $status -ne 0 && $status -ne 9 ]] || {
  cat "$build/refusal" >&2
  echo "check_valgrind: a cut model: exit $status" >&2
  exit 1
}
echo "valgrind: the C examples neither leak nor stray"
