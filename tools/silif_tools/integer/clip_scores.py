"""A whole clip's scores: the mean over its steps, or, where the model has a rule for clips, by its best windows.

Twins: Sources/KeywordSpotter/ClipSums.swift, Sources/SpotterHost/ClipScorer.swift, Sources/SiLIFC/Engine.swift
"""

import numpy as np

from ..model_file.calibration import ONE_Q15
from ..model_file.clip_rule import ClipRule
from ..model_file.tables import ModelTables


def best_sums(probabilities: np.ndarray, window: int) -> np.ndarray:
    """[clip, step, class] -> the largest sums over the window, [clip, class]; zeros before the first step."""
    total = probabilities.cumsum(axis=1)
    total[:, window:] -= total[:, :-window].copy()
    return total.max(axis=1)


def best_means_q15(probabilities_q15: np.ndarray, window: int) -> np.ndarray:
    """The same as means, rounded half up."""
    return (best_sums(np.asarray(probabilities_q15, dtype=np.int64), window) + window // 2) // window


def clip_sums_q15(model: ModelTables, probabilities_q15: np.ndarray) -> np.ndarray:
    """[clip, step, class], the tail's steps among them -> scores times steps, [clip, class]."""
    if model.clip_rule is None:
        return probabilities_q15.astype(np.int64).sum(axis=1)
    best_q15 = best_means_q15(probabilities_q15, model.detector.window_frames)
    return model.clip_rule.scores_q15(best_q15) * probabilities_q15.shape[1]


def float_clip_scores(model: ModelTables, probabilities: np.ndarray) -> np.ndarray:
    """The same of a float network's probabilities, 0...1: scores times steps, [clip, class]."""
    rule, steps = model.clip_rule, probabilities.shape[1]
    if rule is None:
        return probabilities.sum(axis=1)
    best = best_sums(probabilities, model.detector.window_frames) / model.detector.window_frames
    return (np.array(rule.levels_q15) + np.array(rule.weights_q15) * best) / ONE_Q15 * steps


def heard_frames(model: ModelTables) -> int:
    """Steps of a clip of the model's length, with the rule's tail."""
    return model.clip_frames + (model.clip_rule.tail_frames if model.clip_rule else 0)


def for_words(
    words: int, unknown: int | None, silence: int | None, tail_frames: int, unknown_weight: float, silence_level: float
) -> ClipRule:
    """Every word by its best window; *unknown* by a share of its own; *silence* by one level, whatever was heard."""
    weights, levels = [ONE_Q15] * words, [0] * words
    if unknown is not None:
        weights[unknown] = round(unknown_weight * ONE_Q15)
    if silence is not None:
        weights[silence], levels[silence] = 0, round(silence_level * ONE_Q15)
    return ClipRule(tail_frames, tuple(weights), tuple(levels))
