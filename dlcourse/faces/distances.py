"""How far the encodings of faces lie apart: d(x₁, x₂) = ‖f(x₁) − f(x₂)‖ (notes, eqs. 3.15–3.18)."""

from dlcourse._pixels import as_floats

from keras import ops


def pairwise_distances(embeddings, *, squared=False):
    """Euclidean distance of every embedding of a batch from every other.

    ‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b is one product of matrices and needs memory for m² numbers, not for m²·d. Subtracting
    large numbers loses small ones, so the batch is moved first to have its mean at 0, which changes no distance. What
    is left is an error of a few ε·R² in the square, with R the largest distance from the mean and ε = 1.2e-7 in
    float32: none that matters for embeddings of length 1. In two narrow clusters that lie far apart, small distances
    within a cluster are rounded away.

    Args:
        embeddings: Shape (m, d).
        squared: Whether to return the squares, as the triplet loss takes them (eq. 3.18).

    Returns:
        Shape (m, m), symmetric, 0 on the diagonal, of the embeddings' own float type; float32 for half precision and
        for whole numbers. The gradient at a distance of 0
        is 0, where that of a square root would be infinite.

    Raises:
        ValueError: If the embeddings have another number of axes.

    Taught in notebook 3-4, section 3.4.3.
    """
    (embeddings,) = vectors(("embeddings", embeddings))
    # Moving all by the same way leaves the distances as they are: no gradient flows through the mean
    # (and `-=` would move a tensor of PyTorch's where the caller keeps it)
    embeddings = embeddings - ops.stop_gradient(ops.mean(embeddings, axis=0, keepdims=True))
    products = ops.matmul(embeddings, ops.transpose(embeddings))
    # ‖a‖² from the same product as a·b: for two equal embeddings all three numbers are equal and cancel to 0
    lengths = ops.diagonal(products)
    squares = ops.expand_dims(lengths, 1) + ops.expand_dims(lengths, 0) - (products + ops.transpose(products))
    # Not `maximum`: `where` also holds back the gradient of the root, which at 0 is infinite
    squares = ops.where(squares > 0, squares, ops.zeros_like(squares))
    return squares if squared else ops.sqrt(squares)


def vectors(*named):
    """The values of each pair (name, values) as tensors of floats of one type, if they have the shape (m, d).

    Their type is float32 or, if one of them is, float64: in half precision a square of 300 would be infinite.
    """
    return as_floats(*named, shape="(m, d)", axes=(2,), kind="encodings of ")
