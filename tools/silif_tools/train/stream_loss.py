"""What a network should do on a stream: per frame, per window as the detector sees it, and per labelled second."""

import torch
from torch.nn import functional

from silif_tools.train.fbank import CLIP_FRAMES
from silif_tools.train.stream_scenes import StreamBatch

BEST = 5  # windows of a clip that stand for its best one in the loss, so that no single one does
# What the best window of unknown and of silence counts beside a command's, about as the rules for clips that are chosen
# in the end have it: half a second of every clip of a command is silence.
NONE_SHARES = (0.8, 0.5)


def window_means(p: torch.Tensor, window: int) -> torch.Tensor:
    """[T, ...] -> means over the last `window` frames, zeros before the first: what the detector thresholds."""
    total = p.cumsum(0)
    return torch.cat([total[:window], total[window:] - total[:-window]]) / window


def frame_losses(logp: torch.Tensor, batch: StreamBatch, none: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """-log of what was allowed to be said: mean over the frames where a command was due, and over all others."""
    loss = -torch.logsumexp(logp.masked_fill(~batch.allowed, -1e4), -1)
    due = (~batch.allowed[..., none].any(-1)).float() * batch.weight
    other = batch.weight - due
    return (loss * due).sum() / due.sum().clamp_min(1), (loss * other).sum() / other.sum().clamp_min(1)


def guidance(logp: torch.Tensor, soft: torch.Tensor, batch: StreamBatch, none: list[int]) -> torch.Tensor:
    """Cross-entropy with a teacher's probabilities soft [T, B, classes], the classes without a command taken together:
    mean over the frames where a command was due, plus that over all others."""
    some = [k for k in range(logp.shape[-1]) if k not in none]
    loss = -(soft[..., some] * logp[..., some]).sum(-1)
    loss = loss - soft[..., none].sum(-1) * torch.logsumexp(logp[..., none], -1)
    due = (~batch.allowed[..., none].any(-1)).float() * batch.weight
    other = batch.weight - due
    return (loss * due).sum() / due.sum().clamp_min(1) + (loss * other).sum() / other.sum().clamp_min(1)


def _log_odds(q: torch.Tensor) -> torch.Tensor:
    q = q.clamp(1e-5, 1 - 1e-5)
    return q.log() - (-q).log1p()


def window_scores(
    p: torch.Tensor, batch: StreamBatch, commands: list[int], r: dict
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log odds of the window means: best for every command that was said, from its end until it is due [words]; and the
    worst that would be a false alarm or a wrong word, of every `block` frames [blocks, B]."""
    q = window_means(p, r["window"])
    false = q.masked_fill(batch.hit, 0)[..., commands].amax(-1) * (batch.weight > 0)
    steps = len(false) // r["block"] * r["block"]
    bad = false[:steps].reshape(-1, r["block"], false.shape[1]).amax(1)
    at, b, label = (torch.from_numpy(batch.ends[:, i]) for i in range(3))
    frames = at[:, None] + torch.arange(r["due"])[None]
    good = q[frames, b[:, None], label[:, None]].amax(1)
    return _log_odds(good), _log_odds(bad)


def ranking(good: torch.Tensor, bad: torch.Tensor, hardest: float, margin: float) -> torch.Tensor:
    """Every word should score above the hardest share of what is none: softplus of the differences' mean."""
    worst = bad.flatten().topk(max(1, int(hardest * bad.numel()))).values
    return functional.softplus(worst[None] - good[:, None] + margin).mean()


def best_windows(p: torch.Tensor, window: int, none: list[int]) -> torch.Tensor:
    """What a rule for clips scores by, softened: the mean over the best windows of each class within clips
    p [frames, clips, classes] -> [clips, classes]. none: unknown and silence."""
    total = functional.pad(p.cumsum(0), (0, 0, 0, 0, 1, 0))
    best = ((total[window:] - total[:-window]) / window).topk(BEST, 0).values.mean(0)
    share = torch.ones(p.shape[-1], device=p.device)
    share[none] = torch.tensor(NONE_SHARES, device=p.device)
    return best * share


def clip_loss(
    p: torch.Tensor, batch: StreamBatch, teacher: torch.Tensor | None, r: dict, none: list[int]
) -> torch.Tensor:
    """The loss of student.py on the seconds that stand for clips, scored by their mean or by their best windows.
    teacher: probabilities [clips, classes]; none: unknown and silence."""
    at, b, label = (torch.from_numpy(batch.clips[:, i]) for i in range(3))
    heard = p[at[None] + torch.arange(CLIP_FRAMES)[:, None], b[None]]
    found = best_windows(heard, r["window"], none) if r.get("clip_score") == "window" else heard.mean(0)
    found = functional.log_softmax(found * r["score_scale"], 1)
    classes, smoothing = p.shape[-1], r["label_smoothing"]
    target = functional.one_hot(label.to(p.device), classes).float() * (1 - smoothing) + smoothing / classes
    if teacher is not None:
        target = (1 - r["teacher_weight"]) * target + r["teacher_weight"] * teacher
    return -(target * found).sum(1).mean()


def clip_features(batch: StreamBatch) -> torch.Tensor:
    """[CLIP_FRAMES, clips, BANDS]."""
    at, b = (torch.from_numpy(batch.clips[:, i]) for i in range(2))
    return batch.features[at[None] + torch.arange(CLIP_FRAMES)[:, None], b[None]]


def loss_of(
    potentials: torch.Tensor,
    batch: StreamBatch,
    commands: list[int],
    none: list[int],
    teacher: torch.Tensor | None,
    r: dict,
    frames: torch.Tensor | None = None,
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The whole loss and its parts, which a GPU is not waited for; none: the classes that are no command; teacher,
    frames: what the clips' teacher and the frames' say."""
    logp = potentials.float().log_softmax(-1)
    p = logp.exp()
    due, other = frame_losses(logp, batch, none)
    parts = {"due": due * r["due_weight"], "other": other * r["other_weight"]}
    good, bad = window_scores(p, batch, commands, r)
    if len(good):
        parts["ranking"] = r["ranking_weight"] * ranking(good, bad, r["hardest"], r["margin"])
    worst = bad.flatten().topk(max(1, int(r["hardest"] * bad.numel()))).values
    parts["alarms"] = r["alarm_weight"] * functional.softplus(worst).mean()
    parts["words"] = r["word_weight"] * functional.softplus(-good).mean() if len(good) else p.new_zeros(())
    if len(batch.clips):
        parts["clips"] = r["clip_weight"] * clip_loss(p, batch, teacher, r, none)
    if frames is not None:
        parts["teacher"] = r["teacher"]["weight"] * guidance(logp, frames, batch, none)
    total = sum(parts.values())
    return total, {k: v.detach() for k, v in parts.items()}
