"""Convolution and pooling with their gradients (notes, sections 3.1 and 3.2.4).

The layers of LeCun et al. (1998). Pictures are A, shape (m, n_H, n_W, n_C): examples, rows, columns, channels. Filters
are W, shape (f, f, n_C_prev, n_C). What deep learning calls a convolution is a cross-correlation: nothing is flipped.

No loop visits the windows: NumPy shows them all as one array without copying a number, and `np.einsum` multiplies each
with every filter and adds up the products. Its letters are m (example), h and w (place of the window), i and j (place
in the window), c (channel) and n (filter). Inside, the windows become the rows of a matrix, known as im2col.

Gradients are sums over examples, as TensorFlow's are: unlike in `network`, dZ already carries the 1/m of a mean.
"""

from dlcourse.scratch.checks import among, at_least, checked, having, same_shape, shapes

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

_PLACES = {"stride": at_least(1), "pad": at_least(0)}


def _window(given):
    """Refuse a window that is larger than the padded picture."""
    n, f, pad = given["n"], given["f"], given["pad"]
    if f > n + 2 * pad:
        raise ValueError(f"f: expected a window of at most n + 2 pad = {n + 2 * pad}, got {f}")


def _windows_of(given):
    """Refuse windows of side f, or square filters W, that are larger than the padded pictures A_prev."""
    if "W" in given and given["W"].shape[0] != given["W"].shape[1]:
        raise ValueError(f"W: expected square filters, (f, f, …), got {given['W'].shape}")
    f = given["f"] if "f" in given else len(given["W"])
    for n in given["A_prev"].shape[1:3]:
        _window({"n": n, "f": f, "pad": given.get("pad", 0)})


def _odd(name, value):
    """Return `value`, if it is an odd whole number."""
    if at_least(1)(name, value) % 2 == 0:
        raise ValueError(f"{name}: expected an odd size, got {value}: no padding is the same on both sides")
    return value


@checked(_window, n=at_least(1), f=at_least(1), **_PLACES)
def conv_output_size(n, f, pad=0, stride=1):
    """Count the places for a window inside the padded picture: ⌊(n + 2p − f) / s⌋ + 1.

    Args:
        n: Height or width of the picture, 1 or more.
        f: Height or width of the window, 1 or more.
        pad: Zeros added on each side, p.
        stride: Pixels from one place to the next, s.

    Returns an int, 1 or more. Rows that are left over, because s does not divide n + 2p − f, are not looked at.
    Raises ValueError if a number is not whole or is too small, or the window is larger than the padded picture.
    Taught in notebook 3-1, sections 3.1.2 and 3.1.3; notes, eqs. 3.4 to 3.6.
    """
    return (n + 2 * pad - f) // stride + 1


@checked(f=_odd)
def same_padding(f):
    """Compute the padding p = (f − 1) / 2 with which a convolution of stride 1 keeps the picture's size.

    Raises ValueError if f is even: no padding would be the same on both sides.
    Taught in notebook 3-1, section 3.1.2.
    """
    return (f - 1) // 2


@checked(shapes(X="m n_H n_W n_C"), pad=at_least(0))
def zero_pad(X, pad):
    """Add a border of `pad` zeros around each picture: (m, n_H, n_W, n_C) → (m, n_H + 2p, n_W + 2p, n_C).

    Its idea is taught in notebook 3-1, section 3.1.2.
    """
    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))


def _windows(A, f, stride):
    """Return all windows as a view, shape (m, n_H, n_W, n_C, f, f)."""
    return sliding_window_view(A, (f, f), axis=(1, 2))[:, ::stride, ::stride]


@checked(
    shapes(image="n_H n_W", kernel="f f"),
    lambda given: list(map(conv_output_size, given["image"].shape, given["kernel"].shape)),  # for its error
)
def filter_image(image, kernel):
    """Lay one filter over one gray picture: the sum of products at every place where it fits.

    Args:
        image: Shape (n_H, n_W).
        kernel: Shape (f, f). It is not flipped; `kernel[::-1, ::-1]` makes it the convolution of mathematics.

    Returns float64, shape (n_H − f + 1, n_W − f + 1).
    Raises ValueError if an array has another shape, or the filter is larger than the picture.
    Taught in notebook 3-1, section 3.1.1; notes, eqs. 3.1 to 3.3.
    """
    windows = sliding_window_view(image, kernel.shape)  # (n_H − f + 1, n_W − f + 1, f, f)
    return np.einsum("hwij,ij->hw", windows, kernel)


@checked(shapes(a_slice="f f n_C_prev", W="f f n_C_prev", b="1 1 1"))
def conv_single_step(a_slice, W, b):
    """Apply one filter at one place: Σ a · w + b.

    Args:
        a_slice: The window, shape (f, f, n_C_prev).
        W: The filter, the same shape.
        b: Its bias, shape (1, 1, 1).

    Returns a float: one number of the Z of `conv_forward`.
    Raises ValueError if a shape does not fit.
    Its idea is taught in notebook 3-1, section 3.1.4.
    """
    return float(np.sum(a_slice * W) + b.item())


@checked(
    shapes(A_prev="m n_H_prev n_W_prev n_C_prev", W="f f n_C_prev n_C", b="1 1 1 n_C"),
    _windows_of,
    **_PLACES,
)
def conv_forward(A_prev, W, b, stride=1, pad=0):
    """Compute the linear part of a convolutional layer, Z = A_prev ∗ W + b.

    Args:
        A_prev: The layer before, shape (m, n_H_prev, n_W_prev, n_C_prev).
        W: Filters, shape (f, f, n_C_prev, n_C).
        b: A bias for each filter, shape (1, 1, 1, n_C).
        stride, pad: As for `conv_output_size`; for a "same" convolution pad = `same_padding(f)`.

    Returns `(Z, cache)`: Z, float64, shape (m, n_H, n_W, n_C), and what `conv_backward` needs.
    Raises ValueError if a shape does not fit, or the window is larger than the padded picture.
    Taught in notebook 3-1, section 3.1.5; notes, eq. 3.6.
    """
    windows = _windows(zero_pad.core(A_prev, pad), len(W), stride)  # (m, n_H, n_W, n_C_prev, f, f)
    Z = np.einsum("mhwcij,ijcn->mhwn", windows, W, optimize=True) + b
    return Z, {"A_prev": A_prev, "W": W, "stride": stride, "pad": pad, "Z": Z}


@checked(same_shape("cache.Z", "dZ"), cache=having("A_prev", "W", "stride", "pad", "Z"))
def conv_backward(dZ, cache):
    """Compute the gradients of a convolution.

    Each weight met one number of every window: dW is the sum of windows weighted with dZ. An input number met weight
    (i, j) in one window at most: dA_prev collects dZ times that weight, for all weights.

    Args:
        dZ: The gradient of the cost with respect to Z, shape (m, n_H, n_W, n_C).
        cache: As `conv_forward` returned it.

    Returns `(dA_prev, dW, db)` in the shapes of A_prev, W and b: sums over the examples.
    Raises ValueError if dZ has not the shape of Z.
    Taught in notebook 3-1, section 3.1.5.
    """
    A_prev, W, stride, pad = (cache[key] for key in ("A_prev", "W", "stride", "pad"))
    f, (n_H, n_W) = len(W), dZ.shape[1:3]
    A_padded = zero_pad.core(A_prev, pad)
    dW = np.einsum("mhwcij,mhwn->ijcn", _windows(A_padded, f, stride), dZ, optimize=True)
    db = dZ.sum(axis=(0, 1, 2), keepdims=True)
    dA_padded = np.zeros(A_padded.shape)
    for i, j in np.ndindex(f, f):  # the places in a window, not those in the picture
        met = np.s_[:, i : i + stride * n_H : stride, j : j + stride * n_W : stride]  # A_padded[met] met W[i, j]
        dA_padded[met] += dZ @ W[i, j].T
    dA_prev = dA_padded[:, pad : pad + A_prev.shape[1], pad : pad + A_prev.shape[2]]
    return dA_prev, dW, db


@checked(shapes(A_prev="m n_H_prev n_W_prev n_C", W="f f n_C"), _windows_of, **_PLACES)
def depthwise_conv_forward(A_prev, W, stride=1, pad=0):
    """Lay one filter over each channel: channel c of the output sees channel c of the input only.

    Args:
        A_prev: Shape (m, n_H_prev, n_W_prev, n_C).
        W: A filter for each channel, shape (f, f, n_C).
        stride, pad: As for `conv_output_size`.

    Returns float64, shape (m, n_H, n_W, n_C).
    Raises ValueError if a shape does not fit, or the window is larger than the padded picture.
    Source: Howard et al. (2017), arXiv:1704.04861. Taught in notebook 3-2, section 3.2.4; notes, eq. 3.9.
    """
    windows = _windows(zero_pad.core(A_prev, pad), len(W), stride)
    return np.einsum("mhwcij,ijc->mhwc", windows, W, optimize=True)


@checked(
    shapes(A_prev="m n_H_prev n_W_prev n_C"),
    _windows_of,
    f=at_least(1),
    stride=at_least(1),
    mode=among("max", "average"),
)
def pool_forward(A_prev, f, stride, mode="max"):
    """Pool by maximum or average: one number for each window of each channel. There is nothing to learn.

    Args:
        A_prev: Shape (m, n_H_prev, n_W_prev, n_C).
        f: Height and width of the window.
        stride: Pixels from one place to the next.
        mode: "max" or "average".

    Returns `(A, cache)`: A, float64, shape (m, n_H, n_W, n_C), and what `pool_backward` needs.
    Raises ValueError if the mode is unknown, or the window is larger than the picture.
    Taught in notebook 3-1, section 3.1.6.
    """
    windows = _windows(A_prev, f, stride)
    A = windows.max(axis=(4, 5)) if mode == "max" else windows.mean(axis=(4, 5))
    return A, {"A_prev": A_prev, "f": f, "stride": stride, "mode": mode, "A": A}


@checked(same_shape("cache.A", "dA"), cache=having("A_prev", "f", "stride", "mode", "A"))
def pool_backward(dA, cache):
    """Compute the gradient of pooling: all of it to the largest number of a window, or an equal share to each.

    If several numbers of a window are the largest, the first of them takes it, row by row, as in TensorFlow.

    Args:
        dA: The gradient of the cost with respect to A, shape (m, n_H, n_W, n_C).
        cache: As `pool_forward` returned it.

    Returns dA_prev, in the shape of A_prev.
    Raises ValueError if dA has not the shape of A.
    Taught in notebook 3-1, section 3.1.6.
    """
    A_prev, f, stride, mode = (cache[key] for key in ("A_prev", "f", "stride", "mode"))
    (m, n_H, n_W, n_C), dA_prev = dA.shape, np.zeros(A_prev.shape)
    winner = _windows(A_prev, f, stride).reshape(m, n_H, n_W, n_C, f * f).argmax(axis=-1)
    for i, j in np.ndindex(f, f):  # the places in a window, not those in the picture
        share = dA * (winner == i * f + j) if mode == "max" else dA / f**2
        dA_prev[:, i : i + stride * n_H : stride, j : j + stride * n_W : stride] += share
    return dA_prev
