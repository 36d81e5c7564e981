#!/usr/bin/env bash
# Installs what a fresh Debian 12 or 13 machine lacks, and nothing where nothing is missing.
#
#   tools/install_dependencies.sh build     libasound and libsndfile headers, pkg-config
#   tools/install_dependencies.sh python    python3 with venv
#   tools/install_dependencies.sh package   what `make deb` needs besides
set -euo pipefail

missing=()
need() { # need PACKAGE COMMAND...: the package is missing when the command fails
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}

case ${1:-} in
  build)
    command -v swift >/dev/null || {
      echo "swift is missing: install it from swift.org, or on Debian 13 with: sudo apt install swiftlang" >&2
      exit 1
    }
    need g++ compgen -G '/usr/lib/gcc/*/*/libstdc++.so' # Debian's swiftlang comes without the C++ runtime to link with.
    need pkg-config pkg-config --version
    if command -v pkg-config >/dev/null; then
      need libasound2-dev pkg-config --exists alsa
      need libsndfile1-dev pkg-config --exists sndfile
    else
      missing+=(libasound2-dev libsndfile1-dev)
    fi
    ;;
  python)
    need python3 python3 --version
    need python3-venv python3 -c 'import ensurepip'
    ;;
  package)
    need debhelper command -v dh
    need python3 python3 --version
    ;;
  *)
    sed -n '2,7p' "$0" >&2
    exit 2
    ;;
esac

if ((${#missing[@]})); then
  echo "installing ${missing[*]}"
  run=()
  ((EUID == 0)) || run=(sudo)
  "${run[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${run[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
