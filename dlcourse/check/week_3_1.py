"""The exercises of notebook 3-1: sizes and padding, one step of a convolution, and pooling."""

from functools import partial

from dlcourse.check.exercise import Exercise
from dlcourse.scratch.conv import conv_output_size, conv_single_step, same_padding

import numpy as np

exercise = partial(Exercise, notebook="3-1")

_SLICE = np.array([[[1.0, 2.0], [0.0, -1.0]], [[3.0, 1.0], [2.0, 4.0]]])
_W = np.array([[[2.0, 0.0], [1.0, 1.0]], [[-1.0, 3.0], [0.5, 1.0]]])
_PICTURE = np.array([[4.0, 1, 7, 0, 5], [2, 9, 3, 3, 8], [6, 0, 1, 2, 4], [5, 5, 8, 1, 0], [7, 2, 2, 6, 3]])
_VOLUME = np.stack([_PICTURE, 1 - _PICTURE], axis=2)


def pool(A, f, stride, mode):
    """Pool one picture by maximum or average, channel by channel; no padding.

    Args:
        A: Activations, shape (n_H, n_W, n_C).
        f: Height and width of the window.
        stride: Pixels from one window to the next.
        mode: "max" or "average".

    Returns:
        Shape (⌊(n_H − f) / stride⌋ + 1, ⌊(n_W − f) / stride⌋ + 1, n_C). `dlcourse.scratch.conv.pool_forward` does the
        same for a batch, without loops.
    """
    n_H, n_W = ((n - f) // stride + 1 for n in A.shape[:2])  # places for a window, down and across
    result = np.zeros((n_H, n_W, A.shape[2]))
    for i, j in np.ndindex(n_H, n_W):
        top, left = i * stride, j * stride
        window = A[top : top + f, left : left + f]  # (f, f, n_C)
        result[i, j] = window.max(axis=(0, 1)) if mode == "max" else window.mean(axis=(0, 1))
    return result


def _sizes(rng):
    f, pad = int(rng.integers(1, 8)), int(rng.integers(0, 4))
    return int(max(1, f - 2 * pad) + rng.integers(0, 60)), f, pad, int(rng.integers(1, 5))


def _step(rng):
    f, channels = rng.integers(1, 6), rng.integers(1, 5)
    return rng.normal(size=(f, f, channels)), rng.normal(size=(f, f, channels)), rng.normal(size=(1, 1, 1))


def _activations(rng):
    f = int(rng.integers(2, 5))
    A = rng.normal(loc=-1, size=(*(f + rng.integers(0, 7, size=2)), rng.integers(1, 4)))
    return A, f, int(rng.integers(1, 4)), str(rng.choice(["max", "average"]))


EXERCISES = [
    exercise(
        reference=same_padding,
        section="3.1.2",
        cases=[(3,), (5,), (1,), (7,), (11,)],
        properties=[(lambda p, f: 28 + 2 * p - f + 1 == 28, "28 pixels stay 28")],
        slips="""
            (f - 1) // 2 -> f - 1
                This is the padding of both sides together; p is that of one side.
            (f - 1) // 2 -> (f + 1) // 2
                One too many: the output is larger than the input. Solve n + 2p − f + 1 = n for p.
            (f - 1) // 2 -> f // 2 - 1
                One too few. Solve n + 2p − f + 1 = n for p.
            (f - 1) // 2 -> f / 2
                A filter with a central pixel reaches (f − 1) / 2 pixels to each side, not f / 2.
        """,
        hints=["The size of the output is n + 2p − f + 1. It should be n.", "So 2p − f + 1 = 0."],
    ),
    exercise(
        reference=conv_output_size,
        section="3.1.3",
        cases=[(7, 3, 0, 2), (8, 3, 0, 2), (6, 3, 1, 1), (28, 5, 2, 3), (3, 3, 0, 4)],
        random=_sizes,
        properties=[
            (
                lambda size, n, f, pad, stride: (size - 1) * stride + f <= n + 2 * pad,
                "the last window lies inside the padded picture",
            ),
        ],
        slips="""
            // stride -> / stride
                Where the last step would lead out of the picture, it is not taken: round down.
            (n + 2 * pad - f) // stride -> -(-(n + 2 * pad - f) // stride)
                This rounds up: its last window sticks out of the picture. Round down.
            // stride + 1 -> // stride
                These are the steps. There is one more window than steps: + 1.
            2 * pad -> pad
                The padding is on both sides: 2p.
            f) // stride + 1 -> f + 1) // stride
                The 1 is the first window; it is not divided by the stride.
            (n + 2 * pad - f) // stride -> round((n + 2 * pad - f) / stride + 1) - 1
                This rounds to the nearest number. A window that does not fit does not count: round down.
            (n + 2 * pad - f) // stride + 1 -> -(-n // stride)
                This is the size that padding="same" has in TensorFlow, ⌈n/s⌉. Here the padding is given.
        """,
        hints=[
            "The first window takes f of the n + 2p pixels. How many steps of `stride` do the rest allow?",
            "a // b divides and rounds down.",
        ],
    ),
    exercise(
        reference=conv_single_step,
        section="3.1.4",
        keepdims=True,  # np.sum(…) + b has the shape of b
        cases=[(_SLICE, _W, np.full((1, 1, 1), 0.5)), (_SLICE, -_W, np.zeros((1, 1, 1)))],
        random=_step,
        slips="""
            + b.item() ->
                The bias b is missing.
            a_slice * W) + b.item() -> a_slice * W + b)
                The bias is added once, after the sum; here it is added to every product.
            * W -> * W[::-1, ::-1]
                This flips the filter first, as mathematicians do. Deep learning does not.
            np.sum(a_slice * W) -> np.sum(a_slice) * np.sum(W)
                Multiply number by number first, then add up.
            float(np.sum(a_slice * W) + b.item()) -> np.sum(a_slice * W, axis=(0, 1)) + b.item()
                A number for each channel: add up over the channels too.
            float(np.sum(a_slice * W) + b.item()) -> np.sum(a_slice * W, axis=(0, 1)) + b
                A number for each channel: add up over the channels too.
            * W -> @ W
                @ is the product of matrices. Here each number meets the one in its own place: *.
            float(np.sum(a_slice * W) + b.item()) -> max(0.0, float(np.sum(a_slice * W) + b.item()))
                The ReLU comes later: this step gives Z, which may be negative.
            np.sum -> np.mean
                The products are added up; this is their mean.
        """,
        hints=[
            "a_slice * W multiplies number by number; np.sum adds up everything.",
            "b has the shape (1, 1, 1); b.item() is the number in it.",
        ],
    ),
    exercise(
        reference=pool,
        section="3.1.6",
        cases=[
            (_VOLUME, 2, 2, "max"),
            (_VOLUME, 2, 2, "average"),
            (_VOLUME, 3, 1, "max"),
            (_VOLUME[:, :4], 3, 2, "average"),
        ],
        random=_activations,
        properties=[
            (
                lambda a, A, f, stride, mode: np.all(a <= A.max(axis=(0, 1)) + 1e-9),
                "no value is above the largest of its channel",
            ),
        ],
        slips="""
            if mode == "max" else window.mean(axis=(0, 1)) ->
                This takes the maximum for mode "average" too.
            window.max(axis=(0, 1)) if mode == "max" else ->
                This takes the average for mode "max" too.
            // stride + 1 -> // f + 1
            i * stride, j * stride -> i * f, j * f
                This moves the window by f. It moves by `stride`.
            window.mean -> window.sum
                This is the sum of the window. The average is the sum divided by f · f.
            window.max(axis=(0, 1)) -> window.max()
            window.mean(axis=(0, 1)) -> window.mean()
                One number for all channels. Each channel is pooled by itself: axis=(0, 1).
            i * stride, j * stride -> i, j
                Window (i, j) begins at row i · stride and column j · stride, not at i and j.
        """,
        hints=[
            "The size of the output is that of equation (3.5) with p = 0.",
            "Window (i, j) is A[i * stride : i * stride + f, j * stride : j * stride + f]: its shape is (f, f, n_C).",
            "window.max(axis=(0, 1)) has a number for each channel.",
        ],
    ),
]
