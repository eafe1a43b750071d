"""Neural style transfer: a picture painted anew in the style of another, by gradient descent on its pixels.

    result = style.stylize(datasets.photo("chelsea"), datasets.photo("starry_night"))
    result.image, result.history["style"]

The costs are small functions of features, (height, width, channels); `trunk` gives the features; `stylize` puts them
together. `exciting_patches` shows what single units of the trunk look for.
"""

from dlcourse.style.colors import match_colors
from dlcourse.style.costs import (
    content_cost,
    gram_matrix,
    layer_style_cost,
    style_cost,
    total_cost,
    total_variation,
)
from dlcourse.style.stylize import StyleResult, stylize
from dlcourse.style.trunk import CONTENT_LAYER, STYLE_LAYERS, Patch, exciting_patches, receptive_field, trunk

__all__ = [
    "CONTENT_LAYER",
    "STYLE_LAYERS",
    "Patch",
    "StyleResult",
    "content_cost",
    "exciting_patches",
    "gram_matrix",
    "layer_style_cost",
    "match_colors",
    "receptive_field",
    "style_cost",
    "stylize",
    "total_cost",
    "total_variation",
    "trunk",
]
