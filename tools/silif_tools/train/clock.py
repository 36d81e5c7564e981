"""How long a run took, over all its interruptions: checkpoints hold what had passed until then."""

import time


class Clock:
    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A command begins."""
        self._began, self._before = time.monotonic(), 0.0

    def seconds(self) -> float:
        return self._before + time.monotonic() - self._began

    def go_on(self, seconds: float) -> None:
        """It goes on with what took so long."""
        self._before = max(self._before, seconds)


COMMAND = Clock()  # of this process
