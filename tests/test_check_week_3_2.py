"""The exercises of notebook 3-2: layers in the wrong place are seen, and right answers may be written in many ways."""

from dlcourse import check
from dlcourse.check import layers as check_layers

import numpy as np
import pytest


def says(exercise, function):
    return exercise._examine(function)[1]


def half(z, filters, relu=True):
    from keras import layers

    z = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(z))
    return layers.ReLU()(z) if relu else z


def test_an_identity_block_with_batch_norm_behind_the_addition_is_refused_and_named():
    from keras import layers

    def block(x, filters):
        z = layers.Conv2D(filters, 3, padding="same")(half(x, filters))
        return layers.ReLU()(layers.BatchNormalization()(x + z))

    text = says(check.identity_block, block)
    assert "The second batch normalization stands behind the addition." in text


def test_an_identity_block_that_normalizes_x_instead_of_z_is_refused_and_named():
    from keras import layers

    def block(x, filters):
        z = layers.Conv2D(filters, 3, padding="same")(half(x, filters))
        return layers.ReLU()(layers.BatchNormalization()(x) + z)

    assert "Here x is normalized and z is not." in says(check.identity_block, block)


def test_an_identity_block_that_overwrites_x_is_told_to_keep_it():
    from keras import layers

    def block(x, filters):
        x = half(half(x, filters), filters, relu=False)
        return layers.ReLU()(layers.Add()([x, x]))

    assert "Is x overwritten on the way?" in says(check.identity_block, block)


def test_an_inverted_residual_with_batch_norm_behind_the_addition_is_refused_and_named():
    from keras import layers

    def block(x, filters, stride, expansion):
        z = layers.ReLU(6)(layers.BatchNormalization()(layers.Conv2D(expansion * x.shape[-1], 1)(x)))
        z = layers.DepthwiseConv2D(3, stride, padding="same")(z)
        z = layers.Conv2D(filters, 1)(layers.ReLU(6)(layers.BatchNormalization()(z)))
        if stride == 1 and filters == x.shape[-1]:
            z = layers.Add()([x, z])
        return layers.BatchNormalization()(z)

    text = says(check.inverted_residual, block)
    assert "The last batch normalization stands behind the addition." in text
    assert "in case 1 of 3" in text  # where nothing is added it makes no difference


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("center", [True, False])
def test_a_batch_norm_of_any_make_is_set_to_the_same_line(scale, center):
    """Without γ or β a layer computes what one with both does, so that either way of writing is accepted."""
    from keras import layers

    norm = layers.BatchNormalization(scale=scale, center=center, epsilon=1e-3 if scale else 1e-5)
    norm.build((None, 4, 4, 3))
    slope, shift = np.array([0.5, 1.0, 1.5]), np.array([-1.0, 0.25, 0.5])
    check_layers.set_norm(norm, slope, shift)
    z = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")
    np.testing.assert_allclose(norm(z, training=False), slope * z + shift, rtol=1e-4, atol=1e-5)
    assert (norm.moving_variance.numpy() > 0).all()


def test_the_batch_norms_of_a_block_are_tried_with_statistics_that_differ():
    import keras

    seen = []
    kept = check_layers.set_norm

    def watched(norm, slope, shift):
        kept(norm, slope, shift)
        seen.append([np.asarray(weight) for weight in (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(check_layers, "set_norm", watched)
        check_layers.block_facts(check.identity_block.reference, *check.identity_block.cases[0])
    fresh = keras.layers.BatchNormalization()
    fresh.build((None, 3))
    gamma, beta, mean, variance = zip(*seen[2:], strict=True)  # the first two have kernels of 0
    for values in (gamma, beta):
        assert not np.allclose(*values)
    for values, start in zip((gamma, beta, mean, variance), (1, 0, 0, 1), strict=True):
        assert not any(np.allclose(value, start) for value in values)


def test_the_costs_may_come_as_an_array_and_a_wrong_array_is_still_wrong():
    costs = check.depthwise_cost.reference
    assert check.depthwise_cost.passes(lambda *sizes: np.array(costs(*sizes)))
    assert check.depthwise_cost.passes(lambda *sizes: np.array(costs(*sizes), np.float32))
    text = says(check.depthwise_cost, lambda *sizes: np.array(costs(*sizes)) * [1, 1, -1])
    assert "✗ the ratio is 1/n′_C + 1/f²" in text


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.int8])
def test_shifted_pixels_of_another_type_are_refused_and_it_is_said_why(dtype):
    text = says(check.color_shift, lambda images, shifts: check.color_shift.reference(images, shifts).astype(dtype))
    assert "✗ the pixels are uint8" in text


def test_a_named_slip_of_a_block_is_not_told_to_who_made_another():
    """ReLU before batch norm in both halves is not the slip of the first half alone."""
    from keras import layers

    def block(x, filters):
        z = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", activation="relu")(x))
        z = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", activation="relu")(z))
        return layers.ReLU()(layers.Add()([x, z]))

    text = says(check.identity_block, block)
    assert "✗" in text
    for _, message in check.identity_block.all_slips:
        assert message not in text
