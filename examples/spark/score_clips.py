"""Scores sound files with Spark, as `kws-score --each` does: a row a clip, with all probabilities, or with its error.

    spark-submit examples/spark/score_clips.py INPUT OUTPUT [MODEL]

INPUT is a folder or pattern, OUTPUT a folder for Parquet: paths or URLs that Spark knows. Every node needs
silif[sound], pandas and pyarrow.
"""

import sys
from collections.abc import Iterator

import pandas as pd
import silif
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, pandas_udf
from pyspark.sql.types import DoubleType, LongType, StringType, StructField, StructType

_SOUNDS = "*.{wav,WAV,flac,FLAC,ogg,opus,mp3,MP3}"


def columns(words: tuple[str, ...]) -> StructType:
    """Columns of a row, but for the path."""
    kinds = {"word": StringType(), "score": DoubleType(), "probability": DoubleType()}
    kinds |= {"steps": LongType(), "spikes": LongType()}
    kinds |= {f"p_{word}": DoubleType() for word in words} | {"error": StringType()}
    return StructType([StructField(name, kind) for name, kind in kinds.items()])


def scorer(model: silif.Model):
    """A pandas UDF: (path, content) to a row. The model travels with it; each Spark task has an engine of its own."""
    words = model.info().words
    rows = columns(words)

    @pandas_udf(rows)
    def score(batches: Iterator[tuple[pd.Series, pd.Series]]) -> Iterator[pd.DataFrame]:
        for paths, contents in batches:
            found, errors = [], []
            for path, content in zip(paths, contents, strict=True):
                try:
                    found.append(silif.read_sound(bytes(content), name=path))
                    errors.append(None)
                except silif.SilifError as error:
                    errors.append(str(error))
            is_good = [error is None for error in errors]
            frame = pd.DataFrame(None, index=range(len(paths)), columns=rows.names)
            if found:  # pandas assigns nothing to no rows.
                scores = silif.score(found, model, jobs=1)
                frame.loc[is_good, ["word", "score", "steps", "spikes"]] = list(
                    zip(scores.word.tolist(), scores.score, scores.steps.tolist(), scores.spikes.tolist(), strict=True)
                )
                frame.loc[is_good, "probability"] = scores.probability
                frame.loc[is_good, [f"p_{word}" for word in words]] = scores.probabilities
            frame["error"] = errors
            yield frame

    return score


def main(source: str, output: str, model: str = "kws12") -> None:
    spark = SparkSession.builder.appName("silif").getOrCreate()
    # A batch is in memory at once: 64 sounds and their samples.
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", 64)
    files = spark.read.format("binaryFile").options(recursiveFileLookup=True, pathGlobFilter=_SOUNDS).load(source)
    score = scorer(silif.Model(model))
    rows = files.select("path", score(col("path"), col("content")).alias("row")).select("path", "row.*")
    rows.write.parquet(output)
    spark.stop()


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: score_clips.py INPUT OUTPUT [MODEL]")
    main(*sys.argv[1:])
