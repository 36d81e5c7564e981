"""Shapes of the tensors of a layer, checked before anything is computed from them."""

import numpy as np

from ..errors import ConversionError

# The tensors of PyTorch's batch normalization.
BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def named(prefix: str, tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tensors whose names begin so, by the rest of their names."""
    return {key[len(prefix) :]: values for key, values in tensors.items() if key.startswith(prefix)}


def _outputs(tensors: dict[str, np.ndarray], name: str) -> int:
    """Neurons of a layer, by its weights."""
    synaptic = "W.weight" not in tensors
    key, dimensions = ("delay_layer.weight", 3) if synaptic else ("W.weight", 2)
    weight = tensors.get(key)
    if weight is None:
        raise ConversionError(f"{name} has no W.weight")
    if weight.ndim != dimensions or 0 in weight.shape:
        wanted = "[neurons, inputs, 1]" if synaptic else "[neurons, inputs]"
        raise ConversionError(f"{name}.{key} has the shape {list(weight.shape)}; {wanted} is wanted")
    return len(weight)


def per_neuron(values: np.ndarray, name: str, outputs: int) -> np.ndarray:
    """[outputs], of one value for each neuron or one for all."""
    if values.size != 1 and values.shape != (outputs,):
        raise ConversionError(
            f"{name} has the shape {list(values.shape)}; [{outputs}], a value for each neuron, is wanted"
        )
    return np.broadcast_to(values.reshape(-1), outputs)


def check_norm(norm: dict[str, np.ndarray], name: str) -> None:
    """norm: the tensors of a batch normalization, by its own names for them."""
    if "running_mean" not in norm or "running_var" not in norm:
        raise ConversionError(
            f"{name} has no running statistics (running_mean, running_var): batch normalization without them"
            " (track_running_stats=False) divides by what the batch at hand does, layer normalization by what all"
            " neurons do at the moment, and neither can be folded into weights. Of batch normalization, put them in:"
            " a pass over training data with nn.BatchNorm1d(n, momentum=None)"
        )
    if (norm["running_var"] < 0).any():
        raise ConversionError(f"{name}.running_var is negative; a variance is not")


def checked(tensors: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    """The tensors of a layer (by their names without `snn.N.`), one value for each neuron where they had one for all.

    Delays have their own check (`delays.read_delays`), and so do trained scales. Raises ConversionError naming the
    tensor, its shape, and the one that is wanted.
    """
    for key in tensors:
        if key.startswith("delay_layer.") and not {"delay_layer.P", "delay_layer.weight"} <= set(tensors):
            raise ConversionError(f"{name}.{key}: learned delays have delay_layer.P and delay_layer.weight beside it")
    outputs, found = _outputs(tensors, name), dict(tensors)
    if norm := named("norm.", tensors):
        check_norm(norm, f"{name}.norm")
    for key, values in tensors.items():
        if key == "V.weight":
            if values.shape != (outputs, outputs):
                raise ConversionError(
                    f"{name}.V.weight has the shape {list(values.shape)}; [{outputs}, {outputs}] runs here"
                )
            continue
        if key.startswith("delay_layer.") or key in ("W.weight", "W.scale", "norm.num_batches_tracked"):
            continue
        found[key] = per_neuron(values, f"{name}.{key}", outputs)
    return found


def input_norm(state: dict[str, np.ndarray], inputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the inputs, [inputs]. Raises ConversionError where they are none."""
    found = []
    for key in ("input_norm.mean", "input_norm.std"):
        values = state.get(key)
        if values is None or values.shape != (inputs,):
            shape = "is missing" if values is None else f"has the shape {list(values.shape)}"
            raise ConversionError(f"{key} {shape}; [{inputs}], a value for each input, is wanted")
        found.append(values)
    if (found[1] <= 0).any():
        raise ConversionError("input_norm.std must be positive")
    return found[0], found[1]
