"""What silif-train wrote, NAME.pth with NAME.json, as a network in torch, as a model file, and with its clips."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from ..atomic import replacing, write_atomically
from ..built_commands import Commands
from ..errors import ConversionError
from ..export.convert import convert
from ..export.description import carried_over, front_end, read_description
from ..export.self_test import add_self_test
from ..export.state_dict import load_state_dict
from ..model_file.tables import InputKind, ModelTables, Sampler
from ..model_file.write import model_bytes
from ..train import material, sequences
from ..train.evaluate import Examination
from ..train.fbank import BANDS, CLIP_FRAMES
from ..train.sequence_session import inputs_of, winners
from ..train.session import untrained

SPLITS = ("validation", "test")
# What these studies say in one line instead of a traceback.
ERRORS = (material.MissingData, ValueError, OSError, RuntimeError, LookupError)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What every study of trained networks takes."""
    parser.add_argument("--data", type=Path, required=True, help="as silif-train takes it")
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("--build", type=Path, default=Path("../.build/release"), help="folder of kws-score")
    parser.add_argument("--threads", type=int, default=1)


@dataclass
class Trained:
    """A trained network."""

    path: Path
    about: dict

    @classmethod
    def read(cls, path: Path) -> "Trained":
        about = read_description(path)
        if not isinstance(about.get("recipe"), dict):
            raise ConversionError(f"{path.with_suffix('.json')}: no recipe in it; give what silif-train wrote")
        return cls(path, about)

    @property
    def recipe(self) -> dict:
        return self.about["recipe"]

    @property
    def is_of_sequences(self) -> bool:
        """Of numbers, not of sound."""
        return "sequences" in self.recipe

    @cached_property
    def network(self) -> torch.nn.Module:
        """As it was trained, for evaluation."""
        found = untrained(self.recipe, inputs_of(self.recipe) if self.is_of_sequences else BANDS)
        found.load_result(torch.load(self.path, weights_only=True, map_location="cpu"))
        return found.eval()

    @cached_property
    def model(self) -> ModelTables:
        """In integers, weights of 8 bits, with a self-test."""
        settings, words = front_end(self.about), self.about["words"]
        rng = np.random.default_rng(1)
        made = convert(
            load_state_dict(self.path), words, front_end=settings,
            input_kind=InputKind.LOG_MEL if settings else InputKind.COUNTS,
            step_us=round(1000 * self.about["step_ms"]),
            clip_frames=self.about.get("steps", CLIP_FRAMES),
            provenance={"name": self.about.get("name", self.path.stem), **carried_over(self.about)},
        ).model  # fmt: skip
        sound = rng.integers(-8000, 8000, 4000)
        add_self_test(made, sound if settings else rng.integers(0, 256, (50, made.layers[0].inputs)), settings)
        return made

    def write(self, path: Path, sampler: Sampler | None = None) -> int:
        """The model file, of a network that samples with this sampler; returns its bytes."""
        model = self.model
        if sampler is not None:
            model = replace(model, sampling=replace(model.sampling, sampler=sampler))
            test = model.self_test_input
            add_self_test(model, test, front_end(self.about))
        data = model_bytes(model)
        write_atomically(path, data)
        return len(data)


@dataclass
class Clips:
    """A split: how the engine scores it, and the winners of a network in torch [clip], fresh."""

    labels: np.ndarray
    score: Callable[..., dict]
    float_winners: Callable[[torch.nn.Module], np.ndarray]


def clips_of(trained: Trained, data: Path, split: str, folder: Path, commands: Commands) -> Clips:
    """folder: where frames are written that the engine reads. Raises MissingData."""
    if not trained.is_of_sequences:
        words = material.folder_splits(data / "gsc")[split]
        found = material.Material(trained.recipe["words"], {split: words}, None, None, None, [])
        exam = Examination(words, found.labels(split))
        return Clips(
            exam.labels.numpy(),
            lambda model, *options: commands.score_list(model, data / "gsc" / f"{split}_list.txt", *options),
            lambda network: exam.results(network)["fresh"].argmax(1).numpy(),
        )
    part = sequences.load(data, trained.recipe["sequences"], len(trained.recipe["words"]))[split]
    stem = f"{trained.recipe['sequences']['data']}-{trained.recipe['sequences']['order']}-{split}"
    frames, labels = folder / f"{stem}.npy", folder / f"{stem}-labels.npy"
    for path, array in ((frames, part.frames(np.arange(len(part)))), (labels, part.labels.astype(np.int32))):
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.save(file, array)
    return Clips(
        part.labels,
        lambda model, *options: commands.score_frames(model, frames, labels, *options),
        lambda network: winners(network, part).numpy(),
    )


def engine_winners(report: dict, words: list[str]) -> np.ndarray:
    """Each clip's class, of kws-score --each."""
    return np.array([words.index(result["word"]) for result in report["results"]])
