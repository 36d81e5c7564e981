"""What a job writes into its --output, which may lie among its inputs."""

from __future__ import annotations

import re
from collections.abc import Callable

#: Readers of Parquet folders pass over names that begin with an underscore.
JOB_NAME, MODEL_NAME = "_silif-score.json", "_model.silif"
BEGUN, WRITING = "_begun-", "_writing-"
_WRITTEN = re.compile(rf"part-\d{{6,}}\.parquet|{re.escape(JOB_NAME)}|{re.escape(MODEL_NAME)}|({BEGUN}|{WRITING}).*")


def rows_name(number: int) -> str:
    """Of the file with a part's rows."""
    return f"part-{number:06d}.parquet"


def without_job_files(paths: list[str], is_there: Callable[[str], bool]) -> list[str]:
    """What is no job's, of files that were found.

    Args:
        is_there: whether there is a file, for those that tell a job's folder.
    """
    split = [(path, *path.rpartition("/")[::2]) for path in paths]
    folders = {folder for _, folder, name in split if _WRITTEN.fullmatch(name)}
    jobs = {folder for folder in folders if is_there(f"{folder}/{JOB_NAME}")}
    return [path for path, folder, name in split if folder not in jobs or not _WRITTEN.fullmatch(name)]
