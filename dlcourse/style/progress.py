"""A bar and the picture so far, which leave no trace when the work is done."""

import base64
import io
import sys
import time

from dlcourse._kernel import in_notebook

import numpy as np

SECONDS = 2  # between two pictures
WIDTH = 30  # of the bar in a terminal


class Progress:
    """A context in which `step(pixels)` counts. In a notebook it shows a preview, elsewhere a line on stderr."""

    def __init__(self, steps, shown):
        self.steps, self.done, self.last = steps, 0, 0.0
        self.page = shown and in_notebook()
        self.shown, self.handle = shown, None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.handle is not None:
            from IPython.display import clear_output

            clear_output()
        elif self.shown and not self.page:
            print(f"\r{'':{WIDTH + 20}}\r", end="", file=sys.stderr, flush=True)

    def step(self, pixels):
        """Count a step and show it; `pixels` in 0…1, shape (height, width, 3)."""
        self.done = min(self.done + 1, self.steps)
        if not self.shown or time.monotonic() - self.last < SECONDS:
            return
        self.last = time.monotonic()
        if self.page:
            self._preview(pixels)
        else:
            bar = "█" * (WIDTH * self.done // self.steps)
            print(f"\r{bar:·<{WIDTH}} {self.done}/{self.steps} ", end="", file=sys.stderr, flush=True)

    def _preview(self, pixels):
        from IPython.display import HTML, display
        from PIL import Image

        buffer = io.BytesIO()
        Image.fromarray(np.uint8(np.rint(255 * np.clip(pixels, 0, 1)))).save(buffer, "PNG")
        data = base64.b64encode(buffer.getvalue()).decode()
        page = HTML(
            f'<progress value="{self.done}" max="{self.steps}"></progress> {self.done} of {self.steps} steps<br>'
            f'<img alt="The picture so far" src="data:image/png;base64,{data}">'
        )
        if self.handle is None:
            self.handle = display(page, display_id=True)
        else:
            self.handle.update(page)
