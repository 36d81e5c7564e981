#!/usr/bin/env bash
# Tests silif-score on a local Ray cluster, and examples/spark, with the wheel that `make wheel` built. Not in .ci/run: what they need
# is large, and where it is slow to come, CI would be. What Ray only calls is tested by check_wheel.sh.
#
# The environment stays in .venv-cluster (1.3 GB).
set -euo pipefail
cd "$(dirname "$0")/../.."

tools/scripts/install_dependencies.sh python
tools/scripts/install_dependencies.sh spark
venv=${CLUSTER_VENV:-.venv-cluster}
wheel=$(ls "$PWD"/build/wheel/silif-*_"$(uname -m)".whl)
pip="$venv/bin/python -m pip install --quiet --disable-pip-version-check"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
$pip -c tools/constraints.txt "silif[ray] @ file://$wheel" 'fsspec[http]' pyspark pandas pytest matplotlib
# Of the same version as before, perhaps, and other content.
$pip --no-deps --force-reinstall "$wheel"
case ${1:-test} in
  test)
    "$venv/bin/silif-score" --version
    "$venv/bin/python" -m pytest -q -p no:cacheprovider -W ignore::DeprecationWarning -c python/pyproject.toml --rootdir python \
      python/tests/test_cluster.py
    ;;
  measure) "$venv/bin/python" tools/scripts/measure_cluster.py .build/release "${SILIF_SHARED:-../shared}/data/gsc" docs/cluster.svg ;;
  *)
    echo "usage: check_cluster.sh [test|measure]" >&2
    exit 2
    ;;
esac
