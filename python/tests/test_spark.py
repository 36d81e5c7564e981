"""The example for Spark against kws-score."""

import os
import pathlib
import subprocess
import sys

from conftest import REPOSITORY
from job_material import assert_rows_of_kws_score, clips, rows_of

__all__ = ["clips"]


def test_the_spark_example_gives_the_rows_of_kws_score(clips, tmp_path):
    example = REPOSITORY / "examples" / "spark" / "score_clips.py"
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    command = [pathlib.Path(sys.executable).with_name("spark-submit"), example, clips, tmp_path / "rows"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    rows = {path.removeprefix("file:"): row for path, row in rows_of(tmp_path / "rows").items()}
    # Spark passes over folders that begin with an underscore.
    assert_rows_of_kws_score(rows, [clips / "yes", clips / "go", clips / "bird"])
