"""The learning rate over the steps of a round."""

import math

FLAT_WARM_UP = 500  # steps


def rate(step: int, steps: int, highest: float, warm_up: float = 0.1, flat: float = 0.0) -> float:
    """Learning rate: up linearly, down as a cosine to nearly nothing.

    flat: the share of the steps at whose end it begins to go down, linearly then. Until there it does not depend on
    `steps`, but for the warm-up of FLAT_WARM_UP steps: a run may be made longer while it lasts.
    """
    at = step / steps
    if flat:
        return highest * min(0.04 + 0.96 * step / FLAT_WARM_UP, 1.0, 0.002 + 0.998 * (1 - at) / (1 - flat))
    if at < warm_up:
        return highest * (0.04 + 0.96 * at / warm_up)
    return highest * (0.002 + 0.998 * 0.5 * (1 + math.cos(math.pi * (at - warm_up) / (1 - warm_up))))


def cycle(settings: dict) -> int:
    """The steps by which the rate goes: of the round, where it says no others."""
    return settings.get("rate_steps", settings["steps"])


def is_same_until(step: int, settings: dict, steps: int) -> bool:
    """Whether a round of these settings goes up to a step as one of so many steps does."""
    lengths = cycle(settings), cycle(settings | {"steps": steps})
    frozen = [round(settings.get("frozen_from", 0.0) * length) for length in lengths]
    if frozen[0] != frozen[1] and step > min(frozen):
        return False
    flat = settings.get("flat", 0.0)
    return all(rate(k, lengths[0], 1.0, flat=flat) == rate(k, lengths[1], 1.0, flat=flat) for k in range(step))
