#!/usr/bin/env bash
# Tests silif-score on a local Ray cluster, and examples/spark, with the wheel that `make wheel` built; with `measure`, measures instead.
#
# The environment stays in .venv-cluster (1.3 GB), so that the next run finds it.
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
# Of this run and this user alone; short, because sockets lie in it. What else fills the memory ends no worker of a test.
RAY_TMPDIR=$(mktemp -d /tmp/silif-XXXXXX)
trap 'rm -fr "$RAY_TMPDIR"' EXIT
export RAY_TMPDIR RAY_memory_monitor_refresh_ms=0
case ${1:-test} in
  test)
    "$venv/bin/silif-score" --version
    for job in cluster spark; do
      "$venv/bin/python" -m pytest -q -p no:cacheprovider -W ignore::DeprecationWarning -c python/pyproject.toml --rootdir python \
        "python/tests/test_$job.py"
    done
    ;;
  measure) "$venv/bin/python" tools/scripts/measure_cluster.py .build/release "${SILIF_SHARED:-../shared}/data/gsc" docs/cluster.svg ;;
  *)
    echo "usage: check_cluster.sh [test|measure]" >&2
    exit 2
    ;;
esac
