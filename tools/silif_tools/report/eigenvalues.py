"""Eigenvalues of the neurons between spikes, from the coefficients as they are held."""

import numpy as np

from ..kinds.connection import FloatLayer
from ..model_file.tables import LayerTables


def float_eigenvalues(layer: FloatLayer) -> np.ndarray:
    """All eigenvalues of a hidden layer [2, neuron]; the second row is NaN where a neuron has one only."""
    return layer.kind.eigenvalues(layer.coefficients)


def fixed_eigenvalues(tables: LayerTables) -> np.ndarray:
    """As `float_eigenvalues`, from the integers of the model file."""
    return tables.kind.eigenvalues(tables.kind.dequantize(tables.neuron, tables.state_fraction_bits))


def paper_eigenvalues(layer: FloatLayer) -> np.ndarray | None:
    """[2, neuron], as the SiLIF paper's figure 2 draws them; None where it has nothing to draw."""
    return layer.kind.paper_eigenvalues(layer.coefficients)
