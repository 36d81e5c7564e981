"""How the page's plots look, and how they get into it: SVG in the page's own colours, light, dark and on paper."""

import contextlib
import io
import re

# Okabe and Ito's colours, which the common kinds of colour blindness tell apart. Each is replaced by a variable of the
# page's style sheet, which has a lighter shade for a dark screen; so none may be written in any other way.
INK, MUTED, GRID = "#1b1b1e", "#6c6d72", "#dcdce0"
FLOAT, FIXED = "#0072b2", "#d55e00"
VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--grid", FLOAT: "--float", FIXED: "--fixed"}
# Pictures of pixels cannot follow the style sheet: middle tones that stand out on both backgrounds.
PIXEL_FLOAT, PIXEL_FIXED, PIXEL_BOTH = (0.10, 0.52, 0.80, 1.0), (0.90, 0.42, 0.05, 1.0), (0.50, 0.50, 0.53, 1.0)
WIDTH_INCHES = 9.2

_SETTINGS = {
    "svg.fonttype": "path",
    # Names inside the SVG follow from its content alone: the same conversion gives the same page.
    "svg.hashsalt": "silif",
    "image.interpolation": "none",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.edgecolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.labelcolor": INK,
}


@contextlib.contextmanager
def canvas(rows: int, columns: int, height: float, **options):
    """(figure, axes [rows, columns]) in the page's style; the caller draws, `svg` renders, the figure is closed."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    with matplotlib.rc_context(_SETTINGS):
        figure, axes = plt.subplots(
            rows, columns, figsize=(WIDTH_INCHES, height), layout="constrained", squeeze=False, **options
        )
        try:
            yield figure, axes
        finally:
            plt.close(figure)


def svg(figure, name: str) -> str:
    """The figure as an element for an HTML page. `name` keeps its ids apart from those of other figures."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="(?=[^"])', f'id="{name}-', text)
    text = re.sub(r'href="#(?=[^"])', f'href="#{name}-', text)
    text = re.sub(r"url\(#(?=[^)])", f"url(#{name}-", text)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    # The page sets the width; the viewBox keeps the proportions.
    return re.sub(r'<svg ([^>]*?)height="[^"]+" ?([^>]*?)width="[^"]+"', r"<svg \1\2", text, count=1)
