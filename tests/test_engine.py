"""What is taught is what runs: the source that `.solution()` shows is code that the package itself executes."""

import ast
import sys
from pathlib import Path

from dlcourse import check, faces, style, tuning
from dlcourse.scratch import conv, gradcheck, logistic, network, optimizers, schedules

import numpy as np
import pytest

EXERCISES = {exercise.name: exercise for exercise in check._exercises()}
RNG = np.random.default_rng(0)
X, MAPS = RNG.normal(size=(3, 8)), RNG.normal(size=(2, 4, 4, 3)).astype("float32")
Y = (X[:1] > 0).astype(float)
PICTURES = RNG.integers(0, 256, size=(8, 4, 4, 3), dtype=np.uint8)


def train(hidden="relu", optimizer=None, **options):
    return network.train(X, Y, [3, 4, 1], hidden=hidden, optimizer=optimizer, epochs=1, **options)


RUNS = {  # a call of the package that runs, on its way, the very code of the solution
    "relu": train,
    "sigmoid": train,
    "tanh": lambda: train("tanh"),
    "leaky_relu": lambda: train("leaky_relu"),
    "sigmoid_derivative": lambda: train("sigmoid"),
    "softmax": lambda: network.train(X, np.eye(3)[:, X.argmax(axis=0)], [3, 3], output="softmax", epochs=1),
    "images_to_columns": lambda: logistic.images_to_columns(PICTURES),
    "logistic_cost": train,
    "propagate": lambda: logistic.train(X, Y, iterations=1),
    "gradient_step": lambda: logistic.train(X, Y, iterations=1),
    "parameter_shapes": lambda: network.parameter_shapes([3, 4, 1]),
    "forward_step": train,
    "backward_step": train,
    "l2_cost": lambda: train(lambd=0.1),
    "inverted_dropout": lambda: train(keep_prob=0.5),
    "gradient_check": lambda: gradcheck.gradient_check(lambda p: float(p["w"] @ p["w"]), {"w": X[0]}, {"dw": 2 * X[0]}),
    "bias_correction": lambda: optimizers.ewma(X, 0.9),
    "momentum": lambda: train(optimizer=optimizers.Momentum(0.1)),
    "rmsprop": lambda: train(optimizer=optimizers.RMSprop(0.1)),
    "adam": lambda: train(optimizer=optimizers.Adam(0.1)),
    "learning_rate_decay": lambda: schedules.inverse_time_decay(0.1, 3),
    "log_sample": lambda: tuning.sample({"rate": tuning.Log(1e-4, 1)}, 2),
    "beta_sample": lambda: tuning.sample({"beta": tuning.OneMinusLog(0.9, 0.999)}, 2),
    "same_padding": lambda: conv.same_padding(3),
    "conv_output_size": lambda: conv.filter_image(X, np.ones((2, 2))),
    "conv_single_step": lambda: conv.conv_single_step(MAPS[0], MAPS[1], np.ones((1, 1, 1))),
    "triplet_loss": lambda: faces.triplet_loss(X, X + 1, X - 1, 0.2),
    "gram_matrix": lambda: style.layer_style_cost(MAPS[0], MAPS[1]),
    "content_cost": lambda: style.content_cost(MAPS[0], MAPS[1]),
    "layer_style_cost": lambda: style.style_cost(list(MAPS[:1]), list(MAPS[1:])),
    "total_variation": lambda: style.total_variation(MAPS[0]),
}
OF = "test_check_references.py::test_"
SIMPLER = {  # the learner writes a simpler case, or the package has no such helper: the test that proves the answer
    "predict_price": f"{OF}predict_price_is_a_dense_layer_of_one_unit_with_relu",
    "mean_absolute_error": f"{OF}mean_absolute_error_is_scikit_learns",
    "parameter_count": f"{OF}parameter_count_is_kerass",
    "relu_gradient": "test_check.py::test_the_slope_of_relu_and_batch_norm_are_those_of_the_helpers",
    "forward_one_hidden": f"{OF}one_hidden_layer_forward_and_back_is_a_network_of_two_layers",
    "backward_one_hidden": f"{OF}one_hidden_layer_forward_and_back_is_a_network_of_two_layers",
    "confusion_matrix": f"{OF}confusion_matrix_is_scikit_learns",
    "next_step": f"{OF}next_step_is_the_recipe_of_the_notes",
    "he_init": f"{OF}he_init_of_the_same_draws_is_initialize_parameters",
    "batchnorm_forward": "test_check.py::test_the_slope_of_relu_and_batch_norm_are_those_of_the_helpers",
    "softmax_gradient": f"{OF}softmax_gradient_is_tensorflows",
    "pool": "test_check.py::test_the_loops_of_pool_say_what_pooling_without_loops_says",
    "identity_block": "test_check.py::test_an_identity_block_may_be_written_in_another_way",
    "inception_cost": "test_check.py::"
    "test_inception_cost_gives_the_120_and_12_million_of_the_notes_and_what_counting_in_keras_gives",
    "depthwise_cost": "test_check.py::"
    "test_depthwise_cost_is_what_counting_in_keras_gives_and_the_ratio_is_that_of_the_notes",
    "inverted_residual": "test_check.py::test_an_inverted_residual_may_be_written_in_another_way",
    "color_shift": "test_check.py::test_color_shift_is_that_of_the_augmentations",
    "freeze_and_count": "test_check.py::test_freeze_and_count_counts_what_a_step_of_training_changes",
    "localization_loss": "test_check_week_3_3.py::test_localization_loss_is_kerass_mean_squared_error_over_what_counts",
    "iou": "test_check_week_3_3.py::test_iou_of_two_boxes_is_that_of_the_helper",
    "filter_boxes": "test_check_week_3_3.py::test_filter_boxes_is_the_code_that_the_helper_runs",
    "nms": "test_check_week_3_3.py::test_nms_keeps_what_the_helper_keeps",
    "best_anchor": "test_check_week_3_3.py::test_best_anchor_has_the_highest_iou_of_the_helper",
    "decode_cell": "test_check_week_3_3.py::test_decode_cell_of_every_cell_is_decode",
    "conv_transpose": "test_check_week_3_3.py::test_conv_transpose_is_kerass",
    "upsampling_block": "test_check.py::test_an_upsampling_block_is_a_level_of_unet",
    "mean_iou": "test_check_week_3_3.py::test_mean_iou_is_the_helpers",
    "verify": "test_check.py::test_the_triplet_loss_verify_and_recognize_say_what_the_helpers_say",
    "recognize": "test_check.py::test_the_triplet_loss_verify_and_recognize_say_what_the_helpers_say",
    "hardest_negative": "test_check.py::test_with_the_hardest_negative_the_triplet_loss_of_an_anchor_is_the_largest",
}


def executed(call):
    """Return the code of all Python functions that a call runs."""
    seen, before = set(), sys.getprofile()
    sys.setprofile(lambda frame, event, argument: seen.add(frame.f_code) if event == "call" else None)
    try:
        call()
    finally:
        sys.setprofile(before)
    return seen


def test_every_exercise_stands_in_one_of_the_two_lists():
    assert not RUNS.keys() & SIMPLER.keys()
    assert RUNS.keys() | SIMPLER.keys() == EXERCISES.keys()


@pytest.mark.parametrize("name", RUNS)
def test_the_package_runs_the_code_that_the_solution_shows(name):
    assert EXERCISES[name].reference.__code__ in executed(RUNS[name])


@pytest.mark.parametrize("name", SIMPLER)
def test_the_test_of_a_simpler_case_is_there_and_calls_the_solution(name):
    file, _, test = SIMPLER[name].partition("::")
    tree = ast.parse((Path(__file__).parent / file).read_text(encoding="utf-8"))
    (found,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == test)
    assert f"check.{name}" in ast.unparse(found)
