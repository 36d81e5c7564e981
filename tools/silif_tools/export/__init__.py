"""From a trained state dict to a model file: fold, quantize, check, write."""
