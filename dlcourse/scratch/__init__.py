"""Courses 1 and 2 in NumPy alone, in the notes' notation: an example is a column, `X` has shape (n_x, m).

Everything computes in float64. The modules can be read from top to bottom beside the notebooks that teach them.
"""

from dlcourse.scratch import activations, conv, gradcheck, logistic, network, normalization, optimizers

__all__ = ["activations", "conv", "gradcheck", "logistic", "network", "normalization", "optimizers"]
