"""What a round of a run was trained by, kept in its checkpoints: gone on with by another seed or other settings, it
would end as a network of which NAME.json says what is not true."""

import argparse
import hashlib
from dataclasses import dataclass
from pathlib import Path

from silif_tools.train import schedule

_NAMED = 3  # differences that a message names
_WITHOUT_EFFECT = "store_every"


@dataclass(frozen=True)
class Origin:
    """settings: all that the round depends on, by dotted names. steps: the name of the round's own number of steps."""

    settings: dict[str, object]
    steps: str

    def check(self, stored: dict[str, object] | None, checkpoint: Path, step: int, settings: dict) -> None:
        """Raises ValueError where a checkpoint, which stands at a step, is of another origin. stored: what it says of
        that, nothing if it is older than this. settings: of the round. They may have other `steps` than the stored ones
        where all went as with these until now."""
        if stored is None:
            return
        other = [k for k in {**stored, **self.settings} if stored.get(k) != self.settings.get(k)]
        other = [k for k in other if k.rpartition(".")[2] != _WITHOUT_EFFECT]
        if self.steps in other and self._was_so_until(step, settings, stored.get(self.steps)):
            other.remove(self.steps)
        if other:
            said = [f"{key} was {_shown(stored.get(key))}, is {_shown(self.settings.get(key))}" for key in other]
            more = f" and {len(said) - _NAMED} more" if len(said) > _NAMED else ""
            raise ValueError(
                f"{checkpoint}: of another run: {'; '.join(said[:_NAMED])}{more}. Give it as it was, or another"
                " --output, or leave out --resume"
            )

    def _was_so_until(self, step: int, settings: dict, steps: object) -> bool:
        # The gaussians of delays narrow by the share of the steps.
        has_delays = any(key.startswith("delay.") for key in self.settings)
        known = steps is not None and self.steps in self.settings
        return known and not has_delays and schedule.is_same_until(step, settings, steps)


def _shown(value: object) -> str:
    return "none" if value is None else str(value)


def _flat(content: dict, prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in content.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def _made(recipe: dict, options: argparse.Namespace, without: tuple[str, ...], steps: str) -> Origin:
    kept = {key: value for key, value in recipe.items() if key not in ("name", "finish", *without)}
    start = hashlib.sha256(options.start.read_bytes()).hexdigest()[:16] if options.start else None
    return Origin({"--seed": options.seed, "--start": start, **_flat(kept)}, steps)


def of_round(recipe: dict, options: argparse.Namespace, number: int) -> Origin:
    """Of a round on clips or sequences of numbers, from 0. What comes after it may change: a round can be added."""
    changes = {f"finish {k + 1}": change for k, change in enumerate(recipe.get("finish", [])[:number])}
    steps = f"finish {number}.training.steps" if number else "training.steps"
    return _made({**recipe, **changes}, options, ("stream",), steps)


def of_stream(recipe: dict, options: argparse.Namespace, *, is_finish: bool) -> Origin:
    """Of the stage for streams, or of its round in integers."""
    changes = {f"finish {k + 1}": change for k, change in enumerate(recipe.get("finish", []))}
    stream = {key: value for key, value in recipe["stream"].items() if is_finish or key != "finish"}
    steps = "stream.finish.steps" if is_finish else "stream.steps"
    return _made({**recipe, **changes, "stream": stream}, options, (), steps)
