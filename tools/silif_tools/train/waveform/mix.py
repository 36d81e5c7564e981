"""Plans of sequences (plan.py) made into sound and its features, on the device that trains."""

import math

import torch

from silif_tools.train.fbank import BANDS, EPSILON, FFT, FRAME, HIGH_HZ, HOP, LOW_HZ, SAMPLE_RATE, frame_transform
from silif_tools.train.scenes import DB
from silif_tools.train.waveform import embedding
from silif_tools.train.waveform.plan import ITEMS, Plan

FADE = 64  # samples at both ends of a piece
WARPS = 25
EMBEDDING_BINS = 160  # that its bands reach, moved by a sixth


def samples_of(steps: int) -> int:
    """Samples of so many frames."""
    return FRAME + (steps - 1) * HOP


def mixed(tape: torch.Tensor, plan: Plan, slots: slice, length: int) -> torch.Tensor:
    """float32 [B, length]: the pieces in these slots, each at its speed (cubic interpolation), faded in and out."""
    if tape.device.type == "cuda":
        from silif_tools.train.waveform import mix_triton  # comes with PyTorch for GPUs alone

        return mix_triton.mixed(tape, plan, slots, length)
    out = torch.zeros(len(plan.source), length)
    for k in range(len(plan.source[0]))[slots]:
        for b in (plan.length[:, k] > 0).nonzero()[:, 0].tolist():
            n, at, speed = int(plan.length[b, k]), int(plan.at[b, k]), plan.speed[b, k]
            first, last = max(at, 0), min(at + n, length)
            if first >= last:
                continue
            i = torch.arange(first - at, last - at)
            position = i.float() * speed
            whole = position.floor()
            f = position - whole
            index = int(plan.source[b, k]) + whole.long()
            y0, y1, y2, y3 = (tape[(index + d).clamp(0, len(tape) - 1)].float() for d in (-1, 0, 1, 2))
            value = cubic(y0, y1, y2, y3, f)
            fade = torch.minimum(i + 1, n - i).float().div(FADE).clamp_max(1.0)
            out[b, first:last] += plan.gain[b, k] / 32768 * fade * value
    return out


def cubic(y0, y1, y2, y3, f):
    """Catmull-Rom between y1 and y2."""
    return y1 + 0.5 * f * (y2 - y0 + f * (2 * y0 - 5 * y1 + 4 * y2 - y3 + f * (3 * (y1 - y2) + y3 - y0)))


def _mel(hz: torch.Tensor) -> torch.Tensor:
    return 1127.0 * torch.log(1.0 + hz / 700.0)


def bands_at(hz: torch.Tensor) -> torch.Tensor:
    """Weights [..., bins, BANDS] of the front end's bands at frequencies [..., bins], as fbank.mel_filters."""
    low, high = (_mel(torch.tensor([x], dtype=torch.float64)) for x in (LOW_HZ, HIGH_HZ))
    step = (high - low) / (BANDS + 1)
    left = low + step * torch.arange(BANDS, dtype=torch.float64)
    at = _mel(hz.double())[..., None]
    return torch.minimum((at - left) / step, (left + 2 * step - at) / step).clamp_min(0).float()


class Mixer:
    """tape: int16 [samples]; rooms: impulse responses [rooms, samples]."""

    def __init__(self, tape: torch.Tensor, rooms: torch.Tensor, warp: float):
        self.tape, self.device, self.warp = tape, tape.device, warp
        device = self.device
        self.rooms, self._spectra = rooms.to(device), {}
        ratios = torch.tensor([warp ** (2 * k / (WARPS - 1) - 1) for k in range(WARPS)])
        hz = torch.arange(FFT // 2) * SAMPLE_RATE / FFT
        self.filters = bands_at(hz[None] / ratios[:, None]).to(device)  # [WARPS, FFT / 2, BANDS]
        self.transform = frame_transform().to(device)
        # Where an equaliser's curve over the bands stands at every bin.
        low, high = _mel(torch.tensor(LOW_HZ)), _mel(torch.tensor(HIGH_HZ))
        self.place = ((_mel(hz) - low) / (high - low) * 2 - 1).clamp(-1, 1).to(device)
        angle = torch.arange(FRAME, dtype=torch.float64)[:, None] * torch.arange(EMBEDDING_BINS, dtype=torch.float64)
        angle = angle * (2 * math.pi / FFT)
        window = torch.hann_window(FRAME, dtype=torch.float64)[:, None] * 32768
        self.embedding_transform = torch.cat([angle.cos() * window, angle.sin() * window], 1).float().to(device)
        moved = embedding.mel_filters((hz[None, :EMBEDDING_BINS] / ratios[:, None]).numpy())
        self.embedding_filters = torch.from_numpy(moved).to(device)  # [WARPS, EMBEDDING_BINS, 32]

    def on(self, device: torch.device) -> "Mixer":
        return Mixer(self.tape.to(device), self.rooms, self.warp)

    def sound(self, plan: Plan, steps: int) -> torch.Tensor:
        """float32 [B, samples_of(steps)] in +-1, in steps of 16 bits."""
        n = samples_of(steps)
        sound = mixed(self.tape, plan, slice(0, ITEMS), n)
        if len(plan.rows):
            rows, rooms = plan.rows, plan.room
            size = 1 << (n + self.rooms.shape[1] - 1).bit_length()
            if size not in self._spectra:
                self._spectra[size] = torch.fft.rfft(self.rooms, size)
            wet = torch.fft.irfft(torch.fft.rfft(sound[rows], size) * self._spectra[size][rooms], size)[:, :n]
            sound[rows] = wet
        sound += mixed(self.tape, plan, slice(ITEMS, None), n)
        sound *= plan.level[:, None]
        edge = sound.abs().amax(1, keepdim=True) * plan.limit[:, None]
        sound = torch.clamp(torch.clamp(sound, -edge, edge), -1, 32767 / 32768)
        return (sound * 32768).round_().div_(32768)

    def features(self, sound: torch.Tensor, plan: Plan) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-mel [T, B, BANDS], and the speech embedding's own [B, T, 32]."""
        frames = sound.unfold(-1, FRAME, HOP)
        curve = self._curve(plan.curve)[:, :, None]
        power = _power(frames, self.transform)
        energy = power @ (self.filters[plan.warp] * curve)
        features = energy.clamp_min(EPSILON).log().transpose(0, 1).contiguous()
        power = _power(frames, self.embedding_transform)
        mel = power @ (self.embedding_filters[plan.warp] * curve[:, :EMBEDDING_BINS])
        return features, embedding.log_mel(mel)

    def log_mel(self, tape: torch.Tensor) -> torch.Tensor:
        """[T, BANDS] of samples of the tape, as they are."""
        power = _power((tape.float() / 32768).unfold(-1, FRAME, HOP), self.transform)
        return (power @ self.filters[WARPS // 2]).clamp_min(EPSILON).log()

    def _curve(self, c: torch.Tensor) -> torch.Tensor:
        """Factors of power [B, FFT / 2]."""
        at = self.place[None]
        tilt, h1, p1, h2, p2, edge = c[:, :, None].unbind(1)
        decibels = tilt * at + h1 * torch.cos(math.pi * at + p1) + h2 * torch.cos(2 * math.pi * at + p2)
        decibels = decibels - 60.0 * (at - edge).clamp_min(0)
        return (decibels * DB).exp()


def _power(frames: torch.Tensor, transform: torch.Tensor) -> torch.Tensor:
    spectrum = frames @ transform
    bins = spectrum.shape[-1] // 2
    return spectrum[..., :bins].square() + spectrum[..., bins:].square()
