"""For the tests and for nbval, which runs the notebooks as tests."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # whatever a user's ~/.keras says
os.environ.setdefault("DLCOURSE_CLAIMS", "strict")  # a notebook's statement must hold for its stored numbers


def pytest_collectstart(collector):
    # Under pytest a kernel does not capture file descriptor 2, so that what goes to stderr differs from a run by hand.
    # No stored notebook shows any: tests/test_notebooks.py sees to that.
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr",)
