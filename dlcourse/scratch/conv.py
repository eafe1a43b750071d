"""Convolution and pooling with their gradients (notes, sections 3.1, 3.2.4 and 3.3.5).

The layers of LeCun et al. (1998). Pictures are A, shape (m, n_H, n_W, n_C): examples, rows, columns, channels. Filters
are W, shape (f, f, n_C_prev, n_C). What deep learning calls a convolution is a cross-correlation: nothing is flipped.

No loop visits the positions of a window. NumPy shows all windows of a picture as one array without copying a number,
and one contraction multiplies each of them with every filter (inside, it lays the windows out as the rows of a matrix,
which is known as im2col).

Gradients are sums over examples, as TensorFlow's are: unlike in `network`, dZ already carries the 1/m of a mean.
"""

from dlcourse.scratch.checks import mapping, real, whole

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

MODES = ("max", "average")


def conv_output_size(n, f, pad=0, stride=1):
    """The number of places for a window: ⌊(n + 2p − f) / s⌋ + 1. The window stays inside the padded picture.

    Args:
        n: Height or width of the picture, 1 or more.
        f: Height or width of the window, 1 or more.
        pad: Zeros added on each side, p.
        stride: Pixels from one place to the next, s.

    Returns:
        An int, 1 or more. Rows that are left over, because s does not divide n + 2p − f, are not looked at.

    Raises:
        ValueError: If a number is not whole or too small, or the window is larger than the padded picture.

    Taught in notebook 3-1, sections 3.1.2 and 3.1.3; notes, eqs. 3.4 to 3.6.
    """
    n, f = whole("n", n, least=1), whole("f", f, least=1)
    pad, stride = whole("pad", pad, least=0), whole("stride", stride, least=1)
    if f > n + 2 * pad:
        raise ValueError(f"f: expected a window of at most n + 2 pad = {n + 2 * pad}, got {f}")
    return (n + 2 * pad - f) // stride + 1


def same_padding(f):
    """The padding p = (f − 1) / 2 with which a convolution of stride 1 keeps the picture's size.

    Raises:
        ValueError: If f is even: it would need more zeros on one side than on the other.

    Taught in notebook 3-1, section 3.1.2.
    """
    if whole("f", f, least=1) % 2 == 0:
        raise ValueError(f"f: expected an odd size, got {f}: no padding is the same on both sides")
    return (f - 1) // 2


def zero_pad(X, pad):
    """Add a border of `pad` zeros around each picture: (m, n_H, n_W, n_C) → (m, n_H + 2p, n_W + 2p, n_C).

    Its idea is taught in notebook 3-1, section 3.1.2.
    """
    X, pad = _pictures("X", X), whole("pad", pad, least=0)
    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))


def filter_image(image, kernel):
    """One grey picture under one filter: the sum of products at every place where the filter fits.

    Args:
        image: Shape (n_H, n_W).
        kernel: Shape (f, f). It is not flipped; give `kernel[::-1, ::-1]` for the convolution of mathematics.

    Returns:
        float64, shape (n_H − f + 1, n_W − f + 1).

    Raises:
        ValueError: If an array has not two axes, or the filter is larger than the picture.

    Taught in notebook 3-1, section 3.1.1; notes, eqs. 3.1 to 3.3.
    """
    image, kernel = real("image", image), real("kernel", kernel)
    for name, array in (("image", image), ("kernel", kernel)):
        if array.ndim != 2:
            raise ValueError(f"{name}: expected two axes, (rows, columns), got shape {array.shape}")
    return _correlate(image[np.newaxis, :, :, np.newaxis], kernel[:, :, np.newaxis, np.newaxis], 1)[0, :, :, 0]


def conv_single_step(a_slice, W, b):
    """One filter at one place: Σ a · w + b.

    Args:
        a_slice: The window, shape (f, f, n_C_prev).
        W: The filter, the same shape.
        b: Its bias, one number in any shape, as (1, 1, 1).

    Returns:
        A float.

    Raises:
        ValueError: If the shapes differ, or b is not one number.

    Its idea is taught in notebook 3-1, section 3.1.4.
    """
    a_slice, W, b = real("a_slice", a_slice), real("W", W), real("b", b)
    if a_slice.shape != W.shape:
        raise ValueError(f"W: expected the shape of a_slice, {a_slice.shape}, got {W.shape}")
    if b.size != 1:
        raise ValueError(f"b: expected one number, got shape {b.shape}")
    return float(np.sum(a_slice * W) + b.item())


def conv_forward(A_prev, W, b, stride=1, pad=0):
    """The linear part of a convolutional layer, Z = A_prev ∗ W + b.

    Args:
        A_prev: The layer before, shape (m, n_H_prev, n_W_prev, n_C_prev).
        W: The filters, shape (f, f, n_C_prev, n_C).
        b: A bias for each filter, shape (1, 1, 1, n_C).
        stride, pad: As in `conv_output_size`; for a "same" convolution pad = `same_padding(f)`.

    Returns:
        `(Z, cache)`: Z, float64, shape (m, n_H, n_W, n_C), and what `conv_backward` needs.

    Raises:
        ValueError: If a shape does not fit, or the window is larger than the padded picture.

    Taught in notebook 3-1, section 3.1.5; notes, eq. 3.6.
    """
    A_prev = _pictures("A_prev", A_prev)
    W = _filters(W, A_prev.shape[3])
    b = _biases(b, W.shape[3])
    Z = _correlate(zero_pad(A_prev, pad), W, stride) + b
    return Z, {"A_prev": A_prev, "W": W, "stride": stride, "pad": pad, "shape": Z.shape}


def conv_backward(dZ, cache):
    """The gradients of a convolution.

    Each weight met one number of every window: dW is the sum of windows weighted with dZ. Each input number was
    multiplied by one weight of every window that holds it: dA_prev pastes the filter, weighted with dZ, at every place.

    Args:
        dZ: The gradient of the cost with respect to Z, shape (m, n_H, n_W, n_C).
        cache: As `conv_forward` returned it.

    Returns:
        `(dA_prev, dW, db)` in the shapes of A_prev, W and b: sums over the examples.

    Raises:
        ValueError: If dZ has not the shape of Z.

    Taught in notebook 3-1, section 3.1.5.
    """
    cache = mapping("cache", cache, "A_prev", "W", "stride", "pad", "shape")
    W, stride, pad = cache["W"], cache["stride"], cache["pad"]
    dZ = _like("dZ", dZ, cache["shape"])
    padded = zero_pad(cache["A_prev"], pad)
    windows = _windows(padded, len(W), stride)
    dW = np.tensordot(windows, dZ, axes=((0, 1, 2), (0, 1, 2))).transpose(1, 2, 0, 3)
    dA_padded = _paste(dZ, W.swapaxes(2, 3), stride, *padded.shape[1:3])
    return _crop(dA_padded, pad), dW, dZ.sum(axis=(0, 1, 2), keepdims=True)


def depthwise_conv_forward(A_prev, W, b=None, stride=1, pad=0):
    """One filter for each channel: channel c of the output sees channel c of the input only.

    Args:
        A_prev: Shape (m, n_H_prev, n_W_prev, n_C).
        W: A filter for each channel, shape (f, f, n_C).
        b: Biases, shape (1, 1, 1, n_C); none if None.
        stride, pad: As in `conv_output_size`.

    Returns:
        float64, shape (m, n_H, n_W, n_C).

    Raises:
        ValueError: If a shape does not fit, or the window is larger than the padded picture.

    Source: Howard et al. (2017), arXiv:1704.04861. Taught in notebook 3-2, section 3.2.4; notes, eq. 3.9.
    """
    A_prev, W = _pictures("A_prev", A_prev), real("W", W)
    if W.ndim != 3 or W.shape[0] != W.shape[1] or W.shape[2] != A_prev.shape[3]:
        raise ValueError(f"W: expected shape (f, f, {A_prev.shape[3]}), a filter for each channel, got {W.shape}")
    windows = _windows(zero_pad(A_prev, pad), len(W), stride)
    return np.einsum("mhwcij,ijc->mhwc", windows, W, optimize=True) + _biases(b, W.shape[2])


def pointwise_conv_forward(A_prev, W, b=None):
    """A 1×1 convolution: at each pixel the same matrix mixes the channels.

    Args:
        A_prev: Shape (m, n_H, n_W, n_C_prev).
        W: Shape (1, 1, n_C_prev, n_C).
        b: Biases, shape (1, 1, 1, n_C); none if None.

    Returns:
        float64, shape (m, n_H, n_W, n_C).

    Raises:
        ValueError: If a shape does not fit.

    Source: Lin et al. (2013), arXiv:1312.4400. Its idea is taught in notebook 3-2, sections 3.2.3 and 3.2.4.
    """
    A_prev = _pictures("A_prev", A_prev)
    W = _filters(W, A_prev.shape[3])
    if len(W) != 1:
        raise ValueError(f"W: expected filters of 1×1, got shape {W.shape}")
    return A_prev @ W[0, 0] + _biases(b, W.shape[3])


def conv_transpose_forward(A_prev, W, b=None, stride=2, pad=0):
    """Transposed convolution: every input number pastes the filter, weighted with it, onto a larger output.

    It is the backward pass of a convolution with respect to its input: that convolution, with the same f, s and p, has
    one place on the larger picture for each number of A_prev.

    Args:
        A_prev: Shape (m, n_H_prev, n_W_prev, n_C_prev).
        W: Shape (f, f, n_C_prev, n_C). (Keras' Conv2DTranspose keeps the last two axes the other way round.)
        b: Biases, shape (1, 1, 1, n_C); none if None.
        stride: Pixels of the output from one paste to the next, s.
        pad: Rows and columns cut off on each side of the output, p.

    Returns:
        float64, shape (m, n_H, n_W, n_C) with n = s (n_prev − 1) + f − 2p. Pastes that overlap are added up.

    Raises:
        ValueError: If a shape does not fit, or `pad` would cut off everything.

    Its idea is taught in notebook 3-3, section 3.3.5.
    """
    A_prev = _pictures("A_prev", A_prev)
    W = _filters(W, A_prev.shape[3])
    stride, pad = whole("stride", stride, least=1), whole("pad", pad, least=0)
    sizes = [stride * (n - 1) + len(W) for n in A_prev.shape[1:3]]
    if min(sizes) <= 2 * pad:
        raise ValueError(f"pad: expected less than half of the output's {sizes[0]} × {sizes[1]}, got {pad}")
    return _crop(_paste(A_prev, W, stride, *sizes), pad) + _biases(b, W.shape[3])


def pool_forward(A_prev, f, stride, mode="max"):
    """Max or average pooling: one number for each window of each channel. Nothing to learn.

    Args:
        A_prev: Shape (m, n_H_prev, n_W_prev, n_C).
        f: Height and width of the window.
        stride: Pixels from one place to the next.
        mode: "max" or "average".

    Returns:
        `(A, cache)`: A, float64, shape (m, n_H, n_W, n_C), and what `pool_backward` needs.

    Raises:
        ValueError: If the mode is unknown, or the window is larger than the picture.

    Taught in notebook 3-1, section 3.1.6.
    """
    A_prev = _pictures("A_prev", A_prev)
    if not isinstance(mode, str) or mode not in MODES:
        raise ValueError(f"mode: expected one of {', '.join(MODES)}, got {mode!r}")
    windows = _windows(A_prev, f, stride)
    cache = {"A_prev": A_prev, "f": f, "stride": stride, "mode": mode, "shape": windows.shape[:4]}
    return (windows.max(axis=(4, 5)) if mode == "max" else windows.mean(axis=(4, 5))), cache


def pool_backward(dA, cache):
    """The gradient of pooling: all of it to the largest number of a window, or an equal share to each.

    If several numbers of a window are the largest, the first of them takes it, row by row, as in TensorFlow.

    Args:
        dA: The gradient of the cost with respect to A, shape (m, n_H, n_W, n_C).
        cache: As `pool_forward` returned it.

    Returns:
        dA_prev, in the shape of A_prev.

    Raises:
        ValueError: If dA has not the shape of A.

    Taught in notebook 3-1, section 3.1.6.
    """
    cache = mapping("cache", cache, "A_prev", "f", "stride", "mode", "shape")
    A_prev, f, stride = cache["A_prev"], cache["f"], cache["stride"]
    dA = _like("dA", dA, cache["shape"])
    if cache["mode"] == "max":
        winner = _windows(A_prev, f, stride).reshape(*dA.shape, f * f).argmax(axis=-1)
    dA_prev = np.zeros(A_prev.shape)
    rows, columns = (stride * n for n in dA.shape[1:3])
    for place in range(f * f):  # of a window, not of the picture
        i, j = divmod(place, f)
        share = dA * (winner == place) if cache["mode"] == "max" else dA / f**2
        dA_prev[:, i : i + rows : stride, j : j + columns : stride] += share
    return dA_prev


def _windows(A, f, stride):
    """All windows as a view, shape (m, n_H, n_W, n_C, f, f)."""
    for n in A.shape[1:3]:
        conv_output_size(n, f, stride=stride)  # for its errors
    return sliding_window_view(A, (f, f), axis=(1, 2))[:, ::stride, ::stride]


def _correlate(A, W, stride):
    """Each window times each filter: (m, n_H, n_W, n_C)."""
    return np.tensordot(_windows(A, len(W), stride), W, axes=((4, 5, 3), (0, 1, 2)))


def _paste(D, W, stride, n_H, n_W):
    """Add the filter times D[h, w] to an empty picture (n_H, n_W) with its corner at (stride h, stride w).

    As a sum over the numbers that reach a pixel this is a convolution too: D spread out with zeros, the filter flipped.
    """
    f = len(W)
    spread = np.zeros((len(D), n_H + f - 1, n_W + f - 1, D.shape[3]))
    rows, columns = (f - 1 + stride * n for n in D.shape[1:3])
    spread[:, f - 1 : rows : stride, f - 1 : columns : stride] = D
    return _correlate(spread, W[::-1, ::-1], 1)


def _crop(A, pad):
    return A[:, pad : A.shape[1] - pad, pad : A.shape[2] - pad]


def _pictures(name, A):
    A = real(name, A)
    if A.ndim != 4 or 0 in A.shape:
        raise ValueError(f"{name}: expected shape (m, n_H, n_W, n_C) with nothing empty, got {A.shape}")
    return A


def _filters(W, channels):
    W = real("W", W)
    if W.ndim != 4 or W.shape[0] != W.shape[1] or W.shape[2] != channels or 0 in W.shape:
        raise ValueError(f"W: expected shape (f, f, {channels}, n_C), as A_prev has {channels} channels, got {W.shape}")
    return W


def _biases(b, n_C):
    b = np.zeros((1, 1, 1, n_C)) if b is None else real("b", b)
    if b.shape != (1, 1, 1, n_C):
        raise ValueError(f"b: expected shape (1, 1, 1, {n_C}), a bias for each filter, got {b.shape}")
    return b


def _like(name, gradient, shape):
    gradient = real(name, gradient)
    if gradient.shape != shape:
        raise ValueError(f"{name}: expected the shape of the forward pass, {shape}, got {gradient.shape}")
    return gradient
