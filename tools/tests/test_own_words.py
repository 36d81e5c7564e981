"""silif-words and silif-record as a user calls them, with as little speech and training as will do."""

import multiprocessing
import os
import shutil
import subprocess
import sys
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from built_commands import REPOSITORY

from silif_tools.commands import data, record, words
from silif_tools.errors import ConversionError
from silif_tools.kinds import read_model
from silif_tools.own_words import card, made_up, make, place, request, speech, tune, vocabulary, voices
from silif_tools.own_words.settings import QUICK_EFFORT, THOROUGH_EFFORT

TINY = replace(
    QUICK_EFFORT, amounts=speech.Amounts(4, 3, 4, 6, 4, 3, 2, 4, 2), variants=1, reel_variants=1, noises=6, noise_s=5.0,
    steps=2, batch=2,
)  # fmt: skip
INSTALLED = voices.is_installed
needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="apt install espeak-ng")


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    """Little of everything, in espeak-ng's voices alone: others may not be there."""
    monkeypatch.setenv("SILIF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(vocabulary, "WORD_LIST", tmp_path / "none")
    monkeypatch.setattr(make, "QUICK_EFFORT", TINY)
    monkeypatch.setattr(voices, "is_installed", lambda module: False)
    which = shutil.which
    monkeypatch.setattr(voices.shutil, "which", lambda name: None if name in ("flite", "festival") else which(name))


def recordings(folder, speakers=("anna",), each=5):
    """Of one word."""
    place = folder / "lumos"
    place.mkdir(parents=True)
    for speaker in speakers:
        for number in range(each):
            tone = np.sin(np.arange(9600) * 0.2) * np.hanning(9600) * 9000
            soundfile.write(place / f"{speaker}_{number}.wav", tone.astype(np.int16), 16000)
    return folder


@needs_espeak
def test_the_same_request_gives_the_same_file_after_an_interruption_too(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(voices, "is_installed", INSTALLED)  # other processes know nothing of the fixture
    asked = ["lumos", "hey computer", "--processes", "1", "--recordings", str(recordings(tmp_path / "mine"))]
    path = tmp_path / "my.silif"
    with monkeypatch.context() as patch:
        patch.setattr(make.tune, "exam", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert words.main([*asked, "-o", str(path)]) == 130
    said = capsys.readouterr().err
    assert "one speaker (anna)" in said and "no recordings of hey computer" in said
    assert "the same command goes on from here" in said
    assert not path.exists() and (tmp_path / "my.work" / "network.checkpoint").exists()
    assert words.main([*asked, "-o", str(path)]) == 0

    assert read_model(path).words == ["lumos", "hey computer", "_unknown_", "_silence_"]
    card = (tmp_path / "my.md").read_text()
    assert "kws-listen --model my.silif" in card and "*lumos*" in card and "false alarms an hour" in card
    assert "words that sound like them, in voices that it never learned from" in card
    assert "4 recordings were learned from" in card and "and 1 recordings" in card
    assert not (tmp_path / "my.work").exists()

    (tmp_path / "again").mkdir()
    asked[asked.index("--processes") + 1] = "2"
    assert words.main([*asked, "-o", str(tmp_path / "again" / "my.silif")]) == 0
    assert (tmp_path / "again" / "my.silif").read_bytes() == path.read_bytes()


@needs_espeak
def test_recordings_that_are_silent_are_named_before_anything_begins(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make, "_made", lambda *_: pytest.fail("it began"))
    folder = recordings(tmp_path / "mine", ["anna", "ben"], 2)
    silent = sorted(folder.rglob("anna*"))
    for path in silent:
        soundfile.write(path, np.zeros(16000), 16000)
    asked = request.Request(["lumos"], tmp_path / "my.silif", folder)
    given = request.check(asked).given
    # Who said nothing is no speaker, of whom some could be kept for the check.
    assert given.remarks[1:] == [f"{path}: silent, left out" for path in silent] and "(ben)" in given.remarks[0]
    assert given.learned.words == ["lumos"] * 2
    for path in folder.rglob("ben*"):
        soundfile.write(path, np.zeros(0), 16000)
    assert words.main(["lumos", "--recordings", str(folder), "--output", str(tmp_path / "my.silif")]) == 1
    assert f"--recordings {folder}: all 4 recordings are silent; is the microphone" in capsys.readouterr().err


@needs_espeak
@pytest.mark.parametrize("count, kept", [(2, 3), (5, 3), (12, 6)])
def test_a_family_of_any_size_gets_a_model(tmp_path, capsys, count, kept):
    """One person alone is in the test above."""
    folder = recordings(tmp_path / "mine", [f"speaker{number}" for number in range(count)], 3)
    path = tmp_path / "my.silif"
    assert words.main(["lumos", "--recordings", str(folder), "--processes", "1", "-o", str(path)]) == 0
    assert f"{count} speakers; " in capsys.readouterr().err
    card = path.with_suffix(".md").read_text()
    assert f"{3 * count - kept} recordings were learned from" in card and f"{kept} recordings" in card
    assert read_model(path).words[0] == "lumos"


@needs_espeak
def test_what_is_said_does_not_depend_on_the_number_of_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(voices, "is_installed", INSTALLED)  # other processes know nothing of the fixture
    among = voices.all_voices()
    sayings = [speech.Saying("words", "lumos", "lumos", among[k % len(among)]) for k in range(70)]
    one, two = (speech.say_all(sayings, tmp_path / str(count), 1, count) for count in (1, 2))
    assert len(one.samples) == 70
    # What was said at once is held once, not once for each saying: that took 14 GB of a thorough run.
    assert len({id(samples.base) for samples in one.samples}) <= len(list((tmp_path / "1").iterdir())) < 70
    assert all(np.array_equal(a, b) for a, b in zip(one.samples, two.samples, strict=True))
    other = speech.say_all(sayings, tmp_path / "other", 2, 1)
    assert not all(np.array_equal(a, b) for a, b in zip(one.samples, other.samples, strict=True))


@needs_espeak
@pytest.mark.parametrize(
    "asked, said",
    [
        (["lumos", "Lumos"], "given twice"),
        (["a"], "'a' is a single sound, which is in every sentence"),
        (["stop!"], "may have letters"),
        (["naïve"], "may have letters"),
        (["hippopotamus in the garden"], "syllables"),
        (["write", "right"], "sound alike"),
        (["lumos", "--recordings", "/nowhere"], "no such folder"),
        (["lumos", "--start", "kws99"], "no model kws99"),
        (["lumos", "--start", "/nowhere/kws99.silif"], "/nowhere/kws99.silif: no such model file"),
        (["lumos", "--start", __file__], f"{__file__}: magic: this is not a .silif model file"),
        (
            ["lumos", "--start", "kws12-csilif"],
            "own words start from SiLIF layers without delays; start from kws12-stream",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_long(asked, said, tmp_path, capsys):
    assert words.main([*asked, "--output", str(tmp_path / "my.silif")]) == 1
    assert said in capsys.readouterr().err
    assert not list(tmp_path.glob("my*"))


@needs_espeak
@pytest.mark.parametrize("seed", ["-1", str(2**63)])
def test_a_seed_out_of_range_is_refused(seed, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        words.main(["lumos", "--seed", seed, "--output", str(tmp_path / "my.silif")])
    assert end.value.code == 2 and f"--seed {seed}: give 0 to 2^63 - 1" in capsys.readouterr().err


@needs_espeak
def test_thorough_takes_more_speech_and_training(tmp_path, monkeypatch, capsys):
    efforts = []

    def made(request, checked, base, processes, effort, *others):
        efforts.append(effort)
        row = tune.Row(1.0, {"20 dB": 90.0, "10 dB": 80.0}, 0.0)
        return card.Findings([row], row, {}, 0.5, {"20 dB": 8}, 4, [], "synthetic voices", 0.0)

    monkeypatch.setattr(make, "_made", made)
    for options in ([], ["--thorough"]):
        assert words.main(["lumos", *options, "--output", str(tmp_path / "my.silif")]) == 0
        # No alarm in half an hour is not none an hour.
        said = "my.silif: hears 90 % at 20 dB and 80 % at 10 dB, with below 6 false alarms an hour, in the check"
        assert said in capsys.readouterr().out
    assert efforts == [TINY, THOROUGH_EFFORT]
    # As its help says.
    spoken = [sum(astuple(effort.amounts)) for effort in (QUICK_EFFORT, THOROUGH_EFFORT)]
    learned = [effort.steps * effort.batch for effort in (QUICK_EFFORT, THOROUGH_EFFORT)]
    assert spoken[1] > 5 * spoken[0] and learned[1] > 2 * learned[0]


@needs_espeak
def test_a_word_that_would_be_spelled_gets_a_remark(tmp_path):
    asked = request.Request(["xkcd", "lumos"], tmp_path / "my.silif")
    assert [r for r in request.check(asked).remarks if "letter by letter" in r] == [
        "'xkcd': what has no vowel is spelled, letter by letter; write it as it sounds"
    ]


@needs_espeak
@pytest.mark.parametrize("output, said", [("my.bin", r"ends in .silif"), ("none/my.silif", "there is no folder")])
def test_an_output_that_cannot_be_written_is_refused(output, said, tmp_path, capsys):
    assert words.main(["lumos", "--output", str(tmp_path / output)]) == 1
    assert said in capsys.readouterr().err


def test_without_a_synthesizer_or_a_compiler_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    for missing, package in (("espeak-ng", "apt install espeak-ng"), ("cc", "apt install gcc")):
        with monkeypatch.context() as patch:
            patch.setattr(request.shutil, "which", lambda name, gone=missing: None if name == gone else "/usr/bin/true")
            assert words.main(["lumos", "--output", str(tmp_path / "my.silif")]) == 1
        assert package in capsys.readouterr().err


@needs_espeak
def test_a_voice_changer_that_cannot_be_loaded_is_said_at_once(tmp_path, monkeypatch, capsys):
    """It ended the run in the middle of speaking."""
    monkeypatch.setattr(request, "is_installed", lambda module: module == "pyworld")
    assert words.main(["lumos", "--output", str(tmp_path / "my.silif")]) == 1
    assert "pip install 'setuptools<81'" in capsys.readouterr().err


def test_help_and_refusals_load_no_pytorch():
    """They come at once."""
    code = (
        "import sys; from silif_tools.commands import words;"
        " words.main(['stop!', '-o', 'x.silif']); assert 'torch' not in sys.modules, 'torch'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@needs_espeak
def test_an_interruption_leaves_nothing_running(tmp_path):
    """What is waiting to be said is dropped, what is being said ends."""
    among = [speech.Saying("words", str(k), f"lumos {k}", voices.Voice("espeak", "en-us")) for k in range(20)]
    sayings = [saying for saying in among for _ in range(speech.AT_ONCE)]

    def at(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        speech.say_all(sayings, tmp_path, 1, 2, at)
    assert multiprocessing.active_children() == []


def fake(folder, name, text):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def microphone(tmp_path, monkeypatch):
    """An `arecord` that gives one recording after another: a good one, a faint one, a good one."""
    programs = tmp_path / "programs"
    programs.mkdir()
    quiet = np.random.default_rng(1).normal(0, 20, 12000)
    word = np.sin(np.arange(9600) * 0.2) * np.hanning(9600)
    for number, level in enumerate((9000, 700, 9000)):
        sound = np.concatenate([quiet, level * word, quiet]).astype(np.int16)
        soundfile.write(programs / f"{number}.wav", sound, 16000)
    last = "for last; do :; done"
    fake(programs, "arecord", f'cd {programs}; n=$(ls | grep -c done); {last}; cp "$n.wav" "$last"; mkdir $n.done')
    fake(programs, "aplay", "exit 0")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return programs


def test_recordings_are_judged_numbered_and_played_back(tmp_path, microphone, monkeypatch, capsys):
    answers = iter(["", "", "", "", "x", "q"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    status = record.main(["Lumos", "--speaker", "anna", "--output", str(tmp_path / "mine"), "--count", "3"])
    said = capsys.readouterr().out
    assert status == 0 and "very faint" in said
    # The third was thrown away after it was played.
    assert [path.name for path in (tmp_path / "mine" / "lumos").iterdir()] == ["anna_01.wav"]
    assert f"1 recordings in {tmp_path / 'mine' / 'lumos'}" in said


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, EOFError])
def test_who_is_interrupted_before_the_answer_keeps_nothing(interruption, tmp_path, microphone, monkeypatch, capsys):
    answers = iter(["", interruption])

    def answer(prompt):
        given = next(answers)
        if given:
            raise given
        return given

    monkeypatch.setattr("builtins.input", answer)
    assert record.main(["lumos", "--speaker", "anna", "--output", str(tmp_path / "mine")]) == 130
    assert "stopped; what was kept is kept" in capsys.readouterr().err
    assert not list(tmp_path.rglob("anna*"))


def test_a_microphone_that_is_not_there_is_named(tmp_path, microphone, monkeypatch, capsys):
    fake(microphone, "arecord", "echo 'audio open error: No such device' >&2; exit 1")
    monkeypatch.setattr("builtins.input", lambda prompt: "")
    assert record.main(["lumos", "--speaker", "anna", "--output", str(tmp_path / "mine")]) == 1
    assert "No such device; arecord -L" in capsys.readouterr().err


def test_where_nobody_uses_the_processors_each_is_free(monkeypatch):
    monkeypatch.setattr(request.os, "sched_getaffinity", lambda pid: set(range(4)))
    for load, cores in ((0.0, 4), (1.2, 3), (9.0, 1)):
        monkeypatch.setattr(request.os, "getloadavg", lambda load=load: (load, 0, 0))
        assert request.free_cores() == cores


def test_an_interrupted_request_goes_on_and_another_begins_anew(tmp_path):
    output, work = tmp_path / "my.silif", tmp_path / "my.work"

    def begin(key):
        """Stopped in the middle: what there was."""
        with pytest.raises(KeyboardInterrupt), place.work_in(output, place.key_of(key)):
            there = (work / "speech").exists()
            (work / "speech").mkdir(exist_ok=True)
            raise KeyboardInterrupt
        return there

    assert [begin(key) for key in ("one", "one", "another", "another")] == [False, True, False, True]
    with place.work_in(output, place.key_of("one")):
        (work / "speech").mkdir()
        for key in ("one", "another"):
            said = "another silif-words is at work on --output"
            with pytest.raises(ConversionError, match=said), place.work_in(output, place.key_of(key)):
                pass
        assert (work / "speech").exists()
    assert not work.exists()


@needs_espeak
@pytest.mark.parametrize(
    "theirs", ["my.work/thesis.txt", "my.work/settings.json", "my.work", "my.md", "my.md/notes.txt", "link"]
)
def test_what_others_made_is_never_taken_away(theirs, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make, "_made", lambda *_: pytest.fail("it began"))
    path = tmp_path / theirs
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"mine": 1}')
    if theirs == "link":
        path.unlink()
        path.mkdir()
        (tmp_path / "my.work").symlink_to(path)
    before = sorted(tmp_path.rglob("*"))
    assert words.main(["lumos", "--output", str(tmp_path / "my.silif")]) == 1
    name = "my.work" if "my.md" not in theirs else "my.md"
    assert f"{tmp_path / name}: " in capsys.readouterr().err
    assert sorted(each for each in tmp_path.rglob("*") if "cache" not in each.parts) == before
    assert theirs == "link" or path.read_text() == '{"mine": 1}'


def test_a_folder_that_was_half_taken_away_is_still_its_own(tmp_path, monkeypatch):
    output = tmp_path / "my.silif"
    with pytest.raises(RuntimeError), place.work_in(output, place.key_of(1)) as work:
        for name in "abc":
            (work / name).write_text(name)
        raise RuntimeError
    with place.work_in(output, place.key_of(1)) as work:
        assert (work / "a").exists(), "the same request goes on"
        removed = []
        remove = Path.unlink

        def interrupted(path, *rest):
            if len(removed) == 2:
                raise KeyboardInterrupt
            removed.append(path.name)
            remove(path, *rest)

        monkeypatch.setattr(Path, "unlink", interrupted)
        with pytest.raises(KeyboardInterrupt):
            place._empty(work, work / "settings.json")
        monkeypatch.undo()
        assert len(removed) == 2
    # One of before there was a stamp.
    work.mkdir()
    (work / "settings.json").write_text('[2, ["lumos"]]')
    with place.work_in(output, place.key_of(1)) as work:
        assert [each.name for each in work.iterdir()] == ["settings.json"]
    assert not work.exists()


def test_who_is_interrupted_while_it_is_emptied_begins_anew(tmp_path, monkeypatch):
    output = tmp_path / "my.silif"
    with pytest.raises(RuntimeError), place.work_in(output, place.key_of(1)) as work:
        (work / "a").write_text("of the first request")
        raise RuntimeError
    monkeypatch.setattr(Path, "unlink", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt), place.work_in(output, place.key_of(2)):
        pytest.fail("it was not emptied")
    monkeypatch.undo()
    with place.work_in(output, place.key_of(1)) as work:
        assert not (work / "a").exists()


@needs_espeak
def test_the_model_that_learning_starts_from_is_not_overwritten(tmp_path, capsys):
    start = tmp_path / "my.silif"
    shutil.copy(REPOSITORY / "models/kws12-stream.silif", start)
    assert words.main(["lumos", "--start", str(start), "--output", str(tmp_path / "x/../my.silif")]) == 1
    assert "give the model a name of its own" in capsys.readouterr().err


@needs_espeak
def test_what_nobody_downloaded_is_made_up(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(made_up, "AMOUNTS", made_up.Amounts(3, 1.0, 6, 6))
    monkeypatch.setattr(request, "free_cores", lambda: 1)
    folder = recordings(tmp_path / "mine", ("anna", "ben", "cleo"), 2)
    asked = ["--output", str(tmp_path / "data"), "--recordings", str(folder), "--commands", "lumos"]
    assert data.main(asked) == 1 and "noise: no recordings" in capsys.readouterr().err
    assert data.main([*asked, "--made-up"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == ["gsc", "noise", "speech", "words"]
    assert len(list((tmp_path / "data/made-up").rglob("*.flac"))) == 15
    for part, count in (("noise", 3), ("speech", 6), ("words", 6)):
        lists = [(tmp_path / "data" / part / f"{split}_list.txt").read_text().split() for split in ("train", "test")]
        names = [name for each in lists for name in each]
        assert all(lists) and len(names) == count
        assert all((tmp_path / "data" / part / name).exists() for name in names)
    # Another time it is there.
    monkeypatch.setattr(made_up, "say_all", lambda *_: pytest.fail("it was said again"))
    # A folder of one's own may be called like the part that it belongs to.
    shutil.copytree(tmp_path / "data/made-up/made-up-noise", tmp_path / "noise")
    assert data.main([*asked, "--made-up", "--noise", str(tmp_path / "noise")]) == 0
    # What is missing is said before anything is made.
    for option in ("--recordings", "--noise"):
        again = ["--output", str(tmp_path / "third"), *asked[2:], "--made-up", option, str(tmp_path / "nope")]
        assert data.main(again) == 1 and "nope: no such folder" in capsys.readouterr().err
    assert not (tmp_path / "third/made-up").exists()
    assert data.main([*asked, "--made-up"]) == 0
    (tmp_path / "other/made-up").mkdir(parents=True)
    assert data.main(["--output", str(tmp_path / "other"), *asked[2:], "--made-up"]) == 1
    assert "other/made-up: is in the way" in capsys.readouterr().err
