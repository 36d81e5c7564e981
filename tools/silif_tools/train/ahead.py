"""Batches for a GPU, composed by another process while the GPU computes the steps before."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator

import torch
from torch.utils.data import DataLoader, IterableDataset

BATCHES = 4  # that wait at most


def changed(batch, how: Callable[[torch.Tensor], torch.Tensor]):
    """A batch, any dataclass, with how(tensor) in place of each of its tensors."""
    found = {f.name: getattr(batch, f.name) for f in dataclasses.fields(batch)}
    return dataclasses.replace(batch, **{k: how(v) for k, v in found.items() if isinstance(v, torch.Tensor)})


@dataclasses.dataclass
class _Drawn:
    batch: object
    state: dict

    def pin_memory(self) -> "_Drawn":
        """DataLoader calls it: memory from which a GPU copies while the processor goes on."""
        return _Drawn(changed(self.batch, torch.Tensor.pin_memory), self.state)


class _Source(IterableDataset):
    def __init__(self, draw: Callable[[], object], state: Callable[[], dict]):
        self.draw, self.state = draw, state

    def __iter__(self) -> Iterator[_Drawn]:
        while True:
            yield _Drawn(self.draw(), self.state())


def _as_it_is(drawn: _Drawn) -> _Drawn:
    return drawn


@contextlib.contextmanager
def drawn(draw: Callable[[], object], state: Callable[[], dict]) -> Iterator[Iterator[tuple[object, dict]]]:
    """An iterator of (draw(), state() after it), in the order in which this process would draw them.

    A fork of this process draws, with one thread; it takes what it needs as it is now."""
    loader = DataLoader(
        _Source(draw, state), batch_size=None, num_workers=1, prefetch_factor=BATCHES, collate_fn=_as_it_is,
        multiprocessing_context="fork", pin_memory=torch.cuda.is_available(),
    )  # fmt: skip
    found = iter(loader)
    try:
        yield ((each.batch, each.state) for each in found)
    finally:
        found._shutdown_workers()
