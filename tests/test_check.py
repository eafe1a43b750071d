"""`dlcourse.check`: every exercise takes the right answer and names each typical wrong one; then the mechanism."""

import ast
import doctest
import importlib
import inspect
import json
import math
import random
import re
import subprocess
import sys
import warnings
from pathlib import Path

from dlcourse import check
from dlcourse.check import exercise as core
from dlcourse.check import layers, source, week_3_2, week_3_3_masks
from dlcourse.check.calling import call
from dlcourse.check.compare import differences
from dlcourse.check.exercise import Exercise
from dlcourse.check.showing import show
from dlcourse.scratch.activations import relu
from dlcourse.scratch.conv import pool_forward
from dlcourse.scratch.optimizers import inverse_time_decay

import keras
import numpy as np
import pytest
import tensorflow as tf

ROOT = Path(__file__).parents[1]
EXERCISES = list(check._exercises())
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)


def says(exercise, function):
    """What the exercise prints; twice the same, and without what differs from machine to machine."""
    (right, text), again = exercise._examine(function), exercise._examine(function)
    assert (right, text) == again
    assert exercise.passes(function) is right
    assert not re.search(r"0x[0-9a-f]{6}|site-packages|/tmp|\.py\b", text)
    return text


def uncaught(exercise):
    """The messages of the typical wrong answers that the exercise accepts or takes for something else."""
    texts = [(message, says(exercise, wrong)) for wrong, message in exercise.all_slips]
    return [message for message, text in texts if "✗" not in text or f"    {message}\n" not in text]


def idle(exercise):
    """The properties that no typical wrong answer breaks."""

    def breaks(wrong, holds):
        for case in exercise.all_cases():
            their, our = (call(function, case, exercise.through) for function in (wrong, exercise.reference))
            if their.error or any(found.stage == "shape" for found in differences(their.result, our.result)):
                return False  # stopped before properties are tried
            if not holds(their.result, *case):
                return True
        return False

    return [
        fact for holds, fact in exercise.properties if not any(breaks(wrong, holds) for wrong, _ in exercise.all_slips)
    ]


# Every exercise of every notebook


def test_names_are_used_once_and_hide_nothing_of_the_package():
    names = check.names()
    assert len(set(names)) == len(names)
    assert not set(names) & set(vars(check))
    assert all(name.isidentifier() and not name.startswith("_") for name in names)


@each_exercise
def test_the_right_answer_is_accepted(exercise):
    text = says(exercise, exercise.reference)
    assert "✗" not in text
    assert text.endswith(f"Right in all {len(exercise.all_cases())} cases.")


@each_exercise
def test_the_right_answer_is_accepted_in_single_numbers_lists_or_tuples(exercise):
    """A learner's `float(...)` or `return [a, b]` is as good as our array of shape () or tuple."""

    def plain(result):
        if isinstance(result, tuple | list):
            return [plain(part) for part in result]
        if isinstance(result, dict):
            return {key: plain(part) for key, part in result.items()}
        return result.item() if isinstance(result, np.ndarray | np.generic) and result.ndim == 0 else result

    assert exercise.passes(lambda *arguments: plain(exercise.reference(*arguments)))


@each_exercise
def test_right_answers_written_differently_are_accepted(exercise):
    module = f"right_answers.week_{exercise.notebook.replace('-', '_')}"
    answers = importlib.import_module(module).RIGHT[exercise.name]
    assert len(answers) >= 3
    for answer in answers:
        assert "✗" not in says(exercise, answer)


@each_exercise
def test_a_result_computed_in_float32_or_given_as_nested_lists_is_accepted(exercise):
    if exercise.through is not None:
        return  # what it gives is compared through what it does

    def parts(result, change):
        if isinstance(result, dict):
            return {key: parts(part, change) for key, part in result.items()}
        if isinstance(result, tuple | list):
            return [parts(part, change) for part in result]
        return change(result) if np.asarray(result).dtype.kind == "f" else result

    def single(number):
        with np.errstate(all="ignore"):
            return np.float32(number)

    for change in (single, lambda a: np.asarray(single(a)).tolist(), lambda a: np.asarray(a).tolist()):
        answer = lambda *arguments, change=change: parts(exercise.reference(*arguments), change)  # noqa: E731
        assert "✗" not in says(exercise, answer)


@each_exercise
def test_an_argument_is_of_one_kind_in_all_cases(exercise):
    """What the learner is told of an argument holds in every case: no list or number where the others are arrays."""

    def kind_of(value):
        if isinstance(value, np.ndarray):
            return "array" if value.ndim else "number"
        return "number" if isinstance(value, int | float | np.number) and not isinstance(value, bool) else type(value)

    parameters = inspect.signature(exercise.reference).parameters.values()
    for position, parameter in enumerate(parameters):
        values = [case[position] for case in exercise.all_cases() if position < len(case)]
        kinds = {kind_of(value) for value in values}
        if parameter.default is None:
            kinds.discard(type(None))
        assert len(kinds) <= 1, (parameter.name, kinds)


@each_exercise
def test_the_stub_says_what_is_not_an_array_or_a_number_and_shows_no_answer(exercise):
    functions = [node for node in ast.walk(ast.parse(stub_cell(exercise))) if isinstance(node, ast.FunctionDef)]
    (stub,) = (node for node in functions if node.name in (exercise.name, f"my_{exercise.name}"))
    words = f"{ast.get_docstring(stub)} {ast.unparse(stub.args)}"
    arguments = [argument.arg for argument in stub.args.args]
    assert arguments == list(inspect.signature(exercise.reference).parameters)[: len(arguments)]
    assert max(map(len, exercise.all_cases())) <= len(arguments)
    for argument, value in zip(stub.args.args, exercise.all_cases()[0], strict=False):
        if isinstance(value, list):
            assert re.search(r"\blists?\b|\[", words), argument.arg
        if isinstance(value, bool | np.bool_):
            assert re.search("True|False|[Ww]hether", words), argument.arg
    for line in inspect.getsource(exercise.reference).splitlines():
        answer = re.match(r"\s*return ([^\"].{11,})", line)  # one of several words to choose from is no answer
        assert not (answer and answer.group(1) in words)


def stub_cell(exercise):
    """The source of the notebook's cell with the function to fill in."""
    (path,) = (ROOT / "notebooks").glob(f"{exercise.notebook}-*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    name = re.compile(rf"^def (my_)?{exercise.name}\(", re.MULTILINE)
    return next(source for source in code if name.search(source) and "..." in source)


@each_exercise
def test_the_advice_of_a_slip_is_not_given_to_an_answer_that_is_wrong_in_another_way(exercise):
    """Each slip's results are moved by a little: what is said of the slip does not explain these."""

    def moved(result):
        if isinstance(result, dict):
            return {key: moved(part) for key, part in result.items()}
        if isinstance(result, tuple | list):
            return [moved(part) for part in result]
        array = np.asarray(result)
        return array * 1.37 + 0.11 if array.dtype.kind == "f" else result

    for wrong, message in exercise.all_slips:
        results = [call(wrong, case, exercise.through).result for case in exercise.all_cases()]
        if all(any(differences(moved(result), result, 1e-3, 1e-3)) for result in results):
            text = says(exercise, lambda *arguments, wrong=wrong: moved(wrong(*arguments)))
            assert f"    {message}\n" not in text


@each_exercise
def test_each_of_three_or_more_typical_wrong_answers_is_caught_and_named(exercise):
    assert len(exercise.all_slips) >= 3
    assert uncaught(exercise) == []


@each_exercise
def test_every_property_is_broken_by_a_typical_wrong_answer(exercise):
    assert idle(exercise) == []


@each_exercise
def test_a_stub_is_not_yet_and_no_mistake(exercise):
    def refuses(*arguments):
        raise NotImplementedError

    for stub in (lambda *arguments: ..., lambda *arguments: None, refuses, ..., None):
        text = says(exercise, stub)
        assert text.startswith(f"… {exercise.name}: not yet.")
        assert f"check.{exercise.name}.hint()" in text
        assert not exercise.passes(stub)


@each_exercise
def test_cases_fit_the_function_and_are_the_same_in_every_run(exercise):
    cases = exercise.all_cases()
    assert len(cases) >= 2
    for case, again in zip(cases, exercise.all_cases(), strict=True):
        assert isinstance(case, tuple), "a case is the tuple of the arguments; mind the comma in (z,)"
        inspect.signature(exercise.reference).bind(*case)
        assert not any(differences(case, again))


@each_exercise
def test_an_exercise_explains_itself(exercise, capsys):
    assert exercise.hints and all(hint.strip() == hint != "" for hint in exercise.hints)
    assert re.fullmatch(r"[1-3]-[1-4]", exercise.notebook)
    assert exercise.section[0] == exercise.notebook[0]  # the chapter; in chapter 2 the weeks are not numbered alike
    assert re.fullmatch(r"\d\.\d(\.\d)?", exercise.section)
    assert inspect.getdoc(exercise.reference)
    assert exercise.name in repr(exercise) and exercise.section in repr(exercise)


@each_exercise
def test_the_solution_runs_as_it_is_shown_and_passes(exercise, capsys):
    exercise.solution()
    text = capsys.readouterr().out
    cell = {"np": np, "keras": keras, "tf": tf}
    exec(text, cell)
    assert text.count("def ") >= 1
    assert exercise.passes(cell[exercise.name])


@each_exercise
def test_an_exercise_is_set_in_its_notebook(exercise):
    (path,) = (ROOT / "notebooks").glob(f"{exercise.notebook}-*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "".join("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "code")
    assert re.search(rf"\bcheck\.{exercise.name}\(", code)


# Answers that are written for the check alone, beside helpers that are proved elsewhere


def test_the_loops_of_pool_say_what_pooling_without_loops_says():
    cases = check.pool.all_cases()
    assert {(case[3], case[1] == case[2]) for case in cases} >= {("max", True), ("max", False), ("average", False)}
    for A, f, stride, mode in cases:  # pool_forward is compared with TensorFlow in test_scratch_conv.py
        expected = pool_forward(A[None], f, stride, mode=mode)[0][0]
        np.testing.assert_allclose(check.pool.reference(A, f, stride, mode), expected, rtol=1e-12)


def test_the_slope_of_relu_and_batch_norm_are_those_of_the_helpers():
    from dlcourse.scratch import activations, normalization

    for (z,) in check.relu_gradient.all_cases():
        np.testing.assert_array_equal(check.relu_gradient.reference(z), activations.derivative("relu", z))
    for case in check.batchnorm_forward.all_cases():
        ours, _ = normalization.batchnorm_forward(*case)
        np.testing.assert_allclose(check.batchnorm_forward.reference(*case), ours, rtol=1e-12)


def test_inception_cost_gives_the_120_and_12_million_of_the_notes_and_what_counting_in_keras_gives():
    from dlcourse import models

    import keras
    from keras import layers

    cost = check.inception_cost.reference
    assert cost(28, 192, 5, 32) == 120_422_400 and cost(28, 192, 5, 32, 16) == 12_443_648
    x = keras.Input((9, 9, 7))
    direct, narrow = layers.Conv2D(4, 5, padding="same")(x), layers.Conv2D(3, 1)(x)
    assert cost(9, 7, 5, 4) == models.cost(keras.Model(x, direct)).multiply_adds
    behind = layers.Conv2D(4, 5, padding="same")(narrow)
    assert cost(9, 7, 5, 4, 3) == models.cost(keras.Model(x, behind)).multiply_adds


def test_depthwise_cost_is_what_counting_in_keras_gives_and_the_ratio_is_that_of_the_notes():
    from dlcourse import models

    import keras
    from keras import layers

    x = keras.Input((9, 9, 7))
    normal = models.cost(keras.Model(x, layers.Conv2D(4, 3)(x))).multiply_adds
    separable = models.cost(keras.Model(x, layers.SeparableConv2D(4, 3)(x))).multiply_adds
    assert check.depthwise_cost.reference(7, 7, 3, 4) == (normal, separable, separable / normal)
    assert separable / normal == pytest.approx(1 / 4 + 1 / 3**2)  # equation (3.9)


def test_color_shift_is_that_of_the_augmentations():
    from dlcourse import augment

    for images, shifts in check.color_shift.all_cases():
        expected, found = augment.color_shift(images, shifts), check.color_shift.reference(images, shifts)
        assert found.dtype == expected.dtype == np.uint8
        np.testing.assert_array_equal(found, expected)


def without_kernels(exercise, edits, *arguments):
    """Some numbers that go into a block whose kernels are all 0 and betas all -1, and those that come out."""
    block = source.edited(exercise.reference, edits)
    found = layers.block_facts(block, layers.Maps((3, 4, 2)), *arguments)
    before, after = found["all kernels 0, all beta -1"].split(" become ")
    before, after = ([int(number) for number in part.split(", ")] for part in (before, after))
    assert min(before) < 0 < 1 < max(before)
    return before, after


ADDS, ENDS = "layers.Add()([x, z2])", "return layers.ReLU()(z2)"


@pytest.mark.parametrize(
    ("edits", "expected"),  # worked out by hand: kernels of 0 and beta of -1 make z = -1 everywhere
    [
        ([], lambda x: max(x - 1, 0)),
        ([(ENDS, "return z2"), (ADDS, "layers.Add()([x, layers.ReLU()(z2)])")], lambda x: x),
        ([(ADDS, "layers.Add()([x, layers.ReLU()(z2)])")], lambda x: max(x, 0)),
        ([(ENDS, "return z2")], lambda x: x - 1),
        ([(ADDS, "z2")], lambda x: 0),
        ([(ADDS, "z2"), (ENDS, "return z2")], lambda x: -1),
    ],
)
def test_without_kernels_a_residual_block_computes_what_pencil_and_paper_say(edits, expected):
    before, after = without_kernels(check.identity_block, edits, 2)
    assert after == [expected(x) for x in before]


NORM, BOTH = (
    "layers.BatchNormalization()(z)",
    "return layers.Add()([x, z]) if stride == 1 and filters == channels else z",
)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([], lambda x: x - 1),
        ([(NORM, f"layers.ReLU(6)({NORM})")], lambda x: x),
        ([(BOTH, "return z")], lambda x: -1),
        ([(BOTH, "return z"), (NORM, f"layers.ReLU(6)({NORM})")], lambda x: 0),
        ([(BOTH, "return layers.ReLU(6)(layers.Add()([x, z]))")], lambda x: min(max(x - 1, 0), 6)),
    ],
)
def test_without_kernels_an_inverted_residual_computes_what_pencil_and_paper_say(edits, expected):
    before, after = without_kernels(check.inverted_residual, edits, 2, 1, 3)
    assert after == [expected(x) for x in before]


def test_an_identity_block_may_be_written_in_another_way():
    from dlcourse import models

    import keras
    from keras import layers, ops

    def plain(x, filters):
        z = x
        for last in (False, True):
            z = layers.Conv2D(filters, 3, padding="valid", use_bias=last)(layers.ZeroPadding2D(1)(z))
            z = layers.BatchNormalization()(z) + (x if last else 0)
            z = ops.relu(z) if last else keras.activations.relu(z)
        return z

    for written in (models.residual_block, plain):
        assert "✗" not in says(check.identity_block, written)


def test_an_inverted_residual_may_be_written_in_another_way():
    from dlcourse import models

    import keras
    from keras import layers

    def other(x, filters, stride, expansion):
        inside, z = expansion * x.shape[-1], x
        z = layers.Dense(inside)(z)  # on every place: a 1×1 convolution
        z = layers.Activation("relu6")(layers.BatchNormalization()(z))
        z = layers.Conv2D(inside, 3, stride, padding="same", groups=inside)(z)  # a group for each channel
        z = keras.activations.relu6(layers.BatchNormalization()(z))
        z = layers.BatchNormalization(scale=False)(layers.Conv2D(filters, 1, padding="same")(z))
        return x + z if z.shape == x.shape else z

    for written in (models.inverted_residual_block, other):
        assert "✗" not in says(check.inverted_residual, written)


def test_maps_that_cannot_be_added_and_results_that_are_no_maps_are_named():
    from keras import layers

    def shrinks(x, filters):
        z = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(filters, 3)(x)))
        z = layers.BatchNormalization()(layers.Conv2D(filters, 3)(z))
        return layers.ReLU()(x + z)

    text = says(check.identity_block, shrinks)
    assert "ValueError: maps of shapes (6, 7, 3) and (2, 3, 3) cannot be added\n" in text
    assert ": return layers.ReLU()(x + z)\n" in text
    assert "Each 3×3 convolution without padding" in text  # said of layers.Add()([x, z]) as well
    text = says(check.identity_block, lambda x, filters: layers.ReLU())
    assert "expected feature maps, as a layer returns that is called on some, got something of type ReLU" in text
    text = says(check.identity_block, lambda x, filters: layers.Flatten()(x))
    assert "expected feature maps, (height, width, channels), got shape (126,)" in text
    assert "got       'none'" in says(check.identity_block, lambda x, filters: x)
    assert says(check.identity_block, lambda x, filters: layers.Conv2D(filters, 3)(...)).startswith("… identity_block")


def test_batch_normalization_along_another_axis_is_seen():
    from keras import layers

    def rows(x, filters):
        z = layers.BatchNormalization(axis=1)(layers.Conv2D(filters, 3, padding="same")(x))
        z = layers.BatchNormalization(axis=1)(layers.Conv2D(filters, 3, padding="same")(layers.ReLU()(z)))
        return layers.ReLU()(layers.Add()([x, z]))

    text = says(check.identity_block, rows)
    assert "expected  '3 channels, 3 channels'\n      got       '6 channels, 6 channels'" in text


def test_freeze_and_count_counts_what_a_step_of_training_changes():
    net = week_3_2._Net((4, 5))
    for from_layer in ("conv1", "bn1", "conv2", "head"):
        model, rng = net.build(), np.random.default_rng(0)
        count = check.freeze_and_count.reference(model, from_layer)
        before = model.get_weights()
        model.compile("sgd", "mse", run_eagerly=True)
        model.train_on_batch(rng.normal(size=(8, 4, 4, 3)), rng.normal(size=(8, 2)))
        changed = (w.size for w, b in zip(model.get_weights(), before, strict=True) if not np.array_equal(w, b))
        assert count == sum(changed) > 0, from_layer


def test_localization_loss_is_the_sum_of_eight_squares_or_with_no_object_the_first():
    y_hat = np.array([0.5, 1, 2, 3, 4, 5, 6, 7])
    loss = check.localization_loss.reference
    assert loss(y_hat, np.array([1.0, 0, 0, 0, 0, 0, 0, 0])) == 0.25 + 1 + 4 + 9 + 16 + 25 + 36 + 49
    assert loss(y_hat, np.array([0.0, 9, 9, 9, 9, 9, 9, 9])) == 0.25
    assert {case[1][0] for case in check.localization_loss.all_cases()} == {0, 1}


def test_iou_filter_boxes_nms_and_mean_iou_say_what_the_helpers_say():
    from dlcourse import segmentation
    from dlcourse.detection import boxes, nms, yolo

    def all_kept(corners, scores, threshold):
        return nms.non_max_suppression(corners, scores, max_boxes=100, iou_threshold=threshold).tolist()

    for exercise, helper in (
        (check.iou, boxes.iou),
        (check.filter_boxes, yolo.filter_boxes),
        (check.nms, all_kept),
        (check.mean_iou, segmentation.mean_iou),
    ):
        assert exercise.passes(helper), says(exercise, helper)


def test_the_triplet_loss_verify_and_recognize_say_what_the_helpers_say():
    from dlcourse import faces

    def of_one(encoding, claimed, threshold):
        database = faces.FaceDatabase(lambda picture: picture, threshold)
        database.enroll("one", claimed)
        return database.verify_encoding(encoding, "one")

    def of_all(encoding, known, names, threshold):
        database = faces.FaceDatabase(lambda picture: picture, threshold)
        database.enroll_encodings(names, known)
        return database.recognize_encoding(encoding)

    def loss(*triplets_and_margin):
        return float(faces.triplet_loss(*triplets_and_margin))

    helpers = {check.triplet_loss: loss, check.verify: of_one, check.recognize: of_all}
    for exercise, helper in helpers.items():
        for case in exercise.all_cases():
            ours, theirs = exercise.reference(*case), helper(*case)
            if exercise is check.triplet_loss:
                assert np.isclose(ours, theirs, rtol=1e-5)
            else:  # the database keeps float32
                assert ours[0] == theirs[0] and np.isclose(ours[1], theirs[1], rtol=1e-5)


def test_with_the_hardest_negative_the_triplet_loss_of_an_anchor_is_the_largest():
    for anchor, encodings, identities, identity in check.hardest_negative.all_cases():
        chosen = check.hardest_negative.reference(anchor, encodings, identities, identity)
        others = np.flatnonzero(identities != identity)
        losses = [
            check.triplet_loss.reference(*(x[None] for x in (anchor, anchor, encodings[i])), 100.0) for i in others
        ]
        assert chosen == others[np.argmax(losses)]


def test_the_costs_of_style_say_what_the_helpers_say():
    from dlcourse import style

    for name in ("gram_matrix", "content_cost", "layer_style_cost", "total_variation"):
        exercise, helper = getattr(check, name), getattr(style, name)
        for case in exercise.all_cases():
            assert np.allclose(exercise.reference(*case), helper(*(x.astype("float32") for x in case)), rtol=1e-4), name


def test_best_anchor_is_the_one_that_yolo_trains_and_decode_cell_undoes_its_label():
    from dlcourse.detection import yolo

    for size, anchors in check.best_anchor.all_cases():
        side = int(size.max()) + 3  # of a grid in which the box has room
        midpoint = side // 2 + np.array([0.3, 0.6])
        box = np.concatenate([midpoint - size / 2, midpoint + size / 2]) / side
        label = yolo.encode([box], [0], (side, side), anchors, 1)
        ((row, column, k),) = np.argwhere(label[..., 4])
        assert check.best_anchor.reference(size, anchors) == k
        place, answer = label[row, column, k, :2], label[row, column, k, 2:]
        t = np.concatenate([np.log(place / (1 - place)), answer])
        decoded = check.decode_cell.reference(t, row, column, (side, side), anchors[k])
        np.testing.assert_allclose(decoded, box, atol=1e-6)


def test_decode_cell_says_what_decoding_a_whole_grid_says():
    from dlcourse.detection import yolo

    cases = check.decode_cell.all_cases()
    assert sum(rows != columns for _, _, _, (rows, columns), _ in cases) > 10
    for t, row, column, grid, anchor in cases:
        features = np.zeros((1, *grid, 5), np.float32)
        features[0, row, column, :4] = t[:4]
        boxes, _, _ = yolo.decode(features, [anchor])
        expected = np.asarray(boxes)[0, row, column, 0]
        np.testing.assert_allclose(check.decode_cell.reference(t, row, column, grid, anchor), expected, atol=2e-5)


def test_the_loops_of_conv_transpose_say_what_keras_says():
    from keras import ops

    for x, kernel, stride in check.conv_transpose.all_cases():
        assert stride <= len(kernel)  # Keras does not paste the rest of a gap
        expected = ops.conv_transpose(x[None, ..., None], kernel[..., None, None], stride, padding="valid")
        result = check.conv_transpose.reference(x, kernel, stride)
        np.testing.assert_allclose(result, np.asarray(expected)[0, ..., 0], atol=1e-5)


def test_an_answer_may_be_a_list_a_tuple_or_an_array():
    def corners(*arguments):
        return tuple(check.decode_cell.reference(*arguments))

    assert check.decode_cell.passes(corners)
    assert check.nms.passes(lambda *arguments: np.array(check.nms.reference(*arguments), np.int32))
    assert check.nms.passes(lambda *arguments: tuple(check.nms.reference(*arguments)))
    text = says(check.decode_cell, lambda *arguments: [*corners(*arguments), 1.0])
    assert "an array of numbers, shape (4,)\n      got       an array of numbers, shape (5,)" in text


def test_what_is_no_list_of_indices_is_named():
    kept = check.nms.reference
    for wrong, got in (
        (lambda boxes, scores, t: np.isin(np.arange(len(boxes)), kept(boxes, scores, t)), "True and False, shape (4,)"),
        (lambda boxes, scores, t: boxes[kept(boxes, scores, t)], "numbers, shape (3, 4)"),
        (lambda boxes, scores, t: scores[kept(boxes, scores, t)], "numbers, shape (3,)"),
    ):
        text = says(check.nms, wrong)
        assert f"expected  '0, 2, 3'\n      got       'not indices, but an array of {got}'" in text
    assert "expected  '0, 2, 3'\n      got       '0, 1'" in says(check.nms, lambda boxes, scores, t: [0, 1])
    assert says(check.nms, lambda boxes, scores, t: [...]).startswith("… nms: not yet.")


def test_tiny_numbers_against_division_by_zero_are_right_in_iou():
    def guarded(a, b):
        both = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0))
        return both / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - both + 1e-7)

    assert check.iou.passes(guarded)


def test_an_upsampling_block_is_a_level_of_unet():
    from dlcourse import models

    import keras

    def level(x, skip, filters):
        net = models.unet((6, 8, 3), 2, filters=filters, depth=1)
        ends = (net.get_layer(name).output for name in ("bottom_conv2_relu", "down1_conv2_relu"))
        return keras.Model(list(ends), net.get_layer("up1_conv2_relu").output)([x, skip])

    maps = layers.Maps((3, 4, 4)), layers.Maps((6, 8, 2)), 2
    found, expected = (week_3_3_masks._level(f, *maps) for f in (level, check.upsampling_block.reference))
    assert not any(differences(found, expected, 1e-3, 1e-3))


def test_an_upsampling_block_may_be_written_in_another_way():
    from keras import layers, ops

    def other(x, skip, filters):
        z = layers.Conv2DTranspose(filters, (3, 3), (2, 2), "same", kernel_initializer="he_normal", name="up")(x)
        z = ops.concatenate([z, skip], axis=-1)
        for _ in range(2):
            z = layers.ZeroPadding2D(1)(z)
            z = ops.relu(layers.Conv2D(filters, 3, use_bias=False, kernel_initializer="he_normal")(z))
        return layers.Dropout(0.3)(z)

    assert "✗" not in says(check.upsampling_block, other)


def test_maps_that_cannot_be_concatenated_and_layers_too_many_are_named():
    from keras import layers, ops

    for join in (layers.Concatenate(), lambda maps: ops.concatenate(maps, axis=-1)):
        text = says(check.upsampling_block, lambda x, skip, filters, join=join: join([x, skip]))
        assert "ValueError: maps of shapes (3, 4, 4) and (6, 8, 2) cannot be concatenated\n" in text

    def normalized(x, skip, filters):
        return layers.BatchNormalization()(check.upsampling_block.reference(x, skip, filters))

    text = says(check.upsampling_block, normalized)
    three = "Conv2D 3×3×2→2, Conv2D 3×3×4→2, Conv2DTranspose 3×3×4→2"
    assert f"expected  '{three}'\n      got       'BatchNormalization, {three}'" in text
    assert "got something of type ReLU" in says(check.upsampling_block, lambda x, skip, filters: layers.ReLU())
    flat = says(check.upsampling_block, lambda x, skip, filters: layers.Flatten()(x))
    assert "expected feature maps, (height, width, channels), got shape (48,)" in flat


def test_building_layers_for_a_check_leaves_the_random_numbers_of_the_notebook_alone():
    for exercise in (check.identity_block, check.freeze_and_count, check.upsampling_block):
        random.seed(7)
        state = random.getstate()
        assert exercise.passes(exercise.reference) and not exercise.passes(exercise.all_slips[0][0])
        assert random.getstate() == state


# The mechanism, on an exercise with several arguments and results


def line(x, y, scale):
    """Slope and intercept of the line through two points, the slope first."""
    slope = (y[1] - y[0]) / (x[1] - x[0])
    return {"slope": slope * scale, "points": np.stack([x, y])}, "up" if slope > 0 else "down"


LINE = Exercise(
    reference=line,
    notebook="1-1",
    section="1.1.1",
    cases=[(np.array([0.0, 2.0]), np.array([1.0, 2.0]), 1.0)],
    random=lambda rng: (np.sort(rng.normal(size=2)), rng.normal(size=2), 2.0),
    wrong=[(lambda x, y, scale: ({**line(x, y, scale)[0], "slope": 0.0}, "up"), "A slope of 0 is level.")],
    hints=["Rise over run.", "(y[1] - y[0]) / (x[1] - x[0])"],
)


def example(**changes):
    """ReLU, as in the first lines of the mechanism."""
    data = {
        "reference": relu,
        "notebook": "1-1",
        "section": "1.1.1",
        "cases": [(np.array([-1.0, 0.0, 2.0]),), (np.array([[-3.0], [4.0]]),)],
        "properties": [(lambda a, z: np.all(a >= 0), "no value is negative")],
        "wrong": [
            (lambda z: np.minimum(0, z), "This keeps the negative side."),
            (lambda z: np.abs(z), "A negative number must give 0."),
            (lambda z: np.max(z), "np.maximum compares number by number."),
        ],
        "hints": ["First.", "Second."],
    }
    return Exercise(**{**data, **changes})


def changed(**parts):
    """The right answer with some of its parts replaced."""

    def answer(x, y, scale):
        result, word = line(x, y, scale)
        word = parts.get("word", word)
        replaced = {key: parts[key](result[key]) for key in result if key in parts}
        return {**result, **replaced}, word

    return answer


def overwrites(x, y, scale):
    result = line(x, y, scale)
    x -= 1.0
    return result


def forgets_an_argument(x, y):
    return line(x, y, 1.0)


def divides_by_zero(x, y, scale):
    return scale / 0


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        # it runs
        (divides_by_zero, "✗ it runs, in case 1 of 21"),
        (divides_by_zero, "stopped   ZeroDivisionError: "),
        (divides_by_zero, ": return scale / 0"),
        (forgets_an_argument, "It is called as line(x, y, scale)."),
        # type and shape
        (lambda x, y, scale: 3.0, "✗ type and shape, in case 1 of 21"),
        (lambda x, y, scale: 3.0, "expected  a tuple of length 2\n      got       a number\n"),
        (lambda x, y, scale: line(x, y, scale)[0], "got       a dict with the keys 'slope', 'points'"),
        (lambda x, y, scale: ({"slop": 1.0}, "up"), "in        result[0]\n"),
        (lambda x, y, scale: ({"slop": 1.0}, "up"), "got       a dict with the keys 'slop'"),
        (changed(word=1), "expected  the text 'up'\n      got       a number\n"),
        (changed(slope=str), "expected  a number\n      got       the text '0.5'\n"),
        (changed(slope=lambda a: None), "Your function returns nothing here: is a `return` missing?"),
        (changed(slope=lambda a: np.array([[a]])), "This is one number inside an array: float(...) or np.squeeze"),
        (changed(slope=lambda a: np.array([a, a])), "One number is wanted: is a sum or a mean over everything missing"),
        (changed(points=lambda a: (a, "up")), "One result is wanted; a comma in `return a, b` makes several."),
        (changed(points=lambda a: [[1.0, 2.0], [3.0]]), "Its rows are of different lengths."),
        (changed(points=lambda a: a[None]), "got       an array of numbers, shape (1, 2, 2)"),
        (changed(points=lambda a: a[None]), "It has an axis of length 1 too many."),
        (changed(points=lambda a: a.astype(object)), "got       an array of dtype object, shape (2, 2)"),
        (changed(points=lambda a: a.astype(str)), "got       an array of dtype <U32, shape (2, 2)"),
        (changed(points=lambda a: (x for x in a)), "got       something of type generator"),
        # value
        (changed(slope=lambda a: a + 1e-5), "✗ value, in case 1 of 21"),
        (changed(slope=lambda a: a + 1e-5), "in        result[0]['slope']\n"),
        (changed(slope=lambda a: a + 1e-5), "expected  0.5\n      got       0.50001\n"),
        (changed(slope=lambda a: a + 1e-6), "expected  0.5\n      got       0.500001\n"),
        (changed(slope=lambda a: a * 10 / 3 + 1e-12), "expected  0.5\n      got       1.66667\n"),
        (changed(slope=lambda a: -a), "Only the sign is wrong."),
        (changed(points=lambda a: 3 * a), "Each number is 3 times the right one."),
        (changed(slope=lambda a: a // 1), "expected  0.5\n      got       0\n"),
        (changed(slope=int), "These are whole numbers: do //, int() or an integer array cut the fractions off?"),
        (changed(slope=lambda a: np.float16(a + 1e-3)), "These numbers are float16; float64 keeps more digits."),
        (changed(slope=lambda a: np.nan), "nan is not a number"),
        (changed(slope=lambda a: np.inf), "inf comes from a division by 0"),
        (changed(word="down"), "expected  'up'\n      got       'down'\n"),
        # the arguments stay as they were
        (overwrites, "✗ the arguments stay as they were, in case 1 of 21"),
        (overwrites, "x after   [-1, 1]"),
        (overwrites, "Your function changes its own arguments"),
    ],
)
def test_a_wrong_answer_is_described(wrong, expected):
    text = says(LINE, wrong)
    assert expected in text
    assert text.count("✗") == 1 and text.endswith("check.line.hint() gives a hint.")
    assert "      x         [0, 2]\n      y         [1, 2]\n      scale     1\n" in text


ADVICE = (  # what is said of any wrong result of a kind
    "returns nothing",
    "of different lengths",
    "makes several",
    "gives True and False",
    "inside an array",
    "One number is wanted",
    "changed places",
    "keepdims=True",
    "axis of length 1 too many",
    "nan is not a number",
    "inf comes from",
    "Only the sign",
    "whole numbers",
    "float16",
    "times the right one",
)


@pytest.mark.parametrize(
    ("right", "wrong"),  # each looks like a kind that is advised, and is another
    [
        ([1.0, -2.0, 3.0], [-1.0, 2.0, -3.1]),  # not only the sign
        ([1.0, 2.0, 3.0], [2.0, 4.0, 6.1]),  # no factor
        ([1.0, 2.0, 3.0], [1.000004, 2.000008, 3.000012]),  # a factor of 1 says nothing
        ([0.0, 0.0, 3.0], [1.0, 2.0, 3.0]),  # a single number has any factor
        ([1.0, 2.0, 3.0], np.array([1, 3, 3])),  # whole, and nothing was cut off
        ([1.5, 2.5, 3.5], np.array([3, 3, 3])),  # whole, and further away
        ([np.nan, 2.0], [np.nan, 3.0]),  # NaN is right here
        ([np.inf, 2.0], [np.inf, 3.0]),
        ([[1.0, 2.0, 3.0]], [[1.0, 2.0]]),  # another length, no other order of axes
        ([[1.0, 2.0], [3.0, 4.0]], [[1.0, 3.0], [2.0, 4.0]]),  # the shape of a transposed square is right
        ([1.0, 2.0], ["a", "b"]),  # no rows at all
        ([1.0, 2.0], np.array([9.0, 9.0], np.float16)),  # float16, and wrong by far
    ],
)
def test_general_advice_is_not_given_where_it_does_not_fit(right, wrong):
    exercise = example(
        reference=lambda z: np.asarray(right), name="of", properties=[], wrong=[], cases=[(np.zeros(2),)]
    )
    text = says(exercise, lambda z: wrong)
    assert "✗" in text
    assert not [advice for advice in ADVICE if advice in text]


def stops_halfway(x, y, scale):
    slope = ...
    return {"slope": slope * scale, "points": np.stack([x, y])}, "up"


def fills_an_array_with_dots(x, y, scale):
    return {"slope": np.where(x > 0, ..., 0.0), "points": np.stack([x, y])}, "up"


def raises_not_implemented(x, y, scale):
    raise NotImplementedError("write me")


@pytest.mark.parametrize(
    "stub",
    [
        ...,
        None,
        lambda x, y, scale: ...,
        lambda x, y, scale: None,
        lambda x, y, scale: (..., "up"),
        lambda x, y, scale: (None, None),
        lambda x, y, scale: {"slope": None},
        changed(slope=lambda a: ...),
        stops_halfway,
        fills_an_array_with_dots,
        raises_not_implemented,
    ],
)
def test_what_is_not_written_yet_is_not_wrong(stub):
    assert says(LINE, stub) == (
        "… line: not yet. Fill in the function and run this cell again. check.line.hint() gives a hint."
    )


def test_a_function_with_a_body_that_returns_nothing_is_asked_for_its_return():
    def forgets(x, y, scale):
        slope = (y[1] - y[0]) / (x[1] - x[0])
        _ = {"slope": slope * scale}

    def prints(x, y, scale):
        str(line(x, y, scale))

    for wrong in (forgets, prints):
        text = says(LINE, wrong)
        assert "✗ type and shape, in case 1 of 21" in text
        assert "    Your function returns nothing here: is a `return` missing?\n" in text

    def unfinished(x, y, scale):
        slope = ...
        _ = {"slope": slope}

    assert says(LINE, unfinished).startswith("… line: not yet.")


a_of_the_notebook = np.array([5.0, 6.0])
RATE = 3.0


def test_a_variable_of_the_notebook_in_the_place_of_an_argument_is_named():
    def takes_a_global(x, y, scale):
        return line(a_of_the_notebook, y, scale)

    def in_an_inner_function(x, y, scale):
        return (lambda b: line(b + a_of_the_notebook - b, y, scale))(0)

    for wrong in (takes_a_global, in_an_inner_function):
        text = says(LINE, wrong)
        assert (
            "uses `a_of_the_notebook` from the notebook, not only its arguments; it never uses its argument `x`."
            in text
        )

    def two(x, y, scale):
        return line(x + a_of_the_notebook, y, scale)

    assert "uses `a_of_the_notebook` from the notebook, not only its arguments.\n" in says(LINE, two)


def test_functions_modules_attributes_and_constants_of_the_notebook_are_no_slip():
    def fine(x, y, scale):
        return line(x, np.add(y, RATE * x), scale)

    assert "✗" in says(LINE, fine) and "from the notebook" not in says(LINE, fine)
    assert LINE.passes(lambda x, y, scale: line(x, y, scale)) and LINE.passes(line)

    class Holder:
        a_of_the_notebook = 1.0  # an attribute of this name is no variable of the notebook

    def reads_an_attribute(x, y, scale):
        return line(x, y, scale + Holder.a_of_the_notebook)

    assert "from the notebook" not in says(LINE, reads_an_attribute)


def raises(*arguments):
    def function(z):
        raise arguments[0](*arguments[1:])

    return function


def ones(*shape):
    return np.ones(shape)


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (lambda z: np.ones((1, 3)) @ np.ones((1, 3)), "`@` and np.dot need as many columns on the left as rows"),
        (lambda z: np.dot(np.ones((1, 3)), np.ones((1, 3))), "`@` and np.dot need as many columns on the left as rows"),
        (lambda z: np.ones(3) @ np.ones(4), "`@` and np.dot need as many columns on the left as rows"),
        (lambda z: ones(2, 3) * ones(3, 2), "`+`, `-` and `*` work number by number: the shapes must be alike."),
        (lambda z: ones(2, 3) - ones(2), "`+`, `-` and `*` work number by number: the shapes must be alike."),
        (lambda z: z if z > 0 else 0, "`if`, `and`, `or` and max() want one True or False."),
        (lambda z: max(np.ones(3), z), "`if`, `and`, `or` and max() want one True or False."),
        (lambda z: math.exp(np.ones(3)), "math.exp and its like, float() and int() take one number"),
        (lambda z: np.zeros(2, 3)[np.ones((2, 2))], ""),
        (lambda z: [1, 2][np.ones(2)], "An array stands where one whole number is due"),
        (lambda z: ones(2)(2), "Round brackets call a function: is a `*` missing, or are [ ] meant?"),
        (lambda z: ones(2)[z[0] + 0.5], "An index is a whole number: `//` and int() make one."),
        (lambda z: ones(2)[5], "Indices run from 0 to n − 1."),
        (lambda z: [1, 2][5], "Indices run from 0 to n − 1."),
        (lambda z: Z * 2, "There is no `Z`; is the argument `z` meant?"),  # noqa: F821
        (lambda z: ones(2).nothing, ""),
        (lambda z: {}["W1"], ""),
        (lambda z: wholly_unknown * 2, ""),  # noqa: F821
        (raises(ValueError, "the shapes are odd"), ""),
    ],
)
def test_an_exception_of_a_known_kind_is_explained_and_no_other(wrong, advice):
    text = says(example(), wrong)
    lines = text.splitlines()
    assert "✗ it runs" in text and any(row.startswith("      at        line") for row in lines)
    said = [row.strip() for row in lines if row.startswith("    ") and not row.startswith("     ")][:-1]
    assert said[0].startswith(advice) if advice else not said, said


def test_a_name_that_got_no_value_is_explained():
    def unbound(z):
        if len(z) > 99:
            result = z
        return result

    assert "This name gets its value in a branch or loop that was not run" in says(example(), unbound)


def test_tensors_of_tensorflow_and_keras_count_as_arrays_also_before_properties():
    import keras
    import tensorflow as tf

    def mixed(x, y, scale):
        result, word = line(x, y, scale)
        return {"slope": keras.ops.convert_to_tensor(result["slope"]), "points": tf.Variable(result["points"])}, word

    assert LINE.passes(mixed)
    for answer in (tf.nn.relu, keras.ops.relu, lambda z: tf.Variable(tf.nn.relu(z)), lambda z: tf.nn.relu(z).numpy()):
        assert "✗" not in says(example(), answer)
    text = says(example(), lambda z: tf.constant(z))
    assert "✗ no value is negative, in case 1 of 2\n      z         [-1, 0, 2]\n      got       [-1, 0, 2]\n" in text
    text = says(example(), lambda z: tf.matmul(tf.ones((1, 3)), tf.ones((1, 3))))
    assert "`@` and np.dot need as many columns" in text
    text = says(example(), lambda z: tf.constant(1.0) - tf.constant(z))
    assert "TensorFlow does not mix types of numbers" in text


def test_what_was_computed_in_float32_is_compared_as_far_as_float32_can_tell():
    third = {"reference": lambda z: z / 3, "name": "third", "properties": []}
    exercise = example(**third, cases=[(np.array([1.0, 2e5]),), (np.array([0.1]),)])
    assert exercise.passes(lambda z: z.astype(np.float32) / np.float32(3))
    assert exercise.passes(lambda z: (z.astype(np.float32) / np.float32(3)).astype(float))  # float() of a tensor
    assert not exercise.passes(lambda z: (z.astype(np.float32) / np.float32(3)) * np.float32(1.001))
    assert not exercise.passes(lambda z: z / 3 * 1.00001)  # float64 can tell
    text = says(exercise, lambda z: (z / 3).astype(np.float16))
    assert not exercise.passes(lambda z: (z / 3).astype(np.float16)) and "float32" not in text
    small = example(**third, cases=[(np.array([1e-7, 3e-7]),)])  # tiny numbers are not lost in the tolerance
    assert small.passes(lambda z: z.astype(np.float32) / np.float32(3))
    assert not small.passes(lambda z: np.zeros(2, np.float32))
    assert not small.passes(lambda z: z.astype(np.float32) / np.float32(2))


def test_an_axis_of_length_1_may_be_kept_or_dropped_where_the_exercise_says_so():
    lengths = {"reference": lambda z: np.linalg.norm(z, axis=-1), "name": "lengths", "properties": [], "wrong": []}
    cases = [(np.array([[3.0, 4.0], [5.0, 12.0]]),)]
    strict, relaxed = (example(**lengths, cases=cases, keepdims=keepdims) for keepdims in (False, True))
    for keep in (lambda z: np.linalg.norm(z, axis=-1, keepdims=True), lambda z: np.linalg.norm(z, axis=-1)[None]):
        assert relaxed.passes(keep) and not strict.passes(keep)
    assert not relaxed.passes(lambda z: np.linalg.norm(z, axis=-1, keepdims=True)[:1])
    assert not relaxed.passes(lambda z: np.linalg.norm(z, axis=-2, keepdims=True))


def test_none_after_the_first_case_is_a_missing_return_and_no_stub():
    def forgets_one_branch(x, y, scale):
        if x[0] == 0:
            return line(x, y, scale)

    text = says(LINE, forgets_one_branch)
    assert "✗ type and shape, in case 2 of 21" in text and "got       None" in text and "is a `return` missing?" in text


def test_a_right_answer_may_be_none():
    exercise = Exercise(
        reference=lambda n: "even" if n % 2 == 0 else None,
        name="even",
        notebook="1-1",
        section="1.1.1",
        cases=[(1,), (2,)],
        wrong=[],
        hints=[],
    )
    assert exercise.passes(lambda n: None if n % 2 else "even")
    assert "expected  'even'" not in says(exercise, lambda n: None)
    assert "expected  the text 'even'\n      got       None" in says(exercise, lambda n: None)


def test_a_result_instead_of_the_function_is_explained():
    result = line(*LINE.cases[0])
    assert says(LINE, result) == "✗ line: give the function itself, not what it returns: check.line(line)"


def test_a_slip_must_explain_every_case_that_fails():
    text = says(LINE, changed(slope=lambda a: 0.0, word="up"))
    assert "    A slope of 0 is level.\n" in text
    text = says(LINE, changed(slope=lambda a: 0.0 if a == 0.5 else a))  # only the first case fails, and it is this slip
    assert "got       0\n" in text and "A slope of 0 is level." in text
    text = says(LINE, changed(slope=lambda a: 0.0 if a == 0.5 else 2 * a))  # the others fail in another way
    assert "got       0\n" in text and "A slope of 0 is level." not in text


def test_of_two_slips_that_explain_what_fails_the_one_that_does_the_same_elsewhere_is_named():
    positive = (lambda z: np.maximum(z, -1.0), "This cuts off at −1.")
    exercise = example(
        cases=[(np.array([-1.0, 2.0]),), (np.array([-3.0, 4.0]),)], wrong=[(lambda z: z, "Nothing."), positive]
    )
    assert "    This cuts off at −1.\n" in says(exercise, lambda z: np.maximum(z, -1.0))
    assert "    Nothing.\n" in says(exercise, lambda z: z + 0.0)


def test_a_slip_that_stops_or_changes_its_argument_is_told_from_others():
    def divides_by_an_int(a):
        return a / 0 if isinstance(a, int) else a.missing

    def clips_in_place(a):
        a[a < 0] = 0.0
        return a

    exercise = example(wrong=[(divides_by_an_int, "An array has no such attribute."), (clips_in_place, "In place.")])
    assert uncaught(exercise) == []
    text = says(exercise, lambda z: z.absent)
    assert "stopped   AttributeError" in text and "    An array has no such attribute.\n" not in text

    def halves_in_place(a):
        a /= 2.0
        return np.maximum(0.0, a * 2.0)

    text = says(exercise, halves_in_place)  # right values, as those of the second slip, but not its doing
    assert "In place." not in text and "Your function changes its own arguments" in text


def test_values_may_come_as_lists_in_other_number_types_or_as_single_item_types():
    def relaxed(x, y, scale):
        result, word = line(x, y, scale)
        return [{"points": result["points"].astype(np.longdouble), "slope": np.array(result["slope"])}, np.str_(word)]

    assert LINE.passes(relaxed)


ZERO_ONE = {"notebook": "1-1", "section": "1.1.1", "wrong": [], "hints": []}


@pytest.mark.parametrize(
    ("reference", "wrong", "expected"),
    [
        (
            lambda a: a > 0,
            lambda a: (a > 0) * 1,
            "an array of True and False, shape (3,)\n      got       an array of n",
        ),
        (lambda a: a > 0, lambda a: a >= 0, "[False, False, True]\n      got       [False, True, True]"),
        (lambda a: bool(a[0] > 0), lambda a: 0, "expected  True or False\n      got       a number"),
        (lambda a: bool(a[0] > 0), lambda a: True, "expected  False\n      got       True"),
        (
            lambda a: a.astype(int).astype(str),
            lambda a: a.astype(str),
            "expected  ['-1', '0', '2']\n      got       ['-1.0'",
        ),
        (lambda a: [1, 2], lambda a: [1, 2, 3], "a list of length 2\n      got       a list of length 3"),
        (
            lambda a: [1, 2],
            lambda a: np.array([1, 2]),
            "a list of length 2\n      got       an array of numbers, shape (2,)",
        ),
        (lambda a: a[:, None], lambda a: a, "keepdims=True keeps the axis that a sum runs along."),
        (lambda a: a[:, None], lambda a: a[None], "Rows and columns have changed places."),
        (lambda a: a * np.nan, lambda a: a, "expected  [nan, nan, nan]\n      got       [-1, 0, 2]"),
    ],
)
def test_booleans_strings_lists_and_columns(reference, wrong, expected):
    exercise = Exercise(reference=reference, name="of", cases=[(np.array([-1.0, 0.0, 2.0]),)], **ZERO_ONE)
    assert exercise.passes(reference)
    assert expected in says(exercise, wrong)


def test_a_learner_cannot_write_into_our_answer():
    def takes_all(a):
        a[:] = 0.0  # if the case were shared, ours would be 0 as well
        return a

    exercise = Exercise(reference=lambda a: a + 1.0, name="up", cases=[(np.ones(3),), (np.zeros(3),)], **ZERO_ONE)
    assert "expected  [2, 2, 2]\n      got       [0, 0, 0]" in says(exercise, takes_all)
    assert exercise.cases[0][0].tolist() == [1, 1, 1]


def test_a_result_that_cannot_be_compared_is_compared_through_what_it_does():
    def at_two(function, n):
        made = function(n)
        return made if made is None or made is ... else {"at 2": made(2)}

    def adds(n):
        """A function that adds n."""
        return lambda x: x + n

    multiplies = (lambda n: lambda x: x * n, "Add.")
    exercise = example(reference=adds, cases=[(1,), (5,)], properties=[], wrong=[multiplies], through=at_two)
    assert exercise.passes(adds) and exercise.passes(lambda n: (n + 0.0).__add__)
    text = says(exercise, lambda n: lambda x: n * x)
    assert "in        result['at 2']\n      expected  3\n      got       2\n    Add.\n" in text
    assert uncaught(exercise) == []
    for stub in (lambda n: ..., lambda n: None):
        assert says(exercise, stub).startswith("… adds: not yet.")
    text = says(exercise, lambda n: lambda x: x.nothing)
    assert "stopped   AttributeError: 'int' object has no attribute 'nothing'\n      at        line " in text


def test_our_answers_and_the_typical_wrong_ones_are_computed_once_for_each_case():
    calls = []

    def counted(z):
        """ReLU that counts."""
        calls.append("right")
        return relu(z)

    def wrong(z):
        calls.append("wrong")
        return np.abs(z)

    exercise = example(reference=counted, wrong=[(wrong, "A negative number must give 0.")])
    for _ in range(3):
        assert "A negative number must give 0." in exercise._examine(np.abs)[1]
    assert sorted(calls) == ["right"] * 2 + ["wrong"] * 2


def test_changing_a_list_or_dict_in_place_is_seen():
    exercise = Exercise(
        reference=lambda words, counts: len(words), name="n", cases=[(["a"], {"b": np.zeros(2)})], **ZERO_ONE
    )
    assert "words after []" in says(exercise, lambda words, counts: len([words.pop()]))
    assert "counts after {'b': [1, 1]}" in says(exercise, lambda words, counts: exec("counts['b'] += 1") or 1)


def test_a_buffer_used_again_by_the_next_call_is_no_mistake():
    buffer = np.zeros(3)
    exercise = Exercise(reference=lambda a: a + 1.0, name="up", cases=[(np.ones(3),), (np.zeros(3),)], **ZERO_ONE)
    assert exercise.passes(lambda a: np.add(a, 1.0, out=buffer))


def test_warnings_and_numpys_settings_stay_out_of_the_way(recwarn):
    exercise = Exercise(reference=lambda a: 1 / a, name="inverse", cases=[(np.array([0.0, 2.0]),)], **ZERO_ONE)

    def warns(a):
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        return 1 / a

    with np.errstate(all="raise"):  # a learner may have asked NumPy to raise
        assert exercise.passes(warns)
    assert not recwarn


def test_a_large_array_is_cut_short_and_its_first_wrong_number_named():
    exercise = Exercise(reference=lambda n: np.ones((n, n)), name="ones", cases=[(100,)], **ZERO_ONE)

    def wrong(n):
        a = np.ones((n, n))
        a[41, 59] += 1e-5
        return a

    text = says(exercise, wrong)
    assert "first at  [41, 59]: expected 1, got 1.00001" in text
    assert len(text.splitlines()) < 25 and "shape (100, 100)" in text


def test_numbers_that_differ_late_are_shown_with_more_digits():
    exercise = Exercise(reference=lambda n: n / 3, name="third", cases=[(1.0,)], rtol=1e-12, atol=0, **ZERO_ONE)
    assert "expected  0.333333333\n      got       0.333333334" in says(exercise, lambda n: n / 3 + 1e-9)
    assert "expected  0.33333333333333331\n      got       0.33333333334333332" in says(
        exercise, lambda n: n / 3 + 1e-11
    )


def test_values_are_shown_the_same_on_every_machine():
    assert show(-0.0) == "0" and show(np.array([-0.0, -1e-300])) == "[0, -1e-300]"
    assert show(np.float64(2.5)) == "2.5" and show(np.array(3)) == "3" and show(np.True_) == "True"
    assert show(np.zeros((0, 2))) == "[]  shape (0, 2)"
    assert show(np.array([[1, -20], [300, 4]])) == "[[  1, -20],\n [300,   4]]  shape (2, 2)"
    assert show((1, "a", None, [2.0])) == "(1, 'a', None, [2])"
    assert show({"W": np.eye(2), "b": 0}) == "['W']\n[[1, 0],\n [0, 1]]  shape (2, 2)\n['b']\n0"
    assert show(object()) == "<object object>" and show(np.mean) == "mean"


def test_the_worked_example_prints_what_it_says():
    found = doctest.testmod(core)
    assert found.attempted >= 5 and found.failed == 0


def test_cases_too_weak_and_idle_properties_are_found():
    assert uncaught(example()) == [] and idle(example()) == []
    weak = example(cases=[(np.array([1.0, 2.0]),)])  # no negative number: abs and relu agree
    assert uncaught(weak) == ["A negative number must give 0."]
    twins = example(wrong=[(np.abs, "One."), (lambda z: np.sqrt(z**2), "Two.")])  # the second can never be told
    assert uncaught(twins) == ["Two."]
    assert idle(example(properties=[(lambda a, z: a.shape == z.shape, "shape stays")])) == ["shape stays"]


def test_a_broken_property_is_shown_with_the_result():
    text = says(example(), lambda z: z * 1.0)
    assert "✗ no value is negative, in case 1 of 2\n      z         [-1, 0, 2]\n      got       [-1, 0, 2]\n" in text


def test_an_answer_prints_and_returns_nothing(capsys):
    assert example()(relu) is None
    assert capsys.readouterr().out == (
        "relu\n  ✓ it runs\n  ✓ type and shape\n  ✓ no value is negative\n  ✓ value\n"
        "  ✓ the arguments stay as they were\n  Right in all 2 cases.\n"
    )
    assert example().passes(relu) is True and example().passes(np.abs) is False
    assert capsys.readouterr().out == ""


def test_each_call_gives_one_more_hint(capsys):
    exercise, end = example(), "That was the last hint; check.relu.solution() shows our answer.\n"
    printed = [exercise.hint() or capsys.readouterr().out for _ in range(3)]
    assert printed[0] == "Hint 1 of 2: First.\n"
    assert printed[1] == printed[2] == f"Hint 1 of 2: First.\nHint 2 of 2: Second.\n{end}"


def test_the_solution_is_the_source_in_the_package_under_the_name_of_the_exercise(capsys):
    example(reference=inverse_time_decay, name="decay", wrong=[]).solution()
    assert capsys.readouterr().out == (
        "# dlcourse.scratch.schedules\n"
        "def decay(learning_rate, epoch, decay_rate=1.0):\n"
        '    """Return α = α0 / (1 + decay_rate · epoch), in the shape of `epoch`."""\n'
        "    return learning_rate / (1 + decay_rate * epoch)\n\n"
    )


def test_a_solution_brings_along_what_it_takes_from_its_module():
    def outer(z, *, slope=0.01):
        """Take what the module has.

        Args: none that are shown.
        """
        return relu(z) + math.pi * np.sum(z) + len(ANSWERS)

    assert source.solution_of(outer, "mine") == (
        "ANSWERS = (1, 2)\nfrom dlcourse.scratch.activations import relu\nimport math\n\n\n"
        "def mine(z, *, slope=0.01):\n"
        '    """Take what the module has."""\n'
        "    return relu(z) + math.pi * np.sum(z) + len(ANSWERS)\n"
    )


ANSWERS = (1, 2)


def hypotenuse(a, b):
    """Return √(a² + b²), and a² + b² in the docstring does not count."""
    return math.sqrt(a**2 + b**2)


def test_a_slip_may_take_several_edits_and_an_edit_may_take_away():
    (first, one), (second, two) = source.slips_from(
        """
        a**2 -> a
        b**2 -> b
            Sides, not
            squares.
        math.sqrt ->
            No root.
        """,
        hypotenuse,
    )
    assert (one, two) == ("Sides, not squares.", "No root.")
    assert first(1, 8) == 3 and second(3, 4) == 25 and hypotenuse(3, 4) == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a**3 -> a\n    Sentence.", "expected 'a[*][*]3' once in hypotenuse, got 0 times"),
        ("**2 -> **3\n    Sentence.", "expected '[*][*]2' once in hypotenuse, got 2 times"),
        ("math.sqrt\n    Sentence.", "expected a line `old -> new`, got 'math.sqrt'"),
        ("a**2 -> a", "expected an edit and below it a sentence"),
        ("    Sentence.\nb**2 -> b", "expected a line `old -> new`, got '    Sentence.'"),
        ("a**2 -> a\n    Sentence.\nb**2 -> b", "expected an edit and below it a sentence"),
        (
            "a**2 -> (a\n    Sentence.",
            "expected Python, got from hypotenuse by .*: '[(]' was never closed",
        ),
        ("a**2 -> c**2\n    Sentence.", "expected known names, got from hypotenuse by `a[*][*]2 -> c[*][*]2`: c$"),
    ],
)
def test_what_is_no_slip_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        source.slips_from(text, hypotenuse)


def test_an_exercise_describes_itself():
    assert repr(example()) == (
        "relu(z): Return the rectified linear unit max(0, z).\n"
        "Notebook 1-1, section 1.1.1.\n"
        "check.relu(your_function) checks it, check.relu.hint() helps, check.relu.solution() shows ours."
    )


# The package, with one notebook's exercises in it


@pytest.fixture
def one_week(monkeypatch):
    monkeypatch.setattr(check, "_exercises", lambda: iter([example(), example(name="leaky_relu")]))


def test_exercises_are_attributes_and_listed(one_week):
    assert check.names() == ["relu", "leaky_relu"]
    assert check.relu.name == "relu"
    assert {"relu", "leaky_relu", "claim", "names"} == set(dir(check))


def test_an_unknown_name_gets_near_ones(one_week):
    with pytest.raises(AttributeError, match=r"^no exercise is called 'rellu'; did you mean relu or leaky_relu\?$"):
        _ = check.rellu
    with pytest.raises(AttributeError, match=r"^no exercise is called 'xyz'; there are: relu, leaky_relu$"):
        _ = check.xyz


def test_what_ipython_looks_for_is_no_exercise_and_loads_no_week(monkeypatch):
    monkeypatch.setattr(check, "_exercises", lambda: pytest.fail("the weeks were loaded"))
    assert not hasattr(check, "_ipython_display_") and not hasattr(check, "__wrapped__")


def test_checking_an_answer_loads_nothing_but_numpy():
    code = """
import sys
from dlcourse import check
assert not [name for name in sys.modules if name.startswith("dlcourse.check._week")]
check.names()
import dlcourse.check.exercise
print(*{name.partition(".")[0] for name in sys.modules})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "numpy" in done.stdout.split()
    assert not {"tensorflow", "keras", "matplotlib", "IPython", "PIL"} & set(done.stdout.split())


def test_in_a_notebook_the_wrong_line_is_named_and_the_solution_coloured():
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    new = nbformat.v4
    sources = [
        "import numpy as np\nfrom dlcourse.check.exercise import Exercise\n"
        "from dlcourse.scratch.activations import relu\n"
        "exercise = Exercise(reference=relu, notebook='1-1', section='1.1.1', cases=[(np.ones(2),)], wrong=[], "
        "hints=[])",
        "def mine(z):\n    # a comment\n    return z.nothing\n\nexercise(mine)",
        "exercise.solution()",
    ]
    notebook = new.new_notebook(cells=[new.new_code_cell(source) for source in sources])
    nbclient.NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    (printed,) = notebook.cells[1].outputs
    assert "stopped   AttributeError: 'numpy.ndarray' object has no attribute 'nothing'" in printed.text
    assert "at        line 3: return z.nothing\n" in printed.text
    (shown,) = notebook.cells[2].outputs
    assert shown.data["text/plain"].startswith("# dlcourse.scratch.activations\n")
    assert "def relu(z):" in shown.data["text/plain"]
    assert shown.data["text/markdown"] == f"```python\n{shown.data['text/plain']}```"
