#!/usr/bin/env bash
# Builds the Python package silif, engine and models inside, as build/wheel/silif-VERSION-py3-none-manylinux_2_17_MACHINE.whl.
#
#   tools/scripts/build_wheel.sh x86_64|aarch64
#
# PYTHON names the Python that packs it: one with pip, and with the network for setuptools.
set -euo pipefail
cd "$(dirname "$0")/../.."

machine=${1:-}
python=${PYTHON:-python3}
stage=build/wheel/$machine
rm -fr "$stage" build/wheel/silif-*_"$machine".whl
tools/scripts/build_shared_library.sh "$machine" "$stage/silif"
cp -r python/silif/. "$stage/silif"
# The integer reference of the resampler, which kws-listen equals in every bit; here without what it takes from the front end.
sed -e '/^from silif_tools/d' -e 's/^OUTPUT_RATE_HZ = .*/OUTPUT_RATE_HZ = 16_000/' tools/silif_tools/integer/resampler.py \
  >"$stage/silif/_resampler.py"
find "$stage" -name __pycache__ -prune -exec rm -fr {} +
mkdir "$stage/silif/models"
cp models/*.silif "$stage/silif/models"
cp python/pyproject.toml python/setup.py LICENSE "$stage"
cp tools/pyproject.toml "$stage/silif-tools.toml"
SILIF_WHEEL_PLATFORM=manylinux_2_17_$machine "$python" -m pip wheel --quiet --disable-pip-version-check --no-deps \
  --wheel-dir build/wheel "./$stage"
ls build/wheel/silif-*_"$machine".whl
