"""Philox 4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3; SC 2011): random numbers that depend on
nothing but a counter and a key, so that a run can be repeated from any step on.

Twins: Sources/SiLIF/Kinds/Blocks/Philox.swift, docs/ARITHMETIC.md
"""

import numpy as np

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_MASK = np.uint64(0xFFFFFFFF)


def philox4x32(counter: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """counter [..., 4] of 32-bit words -> as many random words, uint64 arrays of values below 2^32."""
    c0, c1, c2, c3 = (np.asarray(counter, np.uint64)[..., index] for index in range(4))
    k0, k1 = (word & 0xFFFFFFFF for word in key)
    for _ in range(_ROUNDS):
        first, second = c0 * np.uint64(_MULTIPLIERS[0]), c2 * np.uint64(_MULTIPLIERS[1])
        c0, c1, c2, c3 = (
            (second >> np.uint64(32)) ^ c1 ^ np.uint64(k0),
            second & _MASK,
            (first >> np.uint64(32)) ^ c3 ^ np.uint64(k1),
            first & _MASK,
        )
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], -1)


def draws(seed: int, step: int, site: int, count: int) -> np.ndarray:
    """`count` numbers of 16 bits, int64, for the neurons of one site (2 · layer, or that plus 1) in one step.

    Each block of eight neurons has one counter, (step, its upper half, site, block), and of each of the words the lower
    half comes first.
    """
    blocks = -(-count // 8)
    counter = np.empty((blocks, 4), np.uint64)
    counter[:, 0], counter[:, 1] = step & 0xFFFFFFFF, step >> 32
    counter[:, 2], counter[:, 3] = site, np.arange(blocks)
    words = philox4x32(counter, (seed & 0xFFFFFFFF, seed >> 32))
    halves = np.stack([words & np.uint64(0xFFFF), words >> np.uint64(16)], -1)
    return halves.reshape(-1)[:count].astype(np.int64)
