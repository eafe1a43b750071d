"""Distances between the encodings of faces: d(x₁, x₂) = ‖f(x₁) − f(x₂)‖ (notes, eqs. 3.15–3.18)."""

from dlcourse._pixels import as_floats
from dlcourse.scratch.checks import checked

from keras import ops


def encodings(*names):
    """Return a relation for `checked`: these arguments become tensors of one float type, all of shape (m, d).

    Their type is float32 or, if one of them is, float64: in half precision a square of 300 would be infinite.
    """

    def relation(arguments):
        named = [(name, arguments[name]) for name in names]
        tensors = as_floats(*named, shape="(m, d)", axes=(2,), kind="encodings of ")
        shape = tuple(tensors[0].shape)
        for name, tensor in zip(names, tensors, strict=True):
            if tuple(tensor.shape) != shape:
                raise ValueError(f"{name}: expected shape {shape}, as {names[0]} has, got {tuple(tensor.shape)}")
        arguments |= dict(zip(names, tensors, strict=True))

    return relation


@checked(encodings("embeddings"))
def pairwise_distances(embeddings, *, squared=False):
    """Compute the Euclidean distance of every embedding of a batch from every other.

    ‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b is one product of matrices and needs memory for m² numbers, not m²·d. The batch is
    first moved to mean 0, because differences of large numbers lose small ones. The square is then exact to a few
    ε·R², where R is the largest distance from the mean and ε = 1.2e-7 in float32; in two narrow clusters that lie far
    apart, small distances within a cluster are still rounded away.

    Args:
        embeddings: Embeddings, shape (m, d).
        squared: Whether to return the squares, which the triplet loss takes (eq. 3.18).

    Returns shape (m, m), symmetric, 0 on the diagonal, of the embeddings' float type; float32 for half precision and
    for whole numbers. The gradient at a distance of 0 is 0, although that of a square root is infinite.
    Raises ValueError if the embeddings have another number of axes.
    Taught in notebook 3-4, section 3.4.3.
    """
    # A common move changes no distance, so no gradient flows through the mean
    # (and `-=` would move a tensor of PyTorch's where the caller keeps it)
    embeddings = embeddings - ops.stop_gradient(ops.mean(embeddings, axis=0, keepdims=True))
    products = ops.matmul(embeddings, ops.transpose(embeddings))
    # ‖a‖² from the same product as a·b: for two equal embeddings all three numbers are equal and cancel to 0
    lengths = ops.diagonal(products)
    squares = lengths[:, None] + lengths - (products + ops.transpose(products))
    # Not `maximum`: `where` also holds back the gradient of the root, which at 0 is infinite
    squares = ops.where(squares > 0, squares, ops.zeros_like(squares))
    return squares if squared else ops.sqrt(squares)
