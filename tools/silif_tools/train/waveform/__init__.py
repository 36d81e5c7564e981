"""Training sequences composed from waveforms, on the device that trains (docs/TRAINING.md)."""
