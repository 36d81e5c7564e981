"""Labelled sequences of numbers: pictures pixel by pixel (sequential MNIST, its permuted form), tokens (ListOps).

A pixel is one step with one input, its value 0 to 255 as the engine takes counts; a token is a step with one input for
each token that there is, of which one is 1. Training normalises them (InputNorm); the exporter folds that into the
first layer.
"""

import gzip
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from silif_tools.arrays import load_arrays
from silif_tools.train.material import MissingData

ORDERS = ("rows", "bit-reversed")
SPLIT_SEED = 1  # of the choice of validation pictures: the same for every recipe
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
# The files that MNIST, Fashion-MNIST and their like come as, perhaps with .gz behind, in the order of ARRAYS.
IDX = (
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
)  # fmt: skip


@dataclass
class Batch:
    """features [T, B, inputs] float32; labels [B]."""

    features: torch.Tensor
    labels: torch.Tensor


def bit_reversed(count: int) -> np.ndarray:
    """The order of psMNIST in the S4 code base: of 0, 1, ... the bits reversed, those below `count` kept."""
    bits = max(1, (count - 1).bit_length())
    reversed_ = [int(f"{i:0{bits}b}"[::-1], 2) for i in range(1 << bits)]
    return np.array([i for i in reversed_ if i < count])


def in_order(pictures: np.ndarray, order: str) -> np.ndarray:
    """uint8 [n, height, width] or [n, T] -> [n, T, 1]: row after row, or those positions in bit-reversed order."""
    flat = pictures.reshape(len(pictures), -1, 1)
    return flat if order == "rows" else np.ascontiguousarray(flat[:, bit_reversed(flat.shape[1])])


def _idx(path: Path) -> np.ndarray:
    """An array of bytes as LeCun's IDX files hold it."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise MissingData(f"{path}: damaged ({error}); copy or download it again") from None
    if len(content) < 4 or content[:3] != b"\0\0\x08" or len(content) < 4 + 4 * content[3]:
        raise MissingData(f"{path}: not an IDX file of bytes")
    shape = struct.unpack(f">{content[3]}I", content[4 : 4 + 4 * content[3]])
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * content[3])
    if values.size != np.prod(shape, dtype=np.int64):
        raise MissingData(f"{path}: holds {values.size} bytes, its header says {'x'.join(map(str, shape))}")
    return values.reshape(shape)


def _arrays(data: Path, name: str) -> dict[str, np.ndarray]:
    """ARRAYS from NAME.npz in the folder, from that file itself, or from the four IDX files of the folder."""
    file = data if data.is_file() else data / f"{name}.npz"
    if file.is_file():
        return load_arrays(file, ARRAYS)
    found = {}
    for array, stem in zip(ARRAYS, IDX, strict=True):
        path = next((p for p in (data / stem, data / f"{stem}.gz") if p.is_file()), None)
        if path is None:
            raise MissingData(
                f"--data {data}: there is neither {name}.npz (arrays {', '.join(ARRAYS)}) nor {stem}, with or without"
                " .gz: docs/TRAINING.md says where these files come from"
            )
        found[array] = _idx(path)
    return found


def load(data: Path, settings: dict, classes: int) -> "dict[str, Sequences]":
    """settings: a recipe's [sequences]. Some training pictures, drawn once for all, are the validation split."""
    found = _arrays(data, settings["data"])
    tokens = settings.get("tokens", 0)
    for array in ARRAYS:
        wanted = (2 if tokens else 3) if array.startswith("x") else 1
        if array not in found or found[array].ndim != wanted or found[array].dtype != np.uint8:
            raise MissingData(f"--data {data}: {array} must be uint8 with {wanted} dimensions")
    for split in ("train", "test"):
        x, y = found[f"x_{split}"], found[f"y_{split}"]
        if len(x) != len(y) or x.shape[1:] != found["x_train"].shape[1:] or not len(x) or y.max() >= classes:
            raise MissingData(f"--data {data}: x_{split} and y_{split} do not fit each other, or the recipe's classes")
        if tokens and x.max() >= tokens:
            raise MissingData(f"--data {data}: x_{split} has the token {x.max()}; the recipe has {tokens}")
    # Chosen at random: in some copies of MNIST the training pictures are sorted by class.
    chosen, kept = np.random.default_rng(SPLIT_SEED).permutation(len(found["x_train"])), settings["validation"]
    if kept >= len(chosen):
        raise MissingData(f"--data {data}: {len(chosen)} training pictures; the recipe's validation wants {kept}")
    parts = {"train": chosen[kept:], "validation": chosen[:kept]}
    splits = {k: (found["x_train"][rows], found["y_train"][rows]) for k, rows in parts.items()}
    splits["test"] = found["x_test"], found["y_test"]
    return {k: Sequences(in_order(x, settings["order"]), y, tokens) for k, (x, y) in splits.items()}


class Sequences:
    """A split, and a source of batches that goes through it in a new order in every epoch.

    values uint8 [n, T, 1]; labels [n]; tokens: how many different values there are, each an input of its own; 0: one
    input, which has the value.
    """

    def __init__(self, values: np.ndarray, labels: np.ndarray, tokens: int = 0):
        self.values, self.labels, self.tokens = values, labels.astype(np.int64), tokens
        self.reseed(0)

    def __len__(self) -> int:
        return len(self.labels)

    def reseed(self, seed: int) -> None:
        self.seed, self.epoch, self.at = seed, 0, 0
        self._order = None

    def state(self) -> dict:
        """Where the batches stand."""
        return {"seed": self.seed, "epoch": self.epoch, "at": self.at}

    def restore(self, state: dict) -> None:
        self.seed, self.epoch, self.at = state["seed"], state["epoch"], state["at"]
        self._order = None

    def frames(self, rows: np.ndarray) -> np.ndarray:
        """What the engine reads: uint8 [rows, T, inputs]."""
        values = self.values[rows]
        return values if not self.tokens else (values == np.arange(self.tokens, dtype=np.uint8)).astype(np.uint8)

    def _batch(self, rows: np.ndarray) -> Batch:
        values = torch.from_numpy(self.frames(rows).astype(np.float32))
        return Batch(values.transpose(0, 1).contiguous(), torch.from_numpy(self.labels[rows]))

    def drawn(self, recipe: dict) -> Batch:
        """The next batch of recipe["batch"]; what is left at the end of an epoch is not made into a smaller one."""
        size = min(recipe["batch"], len(self))
        if self.at + size > len(self):
            self.epoch, self.at, self._order = self.epoch + 1, 0, None
        if self._order is None:
            self._order = np.random.default_rng([self.seed, self.epoch]).permutation(len(self))
        self.at += size
        return self._batch(self._order[self.at - size : self.at])

    def parts(self, size: int) -> Iterator[Batch]:
        """Batches from the first to the last."""
        for start in range(0, len(self), size):
            yield self._batch(np.arange(start, min(start + size, len(self))))

    def spread(self, size: int, count: int) -> Iterator[Batch]:
        """So many batches of a fixed random choice."""
        order = np.random.default_rng(SPLIT_SEED).permutation(len(self))
        for k in range(count):
            yield self._batch(np.take(order, np.arange(k * size, (k + 1) * size), mode="wrap"))

    def statistics(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and standard deviation of each input."""
        if not self.tokens:
            found = [self.values.mean(dtype=np.float64)], [self.values.std(dtype=np.float64)]
        else:
            mean = np.bincount(self.values.ravel(), minlength=self.tokens) / self.values.size
            found = mean, np.sqrt(mean * (1 - mean)).clip(1e-3)
        return tuple(torch.tensor(np.array(each), dtype=torch.float32) for each in found)
