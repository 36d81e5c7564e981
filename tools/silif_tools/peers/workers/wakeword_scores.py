"""pymicro-wakeword: samples to the score of one of its bundled wake words, for every block of 10 ms.

wakeword_scores.py WORD SAMPLES.npy SCORES.npy

SAMPLES: int16 at 16 kHz. SCORES: float32 [block], the mean of its last probabilities, which it holds against its
threshold; it computes one every third block. Prints that threshold and the package's version.
"""

import importlib.metadata
import sys

import numpy as np
from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

BLOCK = 160
spotter, features = MicroWakeWord.from_builtin(Model(sys.argv[1])), MicroWakeWordFeatures()
samples = np.load(sys.argv[2])
scores = np.zeros(len(samples) // BLOCK, np.float32)
score = 0.0
for index in range(len(scores)):
    for frame in features.process_streaming(samples[index * BLOCK : (index + 1) * BLOCK].tobytes()):
        # Blocks on which the network does not run give 0, too.
        waits = len(spotter._features) + 1 < spotter.stride
        found = spotter.process_streaming_prob(frame)
        score = score if waits else found
    scores[index] = score
np.save(sys.argv[3], scores)
print(spotter.probability_cutoff, importlib.metadata.version("pymicro-wakeword"))
