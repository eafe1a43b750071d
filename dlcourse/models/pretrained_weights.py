"""The argument `weights` of the builders, as in keras.applications: shipped, of ImageNet, from a file, or random."""

from pathlib import Path

from dlcourse import weights as shipped


def chosen(value, *options):
    """Return `value`, if it is None, one of the options, or the path of a file that is there."""
    if value is None or (isinstance(value, str) and value in options):
        return value
    expected = ", ".join(f'"{option}"' for option in options) + ", None or the path of a file"
    if not isinstance(value, str | Path) or not Path(value).suffix:
        raise ValueError(f"weights: expected {expected}, got {value!r}")
    if not Path(value).is_file():
        raise FileNotFoundError(f"weights: expected {expected}, got {str(value)!r}, which does not exist")
    return value


def load(model, value, name=None, imagenet=None):
    """Set the weights of a model that was just built to those that were chosen, and return the model.

    `value` is what `chosen` returned, `name` the name of the shipped weights, one of `dlcourse.weights.names()`, and
    `imagenet` a function that returns the model of keras.applications with the weights of ImageNet.
    """
    if value == "dlcourse":
        return shipped.load(model, name)
    if value == "imagenet":
        theirs = imagenet().get_weights()  # layers without weights differ, the others have the same order
        if [each.shape for each in theirs] != [tuple(variable.shape) for variable in model.weights]:
            raise ValueError('weights: expected a network of 3 channels and 1000 classes for "imagenet", got another')
        model.set_weights(theirs)
    elif value is not None:
        model.load_weights(value)
    return model
