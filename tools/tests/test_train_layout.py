"""silif-data: from what a user can get to what silif-train takes; the split by speaker."""

import io
import os
import tarfile

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")

from test_train_command import own_cache, recordings, small_recipe  # noqa: F401 (a fixture)

from silif_tools.commands import data, train
from silif_tools.errors import ConversionError
from silif_tools.sound import read_list
from silif_tools.train import material
from silif_tools.train.archive import unpack
from silif_tools.train.splits import SPLITS, by_speaker, speaker

WORDS = ("yes", "no", "bed", "cat")
OWN = ("--recordings", "own", "--commands")


@pytest.fixture
def archive(tmp_path):
    """The shape of Speech Commands: lists, words, background noise."""
    root = tmp_path / "made"
    names = [f"{word}/{index:08x}_nohash_0.wav" for word in WORDS for index in range(12)]
    recordings(root, names)
    for name in ("hum", "rain_2", "wind"):
        path = root / "_background_noise_" / f"{name}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, np.random.default_rng(1).normal(0, 0.05, 32000), 16000)
    (root / "validation_list.txt").write_text("".join(f"{word}/00000000_nohash_0.wav\n" for word in WORDS))
    (root / "testing_list.txt").write_text("".join(f"{word}/00000001_nohash_0.wav\n" for word in WORDS))
    packed = tmp_path / "speech_commands_v0.02.tar.gz"
    with tarfile.open(packed, "w:gz") as tar:
        for part in sorted(root.iterdir()):
            tar.add(part, part.name)
    return packed


def made_lists(root):
    return {path.relative_to(root).as_posix(): read_list(path) for path in root.glob("*/*_list.txt")}


def test_the_archive_alone_is_enough_to_train(tmp_path, archive, capsys):
    out = tmp_path / "data"
    assert data.main(["--output", str(out), "--speech-commands", str(archive), "--commands", "yes,no"]) == 0
    shown = capsys.readouterr().out.split()
    assert shown[:7] == ["train", "validation", "test", "gsc", "40", "4", "4"]
    lists = made_lists(out)
    assert len(lists["gsc/train_list.txt"]) == 4 * 10
    assert lists["gsc/test_list.txt"] == [f"{word}/00000001_nohash_0.wav" for word in sorted(WORDS)]
    assert len(lists["noise/train_list.txt"]) == 2 and len(lists["noise/test_list.txt"]) == 1
    for part in ("words", "speech"):
        assert len(lists[f"{part}/train_list.txt"]) == 2 * 10
        assert lists[f"{part}/test_list.txt"] == [f"speech_commands/{w}/00000001_nohash_0.wav" for w in ("bed", "cat")]
    for name, names in lists.items():
        assert all(((out / name).parent / each).exists() for each in names)


def test_of_a_large_archive_each_word_gives_so_many_clips_and_others_a_quarter(tmp_path, archive):
    out = tmp_path / "data"
    arguments = ["--speech-commands", str(archive), "--commands", "yes,no", "--most", "8"]
    assert data.main(["--output", str(out), *arguments]) == 0
    names = made_lists(out)["gsc/train_list.txt"]
    assert {word: sum(name.startswith(f"{word}/") for name in names) for word in WORDS} == {
        "yes": 8, "no": 8, "bed": 2, "cat": 2
    }  # fmt: skip
    assert len(set(names)) == len(names)


def test_laying_out_again_gives_the_same(tmp_path, archive):
    out, arguments = tmp_path / "data", ["--speech-commands", str(archive), "--commands", "yes,no"]
    assert data.main(["--output", str(out), *arguments]) == 0
    before = made_lists(out)
    assert data.main(["--output", str(out), *arguments]) == 0
    assert made_lists(out) == before


def test_own_recordings_are_the_words_and_the_archive_the_rest(tmp_path, archive, capsys):
    own, out = tmp_path / "own", tmp_path / "data"
    recordings(own, [f"lamp/{who}_{take}.wav" for who in ("anna", "ben", "cleo") for take in range(3)])
    arguments = ["--recordings", str(own), "--commands", "lamp"]
    assert data.main(["--output", str(out), "--speech-commands", str(archive), *arguments]) == 0
    found = material.load(out, ["lamp", "_unknown_", "_silence_"])
    labels = {split: np.bincount(found.labels(split), minlength=3).tolist() for split in SPLITS}
    assert labels == {"train": [3, 40, 0], "validation": [3, 4, 0], "test": [3, 4, 0]}
    assert len(found.other_words) == len(found.speech) == 4 * 10
    assert (out / "gsc/lamp").resolve() == own / "lamp"
    recipe = small_recipe(tmp_path)
    recipe.write_text(recipe.read_text().replace('["yes", "_unknown_"', '["lamp", "_unknown_"'))
    runs = ["--output", str(tmp_path / "runs"), "--threads", "1", "--quick"]
    assert train.main([str(recipe), "--data", str(out), *runs]) == 0, capsys.readouterr().err
    assert (tmp_path / "runs" / "kws12-silif.pth").exists()


def test_running_speech_takes_the_place_of_the_archives_words(tmp_path, archive):
    talk, out = tmp_path / "talk", tmp_path / "data"
    recordings(talk, [f"{index}.wav" for index in range(6)])
    arguments = ["--speech-commands", str(archive), "--commands", "yes,no", "--speech", str(talk)]
    assert data.main(["--output", str(out), *arguments]) == 0
    lists = made_lists(out)
    speech = lists["speech/train_list.txt"], lists["speech/test_list.txt"]
    assert all(speech) and sorted(speech[0] + speech[1]) == [f"talk/{index}.wav" for index in range(6)]


@pytest.mark.parametrize("people", [3, 5, 12, 40])
def test_however_few_speakers_nobody_is_in_two_splits_and_none_is_empty(people, tmp_path):
    for seed in range(20):
        names = [f"lamp/p{seed}x{index}_{take}.wav" for index in range(people) for take in range(2)]
        splits = by_speaker(names, tmp_path)
        who = {split: {speaker(name) for name in splits[split]} for split in SPLITS}
        assert all(who.values()) and sum(map(len, who.values())) == people
        assert len(who["train"]) >= len(who["validation"]) - 1 and sum(map(len, splits.values())) == len(names)


def test_with_enough_speakers_a_new_one_moves_nobody(tmp_path):
    names = [f"lamp/speaker{index}_0.wav" for index in range(200)]
    before, after = by_speaker(names[:-1], tmp_path), by_speaker(names, tmp_path)
    assert all(set(before[split]) <= set(after[split]) for split in SPLITS)


def test_too_few_speakers_are_an_error_that_says_how_files_are_named(tmp_path):
    with pytest.raises(ConversionError, match=r"of 2 speakers; .* as in anna_01\.wav"):
        by_speaker(["lamp/anna_1.wav", "lamp/ben_1.wav", "door/ben_2.wav"], tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to learn words from"),
        (["--speech-commands", "none.tar.gz"], "none.tar.gz: no such archive or folder"),
        (["--speech-commands", "own"], "validation_list.txt: is missing"),
        ([*OWN, "lamp"], "noise: no recordings; give --noise FOLDER, or --speech-commands"),
        ([*OWN, "lamp", "--noise", "own/lamp", "--noise", "other/lamp"], "two folders of one name"),
        ([*OWN, "lamp,dor"], "--commands: no recordings of dor in own; its folders are lamp"),
        (["--recordings", "own"], "no recordings of yes, no, up, down, left, right, on, off, stop, go in own; "),
        ([*OWN, ""], "--commands: an empty word"),
        ([*OWN, "lamp,"], "--commands: an empty word"),
        (["--recordings", "own/lamp"], "own/lamp/anna_0.wav: lies in no word's folder; move it into one"),
        (["--recordings", "empty"], "empty: no sound files in it"),
    ],
)
def test_what_is_missing_is_named(arguments, message, tmp_path, monkeypatch, capsys):
    recordings(tmp_path, [f"{root}/lamp/{who}_0.wav" for root in ("own", "other") for who in ("anna", "ben", "cleo")])
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert data.main(["--output", "data", *arguments]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("part", ["gsc", "words"])
def test_lists_that_others_made_are_not_overwritten(part, tmp_path, archive, capsys):
    theirs = tmp_path / "data" / part / "train_list.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("yes/0.wav\n")
    arguments = ["--output", str(tmp_path / "data"), "--speech-commands", str(archive), "--commands", "yes,no"]
    assert data.main(arguments) == 1
    assert f"{theirs}: is in the way, and without silif-data.txt beside its folder" in capsys.readouterr().err
    assert theirs.read_text() == "yes/0.wav\n" and list((tmp_path / "data").rglob("*")) == [theirs.parent, theirs]


@pytest.mark.parametrize("what", ["cut", "damaged", "none"])
def test_an_archive_that_broke_off_is_named(what, tmp_path, archive, capsys):
    packed = archive.read_bytes()
    half = len(packed) // 2
    archive.write_bytes(
        {"cut": packed[:half], "damaged": packed[:half] + b"\xff" * 4000 + packed[half + 4000 :], "none": b"junk"}[what]
    )
    assert data.main(["--output", str(tmp_path / "data"), "--speech-commands", str(archive)]) == 1
    said = capsys.readouterr().err
    assert f"{archive}: is no whole archive (" in said and "); download it anew" in said
    assert not (tmp_path / "data").exists()


def test_nothing_of_an_archive_is_written_outside_of_its_folder(tmp_path, archive, capsys):
    for name in ("../outside.wav", f"{tmp_path}/outside.wav"):
        with tarfile.open(archive, "w:gz") as tar:
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
        assert data.main(["--output", str(tmp_path / "data"), "--speech-commands", str(archive)]) == 1
        assert f"{name} would lie outside of its folder" in capsys.readouterr().err
    assert not list(tmp_path.rglob("outside.wav"))


def test_links_of_an_archive_are_left_out(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        link = tarfile.TarInfo("yes/link.wav")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        (tmp_path / "x").write_text("x")
        tar.add(tmp_path / "x", "yes/a.wav")
    folder = unpack(tmp_path / "a.tar", tmp_path / "out")
    assert [path.name for path in folder.rglob("*.wav")] == ["a.wav"]


def test_names_that_are_no_utf_8_are_laid_out_and_trained_on(tmp_path, archive, monkeypatch):
    names = [f"lamp/{who}_0.wav" for who in ("anna", "ben", "cleo")]
    recordings(tmp_path / "own", names)
    strange = os.fsdecode(b"m\xfcller_0.wav")
    (tmp_path / "own/lamp/anna_0.wav").rename(tmp_path / "own/lamp" / strange)
    options = ["--speech-commands", str(archive), "--recordings", str(tmp_path / "own"), "--commands", "lamp"]
    assert data.main(["--output", str(tmp_path / "data"), *options]) == 0
    found = [name for split in SPLITS for name in read_list(tmp_path / f"data/gsc/{split}_list.txt")]
    assert f"lamp/{strange}" in found
    loaded = material.load(tmp_path / "data", ["lamp", "_unknown_", "_silence_"])
    assert any(strange in name for clips in loaded.splits.values() for name in clips.names)
    assert loaded.fingerprint([])


def test_recordings_that_cannot_be_divided_leave_no_folder(tmp_path, capsys):
    recordings(tmp_path, ["own/lamp/anna_0.wav"])
    assert data.main(["--output", str(tmp_path / "data"), "--recordings", str(tmp_path / "own")]) == 1
    assert "recordings of 1 speakers" in capsys.readouterr().err and not (tmp_path / "data").exists()


def test_a_folder_in_the_way_is_not_replaced(tmp_path, archive, capsys):
    (tmp_path / "data/gsc/yes").mkdir(parents=True)
    arguments = ["--output", str(tmp_path / "data"), "--speech-commands", str(archive), "--commands", "yes,no"]
    assert data.main(arguments) == 1
    assert "gsc/yes: is in the way" in capsys.readouterr().err
