"""What a state dict does not say of its network."""

from dataclasses import dataclass

# Taps of a learned delay's convolution in the published networks.
DEFAULT_KERNEL = 31
# PyTorch's default.
BATCH_NORM_EPSILON = 1e-5


@dataclass
class Choices:
    """neuron: "cadlif" or "adlif", for layers whose tensors fit both.

    lif_tau_steps: of layers without any neuron tensors, u = (1 - 1/tau)·u + I. lif_reset: theirs, "subtract" or "hard".
    spike_threshold: of S4D layers named as in the S4 code base, which do not say what makes their spikes.
    norm_epsilon: what batch normalization adds to variances.
    delay_kernel: taps of the delays' convolutions. delays: their kind ("axonal", "dendritic") in square layers.
    """

    neuron: str = "cadlif"
    lif_tau_steps: float | None = None
    lif_reset: str = "subtract"
    delay_kernel: int = DEFAULT_KERNEL
    delays: str | None = None
    spike_threshold: float | None = None
    norm_epsilon: float = BATCH_NORM_EPSILON


def described(description: dict) -> Choices:
    """By what the trainer wrote beside a checkpoint (NAME.json), else as in the published networks."""
    delay = description.get("delay") or {}
    kernel = delay["max_delay"] + 1 if "max_delay" in delay else DEFAULT_KERNEL
    return Choices(delay_kernel=kernel, delays=delay.get("kind"))
