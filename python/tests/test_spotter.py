"""KeywordSpotter hears what kws-listen hears."""

import struct
import threading
import zlib

import numpy as np
import pytest
from conftest import REPOSITORY, json_lines

import silif

MODELS = ("kws12", "kws12-stream", "kws12-small")


@pytest.fixture(scope="module", params=MODELS)
def expected(request):
    events = json_lines(
        "kws-listen", "--input", REPOSITORY / "models/demo.flac", "--model", request.param, "--format", "json"
    )
    return request.param, [
        (event["word"], event["score"], event["probability"], event["sample"])
        for event in events
        if event["event"] == "keyword"
    ]


def heard(spotter, samples, block):
    events = []
    for start in range(0, len(samples), block):
        events += spotter.process(samples[start : start + block])
    return events


@pytest.mark.parametrize("block", [1, 7, 160, 161, 1600, 1601, 48_000, 10**9])
def test_the_same_as_kws_listen_in_every_block(expected, demo, block):
    model, events = expected
    assert len(events) >= 4
    found = heard(silif.KeywordSpotter(model), demo, block)
    close = [[pytest.approx(value, abs=5.1e-5) for value in (event.score, event.probability)] for event in found]
    assert [(event.word, *values, event.sample) for event, values in zip(found, close, strict=True)] == events
    assert all(0 < event.probability < 1 for event in found)
    assert all(event.time_s == event.sample / 16000 for event in found)
    assert found == heard(silif.KeywordSpotter(model), demo, 160)


@pytest.mark.parametrize("element", [np.float32, np.float64])
@pytest.mark.parametrize("block", [160, 5000])
def test_floats_give_the_same_bits(demo, element, block):
    assert heard(silif.KeywordSpotter(), (demo / 32768).astype(element), block) == heard(
        silif.KeywordSpotter(), demo, block
    )


@pytest.mark.parametrize("element", [np.float32, np.float64])
def test_floats_are_rounded_half_up_and_clamped(element):
    """Also those beside a half, where a sum of doubles would round before the floor does."""
    from silif._samples import int16_samples

    values = np.array([0.4, 0.6, -0.6, 0.5, -0.5, 1.5, 32767.4, 32767.5, 32768, 1e9, -1e9, -32768, -0.0], element)
    assert int16_samples(values / 32768).tolist() == [0, 1, -1, 1, 0, 2, *[32767] * 4, -32768, -32768, 0]
    below = np.nextafter(np.arange(-100, 100, dtype=element) + element(0.5), element(-1e9))
    assert int16_samples(below / 32768).tolist() == list(range(-100, 100))


@pytest.mark.parametrize("element", [np.float32, np.float64])
def test_short_blocks_of_floats_are_converted_as_long_ones_are(element):
    from silif._samples import int16_samples

    values = np.random.default_rng(5).normal(0, 0.5, 1600).astype(element)
    values[:4] = np.array([0.5, -0.5, 40_000, -40_000], element) / 32768
    spotter = silif.KeywordSpotter()
    spotter.process(values)
    assert (np.frombuffer(spotter._block, np.int16) == int16_samples(values)).all()


@pytest.mark.parametrize("count", [160, 4000])
def test_strides_and_byte_order_do_not_matter(demo, count):
    expected = heard(silif.KeywordSpotter(), demo, count)
    stereo = np.stack([demo, demo // 2], axis=1)
    assert heard(silif.KeywordSpotter(), stereo[:, 0], count) == expected
    assert heard(silif.KeywordSpotter(), demo.astype(">i2"), count) == expected
    assert heard(silif.KeywordSpotter(), demo.astype(">f4") / 32768, count) == expected
    raw = demo.astype("<i2").tobytes()
    assert (
        heard(silif.KeywordSpotter(), raw, 2 * count) == heard(silif.KeywordSpotter(), bytearray(raw), 998) == expected
    )
    read_only = demo.copy()
    read_only.flags.writeable = False
    assert heard(silif.KeywordSpotter(), read_only, count) == expected


def test_reset_forgets_but_counts_on(demo):
    spotter = silif.KeywordSpotter()
    first = spotter.process(demo)
    spotter.reset()
    again = spotter.process(demo)
    assert [(event.word, event.score, event.probability, event.sample + len(demo)) for event in first] == [
        (event.word, event.score, event.probability, event.sample) for event in again
    ]


@pytest.mark.parametrize(
    ("thresholds", "options"), [(0.9, ["--threshold", 0.9]), ({"yes": 0.9}, ["--keyword", "yes=0.9"])]
)
def test_thresholds_are_those_of_kws_listen(demo, thresholds, options):
    events = json_lines("kws-listen", "--input", REPOSITORY / "models/demo.flac", "--format", "json", *options)
    found = silif.KeywordSpotter(thresholds=thresholds).process(demo)
    assert [event.sample for event in found] == [event["sample"] for event in events if event["event"] == "keyword"]
    assert [event.sample for event in found] != [event.sample for event in silif.KeywordSpotter().process(demo)]


@pytest.mark.parametrize("element", [np.float32, np.float64])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_refused_block_takes_nothing(demo, element, bad):
    spotter, bad = silif.KeywordSpotter(), np.full(160, bad, element)
    expected = silif.KeywordSpotter().process(demo)
    found = spotter.process(demo[:100_000])
    with pytest.raises(silif.InputError, match="samples: some are not finite; replace"):
        spotter.process(bad)
    assert found + spotter.process(demo[100_000:]) == expected


def test_threads_may_share_one(demo):
    spotter = silif.KeywordSpotter()
    errors = []

    def work():
        try:
            for start in range(0, 100_000, 777):
                spotter.process(demo[start : start + 777])
                spotter.process(demo[start : start + 4000])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert errors == []
    spotter.reset()
    assert [event.word for event in spotter.process(demo)] == [
        event.word for event in silif.KeywordSpotter().process(demo)
    ]


def test_only_what_the_model_reports_is_a_keyword(demo):
    """As kws-listen: by the detector's flag, not by what is unknown or silence."""
    data = bytearray((REPOSITORY / "models/kws12.silif").read_bytes())
    (detector,) = struct.unpack_from("<I", data, data.index(b"DTCT") + 4)
    data[detector + 16 + 4] ^= 1  # of the first class, yes
    struct.pack_into("<I", data, 16, zlib.crc32(data[20:], zlib.crc32(data[:16])))
    spotter = silif.KeywordSpotter(bytes(data), thresholds=0.6)
    assert silif.KeywordSpotter("kws12").words == ("yes", *spotter.words)
    words = [event.word for event in heard(spotter, demo, 160)]
    assert "stop" in words and "yes" not in words
