"""What each part of the YOLO in notebook 3-3 brings: the same training again, with one thing changed at a time.

python benchmarks/yolo.py
"""

from dlcourse import augment, datasets, models, training
from dlcourse.detection import metrics, yolo
from dlcourse.detection.anchors import kmeans_anchors

import keras
import numpy as np
from keras import ops

SIDE, CELL = 160, 16  # pixels of a scene and of a cell
CLASSES = len(datasets.CUTOUT_CLASSES)
BATCH = 32


def main(scenes=768, test_scenes=192, epochs=4, seeds=(0, 1)):
    """Compare the variants; scenes a multiple of BATCH and even epochs give all the same number of steps."""
    train_set, test_set = datasets.scenes(scenes, seed=1), datasets.scenes(test_scenes, split="test", seed=2)
    pretrained, random = trunk("dlcourse"), trunk(None)
    x, x_test = (training.predict_in_batches(pretrained, each.images) for each in (train_set, test_set))
    x_random, x_random_test = scaled(
        *(training.predict_in_batches(random, each.images) for each in (train_set, test_set))
    )
    images, boxes = mirrored(train_set.images, train_set.boxes)
    x_both = [np.concatenate(pair) for pair in zip(x, training.predict_in_batches(pretrained, images), strict=True)]
    usual = {
        "x": x,
        "boxes": train_set.boxes,
        "classes": train_set.classes,
        "x_test": x_test,
        "truths": list(zip(test_set.boxes, test_set.classes, strict=True)),
        "anchors": 4,
        "use": (True, True),
        "loss": generalized_iou,
        "epochs": epochs,
    }
    both = {"x": x_both, "boxes": train_set.boxes + boxes, "classes": 2 * train_set.classes, "epochs": epochs // 2}
    changes = {
        "all of it, as in the notebook": {},
        "one anchor instead of four": {"anchors": 1},
        "block 16 alone, 5×5": {"use": (False, True)},
        "block 12 alone, 10×10": {"use": (True, False)},
        "squares instead of GIoU": {"loss": squares},
        "mirror images too, half the epochs": both,
        "random weights in the trunk": {"x": x_random, "x_test": x_random_test},
    }
    print(f"{'':<36}{'mAP@0.5':>9}  {'of each seed':<{7 * len(seeds)}}{'mAP@0.5:0.95':>15}")
    for name, change in changes.items():
        half, strict = np.transpose([scores(seed=seed, **(usual | change)) for seed in seeds])
        each = "  ".join(f"{score:.3f}" for score in half)
        print(f"{name:<36}{half.mean():>9.3f}  {each:<{7 * len(seeds)}}{strict.mean():>15.3f}", flush=True)


def mirrored(images, boxes):
    """Exchange left and right in images and boxes."""
    return augment.mirror(images), [[SIDE, 0, SIDE, 0] + each[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] for each in boxes]


def trunk(weights):
    """Build MobileNetV2 with the maps of block 12, in 10×10 places, and of block 16, in 5×5, as outputs."""
    keras.utils.set_random_seed(0)
    base = models.mobilenet_v2((SIDE, SIDE, 3), include_top=False, weights=weights)
    return keras.Model(base.input, [base.get_layer(name).output for name in ("block_12_add", "block_16_project_BN")])


def scaled(x, x_test):
    """Divide maps by their spread in training: random weights make it 1e-11, which the head cannot tell from 0."""
    spread = [maps.std() for maps in x]
    return [[maps / by for maps, by in zip(each, spread, strict=True)] for each in (x, x_test)]


# The head and its training, as in the notebook


def scores(x, boxes, classes, x_test, truths, anchors, use, loss, epochs, seed):
    """Train a head on the maps `x` and return its mAP@0.5 and mAP@0.5:0.95 on the maps `x_test`."""
    in_pixels, _ = kmeans_anchors(np.concatenate([corners[:, 2:] - corners[:, :2] for corners in boxes]), anchors)
    cells = in_pixels / CELL
    y = yolo.encode([corners / SIDE for corners in boxes], classes, x[0].shape[1:3], cells, CLASSES)
    keras.utils.set_random_seed(seed)
    head = models.yolo_head(x[0].shape[1:], x[1].shape[1:], anchors, CLASSES, use=use)
    train(head, x, y, loss(cells), epochs)
    found = detect(head, cells, x_test)
    return [metrics.mean_average_precision(found, truths, *thresholds) for thresholds in ([0.5], [])]


def train(head, x, y, loss, epochs, rate=3e-3):
    steps = epochs * (len(y) // BATCH)
    rise = steps // 10  # then fall along a cosine
    schedule = keras.optimizers.schedules.CosineDecay(rate / 20, steps - rise, warmup_target=rate, warmup_steps=rise)
    head.compile(keras.optimizers.AdamW(schedule, 1e-4), loss)
    training.fit(head, x, y, batch_size=BATCH, epochs=epochs)


def generalized_iou(cells):
    return yolo.YoloLoss(cells, coord_weight=2)


def squares(cells):
    """Return the loss with the squared errors of YOLOv2 for the box, suitably weighted; the rest stays as it is."""
    rest = yolo.YoloLoss(cells, coord_weight=0)

    def loss(y, z):
        z = ops.reshape(z, ops.shape(y))
        off = ops.concatenate([ops.sigmoid(z[..., :2]), z[..., 2:4]], axis=-1) - y[..., :4]
        return rest(y, z) + ops.mean(ops.sum(y[..., 4:5] * off**2, axis=(1, 2, 3, 4)))

    return loss


def detect(head, cells, maps):
    """Return (scores, boxes, classes) for each picture."""
    outputs = yolo.decode(training.predict_in_batches(head, maps), cells)
    pictures = zip(*(ops.convert_to_numpy(value) for value in outputs), strict=True)
    return [yolo.postprocess(picture, (SIDE, SIDE), 100, 0.02, 0.5) for picture in pictures]


if __name__ == "__main__":
    main()
