"""Loading of saved models whose losses, metrics and layers are this package's own."""

import importlib
from pathlib import Path

ROOMS = ("augment", "faces", "models", "segmentation")  # whose files register classes with Keras


def load_model(path, **options):
    """See `dlcourse.load_model`."""
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"path: expected a saved Keras model, got {path}, which does not exist")
    for room in ROOMS:
        importlib.import_module(f"dlcourse.{room}")
    from dlcourse.detection import yolo

    import keras

    own = {"YoloLoss": yolo.YoloLoss}
    return keras.saving.load_model(path, own | (options.pop("custom_objects", None) or {}), **options)
