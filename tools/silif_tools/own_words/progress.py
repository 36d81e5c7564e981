"""What is being done, how far it is, and how long the rest will take."""

import sys
import time
from collections.abc import Callable


class Progress:
    """Stages with a guess of the seconds that each takes; the guesses are mended by how long the past ones took.

    write: where lines go. On a terminal the line of a running stage is written over; elsewhere a line comes at most
    every `every_s`.
    """

    def __init__(self, seconds: dict[str, float], write: Callable[[str], None] | None = None, every_s: float = 10.0):
        self.seconds, self.every_s = dict(seconds), every_s
        self.began = self.stage_began = time.monotonic()
        self.stage: str | None = None
        self.done_s = 0.0  # guessed seconds of finished stages
        self.spent_s = 0.0  # what they took
        self.last = -every_s
        self.terminal = write is None and sys.stderr.isatty()
        self.write = write or (lambda text: print(text, file=sys.stderr, flush=True))

    def start(self, stage: str) -> None:
        self.finish()
        self.stage, self.stage_began, self.last = stage, time.monotonic(), -self.every_s
        self.at(0.0)

    def finish(self) -> None:
        """The running stage is done."""
        if self.stage is not None:
            self.done_s += self.seconds[self.stage]
            self.spent_s += time.monotonic() - self.stage_began
            self.stage = None

    def left_s(self, share: float) -> float:
        """Seconds left, the running stage being done to this share: by its own pace once a tenth is done."""
        spent = time.monotonic() - self.stage_began
        total, guess = sum(self.seconds.values()), self.seconds[self.stage]
        pace = self.spent_s / self.done_s if self.done_s else 1.0
        own = spent * (1 - share) / share if share > 0.1 else max(guess * pace - spent, guess * pace * (1 - share) / 2)
        return own + (total - self.done_s - guess) * max(pace, spent / (guess * share) if share > 0.1 else 0.0)

    def at(self, share: float, note: str = "") -> None:
        """The running stage is done to this share, 0 to 1."""
        now = time.monotonic()
        if now - self.last < (0.2 if self.terminal else self.every_s) and share < 1:
            return
        self.last = now
        left = self.left_s(share)
        text = f"{self.stage:28} {100 * share:3.0f} %   {spelled(left)} left{'   ' + note if note else ''}"
        if self.terminal:
            print(f"\r\x1b[K{text}", end="\n" if share >= 1 else "", file=sys.stderr, flush=True)
        else:
            self.write(text)


def spelled(seconds: float) -> str:
    """As one says it: "about 3 min", "about 20 s"."""
    if seconds >= 90:
        return f"about {round(seconds / 60)} min"
    return f"about {max(1, round(seconds / 5)) * 5} s"
