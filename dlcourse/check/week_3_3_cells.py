"""The exercises of notebook 3-3 on the cells of YOLO's grid: which anchor an object gets, and what a cell predicts."""

from functools import partial

from dlcourse.check.compare import as_numpy, kind
from dlcourse.check.exercise import Exercise
from dlcourse.scratch.activations import sigmoid

import numpy as np

exercise = partial(Exercise, notebook="3-3")


def best_anchor(size, anchors):
    """Return the index of the anchor that fits an object best: the highest IoU, both with the same midpoint.

    size is (width, height), shape (2,); anchors have the shape (k, 2).
    """
    intersection = np.minimum(size, anchors).prod(axis=1)  # (k,): the smaller width times the smaller height
    union = size.prod() + anchors.prod(axis=1) - intersection
    return np.argmax(intersection / union)


BEST_ANCHOR = exercise(
    reference=best_anchor,
    section="3.3.3",
    cases=[
        (np.array([2.0, 2.0]), np.array([[8.0, 8.0], [1.0, 3.0], [2.0, 3.0]])),
        (np.array([1.0, 4.0]), np.array([[2.0, 2.0], [4.0, 1.0], [1.0, 8.0]])),
        (np.array([6.0, 6.0]), np.array([[5.0, 2.0], [10.0, 9.0], [3.0, 5.0]])),
        (np.array([2.0, 2.0]), np.array([[1.2, 1.2], [1.0, 3.0], [5.0, 5.0]])),
    ],
    random=lambda rng: (np.exp(rng.normal(size=2)), np.exp(rng.normal(size=(rng.integers(2, 7), 2)))),
    slips="""
        np.argmax(intersection / union) -> np.argmin(np.sum((anchors - size) ** 2, axis=1))
            This is the nearest anchor by Euclidean distance, in which large boxes count more. Use the IoU.
        np.argmax(intersection / union) -> np.argmin(np.abs(anchors.prod(axis=1) - size.prod()))
            This compares areas. A tall and a wide box of the same area overlap little.
        intersection / union -> intersection
            This is the largest intersection, and the largest anchor wins too often. Divide by the union.
        np.argmax -> np.argmin
            This is the anchor that fits worst: the lowest IoU.
        size.prod() + anchors.prod(axis=1) - intersection -> np.maximum(size, anchors).prod(axis=1)
            The larger width times the larger height is the smallest box around both, not their union: area + area −
            intersection.
        np.argmax(intersection / union) -> np.argmin(np.abs(np.log(anchors[:, 0] / anchors[:, 1] * size[1] / size[0])))
            This compares shapes alone. An anchor of the right shape can be far too small.
        np.argmax(intersection / union) -> anchors[np.argmax(intersection / union)]
            This is the anchor itself. Return its index.
        np.argmax -> np.max
            This is the highest IoU. Which anchor has it? np.argmax.
    """,
    hints=[
        "Put both boxes' upper left corner at (0, 0). What do they share?",
        "min(w, anchor_w) · min(h, anchor_h) is the intersection; the union is that of `iou`.",
        "np.minimum(size, anchors) has the shape (k, 2), .prod(axis=1) multiplies each row, np.argmax ends it.",
    ],
)


def decode_cell(t, row, column, grid, anchor):
    """Return the corners, in 0…1 of the picture, of the box that one cell of YOLO predicts with one anchor.

    t begins with t_x, t_y, t_w, t_h; grid is (rows, columns); anchor is (width, height) in cells.
    `dlcourse.detection.yolo.decode` takes whole grids.
    """
    rows, columns = grid
    t_x, t_y, t_w, t_h = t[:4]
    x = (column + sigmoid(t_x)) / columns  # in cells, divided by their number
    y = (row + sigmoid(t_y)) / rows
    w = anchor[0] * np.exp(t_w) / columns  # anchors are measured in cells too
    h = anchor[1] * np.exp(t_h) / rows
    return np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2])


def _in_its_cell(box, t, row, column, grid, anchor):
    x, y = (box[0] + box[2]) / 2 * grid[1], (box[1] + box[3]) / 2 * grid[0]
    return -1e-9 <= x - column <= 1 + 1e-9 and -1e-9 <= y - row <= 1 + 1e-9


def _numbers(function, *arguments):
    """Return the function's result; numbers in a list or tuple are as good as in an array."""
    result = as_numpy(function(*arguments))
    if isinstance(result, list | tuple) and all(kind(part) == "a number" for part in result):
        return np.array(result)
    return result


def _cell(rng):
    rows, columns = (int(number) for number in rng.integers(2, 14, size=2))
    row, column = int(rng.integers(rows)), int(rng.integers(columns))
    return rng.normal(size=8), row, column, (rows, columns), tuple(np.exp(rng.normal(size=2)).tolist())


DECODE_CELL = exercise(
    reference=decode_cell,
    section="3.3.3",
    cases=[
        (np.zeros(8), 1, 2, (2, 4), (2.0, 1.0)),
        (np.array([1.0, -1.0, 0.5, -0.5, 2.0]), 0, 5, (4, 6), (1.5, 3.0)),
        (np.array([-2.0, 0.5, -1.0, 0.25, 0.0, 3.0, -1.0]), 9, 3, (13, 13), (0.5, 4.0)),
        (np.array([3.0, 2.0, 0.0, 1.0]), 6, 0, (7, 3), (1.0, 1.0)),
    ],
    random=_cell,
    through=_numbers,
    properties=[(_in_its_cell, "the midpoint lies in the cell")],
    slips="""
        rows, columns = grid -> columns, rows = grid
            rows and columns are mixed up: grid is (rows, columns); x is divided by columns, y by rows.
        column + sigmoid(t_x) -> row + sigmoid(t_x)
        row + sigmoid(t_y) -> column + sigmoid(t_y)
            The column belongs to x and the row to y.
        rows, columns = grid -> columns, rows, row, column = *grid, column, row
            x runs along the columns: x = (column + σ(t_x)) / columns, and y with the row and the rows.
        np.exp(t_w) / columns -> np.exp(t_w) / rows
        np.exp(t_h) / rows -> np.exp(t_h) / columns
            The midpoint is right. The width is in units of columns, the height in units of rows.
        sigmoid(t_x) -> t_x
        sigmoid(t_y) -> t_y
            t_x and t_y are any numbers; σ takes them to 0…1, the place within the cell.
        np.exp(t_w) / columns -> np.exp(t_w)
        np.exp(t_h) / rows -> np.exp(t_h)
            The midpoint is in 0…1 of the picture, the size still in cells: divide it by columns and rows too.
        x - w / 2, y - h / 2, x + w / 2, y + h / 2 -> x, y, x + w, y + h
            (x, y) is the midpoint, not the upper left corner: x_min = x − w / 2.
        x - w / 2, y - h / 2, x + w / 2, y + h / 2 -> x, y, w, h
            These are the midpoint and the size. The corners are wanted.
        x - w / 2, y - h / 2, x + w / 2, y + h / 2 -> x - w, y - h, x + w, y + h
            Twice as wide and as high: half of the size lies on each side of the midpoint.
        np.exp(t_w) -> t_w
        np.exp(t_h) -> t_h
            exp is missing: the width is anchor_w · exp(t_w), never negative, and the anchor's where t_w = 0.
        column + sigmoid(t_x) -> sigmoid(t_x)
        row + sigmoid(t_y) -> sigmoid(t_y)
            This is right in the cell (0, 0) only: where is this one?
        y + h / 2]) -> y + h / 2]) * [columns, rows, columns, rows]
            This box is in cells. In 0…1 of the picture, everything is divided by columns and rows.
    """,
    hints=[
        "σ(t) = 1 / (1 + exp(−t)) tells where in its cell the midpoint lies, in 0…1.",
        "x = (column + σ(t_x)) / columns and w = anchor_w · exp(t_w) / columns; y and h with row and rows.",
        "The corners are x − w / 2, y − h / 2, x + w / 2 and y + h / 2.",
    ],
)

EXERCISES = [BEST_ANCHOR, DECODE_CELL]
