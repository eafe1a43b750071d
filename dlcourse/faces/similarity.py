"""The binary alternative to the triplet loss: a probability that two encodings are of one person (notes, eq. 3.21;
DeepFace: Taigman et al., 2014, section 4)."""

from dlcourse.checks import choice

import keras
from keras import layers, ops

KINDS = ("absolute", "chi_squared")


@keras.saving.register_keras_serializable("dlcourse")
class SiameseSimilarity(layers.Layer):
    """Logistic regression on how much two encodings differ in each number: ŷ = σ(Σ w_k g(f(x⁽ⁱ⁾)_k, f(x⁽ʲ⁾)_k) + b).

    - "absolute": g(a, b) = |a − b|, eq. 3.21.
    - "chi_squared": g(a, b) = (a − b)² / (|a| + |b|), and 0 where both are 0. For numbers of 0 or more, such as those
      behind a ReLU, this is DeepFace's (a − b)² / (a + b); with numbers of both signs that sum may be 0 or negative.

    The layer takes a pair [f_i, f_j] of encodings, both of shape (m, d), in either order, and returns probabilities of
    shape (m, 1). The weights w and b start at 0, so every pair gets ½ at first, and gradient descent makes those w_k
    negative whose difference is evidence for two people. `dlcourse.load_model` loads a model that was saved with this.

    Args:
        kind: "absolute" or "chi_squared".

    Raises ValueError if `kind` is neither, or the layer gets anything but such a pair.
    Taught in notebook 3-4, section 3.4.4.
    """

    def __init__(self, kind="absolute", **kwargs):
        super().__init__(**kwargs)
        self.kind = choice("kind", kind, KINDS)

    def build(self, input_shape):
        shapes = [tuple(shape) for shape in input_shape] if isinstance(input_shape[0], tuple | list) else input_shape
        if len(shapes) != 2 or any(not isinstance(shape, tuple) or len(shape) != 2 for shape in shapes):
            raise ValueError(f"inputs: expected a pair of shapes (m, d), got {input_shape}")
        (_, d), (_, other) = shapes
        if d != other:
            raise ValueError(f"inputs: expected two encodings of the same length, got {d} and {other}")
        self.kernel = self.add_weight(name="kernel", shape=(d, 1), initializer="zeros")
        self.bias = self.add_weight(name="bias", shape=(1,), initializer="zeros")

    def call(self, inputs):
        first, second = inputs
        difference = ops.abs(first - second)
        if self.kind == "chi_squared":
            # difference / sum is at most 1; the square on its own would overflow sooner
            difference = difference * ops.divide_no_nan(difference, ops.abs(first) + ops.abs(second))
        return ops.sigmoid(ops.matmul(difference, self.kernel) + self.bias)

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], 1)

    def get_config(self):
        return {**super().get_config(), "kind": self.kind}
