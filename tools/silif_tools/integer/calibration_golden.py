"""Writes the golden vectors that Tests/KeywordSpotterTests compares the Swift calibration and detector with.

    python -m silif_tools.integer.calibration_golden [FILE]     (from tools/; the default is the checked-in file)

Probabilities are a random walk of a linear congruential generator, so that only results need to be stored.
"""

import json
import sys
from pathlib import Path

import numpy as np

from silif_tools import __version__
from silif_tools.atomic import write_atomically
from silif_tools.integer.detector import Means, clip_means_of, detect, event_probabilities_q15
from silif_tools.integer.resampler_golden import noise
from silif_tools.model_file.calibration import ONE_Q15, Calibrates, Calibration
from silif_tools.model_file.tables import Detector

DEFAULT = Path(__file__).parents[3] / "Tests/KeywordSpotterTests/Golden/calibration.json"
# Two knots and many, flat and steep, weights on one mean and on all.
EVENTS = [
    Calibration(Calibrates.EVENTS, (32768, 0, 0), ((0, 0), (32768, 32768)), 1, 0),
    Calibration(Calibrates.EVENTS, (0, 10001, 22767), ((11687, 81), (16000, 2000), (23689, 16382), (32768, 32421)), 3),
    Calibration(Calibrates.EVENTS, (11111, 10923, 10734), ((16000, 500), (16001, 32767), (30000, 32767)), 4, 65535),
    Calibration(
        Calibrates.EVENTS, (5000, 20000, 7768), tuple((9 + 520 * k, 7 * k * k) for k in range(63)), 7, 316
    ),
]  # fmt: skip
CLIPS = [
    Calibration(Calibrates.CLIPS, (20000, 0, 12768), ((3000, 0), (12345, 20001), (29999, 32767))),
    Calibration(Calibrates.CLIPS, (0, 0, 32768), ((0, 1), (32767, 32768))),
]
# window, warm-up, refractory, least share
DETECTORS = [(1, 0, 0, 0.0), (4, 5, 3, 0.0), (9, 10, 0, 0.0), (30, 40, 20, 0.0), (9, 10, 3, 0.3), (30, 40, 20, 0.5)]


def walk(frames: int, classes: int, seed: int) -> np.ndarray:
    """Probabilities [frame, class] that go up and down, 0...32768."""
    steps = noise(frames * classes, seed).reshape(frames, classes).astype(np.int64) >> 2
    level, rows = np.full(classes, 12000), []
    for step in steps:
        level = np.clip(level + step, 0, ONE_Q15)
        rows.append(level)
    return np.array(rows)


def _function(calibration: Calibration, window: int, seed: int) -> dict:
    means = noise(3 * 60, seed).astype(np.int64).reshape(-1, 3) + ONE_Q15 // 2
    means = np.concatenate([np.clip(means, 0, ONE_Q15), [[0, 0, 0], [ONE_Q15] * 3, [ONE_Q15, ONE_Q15, 0]]])
    found = calibration.probability_q15(*means.T)
    return {"section": calibration.section().hex(), "window": window, "means": means.tolist(), "found": found.tolist()}


def _events(calibration: Calibration, settings: tuple[int, int, int, float], classes: int, seed: int) -> dict:
    window, warm_up, refractory, least_share = settings
    levels = [np.full(classes, level / ONE_Q15) for level in (14000, 9000)]
    detector = Detector(window, warm_up, refractory, *levels, np.arange(classes) < max(classes - 1, 1), least_share)
    probabilities = walk(400, classes, seed)
    events = detect(probabilities, detector)
    found = event_probabilities_q15(events, probabilities, window, calibration)
    rows = [[e.frame, e.word, e.score_q15, int(p)] for e, p in zip(events, found, strict=True)]
    case = {"section": calibration.section().hex(), "window": window, "warm_up": warm_up, "refractory": refractory}
    case["least_share_q15"] = round(ONE_Q15 * least_share)
    return case | {"classes": classes, "threshold_q15": 14000, "rearm_q15": 9000, "seed": seed, "events": rows}


def _clip(calibration: Calibration, frames: int, classes: int, seed: int) -> dict:
    sums = walk(frames, classes, seed).sum(axis=0)
    means: Means = clip_means_of(sums[None], np.array([frames]))
    found = calibration.probability_q15(means.score_q15, means.recent_q15, means.rival_q15)
    return {"section": calibration.section().hex(), "frames": frames, "sums": sums.tolist(), "found": int(found[0])}


def golden() -> dict[str, list[dict]]:
    """Everything in the file, as plain values."""
    fitting = [(c, s) for c in EVENTS for s in DETECTORS if c.recent_frames <= s[0]]
    events = [_events(c, s, classes, 100 + k) for k, (c, s) in enumerate(fitting) for classes in (1, 2, 5)]
    functions = [_function(c, 1024, 1 + k) for k, c in enumerate([*EVENTS, *CLIPS])]
    clips = [_clip(c, frames, classes, frames) for c in CLIPS for frames in (1, 7, 98) for classes in (1, 2, 12)]
    return {"functions": functions, "events": events, "clips": clips}


def text() -> str:
    """The file, one case a line."""
    lines = [f' "generator": "silif_tools {__version__}, calibration_golden.py"']
    for name, cases in golden().items():
        lines.append(f' "{name}": [\n  ' + ",\n  ".join(json.dumps(case) for case in cases) + "\n ]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    write_atomically(path, text())
    print(f"wrote {path}")
