#!/usr/bin/env bash
# fuzz.sh SECONDS [TARGET...]: runs each fuzzer of Tests/Fuzz for so long, on inputs that are kept and on models and sounds of the
# tests. SEED, if it is not empty, makes it try the same again. A finding ends it; the input lies in build/fuzz/TARGET then. New inputs that reach new code stay in build/fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:?usage: fuzz.sh SECONDS [TARGET...]}
shift
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(models sound tables)
scratch=${BUILD:-.build}/fuzz

# In C also the undefined: a shift too far, an overflow, an address that is not aligned.
c_flags=(-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined)
SILIF_FUZZ=build swift build --scratch-path "$scratch" -c release --product SilifFuzz \
  -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing $(printf -- "-Xcc %s " "${c_flags[@]}") >&2
swiftc -sanitize=fuzzer,address -use-ld=lld -emit-executable "$scratch/release/libSilifFuzz.a" -o "$scratch/silif-fuzz" \
  $(pkg-config --libs alsa sndfile)

# Else the runtime takes minutes to print where something ended.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=Tests/Fuzz/leaks.txt:print_suppressions=0 UBSAN_OPTIONS=print_stacktrace=1
for target in "${targets[@]}"; do
  new=build/fuzz/corpus/$target found=build/fuzz/$target
  mkdir -p "$new" "$found"
  corpus=("$new" "Tests/Fuzz/corpus/$target")
  limit=8192
  case $target in
    models) corpus+=(Tests/Fixtures Tests/SiLIFTests/Golden) limit=20000 ;;
  esac
  echo "fuzz: $target for $seconds s"
  SILIF_FUZZ=$target "$scratch/silif-fuzz" -max_total_time="$seconds" -max_len=$limit -rss_limit_mb=4096 -malloc_limit_mb=1024 \
    -timeout=300 -seed="${SEED:-0}" -artifact_prefix="$found/" -print_final_stats=1 -verbosity=0 "${corpus[@]}" </dev/null >"$found/log" 2>&1 || {
    tail -n 60 "$found/log" >&2
    echo "fuzz: $target: a finding; its input lies in $found" >&2
    exit 1
  }
  grep -aE 'number_of_executed_units|new_units_added' "$found/log"
done
