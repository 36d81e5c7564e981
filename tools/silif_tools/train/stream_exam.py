"""A network on validation streams: hits against false alarms per hour, as the detector of the engine would count them.

Float weights rounded to int8 per row, float states; the bit-exact figures come from the engine (docs/STREAMS.md).
"""

from dataclasses import dataclass

import numpy as np
import torch

from silif_tools.export.convert import default_detector
from silif_tools.streams.compose import compose
from silif_tools.streams.tune import Stream, score_stream, with_threshold
from silif_tools.train import waves
from silif_tools.train.clips import Clips
from silif_tools.train.fbank import FRAME, HOP, log_mel
from silif_tools.train.network import Network
from silif_tools.train.rounding import with_rounded_weights

RUNS, LEAD = 48, 300  # a stream is cut into so many pieces that run side by side, each after so many frames of run-up
SECTION = 120_000  # frames heard at a time: 48 pieces of a whole hour would take gigabytes
WINDOWS = (35, 50, 60)
THRESHOLDS = (*np.round(np.arange(0.4, 0.98, 0.03), 2), 0.98, 0.99)
ALARMS_PER_HOUR = (1.0, 3.0, 5.0, 10.0)


def features_of(pcm: np.ndarray) -> np.ndarray:
    """log-mel float16 [frames, BANDS] of a long int16 recording."""
    parts, step = [], 6000 * HOP
    for at in range(0, len(pcm) - FRAME + 1, step):
        piece = pcm[at : at + step + FRAME - HOP]
        if len(piece) >= FRAME:
            parts.append(log_mel(torch.from_numpy(piece.astype(np.float32) / 32768)).numpy().astype(np.float16))
    return np.concatenate(parts)


def probabilities(network: Network, features: np.ndarray) -> np.ndarray:
    """Q15 [frames, classes] of a running network."""
    parts = []
    for at in range(0, len(features), SECTION):
        lead = min(at, LEAD)
        parts.append(_section(network, features[at - lead : at + SECTION])[lead:])
    return np.concatenate(parts)


@torch.no_grad()
def _section(network: Network, features: np.ndarray) -> np.ndarray:
    network.eval()
    length = -(-len(features) // RUNS)
    padded = np.concatenate([np.tile(features[:1], (LEAD, 1)), features, np.tile(features[-1:], (RUNS * length, 1))])
    x = np.stack([padded[k * length : (k + 1) * length + LEAD] for k in range(RUNS)], 1)
    p = network(torch.from_numpy(x.astype(np.float32))).softmax(-1)[LEAD:]
    p = p.transpose(0, 1).reshape(RUNS * length, -1)[: len(features)].numpy()
    return np.floor(p * 32768 + 0.5).astype(np.int64)


@dataclass
class Setting:
    """A window and common threshold, and what they gave."""

    window: int
    threshold: float
    alarms_per_hour: float
    hits: dict[str, float]
    wrong: dict[str, float]
    latency_ms: float


class StreamExamination:
    """words: labelled clips, of which the commands are used; noise and speech were never trained on. copies: how often
    the speech is heard again at another speed, for there is little of it.

    Single foreign words (data/words) are no part of it: they raise ten times the alarms of running speech, some said
    just like a command (Arabic "la", Mandarin "gou"), and would decide every threshold.
    """

    def __init__(self, names: list[str], words: Clips, noise: Clips, speech: Clips, copies: int = 3):
        self.words = names
        commands = [i for i in range(len(words)) if words.folder(i) in names and not words.folder(i).startswith("_")]
        said = [(words.folder(i), words.clip(i)) for i in commands]
        noises, talk = ([c.clip(i) for i in range(len(c))] for c in (noise, speech))
        self.streams, self.truth = {}, {}
        for snr in (20, 10):
            pcm, truth = compose(said, noises, talk, snr_db=snr, seed=1)
            self.streams[f"{snr} dB"] = features_of(pcm)
            self.truth[f"{snr} dB"] = [(row.start_s, row.end_s, row.word) for row in truth]
        rng = np.random.default_rng(1)
        none = [*talk, *noises]
        for _ in range(copies):
            for piece in talk:
                none.append(np.clip(waves.varied(piece.astype(np.float32), rng, 1.15, 0.3, 0.0), -32768, 32767))
        self.streams["none"] = features_of(np.concatenate(none).astype(np.int16))
        self.truth["none"] = []

    def run(self, network: torch.nn.Module, rounded: bool = True) -> dict[str, Stream]:
        """rounded: with the weights of a spiking network rounded to int8."""
        rounded = with_rounded_weights(network) if rounded else network
        return {k: Stream(k, probabilities(rounded, x), self.truth[k]) for k, x in self.streams.items()}

    def curve(self, runs: dict[str, Stream], windows=WINDOWS, thresholds=THRESHOLDS) -> list[Setting]:
        """Every window and threshold; the highest threshold first."""
        out, base = [], default_detector(self.words)
        for window in windows:
            for threshold in sorted(thresholds, reverse=True):
                base.window_frames, base.warm_up_frames = window, window + 10
                moved = with_threshold(base, threshold)
                found = {k: score_stream(stream, moved, self.words) for k, stream in runs.items()}
                none = found.pop("none")
                hits = {k: 100 * s.hit_rate for k, s in found.items()}
                wrong = {k: 100 * s.wrong_words / (s.hits + s.misses) for k, s in found.items()}
                late = [x for s in found.values() for x in s.latency_ms]
                latency = float(np.median(late)) if late else float("nan")
                out.append(Setting(window, float(threshold), none.false_alarms_per_hour, hits, wrong, latency))
                if none.false_alarms_per_hour > 2 * max(ALARMS_PER_HOUR):
                    break
        return out

    @staticmethod
    def best(curve: list[Setting], alarms_per_hour: float) -> Setting | None:
        """Most hits at 10 dB within so many alarms and 300 ms."""
        good = [s for s in curve if s.alarms_per_hour <= alarms_per_hour and s.latency_ms <= 300]
        return max(good, key=lambda s: s.hits["10 dB"], default=None)


def line(curve: list[Setting]) -> str:
    """For the log: hits at 10 and 20 dB at several rates of alarms."""
    parts = []
    for rate in ALARMS_PER_HOUR:
        s = StreamExamination.best(curve, rate)
        if s:
            parts.append(
                f"{rate:g}/h: {s.hits['10 dB']:.0f} {s.hits['20 dB']:.0f} % wrong {s.wrong['10 dB']:.1f} "
                f"({s.window}, {s.threshold:.2f}, {s.latency_ms:.0f} ms)"
            )
    return "; ".join(parts)
