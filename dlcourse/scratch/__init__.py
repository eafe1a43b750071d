"""Courses 1 and 2 in NumPy alone, in the notes' notation: an example is a column, `X` has shape (n_x, m).

Everything computes in float64. The modules can be read beside the notebooks: `logistic` (1-2), `activations` (1-3),
`layer` and `network` (1-4), `initialization`, `costs` and `gradcheck` (2-1), `optimizers` and `schedules` (2-2),
`normalization` (2-3), `conv` (3-1). The checks of arguments, in `checks` and `arguments`, are no part of the lesson.
"""

from dlcourse.scratch import activations, conv, gradcheck, logistic, network, normalization, optimizers

__all__ = ["activations", "conv", "gradcheck", "logistic", "network", "normalization", "optimizers"]
