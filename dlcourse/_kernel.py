"""Whether Python runs in a notebook's kernel, where a page can be shown; in a terminal a text has to do."""

import sys


def in_notebook():
    """IPython is not imported to find out: where it has not been, there is no kernel."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel")
