"""The exercises of notebook 3-1: what a right answer may look like, and what a wrong one is told."""

from dlcourse import check
from dlcourse.scratch.conv import pool_forward

import numpy as np
import pytest
from right_answers.week_3_1 import RIGHT

POOLED_BY_TENSORFLOW = RIGHT["pool"][3]


def says(exercise, function):
    return exercise._examine(function)[1]


def test_a_step_of_a_convolution_may_keep_the_shape_of_its_bias_but_not_a_number_for_each_channel():
    keeps = lambda a_slice, W, b: np.sum(a_slice * W, keepdims=True) + b  # noqa: E731
    assert keeps(*check.conv_single_step.all_cases()[0]).shape == (1, 1, 1)
    assert check.conv_single_step.passes(keeps)
    assert "add up over the channels too" in says(
        check.conv_single_step, lambda a_slice, W, b: np.sum(a_slice * W, axis=(0, 1)) + b
    )


def test_a_step_in_float32_is_right_and_one_without_the_bias_is_not_in_either_precision():
    for dtype in (np.float32, np.float64):
        step = lambda a_slice, W, b, dtype=dtype: np.sum(a_slice.astype(dtype) * W.astype(dtype)) + b.astype(dtype)  # noqa: E731
        assert check.conv_single_step.passes(step)
        without = lambda a_slice, W, b, dtype=dtype: np.sum(a_slice.astype(dtype) * W.astype(dtype))  # noqa: E731
        assert "The bias b is missing." in says(check.conv_single_step, without)


@pytest.mark.parametrize("mode", ["max", "average"])
def test_pooling_by_tensorflow_in_float32_is_right_and_in_the_other_mode_is_named(mode):
    other = lambda A, f, stride, _: POOLED_BY_TENSORFLOW(A, f, stride, mode)  # noqa: E731
    text = says(check.pool, other)
    assert ("the maximum for mode" if mode == "max" else "the average for mode") in text
    assert check.pool.passes(POOLED_BY_TENSORFLOW)


def test_the_cases_tell_the_size_of_tensorflows_same_padding_from_the_right_one():
    """⌈n/s⌉ is right wherever the padding happens to be that of "same": in some cases it must not be."""
    cases = check.conv_output_size.all_cases()
    same = [-(-n // stride) == check.conv_output_size.reference(n, f, pad, stride) for n, f, pad, stride in cases]
    assert 0 < sum(same) < len(cases) / 2
    assert "⌈n/s⌉" in says(check.conv_output_size, lambda n, f, pad, stride: int(np.ceil(n / stride)))


def test_rounding_a_size_to_the_nearest_is_told_from_rounding_up_and_down():
    nearest = says(check.conv_output_size, lambda n, f, pad, stride: round((n + 2 * pad - f) / stride + 1))
    assert "rounds to the nearest" in nearest
    up = says(check.conv_output_size, lambda n, f, pad, stride: int(np.ceil((n + 2 * pad - f) / stride)) + 1)
    assert "rounds up" in up


def test_windows_that_begin_at_i_and_j_are_named_only_where_the_stride_is_forgotten():
    def forgets_in_columns(A, f, stride, mode):
        n_H, n_W = ((n - f) // stride + 1 for n in A.shape[:2])
        value = np.max if mode == "max" else np.mean
        windows = [[A[i * stride : i * stride + f, j : j + f] for j in range(n_W)] for i in range(n_H)]
        return np.array([[value(window, axis=(0, 1)) for window in row] for row in windows])

    def forgets(A, f, stride, mode):
        n_H, n_W = ((n - f) // stride + 1 for n in A.shape[:2])
        windows = [[A[None, i : i + f, j : j + f] for j in range(n_W)] for i in range(n_H)]
        return np.array([[pool_forward(window, f, 1, mode)[0][0, 0, 0] for window in row] for row in windows])

    assert "begins at row i · stride" in says(check.pool, forgets)
    assert "✗ value" in says(check.pool, forgets_in_columns)
    assert "begins at row i · stride" not in says(check.pool, forgets_in_columns)
