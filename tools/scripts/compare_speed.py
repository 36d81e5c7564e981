#!/usr/bin/env python3
"""Says by how much one build is slower than another, stage by stage: kws-bench of both in turn, medians of medians.

    git worktree add ../base fda07dc && make -C ../base build && make build
    tools/scripts/compare_speed.py ../base/.build/release .build/release models/*.silif

Every line is a stage of a model with a set of kernels: microseconds before and now, and the difference. A difference
above --limit percent is marked where it is more than two ticks of the clock. Needs nothing but Python. Exit status: 1
where one is marked, 2 for wrong usage.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

TICK_US = 0.01


def stages(build: Path, model: Path, kernels: str, steps: int) -> dict[str, float]:
    """Median microseconds of every stage and layer, by name."""
    command = [build / "kws-bench", "--format", "json", "--kernels", kernels, "--model", model, "--steps", str(steps)]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    found = {name: stage["median_us"] for name, stage in report["stages"].items() if stage}
    found |= {f"layer {index}": layer["median_us"] for index, layer in enumerate(report["layers"])}
    return {name: time for name, time in found.items() if time is not None}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, help="folder of the commands to compare with")
    parser.add_argument("now", type=Path, help="folder of the commands in question")
    parser.add_argument("models", type=Path, nargs="+", help="model files that both can read")
    parser.add_argument("--kernels", default="swift,avx2,avx512", help="sets of kernels (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each build (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=3000, help="steps a run (default: %(default)s)")
    parser.add_argument("--limit", type=float, default=3.0, help="percent that are too many (default: %(default)s)")
    options = parser.parse_args()

    times: dict[tuple, tuple[list, list]] = {}
    for number in range(options.rounds):
        for kernels in options.kernels.split(","):
            for model in options.models:
                # Whoever runs first finds other clock rates and caches, so they take turns at it.
                for side in (0, 1) if number % 2 == 0 else (1, 0):
                    build = (options.before, options.now)[side]
                    for stage, time in stages(build, model, kernels, options.steps).items():
                        times.setdefault((kernels, model.stem, stage), ([], []))[side].append(time)

    marked = 0
    for (kernels, model, stage), sides in times.items():
        before, now = (statistics.median(side) for side in sides)
        percent = 100 * (now / before - 1) if before else 0.0
        too_slow = percent > options.limit and now - before > 2 * TICK_US
        marked += too_slow
        print(
            f"{kernels:7} {model:14} {stage:20} {before:9.3f} {now:9.3f} {percent:+6.1f} %{'  <' if too_slow else ''}"
        )
    print(f"{marked} of {len(times)} more than {options.limit:g} % slower", file=sys.stderr)
    return 1 if marked else 0


if __name__ == "__main__":
    sys.exit(main())
