#!/usr/bin/env bash
# Tests the wheels that `make wheel` built: what auditwheel says of both, and in a fresh virtual environment, without a compiler and
# without Swift on the path, the tests in python/tests on the one for this machine.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() {
  echo "check_wheel: $*" >&2
  exit 1
}
tools/scripts/install_dependencies.sh python
work=$(mktemp -d)
trap 'rm -fr "$work"' EXIT
pip="-m pip install --quiet --disable-pip-version-check"

python3 -m venv "$work/clean"
# shellcheck disable=SC2086
"$work/clean/bin/python" $pip build/wheel/silif-*_"$(uname -m)".whl
installed=$("$work/clean/bin/pip" list --format freeze --disable-pip-version-check | cut -d= -f1 | grep -vxE 'pip|setuptools' | paste -sd' ')
[[ $installed == "numpy silif" ]] || fail "installed were: $installed"
heard=$(cd / && env -i PATH=/nowhere "$work/clean/bin/python" -I -c '
import numpy, silif
silif.Model("kws12").verify()
print(len(silif.KeywordSpotter().process(numpy.zeros(16000, numpy.int16))), silif.models()[-1])')
[[ $heard == "0 kws12-stream" ]] || fail "a clean environment printed '$heard'"
echo "wheel: works in a clean environment of $installed"

# shellcheck disable=SC2086
"$work/clean/bin/python" $pip auditwheel pytest hypothesis mypy 'pyright[nodejs]' soundfile pyarrow fsspec wyoming scipy
for wheel in build/wheel/silif-*.whl; do
  machine=${wheel##*manylinux_2_17_}
  machine=${machine%.whl}
  report=$("$work/clean/bin/python" -m auditwheel show "$wheel")
  [[ $report == *"\"manylinux_2_"*"$machine\""* && $report == *"requires no external shared libraries"* ]] ||
    fail "auditwheel says of $wheel: $report"
  echo "wheel: $(basename "$wheel") needs nothing of the system, says auditwheel"
done
"$work/clean/bin/python" -m pytest -q -p no:cacheprovider -c python/pyproject.toml --rootdir python \
  --ignore python/tests/test_wyoming.py --ignore python/tests/test_cluster.py --ignore python/tests/test_spark.py python/tests
