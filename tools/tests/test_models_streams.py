"""The network that listens when none is named, on test streams, through `kws-score --stream`, with floors."""

import pytest
from built_commands import REPOSITORY, built_commands
from shared_data import shared_folder

from silif_tools.release.streams import stream_set

MODEL = REPOSITORY / "models" / "kws12-stream.silif"


@pytest.fixture(scope="module")
def streams(tmp_path_factory):
    return stream_set(shared_folder() / "data", "test", "test", tmp_path_factory.mktemp("streams"), snrs_db=(20, 10))


@pytest.mark.parametrize(("snr_db", "hits_percent"), [(20, 80.0), (10, 68.0)])
def test_commands_in_noise(streams, snr_db, hits_percent):
    result = built_commands().score_stream(MODEL, streams.with_words[snr_db])
    words = result["hits"] + result["misses"]
    assert words == 260
    assert 100 * result["hits"] / words >= hits_percent
    assert 100 * result["wrong_words"] / words <= 3.0
    assert result["latency_ms"]["median"] <= 300


def test_false_alarms_in_speech_and_noise(streams):
    result = built_commands().score_stream(MODEL, streams.without)
    assert result["audio_h"] > 0.8
    assert result["false_alarms_per_hour"] <= 5.0
    assert result["miss_rate"] is None
