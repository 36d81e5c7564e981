"""Development streams hold nothing that a network trains on; measuring them counts what it says."""

import numpy as np
import pytest
import soundfile

from silif_tools.commands import release
from silif_tools.export.convert import default_detector
from silif_tools.streams.compose import RATE_HZ, compose
from silif_tools.streams.tune import Stream
from silif_tools.studies import development_streams as development
from silif_tools.studies import measure_streams as measure
from silif_tools.train import hold_out, material, synthetic_text, voices

WORDS = ["yes", "no", "_unknown_", "_silence_"]


def sound(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1500, int(seconds * RATE_HZ)).astype(np.int16)


def test_names_prompts_and_voices_are_not_those_of_training():
    lists = (synthetic_text.NEAR, synthetic_text.SHORT, synthetic_text.MORE_NAMES, synthetic_text.NAMES)
    trained = {text.lower() for texts in (*lists, synthetic_text.NOUNS) for text in texts}
    words = [word for text in (*development.KEPT_NAMES, *development.KEPT_PROMPTS) for word in text.lower().split()]
    assert not synthetic_text.listed([*words, "downs", "yes", "know", "joke's", "ups"], 100, 1)
    assert sorted(synthetic_text.listed(["joke", "goat", "abstruse"], 100, 1)) == ["goat", "joke"]
    for text in (*development.KEPT_NAMES, *development.KEPT_PROMPTS):
        assert text.lower() not in trained and synthetic_text.clean(text), text
    assert not set(development.VOICES) & set(voices.TIMBRES)


def test_a_sentence_is_held_out_in_every_reading_and_two_phrases_as_a_whole():
    readings = [f"arctic_kathleen/arctic_a{k:04}_{reading}.ogg" for k in range(80) for reading in (1, 2)]
    kept = {name for name in readings if hold_out.is_held_out(name, 0.25)}
    assert {n.rpartition("_")[0] + "_1.ogg" for n in kept} | {n.rpartition("_")[0] + "_2.ogg" for n in kept} == kept
    assert 10 < len(kept) < 80
    assert all(hold_out.is_held_out(f"hymel_phrases/goodnight/{k}.ogg", 0.0) for k in range(5))
    assert 10 < sum(hold_out.is_held_out(f"hymel_phrases/joke/{k}.ogg", 0.25) for k in range(80)) < 30


def test_training_lists_take_the_extra_one_without_what_holds_a_command(tmp_path):
    (tmp_path / "train_list.txt").write_text("a/1.ogg\na/2.ogg\n")
    assert material.training_names(tmp_path) == ["a/1.ogg", "a/2.ogg"]
    (tmp_path / "extra_train_list.txt").write_text("b/1.ogg\nb/2.ogg\n")
    (tmp_path / "extra.csv").write_text("file,commands,text\nb/1.ogg,,hello\nb/2.ogg,up,get up\n")
    assert material.training_names(tmp_path) == ["a/1.ogg", "a/2.ogg", "b/1.ogg"]
    assert material.texts(tmp_path) == {"b/1.ogg": "hello", "b/2.ogg": "get up"}


def test_words_from_afar_are_where_the_truth_says():
    clip = np.concatenate([np.zeros(4000, np.int16), sound(0.4), np.zeros(5600, np.int16)])
    plain = compose([("yes", clip)] * 3, [], [sound(5.0, 1)], snr_db=10, seed=3)
    same = compose([("yes", clip)] * 3, [], [sound(5.0, 1)], snr_db=10, seed=3, rooms=[])
    assert np.array_equal(plain[0], same[0])
    room = np.zeros(8000, np.float32)
    room[0], room[4000:] = 1.0, 0.02 * np.random.default_rng(2).standard_normal(4000)
    samples, truth = compose([("yes", clip)] * 3, [], [], snr_db=10, seed=3, rooms=[room])
    for row in truth:
        start, end = (int(x * RATE_HZ) for x in (row.start_s, row.end_s))
        said, before, after = (
            np.abs(samples[part].astype(float)).mean()
            for part in (slice(start, end), slice(start - 3000, start - 400), slice(end + 400, end + 3000))
        )
        assert said > 500 and before < 1 and after > 20  # what follows stays in the room


def test_pieces_without_commands_are_as_many_as_asked_and_repeatable():
    recordings = [sound(0.5, k) for k in range(3)]
    once = development.without_commands(recordings, 2, [], np.random.default_rng(1))
    again = development.without_commands(recordings, 2, [], np.random.default_rng(1))
    assert np.array_equal(once, again) and 3 + 6 * 0.2 < len(once) / RATE_HZ < 3.6 + 6 * 0.9
    pieces = development.cut_up([sound(3.0)], 20, np.random.default_rng(1))
    assert sum(map(len, pieces)) >= 20 * RATE_HZ and all(len(p) > 0.4 * RATE_HZ for p in pieces)


def test_rooms_need_some_that_were_kept(tmp_path):
    (tmp_path / "rir").mkdir()
    with pytest.raises(ValueError, match="no impulse responses"):
        development.rooms(tmp_path, 0.25)
    for k in range(12):
        response = np.zeros(400, np.float32)
        response[32] = 0.9
        soundfile.write(tmp_path / "rir" / f"{k:03}.flac", response, RATE_HZ)
    found = development.rooms(tmp_path, 0.25)
    assert 0 < len(found) < 12 and all(x.max() == 1.0 for x in found)


def spoken(at: dict[int, int], frames: int = 3000) -> np.ndarray:
    """Q15 probabilities: nothing, but a class for half a second from some frames on."""
    p = np.zeros((frames, len(WORDS)), np.int64)
    p[:, 3] = 32768
    for start, word in at.items():
        p[start : start + 60] = 0
        p[start : start + 60, word] = 32768
    return p


def test_alarms_are_counted_over_all_streams_and_hits_over_those_with_words():
    truth = [(5.0, 5.5, "yes"), (15.0, 15.5, "no")]
    words = Stream("words-10", spoken({520: 0, 2500: 1}), truth)
    speech = Stream("names", spoken({1000: 0}, 60000), [])
    points = measure.curve([words, speech], WORDS, default_detector(WORDS), default_detector(WORDS).window_frames)
    at = next(p for p in points if p.threshold == 0.9)
    assert at.words.hits == 1 and at.words.misses == 1
    assert at.all.false_alarms == 2 and at.by_stream["names"].false_alarms == 1
    assert at.all.false_alarms_per_hour == pytest.approx(2 / (63000 * 0.01 / 3600))
    assert measure.best(points, 0.5, 300) is None
    found = measure.best(points, 1000, 300)
    assert found is not None and measure.described(found)["hits_percent"] == {"words-10": 50.0}
    single = measure.own([words, speech], WORDS, measure.with_threshold(default_detector(WORDS), 0.9))
    assert single.by_stream == at.by_stream and single.threshold == pytest.approx(0.9)
    detector = measure.with_threshold(default_detector(WORDS), 0.9)
    assert measure.hits_by_word([words, speech], detector, WORDS) == {"no": 0.0, "yes": 100.0}
    assert measure.alarms_by_word([words, speech], detector, WORDS) == {"yes": 1}


class Heard:
    """A model that hears what was put down for every stream."""

    def __init__(self, probabilities):
        self.probabilities = probabilities

    def probabilities_q15(self, model, sound, folder):
        return self.probabilities[sound.stem]


def test_a_release_takes_the_setting_with_the_fewest_misses_at_its_rate(tmp_path, monkeypatch):
    heard = {"words-10": spoken({520: 0, 1510: 1}), "names": spoken({1000: 0}, 60000)}
    heard["names"][1000:1060] = [16384, 0, 16384, 0]  # an alarm below a threshold of 0.5
    truths = {"words-10": "5.0,5.5,yes\n15.0,15.5,no\n", "names": ""}
    for name, truth in truths.items():
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(16, np.int16), RATE_HZ)
        (tmp_path / f"{name}.csv").write_text("start_s,end_s,word\n" + truth)
    monkeypatch.setattr(development, "streams", lambda *_: {name: None for name in truths})  # they are there
    tuned = release._tuned_on_development_streams
    rest = (Heard(heard), tmp_path / "x.silif", default_detector(WORDS), WORDS, tmp_path, tmp_path, 0.25)
    detector, told = tuned(*rest, 0.5)
    assert detector.threshold[0] > 0.5 and "0.0 %, at no more than 0.5 false alarms" in told
    # The demo says "no" for 0.1 s only: no mean over the window of that setting reaches its threshold.
    demo = Stream("demo", spoken({520: 0, 1510: 1}), [(5.0, 5.5, "yes"), (15.0, 15.5, "no")])
    demo.probabilities_q15[1520:1570] = [0, 0, 0, 32768]
    assert not release.hears_the_demo(demo, detector, WORDS)
    with pytest.raises(ValueError, match=r"no setting with as few as 0\.5 .* hears the words of demo"):
        tuned(*rest, 0.5, demo)
    another, told = tuned(*rest, 10, demo)
    assert release.hears_the_demo(demo, another, WORDS) and another.threshold[0] < detector.threshold[0]
    assert told.endswith("only settings that hear the demo were chosen from")
    heard["names"][1000:1060] = [32768, 0, 0, 0]
    with pytest.raises(ValueError, match=r"no setting raises as few as 0\.5"):
        tuned(*rest, 0.5)


def test_the_demo_is_heard_where_all_of_its_words_are_and_nothing_else():
    detector, said = measure.with_threshold(default_detector(WORDS), 0.9), [(5.0, 5.5, "yes"), (15.0, 15.5, "no")]
    for heard, hears in (
        ({520: 0, 1510: 1}, True),
        ({520: 0}, False),
        ({520: 0, 1510: 0}, False),
        ({520: 0, 1510: 1, 2500: 0}, False),
    ):
        assert release.hears_the_demo(Stream("demo", spoken(heard), said), detector, WORDS) == hears


def test_a_card_says_what_make_models_has_to_be_told():
    assert release._options({"seed": 1, "recipe": {"seed": 1}}, release.ALARMS_PER_HOUR) == ""
    assert release._options({"seed": 2, "recipe": {"seed": 1}}, 5.5) == " SEED=2 ALARMS=5.5"
    assert release._options({}, release.ALARMS_PER_HOUR) == ""
    of_waves = {"seed": 2, "recipe": {"seed": 1, "waveforms": {}}, "device": "NVIDIA H200"}
    told = " DEVICE=cuda EMBEDDING=openwakeword-0.5.1-py3-none-any.whl SEED=2"
    assert release._options(of_waves, release.ALARMS_PER_HOUR) == told


def test_the_seed_reaches_the_training_and_is_refused_where_there_is_none(tmp_path, monkeypatch, capsys):
    asked = []

    def run(command):
        asked.extend(command)
        return release.subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(release.subprocess, "run", run)
    work = ["kws12", "--data", str(tmp_path), "--work", str(tmp_path / "work"), "--seed", "7", "--embedding", "x.whl"]
    assert release.main(work) == 1
    assert asked[asked.index("--seed") + 1] == "7" and asked[asked.index("--embedding") + 1] == "x.whl"
    assert "--device" not in asked
    asked.clear()
    with pytest.raises(SystemExit) as exit:
        release.main([*work, "--checkpoint", str(tmp_path / "x.pth")])
    assert exit.value.code == 2 and "--seed is of the training" in capsys.readouterr().err and not asked
