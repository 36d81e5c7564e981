"""Lays out what a user has, the Speech Commands archive and own recordings, in the folders that `--data` takes.

DATA/gsc, noise, speech and words get links to the folders of recordings, and lists of what is for training, validation
and test. Nothing is copied but the archive's contents, to DATA/speech_commands.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from silif_tools.atomic import write_atomically
from silif_tools.errors import ConversionError
from silif_tools.sound import ENDINGS, read_list
from silif_tools.train.archive import unpack, words_folder
from silif_tools.train.splits import SPLITS, by_speaker, by_unit

BACKGROUND = "_background_noise_"
OFFICIAL = {"validation": "validation_list.txt", "test": "testing_list.txt"}
PARTS = ("gsc", "noise", "speech", "words")
STAMP = "silif-data.txt"  # in the folder that was made
Lists = dict[str, list[str]]


@dataclass
class Sources:
    """What there is. speech_commands: the archive or its unpacked folder. recordings: own ones, a folder a word.

    noise, speech, words: folders of background noise, of running speech without commands, of other words. commands:
    the words that a network is to tell apart. most: of each of them so many clips of the archive at most, in each
    split; of every other word a quarter as many. All 105,000 would fill the memory with their variants.
    """

    commands: tuple[str, ...]
    speech_commands: Path | None = None
    recordings: Path | None = None
    noise: list[Path] = field(default_factory=list)
    speech: list[Path] = field(default_factory=list)
    words: list[Path] = field(default_factory=list)
    most: int = 400


def _sounds(root: Path) -> list[str]:
    """All recordings below a folder, relative to it."""
    if not root.is_dir():
        raise ConversionError(f"{root}: no such folder")
    found = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.suffix.lower() in ENDINGS)
    if not found:
        raise ConversionError(f"{root}: no sound files in it ({', '.join(sorted(ENDINGS))})")
    return found


def _link(target: Path, link: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink():
        link.unlink()
    elif link.exists():
        raise ConversionError(f"{link}: is in the way; give an empty folder as --output")
    link.symlink_to(target.resolve(), target_is_directory=True)


def _list(root: Path, split: str) -> Path:
    return root / f"{split}_list.txt"


def _check_lists(output: Path) -> None:
    """Raises ConversionError where there are lists that somebody else made."""
    lists = [_list(output / part, split) for part in PARTS for split in SPLITS]
    there = next((path for path in lists if path.exists() or path.is_symlink()), None)
    if there and not (output / STAMP).is_file():
        raise ConversionError(
            f"{there}: is in the way, and without {STAMP} beside its folder not known to be of silif-data; give an"
            " empty folder as --output, or delete the lists if an earlier version made them"
        )


def _write_lists(root: Path, lists: Lists) -> None:
    write_atomically(root.parent / STAMP, "silif-data made the lists of this folder, and will make them anew.\n")
    for split, names in lists.items():
        write_atomically(_list(root, split), "".join(f"{name}\n" for name in names))


def _official_splits(folder: Path) -> Lists:
    """The lists of Speech Commands; what stands in neither is for training."""
    lists = {}
    for split, name in OFFICIAL.items():
        if not (folder / name).exists():
            raise ConversionError(f"{folder / name}: is missing; give the Speech Commands archive, or its whole folder")
        lists[split] = read_list(folder / name)
    kept = {name for names in lists.values() for name in names}
    files = [name for name in _sounds(folder) if not name.startswith(f"{BACKGROUND}/")]
    return {"train": [name for name in files if name not in kept], **lists}


def _word(name: str) -> str:
    return name.split("/")[0]


def _limited(names: list[str], sources: Sources) -> list[str]:
    """At most so many of each word, evenly spread over the list: over the speakers, by whom file names begin."""
    by_word: dict[str, list[str]] = {}
    for name in names:
        by_word.setdefault(_word(name), []).append(name)
    kept = []
    for word, clips in sorted(by_word.items()):
        count = min(len(clips), sources.most if word in sources.commands else max(1, sources.most // 4))
        kept += [clips[index * len(clips) // count] for index in range(count)]
    return kept


def _own(folder: Path) -> Lists:
    """The three lists of own recordings."""
    names = _sounds(folder)
    stray = next((name for name in names if "/" not in name), None)
    if stray:
        raise ConversionError(
            f"{folder / stray}: lies in no word's folder; move it into one, as in lamp/anna_01.wav, or leave it out"
        )
    return by_speaker(names, folder)


def _check_commands(commands: tuple[str, ...], lists: Lists, where: Path) -> None:
    """Raises ConversionError where there is no recording of one."""
    have = {_word(name) for names in lists.values() for name in names}
    missing = [word for word in commands if word not in have]
    if missing:
        raise ConversionError(
            f"--commands: no recordings of {', '.join(missing)} in {where}; its folders are {', '.join(sorted(have))}"
        )


def _labelled(official: Lists, commands: Path | None, sources: Sources, root: Path) -> Lists:
    """gsc: one folder a word, with the three lists. Own recordings take the place of the archive's commands."""
    own = _own(sources.recordings) if sources.recordings else {}
    _check_commands(sources.commands, own or official, sources.recordings or commands)
    mine = {_word(name) for names in own.values() for name in names}
    lists = {}
    for split in SPLITS:
        skipped = mine | set(sources.commands if own else ())
        lists[split] = own.get(split, []) + [name for name in official.get(split, ()) if _word(name) not in skipped]
        for word in {_word(name) for name in lists[split]}:
            _link((sources.recordings if word in mine else commands) / word, root / word)
    _write_lists(root, lists)
    return lists


def _part(folders: list[Path], root: Path) -> Lists:
    """noise, speech or words: each folder under its own name; a tenth of the recordings for the test."""
    lists: Lists = {"train": [], "test": []}
    twice = [folder for folder in folders if [each.name for each in folders].count(folder.name) > 1]
    if twice:
        raise ConversionError(f"{twice[0]} and {twice[1]}: two folders of one name; rename one")
    for folder in folders:
        names = [f"{folder.name}/{name}" for name in _sounds(folder)]
        _link(folder, root / folder.name)
        try:
            halves = by_unit(names, lambda name: name, ("train", "test"))
        except KeyError:
            raise ConversionError(f"{folder}: one recording; training and test need one each") from None
        for split, chosen in halves.items():
            lists[split] += chosen
    return lists


def lay_out(sources: Sources, output: Path, made_up: Callable[[], dict[str, Path]] = dict) -> dict[str, Lists]:
    """Makes the folders and lists below `output`; returns the lists by part. Raises ConversionError naming what is
    missing, in the way or cannot be split.

    made_up: makes a further folder of noise, speech and words, by name. It may take minutes, and is called when all
    that is given was found.
    """
    if not all(sources.commands):
        raise ConversionError("--commands: an empty word; name the words to tell apart, as in lamp,door")
    _check_lists(output)
    commands = None
    if sources.speech_commands:
        if not sources.speech_commands.exists():
            raise ConversionError(f"{sources.speech_commands}: no such archive or folder")
        if sources.speech_commands.is_dir():
            commands = words_folder(sources.speech_commands)
        else:
            commands = unpack(sources.speech_commands, output / "speech_commands")
    if not commands and not sources.recordings:
        raise ConversionError("nothing to learn words from: give --speech-commands, --recordings or both")
    official = _official_splits(commands) if commands else {}
    official = {split: _limited(names, sources) for split, names in official.items()}
    made = {"gsc": _labelled(official, commands, sources, output / "gsc")}
    for folder in (*sources.noise, *sources.speech, *sources.words):
        _sounds(folder)
    further = made_up()
    # Of Speech Commands: its background recordings, and those of its words that are none of the commands.
    others = {
        split: [f"speech_commands/{name}" for name in official.get(split, ()) if _word(name) not in sources.commands]
        for split in ("train", "test")
    }
    for part in PARTS[1:]:
        root, folders = output / part, list(getattr(sources, part))
        if part in further:
            folders.append(further[part])
        if part == "noise" and commands and (commands / BACKGROUND).is_dir():
            folders.append(commands / BACKGROUND)
        lists = _part(folders, root)
        # Without running speech, single words stand in for it.
        if commands and (part == "words" or (part == "speech" and not folders)):
            _link(commands, root / "speech_commands")
            lists = {split: names + others[split] for split, names in lists.items()}
        if not lists["train"]:
            raise ConversionError(f"{part}: no recordings; give --{part} FOLDER, or --speech-commands")
        _write_lists(root, lists)
        made[part] = lists
    return made


def table(made: dict[str, Lists]) -> list[str]:
    """How many recordings each part has, line by line."""
    lines = [f"{'':8}" + "".join(f"{split:>12}" for split in SPLITS)]
    for part, lists in made.items():
        counts = "".join(f"{len(lists[split]):12,}" if split in lists else f"{'':12}" for split in SPLITS)
        lines.append(f"{part:8}{counts}")
    return lines
