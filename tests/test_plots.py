"""dlcourse.plots: what is in the figures, and that each reaches the page once, with its text alternative."""

import base64
import io
import itertools
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

from dlcourse import datasets, plots
from dlcourse.plots import page, style
from dlcourse.plots.curves import apart
from dlcourse.plots.images import SIGNED
from dlcourse.plots.overlays import ON_PHOTO, overlay

import matplotlib
import nbclient
import nbformat
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from nbconvert import HTMLExporter
from PIL import Image
from scipy import ndimage


@pytest.fixture(autouse=True)
def course_style():
    with matplotlib.rc_context():
        plots.use_style()
        yield


def pixels(figure, dpi=100):
    """A drawn figure as an array (height, width, 3), uint8."""
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=dpi)
    with Image.open(data) as picture:
        return np.asarray(picture.convert("RGB"))


def texts(ax):
    return [text.get_text() for text in ax.texts]


def extents(artists, figure):
    figure.draw_without_rendering()
    return [artist.get_window_extent() for artist in artists]


def noise(*shape, seed=0):
    return np.random.default_rng(seed).random(shape)


# Importing


def test_import_loads_neither_pyplot_nor_tensorflow_and_chooses_no_backend():
    code = (
        "import sys, dlcourse.plots, matplotlib;"
        "print('matplotlib.pyplot' in sys.modules, 'tensorflow' in sys.modules, 'keras' in sys.modules,"
        "matplotlib.get_backend(auto_select=False))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["False", "False", "False", "None"], done.stderr


def test_use_style_leaves_the_backend_alone():
    code = "import dlcourse.plots as p, matplotlib; p.use_style(); print(matplotlib.get_backend(auto_select=False))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "None", done.stderr


# The palette

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009,
# table 1, severity 1.0; they apply to linear RGB.
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
    "none": np.eye(3),
}


def cielab(color, deficiency):
    """CIELAB (D65) of an sRGB color as seen with a deficiency; IEC 61966-2-1 for the matrix."""
    channels = np.array(to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(DEFICIENCIES[deficiency]) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    t = (to_xyz @ linear) / to_xyz.sum(axis=1)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def smallest_difference(colors, deficiency):
    seen = [cielab(color, deficiency) for color in colors]
    return min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))


def test_the_simulation_keeps_grays_gray():  # a matrix copied wrongly would tint them
    for deficiency in DEFICIENCIES:
        assert np.allclose(cielab("#808080", deficiency), cielab("#808080", "none"), atol=0.02), deficiency
        assert np.abs(cielab("#FFFFFF", deficiency) - (100, 0, 0)).max() < 0.05


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_palette_stays_apart_for_color_blind_readers(deficiency):
    assert len(set(plots.PALETTE)) == 8
    assert smallest_difference(plots.PALETTE, deficiency) > 15  # six times what an eye just notices (2.3)


def test_that_test_would_refuse_matplotlibs_own_colors():
    own = matplotlib.color_sequences["tab10"][:8]
    assert smallest_difference(own, "deuteranopia") < 15 and smallest_difference(own, "protanopia") < 15


def test_palette_is_okabe_and_itos():
    published = {to_hex(color) for color in matplotlib.color_sequences["okabe_ito"]}
    assert {color.lower() for color in plots.PALETTE} == published


def test_colors_on_photographs_are_the_palettes():
    assert sorted(ON_PHOTO) == sorted(plots.PALETTE)


@pytest.mark.parametrize("color", [*plots.PALETTE, "#FFFFFF", "#777777"])
def test_text_on_a_color_and_text_of_a_color_can_be_read(color):
    def contrast(a, b):
        dark, light = sorted((style.luminance(a), style.luminance(b)))
        return (light + 0.05) / (dark + 0.05)

    assert contrast(style.text_on(color), color) >= 4.5
    assert contrast(style.as_text(color), "#FFFFFF") >= 4.5


def test_contrast_of_black_and_white_is_21():
    assert (style.luminance("white") + 0.05) / (style.luminance("black") + 0.05) == pytest.approx(21)


def test_one_font_size():
    figure = plots.boxes(noise(60, 80), [[5, 20, 40, 50]], ["cat"], [0.9], title="A cat")
    sizes = {text.get_fontsize() for text in figure.findobj(matplotlib.text.Text)}
    figure = plots.curves({"a": [1, 2], "b": [2, 1]}, title="They cross", xlabel="x", ylabel="y")
    sizes |= {text.get_fontsize() for text in figure.findobj(matplotlib.text.Text)}
    assert sizes == {style.FONT_SIZE}


# show


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """An executed notebook, one kind of showing in each cell."""
    sources = [
        "from dlcourse import plots\nimport numpy as np\nplots.use_style()",
        "plots.show(plots.curves({'loss': [3, 2, 1]}), 'A line that\\n   falls, \"steeply\" <b> & far')",
        "import matplotlib.pyplot as plt\nfigure, ax = plt.subplots()\nax.plot([1, 2])\n"
        "plots.show(figure, 'Made by pyplot')\nprint(plt.get_fignums())",
        "figure, axes = plt.subplots(1, 2)\nplots.curves({'a': [1, 2]}, ax=axes[0])\n"
        "_ = plots.image_grid([np.zeros((4, 4))], ax=axes[1])\nplots.show(figure, 'Two axes')",
        "_ = plots.curves({'loss': [3, 2, 1]})",
        "matplotlib = plt.matplotlib\nprint(matplotlib.rcParams['axes.spines.top'], matplotlib.rcParams['font.size'])",
        "try:\n    plots.show(plt.figure(), ' ')\nexcept ValueError as error:\n    print(error)\nplt.close('all')",
        "from dlcourse import datasets\n"
        "plots.show(plots.image_grid([datasets.photo('china')], width=6.4), 'A \"pagoda\"')",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    folder = str(tmp_path_factory.mktemp("book"))
    client = nbclient.NotebookClient(book, timeout=120, kernel_name="python3", resources={"metadata": {"path": folder}})
    return client.execute()


ALT = 'A line that falls, "steeply" <b> & far'


def test_show_stores_one_png_with_its_text(notebook):
    (output,) = notebook.cells[1].outputs
    assert output.output_type == "display_data"
    assert output.metadata["image/png"] == {"alt": ALT, "width": 720, "height": 340}
    assert set(output.data) == {"image/png", "text/plain"}
    assert output.data["text/plain"] == ALT


def test_show_stores_a_photograph_as_one_jpeg_with_its_text(notebook):
    (output,) = notebook.cells[7].outputs
    assert output.metadata["image/jpeg"] == {"alt": 'A "pagoda"', "width": 640, "height": 429}
    assert set(output.data) == {"image/jpeg", "text/plain"}
    assert base64.b64decode(output.data["image/jpeg"])[:3] == b"\xff\xd8\xff"
    assert output.data["text/plain"] == 'A "pagoda"'


def test_a_pyplot_figure_is_shown_once_and_closed(notebook):
    shown, printed = notebook.cells[2].outputs
    assert shown.metadata["image/png"]["alt"] == "Made by pyplot"
    assert printed.text == "[]\n"
    (output,) = notebook.cells[3].outputs
    assert output.metadata["image/png"]["alt"] == "Two axes"


def test_a_figure_that_is_not_shown_leaves_no_trace(notebook):
    assert notebook.cells[4].outputs == []


def test_the_style_survives_the_first_use_of_pyplot(notebook):
    assert notebook.cells[5].outputs[0].text == f"False {float(style.FONT_SIZE)}\n"


def test_a_figure_without_text_is_refused_in_the_notebook(notebook):
    assert notebook.cells[6].outputs[0].text == "alt: expected a text that tells what the figure shows, got ' '\n"


class Pictures(HTMLParser):
    """Collects the attributes of a page's pictures."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.found.append(dict(attributes))


def test_the_page_carries_the_text_alternatives(notebook):
    page, _ = HTMLExporter(template_name="classic").from_notebook_node(notebook)
    assert [picture["alt"] for picture in Pictures(page).found] == [ALT, "Made by pyplot", "Two axes", 'A "pagoda"']


def test_without_ipython_show_prints_the_text_and_closes(capsys):
    import matplotlib.pyplot as plt

    before = plt.get_backend()
    plt.switch_backend("agg")
    try:
        figure, _ = plt.subplots()
        other = plt.figure()
        plots.show(figure, "Nothing\nyet")
        assert capsys.readouterr().out == "Nothing yet\n"
        assert plt.get_fignums() == [other.number]
    finally:
        plt.close("all")
        plt.switch_backend(before)


@pytest.mark.parametrize("alt", ["", " \n", None, 3])
def test_an_empty_text_is_refused(alt):
    with pytest.raises(ValueError, match=r"^alt: expected .*got"):
        plots.show(Figure(), alt)


def test_something_else_than_a_figure_is_refused():
    with pytest.raises(ValueError, match=r"^figure: expected .*, got Axes"):
        plots.show(Figure().subplots(), "text")


def test_a_drawing_is_stored_sharper_than_the_page_shows_it():
    figure = plots.curves({"a": [1, 2]})
    kind, data = page.encode(figure)
    assert kind == "image/png"
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (1080, 510)


def photographic(kind):
    """A figure of photographs, as the notebooks have them, and its stored picture beside the one drawn."""
    if kind == "boxes":
        figure, axes = plots.panels(2, 2, size=(7.2, 6), title="Boxes")
        scenes = datasets.scenes(4, size=160, seed=1)
        for ax, image, corners in zip(axes, scenes.images, scenes.boxes, strict=True):
            plots.boxes(image, corners, [f"object {k}" for k in range(len(corners))], ax=ax)
    elif kind == "masks":
        mask = np.tri(512, 512, -200, dtype=int)
        figure = plots.masks(datasets.photo("astronaut"), mask, names=["other", "triangle"], title="A mask")
    else:
        figure = plots.image_grid([datasets.photo(kind)], columns=1, width=6.4, title="A photograph")
    kind, data = page.encode(figure)
    assert kind == "image/jpeg"
    with Image.open(io.BytesIO(data)) as picture:
        stored = picture.convert("RGB")
        sampling = [(horizontal, vertical) for _, horizontal, vertical, _ in picture.layer]
    (drawn,) = (drawn for sharpness in (150, 125, 100) if (drawn := page.render(figure, sharpness)).size == stored.size)
    return np.asarray(stored, dtype=int), np.asarray(drawn, dtype=int), sampling, len(data)


@pytest.mark.parametrize("kind", ["boxes", "masks", "astronaut", "starry_night", "china"])
def test_a_photograph_keeps_its_colors_and_text_stays_crisp(kind):
    stored, drawn, sampling, size = photographic(kind)
    assert size <= page.BUDGET
    assert sampling == [(1, 1)] * 3  # 4:4:4
    assert len(np.unique(stored.reshape(-1, 3), axis=0)) > 10_000
    difference = stored - drawn
    assert 10 * np.log10(255**2 / (difference**2).mean()) > 30  # decibels of signal to noise
    smooth = [ndimage.uniform_filter(values.astype(float), (9, 9, 0)) for values in (stored, drawn)]
    assert np.abs(smooth[0] - smooth[1]).max() < 8  # a palette leaves bands: whole regions of another color
    title = drawn[: int(0.2 * stored.shape[1] / 7.2)]  # the strip of the title, on white
    assert title.min() < 40
    assert np.abs(stored[: len(title)] - title).max() < 70
    assert np.abs(stored[: len(title)] - title).mean() < 2


def test_that_test_would_refuse_a_palette_and_halved_chroma():
    figure = plots.image_grid([datasets.photo("china")], columns=1, width=6.4, title="A photograph")
    drawn = page.render(figure, 150)
    palette = drawn.quantize(256, dither=Image.Dither.NONE).convert("RGB")
    assert len(palette.getcolors()) <= 256
    smooth = [ndimage.uniform_filter(np.asarray(picture, float), (9, 9, 0)) for picture in (palette, drawn)]
    assert np.abs(smooth[0] - smooth[1]).max() > 8
    data = io.BytesIO()
    drawn.save(data, "JPEG", quality=90)
    assert Image.open(data).layer[0][1:3] == (2, 2)


def test_a_chart_is_png_however_large_and_few_colors_keep_the_styles_own():
    rng = np.random.default_rng(1)
    figure, axes = plots.panels(4, 2)
    for ax in axes:
        plots.curves({f"run {k}": rng.random(3000) for k in range(6)}, ax=ax)
    drawn = page.render(figure, 150)
    assert len(page.png(drawn)) > page.BUDGET
    kind, data = page.encode(figure)
    assert kind == "image/png" and data[:4] == b"\x89PNG" and len(data) <= page.BUDGET
    with Image.open(io.BytesIO(page.png(drawn, 256))) as stored:
        assert len(stored.getcolors()) <= 256
        difference = np.abs(np.asarray(stored.convert("RGB"), int) - np.asarray(drawn, int))
    assert difference.mean() < 0.3
    for color in (*plots.PALETTE[:6], style.INK, style.GRAY, "#FFFFFF"):
        here = (np.asarray(drawn) == np.round(255 * np.array(to_rgb(color)))).all(axis=2)
        assert here.sum() > 50 and difference[here].max() <= 5, color  # an eye does not notice


def test_panels_are_axes_of_one_figure_row_by_row():
    figure, axes = plots.panels(2, 3, title="Six")
    assert axes.shape == (6,)
    assert figure.axes == list(axes)
    assert figure.get_suptitle() == "Six"
    for name in ("rows", "columns"):
        with pytest.raises(ValueError, match=f"^{name}: expected .*got 0"):
            plots.panels(**{name: 0})


# Every function that draws

PREDICT = {"predict": lambda X: X[0] > 0, "X": [[-1, 1, 0], [0, 1, 2]], "y": [0, 1, 1]}
DRAWINGS = {
    "curves": {"series": {"a": [1, 2], "b": [1, 3]}},
    "decision_boundary": PREDICT,
    "image_grid": {"images": noise(3, 5, 5)},
    "boxes": {"image": noise(20, 30), "boxes": [[1, 2, 3, 4]], "labels": ["a"]},
    "masks": {"image": noise(20, 30), "mask": np.eye(20, 30, dtype=int), "names": ["", "a"]},
    "filters": {"weights": noise(5, 5) - 0.5},
    "diagram": {"nodes": {"a": (0, 0), "b": (1, 0)}, "edges": [("a", "b", "1")]},
    "network": {"layers": [2, 3, 1]},
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_goes_into_the_axes_it_is_given_and_returns_their_figure(name):
    figure, axes = plots.panels(1, 2)
    returned = getattr(plots, name)(**DRAWINGS[name], title="A finding", ax=axes[1])
    assert returned is figure
    assert figure.axes == list(axes)
    assert axes[1].get_title(loc="left") == "A finding"
    assert axes[1].has_data() or axes[1].texts
    assert not axes[0].has_data() and not axes[0].texts


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_without_axes_makes_a_figure_that_pyplot_does_not_know(name):
    import matplotlib.pyplot as plt

    known = plt.get_fignums()
    figure = getattr(plots, name)(**DRAWINGS[name], title="A finding")
    assert isinstance(figure, Figure)
    assert len(figure.axes) == 1
    assert figure.axes[0].get_title(loc="left") == "A finding"
    assert plt.get_fignums() == known
    assert figure.get_figwidth() <= 7.21


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_whole_and_draws_twice_without_a_warning(name):
    figure = getattr(plots, name)(**DRAWINGS[name], title="A finding")
    first, again = pixels(figure), pixels(figure)
    assert np.array_equal(first, again)
    title = figure.axes[0].title
    marks = [figure.axes[0]._left_title, title, *figure.axes[0].texts]
    for box in extents([mark for mark in marks if mark.get_text().strip()], figure):
        assert box.x0 >= -0.5 and box.y0 >= -0.5
        assert box.x1 <= figure.bbox.width + 0.5 and box.y1 <= figure.bbox.height + 0.5


@pytest.mark.parametrize("name", DRAWINGS)
def test_axes_that_are_none_are_refused(name):
    with pytest.raises(ValueError, match=r"^ax: expected .*got str"):
        getattr(plots, name)(**DRAWINGS[name], ax="axes")


def test_a_long_title_is_broken_into_lines_that_fit():
    title = "A title that states a finding at such length that no line of any page could ever hold it in one piece " * 2
    for figure in (plots.curves({"a": [1, 2]}, title=title), plots.image_grid(noise(2, 5, 5), title=title)):
        (box,) = extents([figure.axes[0]._left_title], figure)
        assert box.x1 <= figure.bbox.width and box.y1 <= figure.bbox.height and box.x0 >= 0


# curves


def test_curves_hold_the_data_in_the_palettes_order():
    figure = plots.curves({"a": [3, 1, 2], "b": ([0, 10], [5.0, 6.0])}, xlabel="epoch", ylabel="loss", yscale="log")
    ax = figure.axes[0]
    one, two = ax.lines
    assert one.get_xdata().tolist() == [1, 2, 3] and one.get_ydata().tolist() == [3, 1, 2]
    assert two.get_xdata().tolist() == [0, 10] and two.get_ydata().tolist() == [5, 6]
    assert [line.get_color() for line in ax.lines] == list(plots.PALETTE[:2])
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale(), ax.get_xscale()) == ("epoch", "loss", "log", "linear")


def test_epochs_have_whole_numbers():
    figure = plots.curves({"a": [1, 2, 3]})
    figure.draw_without_rendering()
    assert all(tick == int(tick) for tick in figure.axes[0].get_xticks())


def test_curves_take_colors_and_styles_by_label():
    figure = plots.curves(
        {"train": [1, 2], "test": [1, 3], "more": [1, 4]},
        colors={"train": plots.PALETTE.green, "test": plots.PALETTE.green},
        styles={"test": "--"},
    )
    lines = figure.axes[0].lines
    assert [line.get_color() for line in lines] == [plots.PALETTE.green, plots.PALETTE.green, plots.PALETTE.blue]
    assert [line.get_linestyle() for line in lines] == ["-", "--", "-"]


def test_names_stand_at_the_ends_and_none_covers_another():
    series = {f"line {k}": [0, 1 + 1e-4 * k] for k in range(6)}
    figure = plots.curves(series)
    ax = figure.axes[0]
    assert ax.get_legend() is None
    assert sorted(texts(ax)) == sorted(series)
    boxes = sorted(extents(ax.texts, figure), key=lambda box: box.y0)
    for low, high in itertools.pairwise(boxes):
        assert high.y0 >= low.y1 - 2
    ends = ax.transData.transform((2, 1))
    middle = np.mean([(box.y0 + box.y1) / 2 for box in boxes])
    assert middle == pytest.approx(ends[1], abs=3)
    assert min(box.x0 for box in boxes) > ends[0]
    assert [text.get_text() for text in sorted(ax.texts, key=lambda text: text.get_window_extent().y0)] == list(series)


def test_names_follow_when_the_limits_change_later():
    figure = plots.curves({"a": [0, 1], "b": [1, 0]})
    ax = figure.axes[0]
    ax.set_ylim(-3, 3)
    boxes = extents(ax.texts, figure)
    for text, box in zip(ax.texts, boxes, strict=True):
        assert (box.y0 + box.y1) / 2 == pytest.approx(ax.transData.transform(text.xy)[1], abs=3)


def test_a_name_stands_at_the_last_number_when_nan_follows():
    ax = plots.curves({"a": [1, 2, np.nan], "b": [0, 0, 0]}).axes[0]
    assert [text.xy for text in ax.texts] == [(2, 2), (3, 0)]


def test_a_name_is_written_in_its_lines_color_darkened_until_it_reads():
    ax = plots.curves({"a": [1, 2], "b": [2, 1]}, colors={"a": plots.PALETTE.yellow}).axes[0]
    assert ax.texts[0].get_color() == style.as_text(plots.PALETTE.yellow) != plots.PALETTE.yellow.lower()
    assert ax.texts[1].get_color() == plots.PALETTE.blue.lower()


def test_many_lines_get_a_legend_and_one_line_needs_no_name():
    ax = plots.curves({str(k): [k, k] for k in range(7)}).axes[0]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [str(k) for k in range(7)]
    assert len(ax.texts) == 0
    ax = plots.curves({"loss": [1, 2]}).axes[0]
    assert ax.get_legend() is None and len(ax.texts) == 0


def test_curves_take_dates():
    days = np.arange("2020-01-01", "2020-03-01", dtype="datetime64[D]")
    figure = plots.curves({"mean": (days, np.arange(60)), "maximum": (days, np.arange(60) + 1)})
    pixels(figure)
    assert figure.axes[0].lines[0].get_xdata()[0] == days[0]


def test_apart_moves_as_little_as_possible():
    assert apart(np.array([0.0, 30.0]), np.array([10.0, 10.0])).tolist() == [0, 30]
    assert apart(np.array([5.0, 5.0]), np.array([10.0, 10.0])).tolist() == [0, 10]
    rng = np.random.default_rng(0)
    for _ in range(50):
        at, heights = rng.normal(size=6) * 20, rng.uniform(5, 15, 6)
        placed = apart(at, heights)
        order = np.argsort(at)
        gaps = np.diff(placed[order]) - (heights[order][1:] + heights[order][:-1]) / 2
        assert gaps.min() > -1e-9
        for move in rng.normal(size=(200, 6)) * 0.5:  # no allowed neighbor is nearer to where the labels belong
            other = placed + move
            if (np.diff(other[order]) - (heights[order][1:] + heights[order][:-1]) / 2).min() >= 0:
                assert np.sum((other - at) ** 2) >= np.sum((placed - at) ** 2) - 1e-9


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ({}, "^series: expected .*got {}"),
        ([1, 2], "^series: expected .*got"),
        ({"a": []}, r"^series: expected .* for 'a', got \(0,\)"),
        ({"a": [[1, 2], [3, 4]]}, r"^series: expected .* for 'a', got \(2, 2\)"),
        ({"a": ([1, 2, 3], [1, 2])}, "^series: expected as many x as y for 'a', got 3 x and 2 y"),
        ({"a": ["one", "two"]}, "^series: expected numbers for 'a', got values that are not"),
        ({str(k): [1, 2] for k in range(9)}, "^series: expected at most 8.*got 9 lines"),
    ],
)
def test_curves_refuse(series, message):
    with pytest.raises(ValueError, match=message):
        plots.curves(series)


@pytest.mark.parametrize("name", ["colors", "styles"])
def test_curves_refuse_a_color_or_style_for_no_line(name):
    with pytest.raises(ValueError, match=rf"^{name}: expected labels of series: \['a'\].*got \['b'\]"):
        plots.curves({"a": [1, 2]}, **{name: {"b": "-"}})


# decision_boundary

POINTS = np.random.default_rng(3).normal(size=(2, 40))
SIDES = (POINTS[0] + 2 * POINTS[1] > 0.5).astype(int)


def boundaries(ax):
    contours = [item for item in ax.collections if hasattr(item, "levels")]
    return [path.vertices for item in contours for path in item.get_paths() if len(path.vertices)]


@pytest.mark.parametrize(
    "predict",
    [
        lambda X: 1 / (1 + np.exp(-(X[0:1] + 2 * X[1:2] - 0.5))),  # probabilities (1, m)
        lambda X: 1 / (1 + np.exp(-(X[0] + 2 * X[1] - 0.5))),  # probabilities (m,)
        lambda X: (X[0] + 2 * X[1] > 0.5).astype(int),  # classes (m,)
        lambda X: X[0:1] + 2 * X[1:2] > 0.5,  # booleans (1, m)
    ],
)
def test_the_boundary_lies_where_the_prediction_changes(predict):
    ax = plots.decision_boundary(predict, POINTS, SIDES).axes[0]
    (line,) = boundaries(ax)
    step = max(np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())) / 199
    assert np.abs(line @ (1, 2) - 0.5).max() < 1.5 * step
    assert np.ptp(line[:, 0]) > 0.9 * min(np.ptp(ax.get_xlim()), 2 * np.ptp(ax.get_ylim()))  # from side to side


def test_examples_are_drawn_at_their_places_in_their_classes_colors():
    ax = plots.decision_boundary(lambda X: X[0] > 0, POINTS, SIDES[None], names=["cat", "dog"]).axes[0]
    dots = [item for item in ax.collections if not hasattr(item, "levels")]
    for k, dot in enumerate(dots):
        assert np.array_equal(dot.get_offsets().T, POINTS[:, k == SIDES])
        assert to_hex(dot.get_facecolor()[0]) == plots.PALETTE[k].lower()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["cat", "dog"]
    x_limits, y_limits = ax.get_xlim(), ax.get_ylim()
    assert x_limits[0] < POINTS[0].min() and POINTS[0].max() < x_limits[1]
    assert y_limits[0] < POINTS[1].min() and POINTS[1].max() < y_limits[1]


def test_the_shade_is_the_prediction_the_right_way_up():
    figure = plots.decision_boundary(lambda X: X[1] > 0, [[-1, 1], [-1, 1]], [0, 1])
    (shade,) = figure.axes[0].images
    assert shade.origin == "lower"
    values = shade.get_array()
    assert not values[:90].any() and values[110:].all()


def test_three_classes_have_three_regions():
    def nearest(X):
        centers = np.array([[-1, 1, 0], [0, 0, 1.5]])
        return np.argmin(((X[:, None] - centers[:, :, None]) ** 2).sum(axis=0), axis=0)

    X = np.array([[-1.5, 1.5, 0, 0], [-1, -1, 2, -0.5]])
    ax = plots.decision_boundary(nearest, X, nearest(X)).axes[0]
    assert set(np.unique(ax.images[0].get_array())) == {0, 1, 2}
    for vertices in boundaries(ax):  # on every boundary two centers are equally near
        distances = np.sort(
            ((vertices.T[:, None] - np.array([[-1, 1, 0], [0, 0, 1.5]])[:, :, None]) ** 2).sum(axis=0), axis=0
        )
        assert np.abs(distances[1] - distances[0]).max() < 0.1


def test_a_prediction_that_never_changes_has_no_boundary():
    ax = plots.decision_boundary(lambda X: np.full(X.shape[1], 0.9), POINTS, SIDES).axes[0]
    assert boundaries(ax) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X": np.zeros((3, 2))}, r"^X: expected shape \(2, m\).*got \(3, 2\)"),
        ({"X": np.full((2, 3), np.nan)}, "^X: expected .*got NaN"),
        ({"y": [0, 1]}, r"^y: expected shape \(1, 3\) or \(3,\).*got \(2,\)"),
        ({"y": np.zeros((3, 1))}, r"^y: expected .*got \(3, 1\)"),
        ({"y": [0, 0.5, 1]}, "^y: expected class numbers .*got .*0.5"),
        ({"y": [0, -1, 1]}, r"^y: expected class numbers .*got \[ 0 -1"),
        ({"y": [0, 8, 1]}, "^y: expected .*got class 8"),
        ({"predict": lambda X: X}, r"^predict: expected shape .*got \(2, 40000\)"),
        ({"predict": lambda X: X[0] * 9.0}, "^predict: expected probabilities .*got numbers from"),
        ({"names": ["one"]}, "^names: expected 2.*got 1"),
    ],
)
def test_decision_boundary_refuses(changes, message):
    with pytest.raises(ValueError, match=message):
        plots.decision_boundary(**{**PREDICT, **changes})


# Pictures


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 1), (6, 8, 3), (6, 8, 4)])
@pytest.mark.parametrize("kind", [np.uint8, np.float32, bool])
def test_a_grid_shows_each_pixel(shape, kind):
    values = noise(*shape)
    image = (
        (255 * values).astype(np.uint8) if kind is np.uint8 else (values > 0.5 if kind is bool else values.astype(kind))
    )
    (shown,) = plots.image_grid([image]).axes[0].images
    expected = np.asarray(image, dtype=float) / (255 if kind is np.uint8 else 1)
    assert np.array_equal(shown.get_array(), expected[..., 0] if shape[2:] == (1,) else expected)
    assert shown.get_clim() == (0, 1) or shape[2:] != ()


def test_a_grid_lays_pictures_out_row_by_row():
    figure = plots.image_grid(noise(7, 5, 5), titles=list("abcdefg"), columns=3)
    ax = figure.axes[0]
    assert len(ax.images) == 7 and texts(ax) == list("abcdefg")
    places = np.array([image.get_extent() for image in ax.images])  # left, right, bottom, top; y grows downwards
    assert np.unique(places[:, 0]).size == 3 and np.unique(places[:, 3]).size == 3
    order = np.lexsort((places[:, 0], places[:, 3]))
    assert order.tolist() == list(range(7))
    for place, text in zip(places, ax.texts, strict=True):
        assert text.get_position()[0] == pytest.approx(place[:2].mean())
        assert place[3] - 0.1 < text.get_position()[1] < place[3]


def test_pictures_in_a_grid_keep_their_shapes_and_do_not_overlap():
    ax = plots.image_grid([noise(10, 20), noise(20, 10), noise(5, 5)], titles=["a\nb", "c", "d"], columns=2).axes[0]
    places = [image.get_extent() for image in ax.images]
    for (left, right, bottom, top), image in zip(places, ax.images, strict=True):
        height, width = image.get_array().shape
        assert (bottom - top) / (right - left) == pytest.approx(height / width)
    for one, two in itertools.combinations(places, 2):
        assert one[1] <= two[0] or two[1] <= one[0] or one[2] <= two[3] or two[2] <= one[3]
    assert ax.get_aspect() == 1


def test_a_title_in_a_grid_stays_within_its_column():
    figure = plots.image_grid(noise(16, 5, 5), titles=["Ankle boot taken for a sandal"] * 16)
    boxes = extents(figure.axes[0].texts, figure)
    for left, right in itertools.pairwise(boxes[:8]):
        assert left.x1 <= right.x0 + 1


def test_a_mark_frames_its_picture_and_no_other():
    marks = [None, plots.PALETTE.vermillion, None]
    ax = plots.image_grid(noise(3, 5, 5), titles=list("abc"), title_colors=marks).axes[0]
    (frame,) = ax.patches
    left, right, bottom, top = ax.images[1].get_extent()
    assert frame.get_bbox().extents == pytest.approx([left, top, right, bottom])
    assert to_hex(frame.get_edgecolor()) == marks[1].lower()
    assert [text.get_color() for text in ax.texts] == [style.INK, style.as_text(marks[1]), style.INK]


def test_a_value_range_makes_a_picture_of_any_numbers():
    (shown,) = plots.image_grid([np.array([[-2.0, 0.0], [1.0, 2.0]])], value_range=(-2, 2)).axes[0].images
    assert shown.get_array().tolist() == [[0, 0.5], [0.75, 1]]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"images": []}, "^images: expected .*got none"),
        ({"images": [np.zeros(4)]}, r"^images\[0\]: expected .*got \(4,\)"),
        ({"images": [np.zeros((4, 4)), np.zeros((4, 4, 2))]}, r"^images\[1\]: expected .*got \(4, 4, 2\)"),
        ({"images": [np.full((4, 4), 255.0)]}, r"^images\[0\]: expected .*got floats from 255 to 255"),
        ({"images": [np.full((4, 4), np.nan)]}, r"^images\[0\]: expected .*got floats from nan"),
        ({"images": [np.zeros((4, 4), int)]}, r"^images\[0\]: expected .*got int64"),
        ({"images": noise(3, 4, 4), "titles": ["a"]}, "^titles: expected 3.*got 1"),
        ({"images": noise(3, 4, 4), "title_colors": ["red"]}, "^title_colors: expected 3.*got 1"),
        ({"images": noise(3, 4, 4), "columns": 0}, "^columns: expected .*got 0"),
        ({"images": noise(3, 4, 4), "value_range": (1, 1)}, r"^value_range: expected .*got \(1, 1\)"),
        ({"images": noise(3, 4, 4, 3), "value_range": (0, 2)}, "^value_range: expected .*got"),
    ],
)
def test_image_grid_refuses(keywords, message):
    with pytest.raises(ValueError, match=message):
        plots.image_grid(**keywords)


# boxes

CORNERS = np.array([[10, 20, 50, 60], [0, 0, 100, 80], [30.5, 5, 70.25, 5]])


def test_boxes_stand_where_they_are_given_in_the_pixels_of_the_picture():
    ax = plots.boxes(noise(80, 100, 3), CORNERS).axes[0]
    assert all(isinstance(patch, Rectangle) for patch in ax.patches)
    assert np.array([patch.get_bbox().extents for patch in ax.patches]).tolist() == CORNERS.tolist()
    assert ax.images[0].get_extent() == [0, 100, 80, 0]
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 100), (80, 0))


def test_a_box_frames_its_pixels_on_the_page():
    image = np.zeros((40, 40))
    image[10:20, 15:35] = 1
    figure = plots.boxes(image, [[15, 10, 35, 20]], width=4)
    page = pixels(figure)  # ten pixels of the page for one of the picture
    color = np.round(255 * np.array(to_rgb(ON_PHOTO[0])))
    rows, columns = np.nonzero((page == color).all(axis=2))
    assert (rows.min() + 1) / 10 == pytest.approx(10, abs=0.2) and (rows.max() + 1) / 10 == pytest.approx(20, abs=0.2)
    assert (columns.min() + 1) / 10 == pytest.approx(15, abs=0.2)
    assert (columns.max() + 1) / 10 == pytest.approx(35, abs=0.2)


def test_boxes_of_one_label_share_a_color_and_say_label_and_score():
    ax = plots.boxes(noise(80, 100), CORNERS, [1, 0, 1], [0.91, 0.5, 0.333], names=["cat", "dog"]).axes[0]
    colors = [to_hex(patch.get_edgecolor()) for patch in ax.patches]
    assert colors == [ON_PHOTO[0].lower(), ON_PHOTO[1].lower(), ON_PHOTO[0].lower()]
    assert texts(ax) == ["dog 0.91", "cat 0.50", "dog 0.33"]
    assert [to_hex(text.get_bbox_patch().get_facecolor()) for text in ax.texts] == colors


def test_scores_alone_and_labels_alone_are_written():
    assert texts(plots.boxes(noise(80, 100), CORNERS, scores=[0, 1, 0.5]).axes[0]) == ["0.00", "1.00", "0.50"]
    assert texts(plots.boxes(noise(80, 100), CORNERS, labels=list("abc")).axes[0]) == ["a", "b", "c"]


def test_tags_lie_in_the_picture_and_not_on_each_other():
    corners = [[0, 0, 100, 80], [1, 1, 40, 40], [80, 0, 100, 80], [0, 60, 30, 80], [1, 1, 41, 41]]
    figure = plots.boxes(noise(80, 100), corners, [f"thing {k}" for k in range(5)], [0.5] * 5)
    boxes = extents([text.get_bbox_patch() for text in figure.axes[0].texts], figure)
    for box in boxes:
        assert box.x0 >= -1 and box.y0 >= -1
        assert box.x1 <= figure.bbox.width + 1 and box.y1 <= figure.bbox.height + 1
    for one, two in itertools.combinations(boxes, 2):
        shared = max(0, min(one.x1, two.x1) - max(one.x0, two.x0)) * max(0, min(one.y1, two.y1) - max(one.y0, two.y0))
        assert shared <= 0.1 * one.width * one.height


@pytest.mark.parametrize("none", [[], np.zeros((0, 4))])
def test_no_box_is_a_picture(none):
    ax = plots.boxes(noise(80, 100), none, labels=[], scores=[]).axes[0]
    assert len(ax.images) == 1 and len(ax.patches) == 0


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"image": np.zeros(3)}, r"^image: expected .*got \(3,\)"),
        ({"boxes": [1, 2, 3, 4]}, r"^boxes: expected shape \(n, 4\).*got \(4,\)"),
        ({"boxes": [[1, 2, 3]]}, r"^boxes: expected .*got \(1, 3\)"),
        ({"boxes": np.zeros((0, 5))}, r"^boxes: expected .*got \(0, 5\)"),
        ({"boxes": [[1, 2, 3, np.nan]]}, "^boxes: expected .*got NaN"),
        ({"boxes": [[0, 0, 9, 9], [5, 2, 3, 4]]}, r"^boxes\[1\]: expected .*got x from 5 to 3"),
        ({"boxes": [[1, 5, 3, 4]]}, r"^boxes\[0\]: expected .*got .* y from 5 to 4"),
        ({"labels": ["a", "b"]}, "^labels: expected 1.*got 2"),
        ({"labels": [2], "names": ["a", "b"]}, "^labels: expected class 0 … 1.*got class 2"),
        ({"scores": [0.5, 0.5]}, "^scores: expected 1.*got 2"),
        ({"scores": [98]}, "^scores: expected .*got 98 to 98"),
    ],
)
def test_boxes_refuse(keywords, message):
    with pytest.raises(ValueError, match=message):
        plots.boxes(**{"image": noise(9, 9), "boxes": [[1, 2, 3, 4]], **keywords})


# masks


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("gray", [False, True])
def test_a_mask_blends_its_color_with_the_picture(alpha, gray):
    image = noise(20, 30) if gray else (255 * noise(20, 30, 3)).astype(np.uint8)
    mask = np.zeros((20, 30), np.uint8)
    mask[5:15, :10] = 1
    mask[5:15, 10:] = 3
    shown = plots.masks(image, mask, alpha=alpha).axes[0].images[0].get_array()
    rgb = np.repeat(image[..., None], 3, axis=2) if gray else image / 255
    one, three = np.array(to_rgb(ON_PHOTO[0])), np.array(to_rgb(ON_PHOTO[2]))
    assert np.allclose(shown[2, 7], rgb[2, 7])  # background
    assert np.allclose(shown[10, 5], (1 - alpha) * rgb[10, 5] + alpha * one)
    assert np.allclose(shown[10, 20], (1 - alpha) * rgb[10, 20] + alpha * three)
    for row, column, color in ((5, 5, one), (14, 5, one), (10, 9, one), (10, 10, three)):  # outlines
        assert np.allclose(shown[row, column], color)
    assert np.allclose(shown[4, 5], rgb[4, 5]) and np.allclose(shown[10, 29], (1 - alpha) * rgb[10, 29] + alpha * three)


def test_the_picture_handed_in_is_not_changed():
    image = noise(8, 8, 3)
    before = image.copy()
    overlay(image, np.eye(8, dtype=int), 0.5)
    plots.masks(image, np.eye(8, dtype=int))
    assert np.array_equal(image, before)


def test_the_legend_names_the_classes_that_occur():
    mask = np.zeros((20, 30), int)
    mask[3:9, 4:9], mask[12:15, 3:20] = 3, 1
    ax = plots.masks(noise(20, 30), mask, names=["background", "bird", "mammal", "fruit"]).axes[0]
    legend = ax.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["bird", "fruit"]
    assert [to_hex(patch.get_facecolor()) for patch in legend.get_patches()] == [
        ON_PHOTO[0].lower(),
        ON_PHOTO[2].lower(),
    ]
    assert plots.masks(noise(20, 30), mask).axes[0].get_legend() is None


def test_the_legend_stands_beside_the_picture():
    mask = np.ones((20, 30), int)
    figure = plots.masks(noise(20, 30), mask, names=["", "a class with a long name"])
    pixels(figure)
    picture, legend = figure.axes[0].get_window_extent(), figure.axes[0].get_legend().get_window_extent()
    assert legend.x0 >= picture.x1 - 1 and legend.x1 <= figure.bbox.width + 1


def test_more_instances_than_colors_are_drawn():
    mask = np.arange(400).reshape(20, 20)
    shown = plots.masks(noise(20, 20), mask, alpha=1.0).axes[0].images[0].get_array()
    assert np.allclose(shown[5, 5], to_rgb(ON_PHOTO[(105 - 1) % 8]))


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"image": np.full((9, 9), 7.0)}, "^image: expected .*got floats from 7 to 7"),
        ({"mask": np.zeros((8, 9), int)}, r"^mask: expected the shape of the image, \(9, 9\).*got \(8, 9\)"),
        ({"mask": np.zeros((9, 9, 1), int)}, "^mask: expected .*got "),
        ({"mask": np.zeros((9, 9))}, "^mask: expected .*got float64"),
        ({"mask": np.full((9, 9), -1)}, "^mask: expected .*got int64 from -1"),
        ({"mask": np.full((9, 9), 2), "names": ["a", "b"]}, "^names: expected 3.*got 2"),
        ({"alpha": 1.5}, "^alpha: expected .*got 1.5"),
    ],
)
def test_masks_refuse(keywords, message):
    with pytest.raises(ValueError, match=message):
        plots.masks(**{"image": noise(9, 9), "mask": np.eye(9, dtype=int), **keywords})


# filters


@pytest.mark.parametrize(("shape", "count"), [((25, 25), 1), ((5, 5, 6), 6), ((5, 5, 1, 12), 12)])
def test_signed_weights_share_a_scale_that_is_symmetric_about_zero(shape, count):
    weights = noise(*shape) - 0.2
    ax = plots.filters(weights).axes[0]
    assert len(ax.images) == count
    limit = np.abs(weights).max()
    assert {image.get_clim() for image in ax.images} == {(-limit, limit)}
    assert all(image.cmap is SIGNED for image in ax.images)
    flat = weights.reshape(*shape[:2], -1)
    for k, image in enumerate(ax.images):
        assert np.array_equal(image.get_array(), flat[:, :, k])
    (bar,) = ax.child_axes
    assert bar.get_ylabel() == "weight" and bar.get_ylim() == (-limit, limit)


def test_zero_is_white_and_both_signs_are_equally_strong():
    assert to_hex(SIGNED(0.5)) == "#ffffff"
    for sign in (-1, 1):
        light = [style.luminance(SIGNED(0.5 + sign * d)) for d in np.linspace(0, 0.5, 11)]
        assert light == sorted(light, reverse=True)
    for d in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5):
        low, high = (cielab(to_hex(SIGNED(0.5 + sign * d)), "none") for sign in (-1, 1))
        assert abs(low[0] - high[0]) < 6
        for deficiency in DEFICIENCIES:
            low, high = (cielab(to_hex(SIGNED(0.5 + sign * d)), deficiency) for sign in (-1, 1))
            assert np.linalg.norm(low - high) > 15


def test_weights_that_are_all_zero_are_drawn_white():
    ax = plots.filters(np.zeros((4, 4))).axes[0]
    assert ax.images[0].get_clim() == (-1, 1)


def test_filters_of_three_channels_are_drawn_in_rgb_each_stretched_by_itself():
    weights = (noise(7, 7, 3, 5) - 0.5) * np.array([0.01, 0.1, 1, 10, 0])
    ax = plots.filters(weights).axes[0]
    assert len(ax.images) == 5 and not ax.child_axes
    for k, image in enumerate(ax.images[:4]):
        w = weights[..., k]
        assert np.allclose(image.get_array(), (w - w.min()) / (w.max() - w.min()))
    assert not ax.images[4].get_array().any()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros(4), r"^weights: expected .*got \(4,\)"),
        (np.zeros((3, 3, 2, 4)), r"^weights: expected .*got \(3, 3, 2, 4\)"),
        (np.zeros((3, 3, 0)), "^weights: expected .*got "),
        (np.full((3, 3), np.inf), "^weights: expected .*got NaN or infinity"),
    ],
)
def test_filters_refuse(weights, message):
    with pytest.raises(ValueError, match=message):
        plots.filters(weights)


# diagram

GRAPH = {
    "a": (0, 2, "$a = 5$"),
    "b": (0, 1, "$b = 3$"),
    "c": (0, 0, "$c = 2$"),
    "u": (1.2, 0.5, "$u = bc$"),
    "v": (2.4, 1.25, "$v = a + u$"),
    "J": (3.8, 1.25, "$J = 3v$"),
}
FLOW = [
    ("a", "v", {"forward": "5", "backward": "$da = 3$"}),
    ("b", "u", {"forward": "3", "backward": "$db = 6$"}),
    ("c", "u", {"forward": "2", "backward": "$dc = 9$"}),
    ("u", "v", {"forward": "6", "backward": "$du = 3$"}),
    ("v", "J", {"forward": "11", "backward": "$dv = 3$"}),
]


def tips(arrow):
    """Where an arrow starts and ends on the page, in pixels."""
    shaft, _ = arrow._get_path_in_displaycoord()
    return shaft[0].vertices[0], shaft[0].vertices[-1]


def test_a_diagram_has_a_box_for_each_node_and_an_arrow_for_each_way():
    ax = plots.diagram(GRAPH, FLOW).axes[0]
    nodes = [text for text in ax.texts if text.get_bbox_patch() is not None]
    assert [text.get_text() for text in nodes] == [node[2] for node in GRAPH.values()]
    assert [text.get_position() for text in nodes] == [node[:2] for node in GRAPH.values()]
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == 10
    labels = [text.get_text() for text in ax.texts if text.get_bbox_patch() is None]
    assert labels == [label for *_, way in FLOW for label in (way["forward"], way["backward"])]


def test_arrows_run_between_outlines_forward_above_backward():
    figure = plots.diagram(
        {"a": (0, 0, "one"), "b": (2, 0, "another")}, [("a", "b", {"forward": "1", "backward": "2"})]
    )
    ax = figure.axes[0]
    pixels(figure)
    first, second = (text.get_bbox_patch().get_window_extent() for text in ax.texts[:2])
    forward, backward = ax.patches
    (start, end), (back_start, back_end) = tips(forward), tips(backward)
    assert first.x1 <= start[0] <= first.x1 + 6 and second.x0 - 6 <= end[0] <= second.x0
    assert second.x0 - 6 <= back_start[0] <= second.x0 and first.x1 <= back_end[0] <= first.x1 + 6
    assert start[1] > back_start[1]
    one, two = (text.get_window_extent() for text in ax.texts[2:])
    assert one.y0 > start[1] and two.y1 < back_start[1]
    gap = (first.x1 + second.x0) / 2
    assert (one.x0 + one.x1) / 2 == pytest.approx(gap, abs=2) and (two.x0 + two.x1) / 2 == pytest.approx(gap, abs=2)
    assert to_hex(forward.get_edgecolor()) == plots.PALETTE.blue.lower()
    assert to_hex(backward.get_edgecolor()) == plots.PALETTE.vermillion.lower()


def test_an_arrow_shows_its_head_the_first_time_that_it_is_drawn():
    figure = plots.diagram({"a": (0, 0, "one"), "b": (2, 0, "another")}, [("a", "b", {"color": plots.PALETTE.blue})])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    page = np.asarray(canvas.buffer_rgba())[..., :3]
    blue = (page == np.round(255 * np.array(to_rgb(plots.PALETTE.blue)))).all(axis=2).sum(axis=0)  # in each column
    first, second = (text.get_bbox_patch().get_window_extent() for text in figure.axes[0].texts)
    assert blue[int(first.x1 + second.x0) // 2] <= 3  # the shaft
    assert blue[int(second.x0) - 20 : int(second.x0)].max() >= 6  # the head
    assert np.flatnonzero(blue)[[0, -1]] == pytest.approx([first.x1, second.x0], abs=8)


def test_no_label_of_the_computation_graph_covers_a_node_or_leaves_the_page():
    figure = plots.diagram(GRAPH, FLOW, title="Values flow forward, gradients back")
    pixels(figure)
    ax = figure.axes[0]
    nodes = [text.get_bbox_patch().get_window_extent() for text in ax.texts if text.get_bbox_patch() is not None]
    labels = [text.get_window_extent() for text in ax.texts if text.get_bbox_patch() is None]
    for box in labels:
        assert not any(box.overlaps(node) for node in nodes)
    for box in labels + nodes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.width and box.y1 <= figure.bbox.height


@pytest.mark.parametrize("turn", [0, 45, 90, 135, 180, 225, 270, 315])
def test_labels_keep_off_their_arrow_in_every_direction(turn):
    angle = np.radians(turn)
    nodes = {"a": (0, 0), "b": (2 * np.cos(angle), 2 * np.sin(angle))}
    figure = plots.diagram(nodes, [("a", "b", {"forward": "here", "backward": "back"})], cell=(1, 1))
    pixels(figure)
    ax = figure.axes[0]
    for arrow, label in zip(ax.patches, ax.texts[2:], strict=True):
        start, end = tips(arrow)
        box = label.get_window_extent()
        for share in np.linspace(0, 1, 50):
            x, y = start + share * (end - start)
            assert not (box.x0 < x < box.x1 and box.y0 < y < box.y1)
    one, two = (text.get_window_extent() for text in ax.texts[2:])
    if turn not in (90, 270):
        assert one.y0 + one.y1 > two.y0 + two.y1  # forward above
    else:
        assert one.x1 < two.x0  # or on the left


def test_a_curved_arrow_passes_over_what_lies_between():
    nodes = {"x": (0, 0), "block": (1, 0), "sum": (2, 0)}
    figure = plots.diagram(nodes, [("x", "block"), ("block", "sum"), ("x", "sum", {"forward": "skip", "curve": 0.4})])
    pixels(figure)
    ax = figure.axes[0]
    block = ax.texts[1].get_bbox_patch().get_window_extent()
    shaft, _ = ax.patches[2]._get_path_in_displaycoord()
    curve = shaft[0].interpolated(1).vertices
    label = ax.texts[3].get_window_extent()
    assert label.y0 > block.y1 and label.y1 <= figure.bbox.height
    assert curve[:, 1].max() > block.y1


def test_nodes_take_shapes_and_colors():
    figure = plots.diagram(
        {
            "c": {"at": (0, 0), "text": "Σ", "shape": "circle", "color": plots.PALETTE.green},
            "t": {"at": (1, 0), "shape": "text"},
        },
        [],
    )
    pixels(figure)
    circle, plain = (text.get_bbox_patch() for text in figure.axes[0].texts)
    box = circle.get_window_extent()
    assert box.width == pytest.approx(box.height)
    assert to_hex(circle.get_edgecolor()) == plots.PALETTE.green.lower()
    assert plain.get_edgecolor()[3] == 0 and plain.get_facecolor()[3] == 0
    assert figure.axes[0].texts[1].get_text() == "t"


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        ({}, [], "^nodes: expected .*got {}"),
        ([(0, 0)], [], "^nodes: expected .*got"),
        ({"a": (0,)}, [], r"^nodes\['a'\]: expected .*got"),
        ({"a": {"text": "a"}}, [], r"^nodes\['a'\]: expected .*got"),
        ({"a": {"at": (0, 0), "colour": "red"}}, [], r"^nodes\['a'\]: expected .*got"),
        ({"a": {"at": (0, 0), "shape": "star"}}, [], r"^nodes\['a'\]: expected one of .*got 'star'"),
        ({"a": (0, 0)}, [("a", "b")], r"^edges\[0\]: expected nodes among \['a'\].*got 'b'"),
        ({"a": (0, 0), "b": (1, 0)}, [("a", "b", {"above": "1"})], r"^edges\[0\]: expected .*got"),
        ({"a": (0, 0), "b": (1, 0)}, [("a", "b", "1", "2")], r"^edges\[0\]: expected .*got"),
        ({"a": (0, 0), "b": (1, 0)}, [("a",)], r"^edges\[0\]: expected .*got"),
        ({"a": (0, 0)}, [("a", "a")], r"^edges\[0\]: expected .*got"),
    ],
)
def test_diagram_refuses(nodes, edges, message):
    with pytest.raises(ValueError, match=message):
        plots.diagram(nodes, edges)


# network


def test_a_network_has_an_arrow_for_each_weight():
    ax = plots.network([["size", "bedrooms"], 3, ["price"]], titles=["in", "hidden", "out"]).axes[0]
    assert len(ax.patches) == 2 * 3 + 3 * 1
    assert [text for text in texts(ax) if text.strip()] == ["size", "bedrooms", "in", "hidden", "price", "out"]
    assert len(ax.texts) == 2 + 3 + 1 + 3


def test_a_wide_layer_is_drawn_with_an_ellipsis():
    ax = plots.network([784, 2]).axes[0]
    assert texts(ax).count("$\\vdots$") == 1
    assert len(ax.patches) == 4 * 2


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"layers": []}, r"^layers: expected at least one, got \[\]"),
        ({"layers": [2, 0]}, r"^layers\[1\]: expected .*got 0"),
        ({"layers": [2, []]}, r"^layers\[1\]: expected .*got \[\]"),
        ({"layers": [2, 1], "titles": ["a"]}, "^titles: expected 2.*got 1"),
    ],
)
def test_network_refuses(keywords, message):
    with pytest.raises(ValueError, match=message):
        plots.network(**keywords)


# What users hand over by mistake


@pytest.mark.parametrize("shape", [(40, 50, 3), (40, 50, 4), (40, 50, 1), (40, 50)])
@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_one_picture_is_no_grid_and_the_message_names_the_remedy(shape, kind):
    picture = np.zeros(shape, kind)
    with pytest.raises(
        ValueError,
        match=r"^images: expected several pictures, got a single one, shape .*write image_grid\(\[picture\]\)",
    ):
        plots.image_grid(picture)
    assert len(plots.image_grid([picture]).axes[0].images) == 1


@pytest.mark.parametrize("shape", [(6, 3, 3), (6, 4, 4), (5, 20, 30), (2, 8, 8, 3), (1, 40, 50, 3), (3, 3, 3)])
def test_a_stack_of_small_pictures_is_a_grid(shape):
    assert len(plots.image_grid(np.zeros(shape)).axes[0].images) == shape[0]


@pytest.mark.parametrize("images", ["me.jpg", Path("me.jpg"), None, 3, {"a": np.zeros((4, 4))}])
def test_what_is_no_list_of_pictures_is_no_grid(images):
    with pytest.raises(ValueError, match=r"^images: expected .*got "):
        plots.image_grid(images)


def test_a_path_in_place_of_a_picture_says_how_to_read_it():
    for call in (
        lambda path: plots.image_grid([path]),
        lambda path: plots.boxes(path, [[1, 1, 5, 5]]),
        lambda path: plots.masks(path, np.zeros((4, 4), int)),
    ):
        for path in ("photos/me.jpg", Path("photos") / "me.jpg"):
            with pytest.raises(
                ValueError, match=r": expected a picture, got .*me\.jpg.*datasets\.read_picture\(path\)"
            ):
                call(path)


@pytest.mark.parametrize(
    "corners", [[[0.1, 0.2, 0.6, 0.9]], [[0, 0, 1, 1]], [[-0.02, 0.1, 1.04, 0.9], [0, 0, 0, 0]], [[0.5, 0.5, 0.7, 1.2]]]
)
def test_boxes_in_shares_of_the_picture_are_refused_with_the_remedy(corners):
    with pytest.raises(
        ValueError,
        match=r"^boxes: expected corners in pixels, got .* shares of the picture: detection\.boxes\.scale_boxes",
    ):
        plots.boxes(noise(30, 40, 3), corners)
    scaled = np.asarray(corners, float) * (40, 30, 40, 30)
    assert len(plots.boxes(noise(30, 40, 3), scaled).axes[0].patches) == len(corners)


@pytest.mark.parametrize(
    "corners",
    [np.zeros((0, 4)), [[0, 0, 0, 0]], [[0.1, 0.2, 0.6, 0.9], [3, 4, 20, 20]], [[0, 0, 2, 2]], [[1, 1, 5, 5]]],
)
def test_boxes_in_pixels_may_be_small_or_empty(corners):
    assert len(plots.boxes(noise(30, 40, 3), corners).axes[0].patches) == len(corners)


@pytest.mark.parametrize(
    ("largest", "kind"),
    [
        (2**20, "int64"),
        (16_777_215, "int32"),
        (2**62, "int64"),
        (2**63, "uint64"),
        (2**64 - 1, "uint64"),
        (250, "uint8"),
    ],
)
def test_labels_of_any_size_take_one_of_eight_colors(largest, kind):
    mask = np.zeros((12, 12), kind)
    mask[2:10, 2:10] = largest
    start = time.process_time()
    shown = plots.masks(noise(12, 12), mask, alpha=1.0).axes[0].images[0].get_array()
    assert time.process_time() - start < 2
    assert np.allclose(shown[5, 5], to_rgb(ON_PHOTO[(largest - 1) % 8]))
    assert np.allclose(shown[0, 0], noise(12, 12)[0, 0])


def test_a_mask_of_true_and_false_is_one_class():
    mask = np.tri(12, dtype=bool)
    assert np.array_equal(overlay(noise(12, 12), mask, 0.5), overlay(noise(12, 12), mask.astype(int), 0.5))


@pytest.mark.parametrize("words", ["a$b", "$\\x$", "$5 and $6", "100 $", "$$", "\\$", "$\\frac{$"])
def test_dollar_signs_in_a_users_words_are_drawn_as_they_are(words):
    plain = pixels(plots.boxes(noise(40, 40, 3), [[5, 20, 35, 35]], [words.replace("$", "S")]))
    figure = plots.boxes(noise(40, 40, 3), [[5, 20, 35, 35]], [words])
    assert pixels(figure).shape == plain.shape
    (text,) = figure.axes[0].texts
    shown, mathematics = text._preprocess_math(text.get_text())
    assert (shown, mathematics) == (words, False)
    legend = plots.masks(noise(8, 8), np.ones((8, 8), int), names=["none", words]).axes[0].get_legend()
    shown, mathematics = (text := legend.get_texts()[0])._preprocess_math(text.get_text())
    assert (shown, mathematics) == (words, False)


def test_a_title_that_is_no_mathematics_is_drawn_and_one_that_is_stays_so():
    for words in ("$\\x$ is no formula", "a lone $", "$\\alpha$ is one"):
        for figure in (
            plots.image_grid([noise(9, 9)], titles=[words], title=words, width=3),
            plots.curves({words: [1, 2], "b": [2, 3]}, title=words),
            plots.panels(title=words)[0],
        ):
            pixels(figure)
    (text,) = plots.image_grid([noise(9, 9)], titles=["$\\alpha$"]).axes[0].texts
    assert text._preprocess_math(text.get_text()) == ("$\\alpha$", True)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: plots.image_grid([noise(4, 4)], width=-1), "width"),
        (lambda: plots.image_grid([noise(4, 4)], width="wide"), "width"),
        (lambda: plots.image_grid([noise(4, 4)], width=float("nan")), "width"),
        (lambda: plots.image_grid([noise(4, 4)], columns=None), "columns"),
        (lambda: plots.image_grid([noise(4, 4)], columns="2"), "columns"),
        (lambda: plots.image_grid([noise(4, 4)], columns=2.5), "columns"),
        (lambda: plots.image_grid([noise(4, 4)], titles=3), "titles"),
        (lambda: plots.image_grid([noise(4, 4)], titles="a"), "titles"),
        (lambda: plots.image_grid([[[0, 1], [1]]]), r"images\[0\]"),
        (lambda: plots.filters(np.zeros((3, 3)), width=0), "width"),
        (lambda: plots.filters(np.zeros((3, 3)), columns=0), "columns"),
        (lambda: plots.filters([[1, 2], [3]]), "weights"),
        (lambda: plots.filters(None), "weights"),
        (lambda: plots.boxes(noise(9, 9), [[1, 1, 5, 5]], width=-2), "width"),
        (lambda: plots.boxes(noise(9, 9), None), "boxes"),
        (lambda: plots.boxes(noise(9, 9), [[1, 1, 5, 5], [1, 2]]), "boxes"),
        (lambda: plots.boxes(noise(9, 9), [[1, 1, 5, 5]], scores=[None]), "scores"),
        (lambda: plots.boxes(noise(9, 9), [[1, 1, 5, 5]], scores=["high"]), "scores"),
        (lambda: plots.boxes(noise(9, 9), [[1, 1, 5, 5]], labels=7), "labels"),
        (lambda: plots.masks(noise(9, 9), np.ones((9, 9), int), alpha=None), "alpha"),
        (lambda: plots.masks(noise(9, 9), np.ones((9, 9), int), alpha="half"), "alpha"),
        (lambda: plots.masks(noise(9, 9), np.ones((9, 9), int), width=-1), "width"),
        (lambda: plots.masks(noise(9, 9), None), "mask"),
        (lambda: plots.decision_boundary(**PREDICT, resolution=1), "resolution"),
        (lambda: plots.decision_boundary(**PREDICT, resolution=None), "resolution"),
        (lambda: plots.decision_boundary(**PREDICT, resolution=10.5), "resolution"),
        (lambda: plots.decision_boundary(**PREDICT, size=(0, 3)), "size"),
        (lambda: plots.decision_boundary(**{**PREDICT, "X": [[1, 2], [3]]}), "X"),
        (lambda: plots.curves({"a": [1, 2]}, size=(4, -3)), "size"),
        (lambda: plots.curves({"a": [1, 2]}, size=4), "size"),
        (lambda: plots.panels(None), "rows"),
        (lambda: plots.panels(1, "2"), "columns"),
        (lambda: plots.panels(size=(3, None)), "size"),
    ],
)
def test_a_bad_argument_is_named(call, named):
    with pytest.raises(ValueError, match=rf"^{named}: (got|expected)"):
        call()


def test_an_untitled_picture_stands_among_titled_ones():
    assert texts(plots.image_grid([noise(4, 4)] * 2, titles=["a", None]).axes[0]) == ["a", ""]


def test_a_picture_that_is_white_at_its_margin_has_a_frame():
    white = np.ones((8, 8))
    zero = plots.filters(np.dstack([np.zeros((8, 8)), np.eye(8) + 1]))
    assert len(zero.axes[0].patches) == 1 and zero.axes[0].patches[0].get_edgecolor()[:3] == to_rgb(plots.GRAY)
    for picture, frames in (
        (white, 1),
        (np.dstack([white] * 3), 1),
        (np.dstack([white * 0.2] * 3 + [white * 0]), 1),
        (white * 0.9, 0),
        (1 - np.eye(8), 0),
    ):
        assert len(plots.image_grid([picture]).axes[0].patches) == frames
    marked = plots.image_grid([white], title_colors=[plots.PALETTE.vermillion]).axes[0]
    assert [frame.get_linewidth() for frame in marked.patches] == [2.5]


def test_other_rooms_take_axes_under_a_title():
    figure, ax = plots.own_axes(None, (5, 3), "A finding")
    assert figure.get_size_inches().tolist() == [5, 3] and ax.get_title("left") == "A finding"
    assert plots.own_axes(ax, None, "Another")[1] is ax and ax.get_title("left") == "Another"
    with pytest.raises(ValueError, match=r"^ax: expected matplotlib Axes.*got int"):
        plots.own_axes(3, (5, 3))
