"""The conversion report as a user gets it: one file that stands alone, with numbers that can be computed again."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from test_export_command import checkpoint
from tiny_models import tiny_model

from silif_tools.commands.export import main
from silif_tools.export.convert import Conversion
from silif_tools.export.float_network import run_float
from silif_tools.export.fold import fold
from silif_tools.export.state_dict import load_state_dict
from silif_tools.integer.network import run_model
from silif_tools.kinds import CSILIF, RF, SILIF, read_model
from silif_tools.kinds.connection import FloatLayer
from silif_tools.kinds.silif import SiLIFNeurons, named
from silif_tools.model_file.tables import DelayKind, Source
from silif_tools.report.eigenvalues import fixed_eigenvalues, paper_eigenvalues
from silif_tools.report.evidence import interval
from silif_tools.report.histogram import SignedHistogram, to_axis
from silif_tools.report.observe import EvaluationData, Observation
from silif_tools.report.plot_delays import plot_delays
from silif_tools.report.plot_weights import row_scales
from silif_tools.report.verdict import judge, verdict_html

torch = pytest.importorskip("torch")
pytest.importorskip("matplotlib")
_VOID = {"meta", "br", "img", "link", "hr", "input"}


class Page(HTMLParser):
    """Text, ids and references of a page; fails on tags that are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.references, self.text = [], [], [], ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in _VOID:
            self.open.append(tag)
        self._collect(attrs)

    def handle_startendtag(self, tag, attrs):
        self._collect(attrs)

    def _collect(self, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name.split(":")[-1] in ("href", "src"):
                self.references.append(value)
            self.references += [f"#{target}" for target in re.findall(r"url\(#([^)]+)\)", value or "")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def report(folder, *options, kind="silif", words="a,b,c,d,e"):
    """(page's text, path of the model)"""
    output, page = folder / "tiny.silif", folder / "tiny.html"
    arguments = [str(checkpoint(folder, kind)), "--output", str(output), "--report", str(page), "--words", words]
    assert main([*arguments, "--clip-steps", "40", *options]) == 0
    return page.read_text(), output


def frames_and_labels(folder, clips=24, inputs=11):
    generator = np.random.default_rng(7)
    frames = generator.poisson(0.6, (clips, 40, inputs)).astype(np.uint8)
    labels = generator.integers(0, 5, clips).astype(np.int32)
    np.save(folder / "X.npy", frames)
    np.save(folder / "Y.npy", labels)
    return frames.astype(np.int16), labels


@pytest.fixture(scope="module")
def silif_page(tmp_path_factory):
    """(page's text, model's path, frames, labels): drawn once, because drawing takes seconds."""
    folder = tmp_path_factory.mktemp("page")
    frames, labels = frames_and_labels(folder)
    text, output = report(folder, "--frames", str(folder / "X.npy"), "--labels", str(folder / "Y.npy"))
    return text, output, frames, labels


def test_the_page_stands_alone(silif_page):
    page = Page(silif_page[0])
    assert len(page.ids) == len(set(page.ids))
    assert len(page.references) > 100
    for reference in page.references:
        assert reference.startswith("data:image/png;base64,") or reference.removeprefix("#") in page.ids


def test_the_page_says_what_the_integers_do(silif_page):
    text, output, frames, labels = silif_page
    page, model = Page(text), read_model(output)
    trace = run_model(model, frames)
    accuracy = np.mean(trace.scores_q15.argmax(axis=1) == labels)
    assert f"{100 * accuracy:.2f} %accuracy, fixed point" in page.text
    spikes = sum(train.sum(axis=(1, 2)) for train in trace.spikes).mean()
    assert f"{spikes:,.0f}spikes per clip" in page.text
    assert f"{trace.synaptic_operations.mean() / 1e6:.2f} Msynaptic operations" in page.text
    for layer, train in zip(model.layers, trace.spikes, strict=False):
        row = f"{layer.inputs} → {layer.outputs}8 bit"
        assert row in page.text
        assert f"{100 * train.mean():.3f}" in page.text[page.text.index(row) :][:80]
    assert f"{model.self_test_digest:016x}" in page.text


def test_names_are_text_and_never_markup_and_the_page_is_reproducible(tmp_path):
    frames_and_labels(tmp_path, clips=3)
    words = "<script>alert(1)</script>,$x,a&b,&lt;,\"'"
    options = ("--frames", str(tmp_path / "X.npy"), "--bits", "16")
    text, _ = report(tmp_path, *options, kind="csilif", words=words)
    assert "<script" not in text
    assert "<script>alert(1)</script>, $x, a&b, &lt;, \"'" in Page(text).text
    assert report(tmp_path, *options, kind="csilif", words=words)[0] == text


def verdict_of(float_winners, fixed_winners, labels, is_real=True):
    count = len(float_winners)
    data = EvaluationData(np.zeros((count, 1, 1), np.int16), labels, "a test", is_real)
    scores = (np.eye(3)[winners] for winners in (float_winners, fixed_winners))
    return Observation(data, *scores, [], [], 0, 1.0, 1.0, 0, [], [])


def test_the_verdict_counts_clips_lost_and_won():
    real, fixed = np.array([0, 1, 2, 0, 1, 2, 0, 0]), np.array([0, 1, 2, 1, 2, 0, 1, 0])
    verdict = judge(verdict_of(real, fixed, np.array([0, 1, 2, 0, 1, 2, 1, 1])))
    assert (verdict.clips, verdict.same_winner) == (8, 0.5)
    assert (verdict.float_accuracy, verdict.fixed_accuracy) == (6 / 8, 4 / 8)
    assert (verdict.lost, verdict.won) == (3, 1)
    # Two-sided binomial test of 3 in 4: 2 · (4 + 1) / 16.
    assert verdict.p_value == pytest.approx(0.625)


def test_without_clips_the_verdict_says_that_nothing_was_evaluated():
    model = tiny_model(SILIF, DelayKind.NONE)[1]
    observation = verdict_of(np.array([0]), np.array([0]), None, is_real=False)
    text = Page(verdict_html(observation, Conversion(model, []))).text
    assert "Not evaluated: this page was made from a test" in text
    assert "same winner" not in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--frames", "missing.npy"), "missing.npy: no such file"),
        (("--labels", "Y.npy"), "give the --frames"),
        (("--frames", "Y.npy"), "takes [clip, step, 11]"),
        (("--frames", "X.npy", "--labels", "short.npy"), "want 24 integers"),
        (("--frames", "X.npy", "--labels", "high.npy"), "the network has 5 words"),
        (("--frames", "text.npy"), "not a .npy or .npz file"),
        (("--frames", "text.npz"), "not a .npy or .npz file"),
        (("--report", "tiny.silif"), "give the page a name of its own"),
        (("--report", "."), "--report .: that is a folder"),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(options, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    checkpoint(tmp_path)
    _, labels = frames_and_labels(tmp_path)
    np.save("short.npy", labels[:-1])
    np.save("high.npy", labels + 5)
    (tmp_path / "text.npy").write_text("no array")
    (tmp_path / "text.npz").write_bytes(b"PK\x03\x04 cut short")
    arguments = ["tiny.pth", "--output", "tiny.silif", "--report", "tiny.html", "--clip-steps", "40"]
    assert main([*arguments, *options]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "tiny.silif").exists()
    assert not (tmp_path / "tiny.html").exists()


def test_eigenvalues_are_those_of_the_integer_neurons():
    """The step's matrix, read off the reference model: its columns are where the unit vectors go."""
    _, model, _ = tiny_model(SILIF, DelayKind.NONE, seed=5)
    layer = model.layers[1]
    layer.bias = np.zeros_like(layer.bias)
    # Negative, so that no neuron fires; large, so that rounding does not show.
    large = np.int64(-1) << np.int64(27)
    columns = []
    for membrane, adaptation in ((large, 0), (0, large << np.int64(30))):
        neurons = SiLIFNeurons(1, layer, [0])
        neurons.membrane[:], neurons.adaptation[:] = membrane, adaptation
        neurons.step(np.zeros((1, layer.outputs), np.int64))
        columns.append([neurons.membrane[0] / large, neurons.adaptation[0] / 2.0**30 / large])
    matrices = np.array(columns).transpose(2, 1, 0)
    expected = np.sort_complex(np.linalg.eigvals(matrices).astype(complex))
    found = np.sort_complex(fixed_eigenvalues(layer).T)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("kind", [SILIF, CSILIF, RF])
def test_open_circles_are_those_of_the_papers_figure(kind):
    """The words of figure2_eigenvalues.py, with its matrices and exponentials."""
    random = np.random.default_rng(4)
    al, be, a = random.uniform(0, 1, (3, 50))
    rate, dt = random.uniform(-10, -0.1, 50) + 1j * random.uniform(0, 20, 50), 0.004
    factor = np.exp(rate * 0.1) if kind == CSILIF else 1 + dt * rate
    if kind == SILIF:
        coefficients = named(al, 1 - al, 1 - be, a, a)
        matrices = np.stack([np.stack([al, al - 1], -1), np.stack([(1 - be) * a, be], -1)], axis=1)
        expected = np.linalg.eigvals(matrices).astype(complex)
    else:
        coefficients = {"decay": factor.real, "decay_imaginary": factor.imag}
        drawn = factor if kind == CSILIF else np.exp(rate * dt)
        expected = np.stack([drawn, drawn.conj()], axis=-1)
    layer = FloatLayer(kind, Source.SPIKES, None, None, coefficients)
    np.testing.assert_allclose(np.sort_complex(paper_eigenvalues(layer).T), np.sort_complex(expected), atol=1e-9)


def test_histogram_counts_what_numpy_counts():
    values = np.random.default_rng(3).standard_cauchy(5000) * 3
    histogram = SignedHistogram(16384.0)
    histogram.add(values[:2000])
    histogram.add(values[2000:])
    expected, _ = np.histogram(to_axis(np.clip(values, -16383, 16383)), histogram.edges)
    # float32 may put a value that lies on an edge into the neighbouring bin.
    assert np.abs(histogram.counts - expected).sum() <= 4
    assert histogram.counts.sum() == 5000
    assert histogram.peak == pytest.approx(np.abs(values).max())


def test_row_scales_take_integers_back_to_weights(silif_page):
    output = silif_page[1]
    layers = fold(load_state_dict(output.with_suffix(".pth")))
    for index, (tables, real) in enumerate(zip(read_model(output).layers, layers, strict=True)):
        scale = row_scales(tables, 1.0)
        assert np.abs(tables.weights * scale - real.weights).max() <= 0.51 * scale.max(), index


def test_delays_are_drawn_only_where_there_are_any():
    assert plot_delays(tiny_model(SILIF, DelayKind.NONE)[1].layers, 10) is None
    for kind in (DelayKind.AXONAL, DelayKind.DENDRITIC, DelayKind.SYNAPTIC):
        picture, _ = plot_delays(tiny_model(CSILIF, kind)[1].layers, 10)
        assert picture.startswith("<svg")


def test_a_network_that_hears_nothing_has_a_page_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = torch.load(checkpoint(tmp_path), weights_only=True)
    for index in range(3):
        for key in ("W.weight", "norm.bias", "norm.running_mean"):
            state[f"snn.{index}.{key}"] *= 0
    torch.save(state, "tiny.pth")
    assert main(["tiny.pth", "--output", "tiny.silif", "--report", "tiny.html", "--clip-steps", "20"]) == 0
    text = (tmp_path / "tiny.html").read_text()
    assert "Layer 1: all weights are zero." in text
    assert "All stay zero." in text


def agreeing(text):
    return float(re.search(r"same winner in float ([\d.]+) %", text)[1])


def test_a_wrong_conversion_is_seen_by_the_original_frameworks_scores(tmp_path, capsys):
    frames, _ = frames_and_labels(tmp_path, clips=30)
    state = load_state_dict(checkpoint(tmp_path, "silif"))
    scores = run_float(fold(state), frames.astype(float)).scores
    options = ("--frames", str(tmp_path / "X.npy"), "--reference-scores", str(tmp_path / "Z.npy"))
    np.save(tmp_path / "Z.npy", scores)
    text, _ = report(tmp_path, *options)
    assert agreeing(Page(text).text) == 100
    assert "Float is not the network that was trained" not in text
    assert agreeing(capsys.readouterr().out) == 100
    np.savez(tmp_path / "Z.npz", scores=np.roll(scores, 1, axis=1))
    text, _ = report(tmp_path, *options[:-1], str(tmp_path / "Z.npz"))
    assert agreeing(Page(text).text) < 60
    assert "Float is not the network that was trained" in text
    assert 'class="box warning"' in text


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.zeros((23, 5)), r"want \[24, 5\]"),
        (np.full((24, 5), np.nan), "not finite"),
        (np.zeros((24, 5), complex), "complex"),
    ],
)
def test_scores_that_do_not_belong_to_the_frames_are_refused(scores, message, tmp_path, capsys):
    frames_and_labels(tmp_path)
    np.save(tmp_path / "Z.npy", scores)
    path, target = str(checkpoint(tmp_path, "silif")), str(tmp_path / "x.silif")
    options = ["--reference-scores", str(tmp_path / "Z.npy")]
    assert main([path, "-o", target, "--frames", str(tmp_path / "X.npy"), *options]) == 1
    assert re.search(message, capsys.readouterr().err)
    assert main([path, "-o", target, *options]) == 1
    assert "--reference-scores: give the --frames" in capsys.readouterr().err


def test_the_page_lists_what_was_assumed_and_other_roundings(silif_page, tmp_path, capsys):
    text = Page(silif_page[0]).text
    page = text[text.index("What was assumed", text.index("Other roundings")) :]
    assert "assumeda step lasts 4 ms (--step-ms says how long)" in page
    rows = re.findall(r"([48]) bit(as written|0\.[36] % coarser)([\d.]+) % \(([\d.]+) to ([\d.]+)\)", page)
    assert [(bits, scales) for bits, scales, *_ in rows] == [
        (bits, scales) for bits in "84" for scales in ("as written", "0.3 % coarser", "0.6 % coarser")
    ]
    # The first row is the model itself.
    assert f"{rows[0][2]}0 %same winner" in text
    assert all(float(low) <= float(share) <= float(high) for _, _, share, low, high in rows)


def test_intervals_are_wilsons():
    # Agresti and Coull 1998: 0 of 10 and 8 of 10.
    assert interval(0.0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert interval(0.8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_clips_are_as_long_as_the_frames(tmp_path):
    frames_and_labels(tmp_path, clips=3)
    target = tmp_path / "x.silif"
    assert main([str(checkpoint(tmp_path, "silif")), "-o", str(target), "--frames", str(tmp_path / "X.npy")]) == 0
    assert read_model(target).clip_frames == 40
