"""No argument crashes: each is taken, or refused with an error that names field and remedy."""

import copy
import io
import os
import pickle

import numpy as np
import pytest
import soundfile
from conftest import REPOSITORY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from hypothesis.extra import numpy as some_numpy

import silif

MODEL = silif.Model("kws12-small")
CONTENT = (REPOSITORY / "models" / "kws12-small.silif").read_bytes()


def sound(kind, subtype):
    file = io.BytesIO()
    soundfile.write(file, np.sin(np.arange(4000)) / 2, 16_000, subtype, format=kind)
    return file.getvalue()


SOUNDS = [sound("WAV", "PCM_16"), sound("FLAC", "PCM_16"), sound("AIFF", "PCM_24"), sound("OGG", "VORBIS")]
scalars = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(),
    some.floats(),
    some.complex_numbers(),
    some.text(max_size=9),
    some.binary(max_size=9),
    some.just(object()),
    some.just(MODEL),
    some.dates(),
)
arrays = some_numpy.arrays(
    some.one_of(
        some_numpy.scalar_dtypes(),
        some.just(np.dtype(np.int16)),
        some.just(np.dtype(np.float32)),
        some.just(np.dtype("O")),
    ),
    some_numpy.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=50),
)
anything = some.recursive(
    scalars | arrays,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=4), inner, max_size=3),
)
# The same examples in every run, so that a failure is the change's; with HYPOTHESIS_PROFILE=fuzz others, and many more.
settings.register_profile("default", max_examples=60, derandomize=True)
settings.register_profile("fuzz", max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
thorough = settings(deadline=None, suppress_health_check=list(HealthCheck))


def taken_or_refused(function, *arguments, **named):
    try:
        return function(*arguments, **named)
    except silif.SilifError as error:
        assert error.field and error.remedy
        assert str(error) == f"{error.field}: {error.problem}; {error.remedy}"


@thorough
@given(anything)
def test_process(samples):
    spotter = silif.KeywordSpotter(MODEL)
    taken_or_refused(spotter.process, samples)
    assert isinstance(spotter.process(np.zeros(160, np.int16)), list)


@thorough
@given(some.lists(some_numpy.arrays(np.int16, some.integers(0, 3000)), max_size=6))
def test_any_samples_in_any_blocks(blocks):
    """The same as in one block, whatever the samples."""
    spotter, whole = silif.KeywordSpotter(MODEL, thresholds=0.3), silif.KeywordSpotter(MODEL, thresholds=0.3)
    heard = [event for block in blocks for event in spotter.process(block)]
    assert heard == whole.process(np.concatenate([np.empty(0, np.int16), *blocks]))


@thorough
@given(anything)
def test_step(frame):
    network = silif.Network(MODEL)
    taken_or_refused(network.step, frame)
    network.step(np.zeros(40, np.int64))


@thorough
@given(anything, anything)
def test_score(clips, jobs):
    taken_or_refused(silif.score, clips, MODEL)
    taken_or_refused(silif.score, [np.zeros(100, np.int16)], MODEL, jobs=jobs)


@thorough
@given(anything)
def test_models(model):
    for function in (silif.Model, silif.KeywordSpotter, silif.Network):
        taken_or_refused(function, model)
    taken_or_refused(silif.score, [], model)


@thorough
@given(anything, some.none() | some.text(max_size=9))
def test_read_sound(source, name):
    taken_or_refused(silif.read_sound, source, name)


@thorough
@given(some.sampled_from(SOUNDS), some.lists(some.tuples(some.integers(0, 200), some.binary(max_size=4)), max_size=4))
def test_damaged_sounds(content, changes):
    """Each is read as far as its header says, or refused; changes are where headers are."""
    damaged = bytearray(content)
    for place, change in changes:
        damaged[place : place + len(change)] = change
    samples = taken_or_refused(silif.read_sound, bytes(damaged))
    assert samples is None or (samples.dtype == np.int16 and samples.ndim == 1)


@thorough
@given(anything, anything)
def test_thresholds(word, threshold):
    taken_or_refused(silif.KeywordSpotter, MODEL, thresholds=threshold)
    spotter = silif.KeywordSpotter(MODEL)
    taken_or_refused(spotter.set_threshold, word, threshold)
    taken_or_refused(spotter.set_threshold, "yes", threshold)


@thorough
@given(some.integers(0, len(CONTENT) - 1), some.integers(1, 255), some.integers(0, len(CONTENT)))
def test_a_damaged_model_is_refused(place, change, length):
    damaged = bytearray(CONTENT)
    damaged[place] ^= change
    with pytest.raises(silif.ModelError) as caught:
        silif.Model(bytes(damaged))
    assert caught.value.field and caught.value.remedy
    if length < len(CONTENT):
        with pytest.raises(silif.ModelError):
            silif.Model(CONTENT[:length])


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: silif.Model("kws13"),
            silif.ModelError,
            "model: there is no 'kws13'; give a path, or one of kws12, kws12-csilif",
        ),
        (lambda: silif.Model("no/such.silif"), silif.ModelError, "No such file or directory"),
        (lambda: silif.Model("/dev/zero"), silif.ModelError, "is no file"),
        (lambda: silif.Model(b"RIFF" + bytes(200)), silif.ModelError, "not a model.*give a .silif file"),
        (
            lambda: silif.KeywordSpotter(thresholds=1.5),
            silif.InputError,
            "threshold: 1.5 is out of range; give one from",
        ),
        (
            lambda: silif.KeywordSpotter(thresholds={"ja": 0.5}),
            silif.InputError,
            "word: the model has no 'ja'; give one of",
        ),
        (
            lambda: silif.KeywordSpotter().process(np.zeros((2, 5))),
            silif.InputError,
            r"shape is \(2, 5\); give one channel",
        ),
        (lambda: silif.KeywordSpotter().process(np.zeros(5, np.int32)), TypeError, "the type is int32; give int16"),
        (lambda: silif.KeywordSpotter().process(None), TypeError, "samples: a NoneType is no array of samples; give a"),
        (lambda: silif.KeywordSpotter().process(b"abc"), ValueError, "3 bytes end within a sample; give two bytes"),
        (
            lambda: copy.copy(silif.KeywordSpotter()),
            TypeError,
            "spotter: its state cannot be copied or pickled; pass",
        ),
        (lambda: pickle.dumps(silif.Network()), TypeError, "and make a silif.Network of it"),
        (lambda: silif.read_sound(io.StringIO("x")), TypeError, "the file is open as text; open it as bytes"),
        (lambda: silif.score([[0.0], ["a"]]), silif.InputError, r"clips\[1\]: the type is"),
        (lambda: silif.Network().step(np.zeros(3, int)), ValueError, "give 40 values"),
        (lambda: silif.Network().step(np.full(40, 40_000)), ValueError, "beyond int16"),
        (lambda: silif.Network().set_seed(1), ValueError, "seed: this network draws no numbers; leave it out"),
        (lambda: silif.Network().set_seed(-1), ValueError, "seed: -1 is out of range; give 0 to"),
        (lambda: silif.Network().set_seed(1.5), TypeError, "seed: 1.5 is no integer"),
    ],
)
def test_what_errors_say(call, kind, message):
    with pytest.raises(kind, match=message) as caught:
        call()
    assert isinstance(caught.value, silif.SilifError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_model_of_frames_takes_no_samples():
    path = next(iter(sorted((REPOSITORY / "Tests" / "SiLIFTests" / "Golden").glob("*.silif"))))
    assert silif.Model(path).info().sample_rate_hz == 0
    for function in (silif.KeywordSpotter, lambda model: silif.score([], model)):
        with pytest.raises(silif.InputError, match="model: it takes frames, not samples; use"):
            function(path)
