"""The networks that listen, on test streams, through `kws-score --stream`, with floors."""

import pytest
from built_commands import REPOSITORY, built_commands
from shared_data import shared_folder

from silif_tools.commands import release
from silif_tools.kinds import read_model
from silif_tools.release.streams import stream_set

# Per cent of hits at 20 and 10 dB, of wrong words; false alarms an hour of speech and noise.
BOUNDS = {
    "kws12-stream": (80.0, 68.0, 3.0, 5.0),
    "kws12": (84.0, 75.0, 2.0, 2.5),
    "kws12-small": (74.0, 64.0, 2.0, 5.0),
}


@pytest.fixture(scope="module")
def streams(tmp_path_factory):
    return stream_set(shared_folder() / "data", "test", "test", tmp_path_factory.mktemp("streams"), snrs_db=(20, 10))


@pytest.mark.parametrize("name", BOUNDS)
def test_commands_in_noise(streams, name):
    *least, most_wrong, _ = BOUNDS[name]
    for snr_db, hits_percent in zip((20, 10), least, strict=True):
        result = built_commands().score_stream(REPOSITORY / "models" / f"{name}.silif", streams.with_words[snr_db])
        words = result["hits"] + result["misses"]
        assert words == 260
        assert 100 * result["hits"] / words >= hits_percent
        assert 100 * result["wrong_words"] / words <= most_wrong
        assert result["latency_ms"]["median"] <= 300


@pytest.mark.parametrize("name", BOUNDS)
def test_false_alarms_in_speech_and_noise(streams, name):
    result = built_commands().score_stream(REPOSITORY / "models" / f"{name}.silif", streams.without)
    assert result["audio_h"] > 0.8
    assert result["false_alarms_per_hour"] <= BOUNDS[name][-1]
    assert result["miss_rate"] is None


def test_the_network_that_is_taken_where_none_is_named_hears_the_demo(tmp_path):
    """And silif-release means the one that kws-listen takes."""
    named = (REPOSITORY / "Sources" / "CommandSupport" / "Models" / "ModelLocation.swift").read_text()
    assert f'defaultName = "{release.LISTENER}"\n' in named
    path = REPOSITORY / "models" / f"{release.LISTENER}.silif"
    demo = release._trace(built_commands(), path, REPOSITORY / "models" / "demo.flac", tmp_path)
    assert len(demo.truth) == 7 and len(demo.probabilities_q15) > 1400
    model = read_model(path)
    assert release.hears_the_demo(demo, model.detector, model.words)
