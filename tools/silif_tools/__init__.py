"""Host-side tools of the silif runtime: training, quantization, export, the integer reference model and plots."""

__version__ = "0.1.0"
