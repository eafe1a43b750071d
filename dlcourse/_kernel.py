"""The question whether Python runs in a notebook's kernel, where a page can be shown, or in a terminal."""

import sys


def in_notebook():
    """Return whether a kernel runs, without importing IPython: where it has not been imported, there is none."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel")
