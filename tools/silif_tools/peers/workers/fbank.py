"""kaldi-native-fbank with the settings of our front end: 10 ms blocks of samples to 40 log-mel energies."""

import importlib.metadata
import sys

import kaldi_native_fbank as knf
import numpy as np
from serve import serve

samples = np.load(sys.argv[1]).astype(np.float32) / 32768
count = len(samples) // 160
blocks = [samples[index * 160 : index * 160 + 160] for index in range(count)]
options = knf.FbankOptions()
options.frame_opts.dither = 0.0
options.frame_opts.snip_edges = True
options.mel_opts.num_bins = 40
options.mel_opts.high_freq = 8000.0


def run() -> None:
    fbank = knf.OnlineFbank(options)
    taken = 0
    for block in blocks:
        fbank.accept_waveform(16000, block)
        while taken < fbank.num_frames_ready:
            fbank.get_frame(taken)
            taken += 1


serve(importlib.metadata.version("kaldi-native-fbank"), count, run)
