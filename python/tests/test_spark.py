"""The example for Spark against kws-score."""

import os
import pathlib
import subprocess
import sys

from conftest import REPOSITORY
from job_material import assert_rows_of_kws_score, clips, rows_of

__all__ = ["clips"]


def rows_of_spark(clips, output) -> dict[str, dict]:
    example = REPOSITORY / "examples" / "spark" / "score_clips.py"
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    command = [pathlib.Path(sys.executable).with_name("spark-submit"), example, clips, output]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return {path.removeprefix("file:"): row for path, row in rows_of(output).items()}


def test_the_spark_example_gives_the_rows_of_kws_score(clips, tmp_path):
    rows = rows_of_spark(clips, tmp_path / "rows")
    # Spark passes over folders that begin with an underscore.
    assert_rows_of_kws_score(rows, [clips / "yes", clips / "go", clips / "bird"])


def test_where_no_file_is_good(tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "x.wav").write_bytes(b"no sound")
    ((path, row),) = rows_of_spark(tmp_path / "broken", tmp_path / "rows").items()
    assert path == f"{tmp_path}/broken/x.wav" and "is not a sound file that can be read" in row["error"]
    assert row["word"] is None and row["score"] is None
