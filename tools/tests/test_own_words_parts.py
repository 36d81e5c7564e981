"""Own words, piece by piece: pronunciations, shares, takes, noise, progress, the network that learning starts from."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch
from built_commands import REPOSITORY

from silif_tools.errors import ConversionError
from silif_tools.export.convert import default_detector
from silif_tools.integer.network import run_model
from silif_tools.own_words import (
    card,
    make,
    models,
    noises,
    pronunciation,
    recordings,
    request,
    start,
    take,
    tune,
    vocabulary,
    voices,
)
from silif_tools.own_words.progress import Progress, spelled
from silif_tools.own_words.settings import QUICK_EFFORT, recipe
from silif_tools.own_words.speech import Said, Saying
from silif_tools.own_words.voices import RATE_HZ, Voice
from silif_tools.streams.tune import Stream

STOP, STAR, COMPUTER = ("s", "t", "0", "p"), ("s", "t", "A"), ("k", "@", "m", "p", "j", "u", "t", "3")


def tone(seconds, level=0.3):
    """A word's stand-in between two pauses: int16."""
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    quiet = np.random.default_rng(1).normal(0, 0.001, RATE_HZ // 2)
    return (
        np.rint(np.concatenate([quiet, level * np.sin(1500 * time), quiet]) * 32767)
        .clip(-32768, 32767)
        .astype(np.int16)
    )


def test_distance_counts_sounds_and_takes_vowels_for_near():
    others = [STOP, STAR, ("s", "t", "E", "p"), (), COMPUTER]
    found = pronunciation.distances(STOP, others)
    assert found[0] == 0 and found[2] == pytest.approx(0.6) and found[3] == 4
    assert found[1] == pytest.approx(1.6)
    assert found[4] == pronunciation.distances(COMPUTER, [STOP])[0]


def test_nearest_leaves_out_what_holds_the_word():
    others = {"computers": (*COMPUTER, "z"), "commuter": ("k", "@", "m", "j", "u", "t", "3"), "stop": STOP}
    assert pronunciation.nearest(COMPUTER, others, 2) == ["commuter"]
    # Of two sounds one is enough to be near.
    assert pronunciation.nearest(("g", "oU"), {"no": ("n", "oU"), "stop": STOP, "goat": ("g", "oU", "t")}, 2) == ["no"]


def test_a_made_up_near_miss_is_never_the_word_and_keeps_some_of_it():
    rng = np.random.default_rng(1)
    for word in (COMPUTER, STOP):
        for wrong in (pronunciation.mistaken(word, rng) for _ in range(200)):
            assert wrong != word
            assert set(wrong) & set(word), wrong


def test_no_sentence_and_no_single_word_holds_an_own_word():
    avoided = vocabulary.Avoided(["computer", "hey coffee"], [COMPUTER, ("h", "eI", "k", "O", "f", "i")])
    assert (
        avoided.by_letters("Hey, Coffee!") and avoided.by_letters("two computers") and not avoided.by_letters("coffee")
    )
    found = vocabulary.sentences(avoided, 300, 1)
    assert len(found) == 300 and not any("computer" in text.lower() for text in found)
    assert any("coffee" in text.lower() for text in found)
    assert vocabulary.sentences(avoided, 20, 1) == found[:20]


def named(names):
    return [
        recordings.Found("lumos", name.split("_")[0] if "_" in name else "", recordings.Path(name)) for name in names
    ]


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_families_of_any_size_are_shared_out(count):
    found = named(f"speaker{s}_{n:02}.wav" for s in range(count) for n in range(6))
    shares = recordings.shared_out(found)
    assert len(shares.learned) + len(shares.checked) == len(found)
    assert shares.learned and shares.checked
    apart = {each.speaker for each in shares.learned} & {each.speaker for each in shares.checked}
    assert bool(apart) == (count == 1)
    assert len({each.speaker for each in shares.checked}) == {1: 1, 2: 1, 5: 1, 12: 2}[count]
    assert ("one speaker" in shares.remarks[0]) == (count == 1)


def test_a_single_recording_is_learned_from_and_names_without_speakers_are_said_to_be():
    shares = recordings.shared_out(named(["0001.wav"]))
    assert len(shares.learned) == 1 and not shares.checked and "tells its speaker" in shares.remarks[0]


def test_recordings_are_found_by_word_and_refused_with_what_is_there(tmp_path):
    (tmp_path / "Hey_Computer").mkdir()
    soundfile.write(tmp_path / "Hey_Computer" / "anna_1.wav", tone(0.6), RATE_HZ)
    (tmp_path / "Hey_Computer" / "notes.txt").write_text("x")
    found = recordings.find(tmp_path, ["lumos", "hey computer"])
    assert [(each.word, each.speaker) for each in found] == [("hey computer", "anna")]
    with pytest.raises(ConversionError, match=r"no folder is named .*\(lumos\); there is: Hey_Computer"):
        recordings.find(tmp_path, ["lumos"])
    (tmp_path / "lumos").mkdir()
    with pytest.raises(ConversionError, match=r"no sound files in .*/lumos$"):
        recordings.find(tmp_path, ["lumos"])
    with pytest.raises(ConversionError, match="no such folder"):
        recordings.find(tmp_path / "nowhere", ["lumos"])


def test_a_recording_at_another_rate_is_resampled_and_a_silent_one_left_out(tmp_path):
    soundfile.write(tmp_path / "fast.wav", np.repeat(tone(0.6), 3), 48000)
    pcm = recordings.load(tmp_path / "fast.wav")
    assert 0.55 * RATE_HZ < len(pcm) < 0.9 * RATE_HZ
    soundfile.write(tmp_path / "silent.wav", np.zeros(8000, np.int16), RATE_HZ)
    assert recordings.load(tmp_path / "silent.wav") is None
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(ConversionError, match=r"text\.wav"):
        recordings.load(tmp_path / "text.wav")
    soundfile.write(tmp_path / "long.wav", tone(7), RATE_HZ)
    with pytest.raises(ConversionError, match="holds one word"):
        recordings.load(tmp_path / "long.wav")


@pytest.mark.parametrize(
    "pcm, said",
    [
        (tone(0.6), None),
        (tone(0.6, level=0.02), "faint"),
        (tone(0.6, level=4.0), "cut off"),
        (tone(0.05), "once, by itself"),
        (tone(2.0), "once, by itself"),
        (tone(0.6)[RATE_HZ // 2 :], "outside of the recording"),
        (np.zeros(RATE_HZ, np.int16), "nothing was heard"),
        (np.random.default_rng(1).normal(0, 5000, 2 * RATE_HZ).clip(-32000, 32000).astype(np.int16), "above the noise"),
    ],
)
def test_a_take_is_judged(pcm, said):
    wrong = "; ".join(take.judged(pcm).wrong)
    assert (not wrong) if said is None else said in wrong


def test_a_take_that_is_kept_is_trimmed():
    assert 0.6 * RATE_HZ <= len(take.judged(tone(0.6)).pcm) <= 0.85 * RATE_HZ


@pytest.mark.parametrize("number", range(len(noises.KINDS)))
def test_noise_is_the_same_for_the_same_number_and_another_for_another(number):
    first = noises.noise(number, 1.0, 1)
    assert len(first) == RATE_HZ and np.abs(first.astype(int)).max() > 2000
    assert np.array_equal(first, noises.noise(number, 1.0, 1))
    assert not np.array_equal(first, noises.noise(number + len(noises.KINDS), 1.0, 1))


def test_babble_takes_talk_of_any_length():
    talk = [np.full(300, 900, np.int16), np.arange(-9000, 9000, dtype=np.int16)]
    assert np.abs(noises.babble(talk, 1, 1.0, 1).astype(int)).max() == pytest.approx(16383, abs=2)


def test_rooms_begin_with_the_direct_sound():
    assert all(np.argmax(np.abs(room.astype(int))) == 0 for room in noises.rooms(5, 1))


def test_progress_guesses_the_rest_from_what_the_past_took(monkeypatch):
    now, lines = [0.0], []
    monkeypatch.setattr("silif_tools.own_words.progress.time.monotonic", lambda: now[0])
    progress = Progress({"speaking": 10.0, "learning": 20.0}, lines.append, every_s=0.0)
    progress.start("speaking")
    assert progress.left_s(0.0) == pytest.approx(30)
    now[0] = 20.0  # twice as long as was guessed
    progress.start("learning")
    assert progress.left_s(0.0) == pytest.approx(40)
    now[0] = 30.0  # a quarter of it in 10 s
    progress.at(0.25)
    assert progress.left_s(0.25) == pytest.approx(30)
    assert "learning" in lines[-1] and "25 %" in lines[-1] and "about 30 s left" in lines[-1]
    assert spelled(200) == "about 3 min"


def test_learning_starts_from_what_the_model_computes():
    """The float network made of the file's integers says what the integers say."""
    model = start.load(models.find())
    frames = np.random.default_rng(1).normal(-4000, 3000, (1, 60, 40)).clip(-16000, 12000).astype(np.int64)
    exact = run_model(model, frames).probabilities_q15[0] / 32768
    mean, std = np.full(40, -4.0), np.full(40, 3.0)
    for network in (start.network_of(model), start.network_of(model, mean, std)):
        with torch.no_grad():
            found = network(torch.from_numpy((frames[0] / 1024).astype(np.float32))[:, None]).softmax(-1)[:, 0].numpy()
        # Spikes are chaotic: most frames agree, not all.
        assert np.median(np.abs(found - exact)) < 0.01


def test_a_network_for_other_words_keeps_the_spiking_layers_and_fixes_the_first():
    model = start.load(models.find())
    network = start.for_words(model, 4, np.zeros(40), np.ones(40), 1)
    old = start.network_of(model)
    assert torch.equal(network.snn[1].W.weight, old.snn[1].W.weight)
    assert network.snn[-1].W.weight.shape[0] == 4
    assert [layer.W.weight.requires_grad for layer in network.snn] == [False, True, True, True]


def test_a_start_that_cannot_be_trained_on_is_refused():
    with pytest.raises(ConversionError, match="own words start from SiLIF layers"):
        start.load(REPOSITORY / "models" / "kws12-csilif.silif")
    with pytest.raises(ConversionError, match="no model nothing"):
        models.find("nothing")


def heard(peaks, name="20 dB", words=("jarvis", "lumos"), step=400):
    """A stream in which words reach these scores, one after another, for 0.7 s each."""
    probabilities = np.zeros((step * (len(peaks) + 1), 4), np.int64)
    truth = []
    for number, (word, peak) in enumerate(peaks):
        at = step * (number + 1)
        probabilities[at : at + 70, words.index(word)] = round(32768 * peak)
        truth.append(((at - 50) / 100, at / 100, word))
    return Stream(name, probabilities, truth)


def test_the_recordings_say_how_much_surer_the_network_is_of_people():
    words = ["jarvis", "lumos", "_unknown_", "_silence_"]
    synthetic = heard([("jarvis", 0.7), ("jarvis", 0.8), ("jarvis", 0.9)])
    people = heard([("jarvis", 0.9), ("jarvis", 0.95), ("jarvis", 0.97)])
    lift = tune._lift([synthetic], [people], words)
    assert lift[0] == pytest.approx(np.log(0.95 / 0.05) - np.log(0.8 / 0.2), abs=0.01)
    assert lift[1:].tolist() == [0, 0, 0], "of a word without recordings nobody's voice was learned"
    assert tune._lift([people], [synthetic], words).tolist() == [0, 0, 0, 0]
    assert tune._lift([], [], words).tolist() == [0, 0, 0, 0]


def test_the_card_names_what_it_took_for_its_own():
    words = ["jarvis", "lumos", "_unknown_", "_silence_"]
    alike = heard([("jarvis", 0.9), ("jarvis", 0.2), ("lumos", 0.8), ("jarvis", 0.95)])
    texts = ["harvest", "jar", "human", "harvest"]
    alike.truth = [(start, end, text) for (start, end, _), text in zip(alike.truth, texts, strict=True)]
    taken = tune.taken([alike], default_detector(words), words)
    assert taken == ["harvest", "human", "harvest"]
    row = tune.Row(1.0, {"20 dB": 90.0}, 0.0)
    found = card.Findings([row], row, {}, 0.5, {"20 dB": 8}, 4, taken, "synthetic voices", 0.0)
    said = card.text("my", words, default_detector(words), found, [], [])
    assert "Of 4 words that sound like them" in said and "it took 3 for its own: *harvest* 2 times, *human*." in said
    many = replace(found, taken=[str(number) for number in range(9)])
    assert "*5* and 3 others." in card.text("my", words, default_detector(words), many, [], [])
    none = card.text("my", words, default_detector(words), replace(found, taken=[]), [], [])
    assert "it took none for its own." in none


def test_a_word_with_recordings_enough_is_checked_by_them_alone():
    few, many = (recordings.Recorded(["jarvis"] * count, [tone(0.6)] * count) for count in (4, 5))
    assert tune.enough(few) == set() and tune.enough(many) == {"jarvis"}
    assert make._of_whom(["jarvis", "lumos"], many).endswith("and 5 recordings (of *jarvis* those alone)")
    assert make._of_whom(["jarvis"], many) == "5 recordings that it never learned from"
    voice = Voice("espeak", "en-us")
    sayings = [Saying("check words", word, word, voice) for word in ("jarvis", "lumos") for _ in range(3)]
    sayings += [Saying("check sentences", "sentence", "hello", voice)]
    said = Said(sayings, [tone(0.6)] * 7)
    effort = replace(QUICK_EFFORT, noise_s=2.0)
    made = tune.exam(
        said, many, {"words": ["jarvis", "lumos", "_unknown_", "_silence_"], **recipe([], effort, 1)}, effort
    )
    for _, truth in made.said.values():
        assert sorted(word for *_, word in truth) == ["jarvis"] * 5 + ["lumos"] * 3
    assert [len(truth) for _, truth in made.synthetic.values()] == [3]
    assert [len(truth) for _, truth in made.people.values()] == [5]


def test_what_was_made_is_for_these_voices_and_this_start_alone(tmp_path, monkeypatch):
    """Where the vocoder was installed, or the model replaced, what lies there serves no more."""
    among, path = [Voice("espeak", "en-us")], tmp_path / "start.silif"
    path.write_bytes(b"one")
    given = recordings.Given(recordings.Shares([], []), recordings.Recorded(), recordings.Recorded(), [])
    checked = request.Checked(["lumos"], [STOP], among, path, given)
    asked = request.Request(["lumos"], tmp_path / "my.silif")

    def key(has_vocoder: bool) -> str:
        monkeypatch.setattr(voices, "is_installed", lambda module: has_vocoder)
        return make._key(asked, checked, QUICK_EFFORT)

    first = key(False)
    assert first == key(False) != key(True)
    path.write_bytes(b"two")
    assert first != key(False)


def test_the_card_tells_of_other_throats_only_where_there_were_any(monkeypatch):
    among = [Voice("espeak", "en-us"), Voice("flite", "slt")]
    for has_vocoder, said in ((False, "espeak-ng 1, flite 1"), (True, "espeak-ng 1, flite 1; many again with pitch")):
        monkeypatch.setattr(voices, "is_installed", lambda module, there=has_vocoder: there)
        assert voices.summary(among).startswith(said) and ("many again" in voices.summary(among)) == has_vocoder
