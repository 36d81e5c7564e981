"""Names of the tensors in the public code bases -> one naming, that of the SiLIF authors with AxDen's delays.

- `snn.N.W.weight`, `snn.N.norm.*`, neuron tensors: Maxtimer97/SSM-inspired-LIF; behind any prefix (`module.`, `net.`)
- `snn.N.W.{weight,P,SIG}`: its layers with delays (commit 4186d6d, DelaySiLIFLayer), synaptic in every layer
- `snn.N.delay_layer.{weight,P,SIG}`: YounesBouhadjar/AxDenSynDelaySNN, and this project's trainer
- `model.4N.{weight,P,SIG}`, `model.4N+1.*`: Thvnvtos/SNN-delays, a sequence of modules with synaptic delays
"""

import re

import numpy as np

from ..errors import ConversionError

State = dict[str, np.ndarray]


def module_number(digits: str) -> int:
    """The number of a layer or module in a tensor's name. Raises ConversionError where no network has so many."""
    if len(digits) > 9:
        raise ConversionError(f"a tensor of layer {digits[:20]}...: no network has so many")
    return int(digits)


def _without_prefix(state: State) -> State:
    """Names from the one prefix on that stands before `snn.0.`."""
    prefixes = {match[1] for match in (re.match(r"(.*?)snn\.0\.", key) for key in state) if match}
    if not prefixes or prefixes == {""}:
        return state
    if len(prefixes) > 1:
        raise ConversionError(f"two networks in one file: {', '.join(sorted(prefixes))}; save one of them")
    prefix = prefixes.pop()
    strangers = [key for key in state if not key.startswith(prefix)]
    if strangers:
        raise ConversionError(f"{strangers[0]} does not belong to {prefix}snn: only the spiking network runs here")
    return {key[len(prefix) :]: values for key, values in state.items()}


def _from_sequence(state: State) -> State:
    """Modules in a row: each that has P begins a layer, and batch normalization belongs to the layer before it."""
    modules: dict[int, State] = {}
    for key, values in state.items():
        match = re.fullmatch(r"(?:.*\.)?model\.(\d+)\.(\w+)", key)
        if not match:
            raise ConversionError(f"{key}: only modules named model.N run here")
        modules.setdefault(module_number(match[1]), {})[match[2]] = values
    named: State = {}
    layer = -1
    for index, tensors in sorted(modules.items()):
        if "P" in tensors:
            layer += 1
            named |= {f"snn.{layer}.delay_layer.{key}": values for key, values in tensors.items()}
        elif "running_mean" in tensors and layer >= 0 and f"snn.{layer}.norm.running_mean" not in named:
            named |= {f"snn.{layer}.norm.{key}": values for key, values in tensors.items()}
        elif set(tensors) == {"w"} and layer >= 0 and f"snn.{layer}.neuron.w" not in named:
            named[f"snn.{layer}.neuron.w"] = tensors["w"]
        else:
            raise ConversionError(
                f"model.{index}: a module with {', '.join(sorted(tensors))} is neither a delayed layer, nor its batch"
                " normalization or ParametricLIF neurons; learnable synapse filters cannot run here"
            )
    return named


def canonical(state: State) -> State:
    """The same tensors under the names of this module's first and third layout; other names are left as they are."""
    if any(re.match(r"(.*\.)?model\.\d+\.P$", key) for key in state):
        return _from_sequence(state)
    state = _without_prefix(state)
    renamed = {}
    for key, values in state.items():
        match = re.fullmatch(r"(snn\.\d+)\.W\.(weight|P|SIG|bias)", key)
        if match and f"{match[1]}.W.P" in state:
            key = f"{match[1]}.delay_layer.{match[2]}"
        renamed[key] = values
    return renamed
