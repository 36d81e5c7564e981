"""From a request to a model with its card, stage by stage. What a stage made lies in the work folder until the end."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from .. import __version__
from ..atomic import write_atomically
from ..model_file.tables import ModelTables
from ..model_file.write import model_bytes
from ..train import kernels
from ..train.clips import cache_folder
from . import card, learn, place, start, tune
from .material import scenes_of
from .progress import Progress
from .recordings import Recorded
from .request import Checked, Request
from .settings import QUICK_EFFORT, THOROUGH_EFFORT, Effort, recipe
from .speech import plan, say_all
from .vocabulary import Avoided, listed, pronounced
from .voices import key_of, summary

VERSION = 2


def _key(request: Request, checked: Checked, effort: Effort) -> str:
    recorded = [(str(each.path), each.path.stat().st_mtime_ns) for each in checked.given.shares.learned]
    model = hashlib.sha256(checked.model.read_bytes()).hexdigest()
    return place.key_of(VERSION, checked.words, request.seed, repr(effort), model, recorded, key_of(checked.voices))


def _how(checked: Checked, effort: Effort, said: dict[str, int], seed: int, learned: int) -> list[str]:
    lines = [
        f"Voices: {summary(checked.voices)}.",
        f"Said: {', '.join(f'{count} {part}' for part, count in said.items())}; noise and rooms were made up.",
        f"Started from {checked.model.name}, its first {effort.fixed_layers} layer as it was; {effort.steps} steps of"
        f" {effort.batch} sequences; seed {seed}.",
    ]
    return lines + ([f"{learned} recordings were learned from."] if learned else []) + checked.remarks


def _of_whom(words: list[str], kept: Recorded) -> str:
    """Whose voices the streams of the check are."""
    by_people = [f"*{word}*" for word in words if word in tune.enough(kept)]
    if not kept.words:
        return "synthetic voices that it never learned from"
    if len(by_people) == len(words):
        return f"{len(kept.words)} recordings that it never learned from"
    instead = f" (of {', '.join(by_people)} those alone)" if by_people else ""
    return f"synthetic voices that it never learned from, and {len(kept.words)} recordings{instead}"


@contextmanager
def _cache_in(folder: Path) -> Iterator[None]:
    """Banks and reels of one run go into its work folder: no other run can use them."""
    before = os.environ.get("SILIF_CACHE")
    os.environ["SILIF_CACHE"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SILIF_CACHE"]
        else:
            os.environ["SILIF_CACHE"] = before


def make(request: Request, checked: Checked, processes: int, effort: Effort | None = None) -> card.Findings:
    """Writes the model and its card; returns what the check came to."""
    effort = effort or (THOROUGH_EFFORT if request.thorough else QUICK_EFFORT)
    base = start.load(checked.model)  # before what takes minutes: it may not do
    torch.set_num_threads(1)  # the same sums in the same order on every machine
    cache = cache_folder()
    kernels.library()  # compiled once for all runs, not into the work folder
    with place.work_in(request.output, _key(request, checked, effort)) as work, _cache_in(work / "cache"):
        return _made(request, checked, base, processes, effort, Progress(effort.seconds), cache)


def _made(
    request: Request,
    checked: Checked,
    base: ModelTables,
    processes: int,
    effort: Effort,
    progress: Progress,
    cache: Path,
) -> card.Findings:
    """base: what learning starts from. cache: for what other runs can use too."""
    work = place.work_folder(request.output)
    learned, kept = checked.given.learned, checked.given.checked

    progress.start("words that sound alike")
    avoided = Avoided(checked.words, checked.sounds)
    known = pronounced(listed(checked.words), cache)
    sayings = plan(checked.words, avoided, known, checked.voices, effort.amounts, request.seed)
    progress.start("speaking")
    said = say_all(sayings, work / "speech", request.seed, processes, progress.at)
    progress.start("rooms and noise")
    asked = recipe(checked.words, effort, request.seed)
    scenes = scenes_of(said, learned, asked, effort, processes, progress.at)
    progress.start("learning")
    network = learn.learned(base, scenes, asked, effort.fixed_layers, work / "network.checkpoint", progress.at)
    progress.start("tuning")
    name = request.output.stem
    provenance = {
        "name": name,
        "exporter": f"silif-tools {__version__}",
        "made_by": "silif-words",
        "started_from": checked.model.stem,
        "seed": str(request.seed),
        **{key: base.provenance[key] for key in ("credits", "licence") if key in base.provenance},
    }
    example = np.concatenate(said.part("words").samples[:3])
    model = learn.exported(network, scenes, asked, example, provenance)
    exam = tune.exam(said, kept, asked, effort)
    progress.at(0.5)
    heard = tune.run(exam, start.network_of(model))
    model.detector = tune.choose(heard, asked["words"], request.alarms_per_hour)
    rows = tune.curve(heard, model.detector, asked["words"])
    own = tune.curve(heard, model.detector, asked["words"], (1.0,))[0]
    progress.start("writing")
    write_atomically(request.output, model_bytes(model))
    counts = {part: len(said.part(part).samples) for part in ("words", "near", "sentences", "singles")}
    found = card.Findings(
        rows,
        own,
        tune.of_each_word(heard.streams, model.detector, asked["words"]),
        sum(s.audio_h for s in heard.streams if not s.truth),
        {s.name: len(s.truth) for s in heard.streams if s.truth},
        sum(len(s.truth) for s in heard.alike),
        tune.taken(heard.alike, model.detector, asked["words"]),
        _of_whom(checked.words, kept),
        float(heard.lift.max()),
    )
    how = _how(checked, effort, counts, request.seed, len(learned.words))
    credits = [f"{checked.model.stem}: {base.provenance.get('credits', 'see its card')}"]
    text = card.text(name, asked["words"], model.detector, found, how, credits)
    write_atomically(place.card_of(request.output), text)
    progress.finish()
    return found
