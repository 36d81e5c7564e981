"""How own words are learned: the numbers of scenes and sequences are those of the bundled recipe for streams, but for
what is here."""

from dataclasses import dataclass

from ..train import recipe as recipes
from .speech import QUICK, THOROUGH, Amounts

RECIPE = "kws12-stream"


@dataclass(frozen=True)
class Effort:
    """amounts: of speech; variants: of every recording, made on the waveform; noises: how many, of `noise_s` each;
    steps and batch: of training; fixed_layers: of the network that is started from, left as they are; seconds: of each
    stage on one idle core, for the time left."""

    amounts: Amounts
    variants: int
    reel_variants: int
    noises: int
    noise_s: float
    steps: int
    batch: int
    rate: float
    fixed_layers: int
    seconds: dict[str, float]


QUICK_EFFORT = Effort(
    QUICK, 3, 2, 60, 8.0, 900, 24, 2e-3, 1,
    {"words that sound alike": 8, "speaking": 90, "rooms and noise": 40, "learning": 100, "tuning": 25, "writing": 5},
)  # fmt: skip
# Few steps: after 7,000 the network knew the synthesizers better and people worse. Of 118 recordings of the train list
# it heard 70 % without a false alarm, after 1,500 92 %.
THOROUGH_EFFORT = Effort(
    THOROUGH, 6, 3, 300, 10.0, 1500, 32, 2e-3, 1,
    {"words that sound alike": 10, "speaking": 500, "rooms and noise": 250, "learning": 250, "tuning": 120,
     "writing": 10},
)  # fmt: skip


def recipe(words: list[str], effort: Effort, seed: int) -> dict:
    """The recipe of a run, in the shape that train/ takes: bank, scenes and stream."""
    base = recipes.load(recipes.find(RECIPE))
    bank = base["bank"] | {"variants": effort.variants, "reel_variants": effort.reel_variants, "speed": 1.2}
    scenes = base["scenes"] | {"p_other_words": 0.0, "tilt_db": 7.0, "ripple_db": 4.0}
    stream = base["stream"] | {
        "frozen_from": 0.0, "warp": 1.14, "p_room": 0.3, "p_mined": 0.35, "mined_share": 0.01,
        "p_synthetic_word": 0.0, "frames": 320, "batch": effort.batch, "steps": effort.steps, "rate": effort.rate,
        "item_shares": {"command": 0.42, "unknown": 0.33, "speech": 0.12, "part": 0.07, "gap": 0.06},
        "report_every": max(1, effort.steps // 3), "store_every": max(1, effort.steps // 12), "average": 0.995,
        "due": 40, "hold": 45,
    }  # fmt: skip
    return {"words": [*words, "_unknown_", "_silence_"], "seed": seed, "bank": bank, "scenes": scenes, "stream": stream}
