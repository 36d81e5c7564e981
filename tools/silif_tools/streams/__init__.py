"""Test streams: words at known times in noise and speech, with their truth."""
