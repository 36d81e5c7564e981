"""ListOps, made by its grammar (Nangia & Bowman 2018; lengths as in the Long Range Arena): listops.npz for silif-train.

    python -m silif_tools.train.listops ../data/listops.npz

An expression such as [MAX 2 9 [MIN 4 7 ] 0 ] is read token by token; its value, 0 to 9, is the class. After it comes
the end token until STEPS are full: while that is heard, the network answers.
"""

import argparse
import random
import sys
from pathlib import Path

import numpy as np

from silif_tools.atomic import replacing

OPERATORS = ("[MIN", "[MAX", "[MED", "[SM")
TOKENS = (*"0123456789", *OPERATORS, "]", "end")
CLOSE, END = 14, 15
STEPS = 2048
SHORTEST, LONGEST = 501, 1999  # tokens of an expression
DEEPEST, MOST_ARGUMENTS, P_OPERATOR = 10, 10, 0.25


def value_of(operator: int, arguments: list[int]) -> int:
    """operator: its index in OPERATORS. A median between two numbers is rounded down."""
    if operator == 0:
        return min(arguments)
    if operator == 1:
        return max(arguments)
    if operator == 2:
        ordered, middle = sorted(arguments), len(arguments) // 2
        return ordered[middle] if len(arguments) % 2 else (ordered[middle - 1] + ordered[middle]) // 2
    return sum(arguments) % 10


class TooLong(Exception):
    """An expression that need not be made to its end."""


def node(rng: random.Random, depth: int, tokens: bytearray) -> int:
    """Appends a node's tokens; returns its value. Raises TooLong."""
    if depth >= DEEPEST or rng.random() >= P_OPERATOR:
        digit = int(rng.random() * 10)
        tokens.append(digit)
        return digit
    operator, count = int(rng.random() * 4), 2 + int(rng.random() * (MOST_ARGUMENTS - 1))
    tokens.append(10 + operator)
    arguments = [node(rng, depth + 1, tokens) for _ in range(count)]
    tokens.append(CLOSE)
    if len(tokens) > LONGEST:
        raise TooLong
    return value_of(operator, arguments)


def expressions(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens uint8 [count, STEPS] and values uint8 [count]; no expression twice."""
    rng, seen = random.Random(seed), set()
    x, y = np.full((count, STEPS), END, np.uint8), np.empty(count, np.uint8)
    while len(seen) < count:
        tokens = bytearray()
        try:
            value = node(rng, 1, tokens)
        except TooLong:
            continue
        made = bytes(tokens)
        if len(made) >= SHORTEST and made not in seen:
            x[len(seen), : len(made)], y[len(seen)] = np.frombuffer(made, np.uint8), value
            seen.add(made)
    return x, y


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m silif_tools.train.listops", description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, metavar="NPZ")
    parser.add_argument("--train", type=int, default=98000, help="with those for validation (default 98000)")
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    if options.train < 1 or options.test < 1:
        parser.error("--train and --test: give 1 or more")
    x, y = expressions(options.train + options.test, options.seed)
    kept = options.train
    with replacing(options.output) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, x_train=x[:kept], y_train=y[:kept], x_test=x[kept:], y_test=y[kept:])
    print(
        f"{options.output}: {options.train} and {options.test} expressions, {(x != END).sum(1).mean():.0f} tokens each"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
