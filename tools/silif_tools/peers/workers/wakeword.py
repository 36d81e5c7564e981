"""pymicro-wakeword: 10 ms blocks of samples to the probability of one wake word.

wakeword.py SAMPLES.npy package      as its users call it, in Python
wakeword.py SAMPLES.npy calls        its C functions alone: what a program in C would pay for the same
"""

import importlib.metadata
import sys

import numpy as np
from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model
from serve import serve

samples = np.load(sys.argv[1])
count = len(samples) // 160
blocks = [samples[index * 160 : index * 160 + 160].tobytes() for index in range(count)]
spotter, features = MicroWakeWord.from_builtin(Model.OKAY_NABU), MicroWakeWordFeatures()


def whole() -> None:
    for block in blocks:
        for frame in features.process_streaming(block):
            spotter.process_streaming(frame)


def calls() -> None:
    process, invoke, interpreter = (
        features._frontend.process_samples,
        spotter.lib.TfLiteInterpreterInvoke,
        spotter.interpreter,
    )
    for index, block in enumerate(blocks):
        process(block)
        if index % spotter.stride == 0:
            invoke(interpreter)


version = f"{importlib.metadata.version('pymicro-wakeword')}, okay_nabu"
serve(version, count, whole if sys.argv[2] == "package" else calls)
