"""Training of SiLIF and C-SiLIF keyword-spotting networks with PyTorch."""
