#!/usr/bin/env bash
# Tests silif-wyoming from the wheel that `make wheel` built, in a fresh virtual environment, with the official client over TCP.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools/scripts/install_dependencies.sh python
work=$(mktemp -d)
trap 'rm -fr "$work"' EXIT
wheel=$(ls "$PWD"/build/wheel/silif-*_"$(uname -m)".whl)
python3 -m venv "$work/clean"
"$work/clean/bin/python" -m pip install --quiet --disable-pip-version-check "silif[wyoming,zeroconf] @ file://$wheel" pytest hypothesis soundfile
"$work/clean/bin/silif-wyoming" --version
# The satellite wants an older wyoming, so it has an environment of its own.
python3 -m venv "$work/satellite"
if "$work/satellite/bin/python" -m pip install --quiet --disable-pip-version-check wyoming-satellite; then
  export SILIF_SATELLITE=$work/satellite/bin/python
else
  echo "wyoming-satellite cannot be installed with this Python: its test is left out" >&2
fi
"$work/clean/bin/python" -m pytest -q -p no:cacheprovider -W ignore::DeprecationWarning -c python/pyproject.toml --rootdir python \
  python/tests/test_wyoming.py
