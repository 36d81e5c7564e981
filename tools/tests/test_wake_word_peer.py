"""studies/wake_word_peer.py: what is counted, with a stand-in for the package and no engine."""

import sys
import textwrap

import numpy as np
import pytest
import soundfile
from built_commands import REPOSITORY

from silif_tools.errors import ConversionError
from silif_tools.export.convert import default_detector
from silif_tools.streams.files import write_stream
from silif_tools.streams.tune import Stream
from silif_tools.studies import wake_word_peer
from silif_tools.studies.real_words import point, points

WORDS = ["alexa", *wake_word_peer.CLASSES]
PACKAGE = """
import numpy as np
Model = str

class MicroWakeWordFeatures:
    def process_streaming(self, block):
        yield np.frombuffer(block, np.int16)

class MicroWakeWord:
    probability_cutoff, stride = 0.75, 3

    @classmethod
    def from_builtin(cls, model):
        if model != "alexa":
            raise ValueError(f"no network for {model}")
        spotter = cls()
        spotter._features = []
        return spotter

    def process_streaming_prob(self, block):
        self._features.append(block)
        if len(self._features) < self.stride:
            return 0.0
        self._features.clear()
        return float(block.max()) / 32768
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Gives every third block's loudest sample as its score."""
    place = tmp_path / "packages"
    (place / "pymicro_wakeword-9.8.dist-info").mkdir(parents=True)
    (place / "pymicro_wakeword-9.8.dist-info" / "METADATA").write_text("Name: pymicro-wakeword\nVersion: 9.8\n")
    (place / "pymicro_wakeword.py").write_text(textwrap.dedent(PACKAGE))
    monkeypatch.setenv("PYTHONPATH", str(place))


def said(level: int, at: int = 300) -> Stream:
    """6 s of frames, the word ending at a frame."""
    return Stream("clean", np.zeros((598, 3), np.int64), [((at - 50) / 100, at / 100, "alexa")])


def test_a_frame_has_the_score_of_the_last_block_that_had_ended():
    scores = np.arange(10, dtype=np.float32) / 32768
    found = wake_word_peer.by_frame(scores, 9)
    # Frame 0 ends 25 ms after the beginning, when two blocks have; the last has no further block to wait for.
    assert found[:, 0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert found.shape == (9, 3) and not found[:, 1:].any()


def test_the_package_hears_what_the_engine_hears(package, tmp_path):
    sound = tmp_path / "clean.wav"
    samples = np.zeros(6 * 16_000, np.int16)
    samples[3 * 16_000 : 3 * 16_000 + 4800] = 30_000
    write_stream(sound, samples, [])
    (found,), threshold, version = wake_word_peer.heard_by_peer("alexa", sys.executable, [sound], [said(0)])
    assert (threshold, version) == (0.75, "9.8")
    assert len(found.probabilities_q15) == 598 and set(found.probabilities_q15[:, 0]) == {0, 30_000}
    # The score stays as it was on blocks on which the network does not run.
    loud = np.flatnonzero(found.probabilities_q15[:, 0])
    assert len(loud) == 30 and np.all(np.diff(loud) == 1)
    detector = wake_word_peer.peer_detector(default_detector(WORDS), threshold)
    none = Stream("talk", np.zeros((600, 3), np.int64), [])
    own = point([found], none, detector, WORDS)
    assert own.hits == [100] and own.alarms.false_alarms == 0
    tried = points([found], none, detector, WORDS, [1], wake_word_peer.FINE)
    rows = wake_word_peer.rows("it", own, tried, found.truth)
    assert rows[:2] == ["| it, as it is | 0 | 1 | 10 ms, 0.750 |", "| it, at 0 | 0 | 1 | 10 ms, 0.915 |"]
    with pytest.raises(ConversionError, match="no network for computer"):
        wake_word_peer.heard_by_peer("computer", sys.executable, [sound], [said(0)])


def test_rows_give_the_most_hits_at_each_number_of_alarms():
    """Two words of three above 0.8, one of them with an alarm at 0.9 on the way."""
    stream = Stream("clean", np.zeros((1600, 3), np.int64), [])
    for at, score in ((300, 0.95), (700, 0.85), (1100, 0.3)):
        stream.probabilities_q15[at : at + 20, 0] = round(score * 32768)
        stream.truth.append(((at - 50) / 100, at / 100, "alexa"))
    talk = Stream("talk", np.zeros((6000, 3), np.int64), [])
    talk.probabilities_q15[700:720, 0] = round(0.9 * 32768)
    detector = wake_word_peer.peer_detector(default_detector(WORDS), 0.5)
    own = point([stream], talk, detector, WORDS)
    assert own.hits == [pytest.approx(200 / 3)] and own.alarms.false_alarms == 1
    tried = points([stream], talk, detector, WORDS, [1], wake_word_peer.FINE)
    rows = wake_word_peer.rows("it", own, tried, stream.truth)
    assert [row.split(" | ")[:3] for row in rows[:3]] == [
        ["| it, as it is", "1", "2"],
        ["| it, at 0", "0", "1"],
        ["| it, at 1", "1", "3"],
    ]


def test_all_talk_of_the_folders_is_heard(tmp_path):
    for name, value in (("a/1.wav", 1), ("b/c/2.wav", 2), ("other/3.wav", 3)):
        path = tmp_path / "speech" / name
        path.parent.mkdir(parents=True)
        soundfile.write(path, np.full(100, value, np.int16), 16_000)
    assert wake_word_peer.talk(tmp_path, ["a", "b"]).tolist() == [1] * 100 + [2] * 100
    with pytest.raises(ConversionError, match="no recordings in nothing"):
        wake_word_peer.talk(tmp_path, ["nothing"])


def test_a_model_without_the_word_is_refused_at_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(wake_word_peer, "Commands", lambda folder: None)
    model = REPOSITORY / "models" / "kws12-stream.silif"
    assert wake_word_peer.main([str(model), "--word", "alexa", "--data", str(tmp_path)]) == 1
    assert "kws12-stream.silif: does not hear 'alexa'" in capsys.readouterr().err
