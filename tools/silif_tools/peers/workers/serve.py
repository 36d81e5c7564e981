"""The conversation with the command that measures: each line on standard input asks for one more pass."""

import json
import sys
import time


def serve(version: str, steps: int, run, facts: dict | None = None) -> None:
    """run(): one pass of `steps` steps. Replies with the CPU time of a step, all threads of this process together."""
    run()
    print(json.dumps({"version": version, **(facts or {})}), flush=True)
    for _ in sys.stdin:
        start = time.process_time_ns()
        run()
        used = time.process_time_ns() - start
        print(json.dumps({"us_per_step": used / 1000 / steps}), flush=True)
