"""What a GPU computes in training against what the processor computes. Skipped where there is none.

`python -m pytest tests/test_train_cuda.py -s` prints how far apart they are.
"""

import copy

import pytest
import torch
from torch.nn import functional

from silif_tools.train import ahead, loop, scan
from silif_tools.train.blocks import BLOCKS, BlockNetwork
from silif_tools.train.network import KINDS, Network, scores

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")

FEATURES, CLASSES = 6, 5


def network_of(kind: str) -> torch.nn.Module:
    torch.manual_seed(3)
    if kind in BLOCKS:
        made = BlockNetwork(kind, FEATURES, 32, 2, 4, CLASSES)
        made.start(0.7, 0.2, [0.01, 0.3])
        made.sampler = made.evaluation_sampler = "probabilities"  # two generators draw different numbers
        return made
    made = Network(kind, FEATURES, [48, 48], CLASSES)
    made.start(1.5, 0.5, [0.02, 0.5])
    return made


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Of the first from the second, as a share of the second."""
    return float((one.cpu().double() - other.cpu().double()).norm() / other.cpu().double().norm().clamp_min(1e-12))


@pytest.mark.parametrize("steps", [90, 300])  # of blocks: one product, and blocks of steps
@pytest.mark.parametrize("kind", [*KINDS, *BLOCKS])
def test_loss_gradients_and_probabilities_are_those_of_the_processor(kind, steps):
    made = network_of(kind)
    features, labels = torch.randn(steps, 64, FEATURES), torch.arange(64) % CLASSES
    features += labels[None, :, None] * 0.3
    found = []
    for device in ("cpu", "cuda"):
        network = copy.deepcopy(made).to(device).train()
        loss = functional.cross_entropy(10 * scores(network(features)), labels.to(device))
        loss.backward()
        gradient = torch.cat([p.grad.flatten().cpu() for p in network.parameters()])
        network = copy.deepcopy(made).to(device).eval()
        with torch.no_grad():
            found.append((loss.detach().cpu(), gradient, scores(network(features)).cpu()))
    (loss, gradient, probabilities), (loss_there, gradient_there, probabilities_there) = found
    apart = float((loss_there - loss).abs()), distance(gradient_there, gradient)
    evaluated = float((probabilities_there - probabilities).abs().max())
    print(f"\n{kind}, {steps} steps: loss {apart[0]:.1e}, gradient {apart[1]:.1e}, probabilities {evaluated:.1e}")
    # Spikes within rounding of their threshold fall on either side, and what follows from them differs.
    assert apart[0] < 0.02 and apart[1] < 0.15 and evaluated < 0.02


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_kernels_are_those_of_the_processor(kind):
    """Compiled, not interpreted: forward, backward, dropout by the same hash."""
    from test_train_scan import tensors

    parameters, z, gamma, beta = tensors(kind)
    weight, found = torch.randn(z.shape).bfloat16(), []
    for device in ("cpu", "cuda"):
        x = z.detach().to(device).requires_grad_()
        leaves = [p.detach().clone().to(device).requires_grad_() for p in (gamma, beta, *parameters)]
        function = scan.for_device(torch.device(device))
        spikes, mean, variance = function.apply(kind, x, *leaves[:2], 0.2, 5, None, *leaves[2:])
        (spikes * weight.to(device)).sum().backward()
        found.append((spikes.detach().float().cpu(), mean.cpu(), variance.cpu(), [x.grad, *(p.grad for p in leaves)]))
    (spikes, mean, variance, gradients), (spikes_there, mean_there, variance_there, gradients_there) = found
    apart = [distance(there, here) for there, here in zip(gradients_there, gradients, strict=True)]
    print(f"\n{kind}: {float((spikes != spikes_there).float().mean()):.1e} of the spikes, gradients {max(apart):.1e}")
    assert (spikes != spikes_there).float().mean() < 1e-3 and max(apart) < 0.01
    assert torch.allclose(mean, mean_there, atol=1e-4) and torch.allclose(variance, variance_there, rtol=1e-3)


def test_a_training_goes_on_as_it_would_have_and_learns(tmp_path):
    """A whole run on the GPU, its batches from another process; resumed, it draws the same ones."""
    from test_train_loop import Numbers

    recipe = {"steps": 60, "batch": 16, "rate": 1e-2, "weight_decay": 0.0, "clip_gradient": 1.0, "average": 0.9,
              "report_every": 30}  # fmt: skip

    def loss_of(network, batch):
        return functional.cross_entropy(10 * scores(network(batch.features)), batch.labels)

    losses = []

    def run(path, steps, resume=False):
        made = network_of("silif").cuda()
        work = loop.Run(made, Numbers(20, FEATURES, CLASSES), recipe | {"steps": steps, "rate_steps": 60}, path)
        if resume:
            work.resume()
        work.train(loss_of, lambda mean: mean.eval(), lambda step, loss, *_: losses.append(loss))
        return torch.cat([p.detach().flatten().cpu() for p in work.network.parameters()])

    whole = run(tmp_path / "whole.checkpoint", 60)
    assert losses[1] < losses[0]
    run(tmp_path / "parts.checkpoint", 30)
    assert distance(run(tmp_path / "parts.checkpoint", 60, resume=True), whole) < 0.05


def test_evaluations_draw_the_same_numbers_and_leave_the_gpus_generator_as_it_was():
    made = network_of("pspike").cuda().eval()
    made.evaluation_sampler = "draws"
    features, before = torch.randn(40, 8, FEATURES), torch.cuda.get_rng_state()
    with torch.no_grad():
        assert torch.equal(made(features), made(features))
    assert torch.equal(torch.cuda.get_rng_state(), before)


def test_batches_from_another_process_wait_in_memory_that_a_gpu_copies_from():
    from test_train_loop import Numbers

    numbers = Numbers(3, 2, 2)
    with ahead.drawn(lambda: numbers.drawn({"batch": 4}), numbers.state) as source:
        batch, _ = next(source)
    assert batch.features.is_pinned()
