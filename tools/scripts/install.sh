#!/usr/bin/env bash
# Installs the commands with their man pages, completions and models, or removes them again.
#
#   tools/scripts/install.sh RELEASE PREFIX     from a release build, such as .build/release, under PREFIX
#   tools/scripts/install.sh --remove PREFIX    leaves nothing
#
# All commands are one executable, which is stripped (by STRIP, if that is set); the other names are links to it.
set -euo pipefail
cd "$(dirname "$0")/../.."
commands=(kws-listen kws-score kws-model kws-bench)

files() { # what is installed, under the prefix
  for name in "${commands[@]}"; do
    echo "bin/$name"
    echo "share/man/man1/$name.1"
    echo "share/bash-completion/completions/$name"
    echo "share/zsh/vendor-completions/_$name"
    echo "share/fish/vendor_completions.d/$name.fish"
  done
  for model in models/*.silif; do echo "share/silif/$(basename "$model")"; done
}

if [[ ${1:-} == --remove && $# == 2 ]]; then
  prefix=$2
  files | while read -r file; do rm -f "$prefix/$file"; done
  rmdir --ignore-fail-on-non-empty "$prefix/share/silif" 2>/dev/null || true
  exit
fi
(($# == 2)) || { sed -n '2,8p' "$0" >&2; exit 2; }
release=$1 prefix=$2
files | while read -r file; do mkdir -p "$prefix/$(dirname "$file")"; done

install -m 755 "$release/${commands[0]}" "$prefix/bin/${commands[0]}"
"${STRIP:-strip}" "$prefix/bin/${commands[0]}"
for name in "${commands[@]:1}"; do ln -sf "${commands[0]}" "$prefix/bin/$name"; done

install -m 644 models/*.silif "$prefix/share/silif/"
manual=$(mktemp -d)
trap 'rm -fr "$manual"' EXIT
tools/scripts/make_manual.py "$manual" "${commands[@]/#/$release/}"
install -m 644 "$manual"/*.1 "$prefix/share/man/man1/"
for name in "${commands[@]}"; do
  # What is sourced needs no first line that names a program.
  "$release/$name" --generate-completion-script bash | sed '1{/^#!/d}' > "$prefix/share/bash-completion/completions/$name"
  "$release/$name" --generate-completion-script zsh > "$prefix/share/zsh/vendor-completions/_$name"
  "$release/$name" --generate-completion-script fish > "$prefix/share/fish/vendor_completions.d/$name.fish"
done
