"""pymicro-features, the front end of microWakeWord: 10 ms blocks of samples to 40 features."""

import importlib.metadata
import sys

import numpy as np
from pymicro_features import MicroFrontend
from serve import serve

samples = np.load(sys.argv[1])
count = len(samples) // 160
blocks = [samples[index * 160 : index * 160 + 160].tobytes() for index in range(count)]
frontend = MicroFrontend()


def run() -> None:
    for block in blocks:
        frontend.process_samples(block)


serve(importlib.metadata.version("pymicro-features"), count, run)
