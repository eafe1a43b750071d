"""The first import of matplotlib, without lines on stderr in a notebook.

Where the user's folder cannot be written, or fonts are looked up for the first time, matplotlib says so; a cell would
show it. A script keeps these lines.
"""

import logging

from dlcourse._kernel import in_notebook


def import_matplotlib():
    """Import what writes such lines, while its logger is silent."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    if in_notebook():
        logger.setLevel(logging.ERROR)
    try:
        import matplotlib.font_manager
    finally:
        logger.setLevel(level)
    return matplotlib.font_manager


import_matplotlib()
