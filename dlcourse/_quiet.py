"""TensorFlow's start-up lines, kept out of a notebook's cells.

TensorFlow's C++ library reports oneDNN, missing GPU drivers and CPU features while it is imported. The lines carry a
time and a process id and go to file descriptor 2, which a Jupyter kernel shows in the cell. `TF_CPP_MIN_LOG_LEVEL`
alone leaves some of them, because they are written before TensorFlow reads it; and switching oneDNN off would make
convolutions much slower. So the descriptor points to a scratch file while `import tensorflow` runs. If the import
fails, the lines are shown after all.
"""

import contextlib
import os
import sys
import tempfile

from dlcourse import _imports


def hush_tensorflow():
    """Arrange for the first `import tensorflow` to be quiet."""
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # the user's own setting wins
        _imports.once("tensorflow", _descriptor_2_kept)


@contextlib.contextmanager
def _descriptor_2_kept():
    """Keep what is written to file descriptor 2; show it only if an exception passes."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            if failed:
                kept.seek(0)
                os.write(2, kept.read())
