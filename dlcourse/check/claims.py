"""`check.claim`: what a notebook says about its own numbers, held against them."""

import os

import numpy as np


def claim(truth, text):
    """Report a statement of the notebook that does not hold for the numbers that came out; silent when it holds.

    A notebook's text describes the run that is stored in it. With other parameters (fewer epochs, another seed) a
    statement can fail without anything being broken, so the run goes on. The tests and `make refresh` set the
    environment variable `DLCOURSE_CLAIMS` to `strict`: then a statement that does not hold stops the cell.

    Args:
        truth: Whether it holds, one True or False.
        text: The statement as a sentence without a stop, such as "the best rate is not at the edge".

    Raises:
        ValueError: If `truth` is not a single True or False, or `text` is empty.
        AssertionError: If it does not hold and `DLCOURSE_CLAIMS` is `strict`.

    Used in every notebook.
    """
    found = np.asarray(truth)
    if found.ndim or found.dtype.kind not in "bui":  # a list, or a float that was meant to be compared
        raise ValueError(f"truth: expected one True or False, got {truth!r:.60}; use np.all for several")
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"text: expected a sentence, got {text!r}")
    if not found:
        if os.environ.get("DLCOURSE_CLAIMS") == "strict":
            raise AssertionError(f"this does not hold: {text}")
        print(f"With these settings this does not hold: {text}.")
