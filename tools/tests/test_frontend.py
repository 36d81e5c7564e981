"""The integer front end against two float filterbanks, on speech and on extreme inputs."""

import pathlib

import numpy as np
import pytest
from shared_data import shared_folder

from silif_tools.integer import frontend, frontend_golden, frontend_tables
from silif_tools.integer.frontend import FrontEndSettings, log_mel

SETTINGS = FrontEndSettings()
FLOOR = -16_325
FLOOR_NATS = np.log(2.0**-23)


def float_log_mel(pcm: np.ndarray, settings: FrontEndSettings = SETTINGS) -> np.ndarray:
    """Kaldi's filterbank in float64, step by step as its documentation says."""
    step, length = settings.hop_samples, settings.frame_length_samples
    frames = np.lib.stride_tricks.sliding_window_view(pcm / 32768.0, length)[::step]
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    frames = (frames - settings.preemphasis * before) * settings.window
    power = np.abs(np.fft.rfft(frames, 512)) ** 2
    return np.log(np.maximum(power[:, :256] @ settings.mel_weights.T, settings.energy_floor))


def kaldi_log_mel(pcm: np.ndarray) -> np.ndarray:
    knf = pytest.importorskip("kaldi_native_fbank")
    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.samp_freq = 16_000
    options.frame_opts.window_type = "povey"
    options.mel_opts.num_bins = 40
    options.mel_opts.low_freq = 20
    options.mel_opts.high_freq = 8_000
    bank = knf.OnlineFbank(options)
    bank.accept_waveform(16_000, (pcm / np.float32(32768)).astype(np.float32).tolist())
    bank.input_finished()
    return np.stack([bank.get_frame(i) for i in range(bank.num_frames_ready)])


@pytest.fixture(scope="module")
def speech() -> list[np.ndarray]:
    soundfile = pytest.importorskip("soundfile")
    files = sorted((shared_folder() / "data" / "gsc").glob("*/*.*"))[::20]
    assert len(files) >= 300
    clips = []
    for file in files:
        sound, rate = soundfile.read(file, dtype="float64")
        assert rate == 16_000
        clips.append(np.clip(np.floor(sound * 32768 + 0.5), -32768, 32767).astype(np.int16))
    return clips


@pytest.mark.parametrize("oracle", [float_log_mel, kaldi_log_mel])
def test_error_on_speech(speech, oracle):
    errors = []
    for pcm in speech:
        want = oracle(pcm)
        error = np.abs(log_mel(pcm) / 1024 - want)
        errors.append(error[want > FLOOR_NATS + 3])
    errors = np.concatenate(errors)
    median, high, worst = np.median(errors), np.percentile(errors, 99), errors.max()
    print(f"\n{oracle.__name__}: {len(errors)} values, median {median:.5f}, p99 {high:.5f}, worst {worst:.5f} nats")
    # The issue asks for 0.02 and 0.1; half a step of the output, 0.0005, is what no arithmetic can avoid.
    assert median < 0.0003
    assert high < 0.0006
    assert worst < 0.01


def test_quiet_and_loud_noise_and_tones():
    random = np.random.default_rng(1)
    time_s = np.arange(8_000) / 16_000
    for level in (0.00005, 0.001, 0.03, 0.999):
        for sound in (random.uniform(-1, 1, 8_000), np.sin(2 * np.pi * 997 * time_s), np.sign(np.sin(700 * time_s))):
            pcm = np.floor(sound * level * 32767 + 0.5).astype(np.int16)
            want = float_log_mel(pcm)
            error = np.abs(log_mel(pcm) / 1024 - want)[want > FLOOR_NATS + 3]
            # A full-scale tone leaves bins 130 dB below itself: there the 32-bit transform's own noise shows.
            assert not len(error) or (np.median(error) < 0.0005 and error.max() < 0.03)


def test_silence_and_constants_are_exactly_the_floor():
    for value in (0, 1, -1, 32767, -32768):
        frames = log_mel(np.full(1_000, value, dtype=np.int16))
        assert frames.shape == (4, 40)
        assert (frames == FLOOR).all()


def extreme_signals() -> dict[str, np.ndarray]:
    n = np.arange(400)
    random = np.random.default_rng(2)
    signals = {
        "alternating": np.where(n % 2, 32767, -32768),
        "square of two": np.where(n // 2 % 2, 32767, -32768),
        "low, one high": np.where(n == 200, 32767, -32768),
        "high, one low": np.where(n == 200, -32768, 32767),
        "impulse at 0": np.where(n == 0, -32768, 0),
        "step": np.where(n < 200, -32768, 32767),
        "random signs": np.where(random.integers(0, 2, 400), 32767, -32768),
    }
    # For every bin of interest the worst frame: signs that line up all terms of that bin's sum.
    for k in (1, 37, 64, 100, 127, 128, 129, 200, 255):
        signals[f"worst for bin {k}"] = np.where(np.cos(2 * np.pi * k * n / 512) >= 0, 32767, -32768)
    return {name: signal.astype(np.int16) for name, signal in signals.items()}


@pytest.mark.parametrize("name", extreme_signals())
def test_every_intermediate_value_fits_its_type(name):
    """The bounds that docs/FRONT-END.md proves, seen on the worst frames: what Swift holds in 32 bits fits 32 bits."""
    pcm = extreme_signals()[name]
    emphasised = frontend._remove_dc_and_emphasise(pcm.astype(np.int64)[None], SETTINGS)
    assert np.abs(emphasised).max() < 2**31
    windowed, _ = frontend._window(emphasised, SETTINGS)
    assert np.abs(windowed).max() <= 2**23
    re, im = frontend._real_fft_input(windowed)
    out_re, out_im = frontend._complex_fft_256(re, im)
    assert max(np.abs(out_re).max(), np.abs(out_im).max()) < 2**31
    power = frontend._power(re, im)
    # The same in arbitrary precision: nothing has wrapped.
    exact = np.abs(np.fft.rfft(windowed[0].astype(np.longdouble), 512)[:256]) ** 2 / 2**16
    assert np.abs(power[0] - exact).max() <= 1e-4 * exact.max()
    energy = [sum(int(p) * int(w) for p, w in zip(power[0, f:], ws, strict=False)) for f, ws in SETTINGS.mel_bands]
    assert max(energy) < 2**62
    error = np.abs(log_mel(pcm) / 1024 - float_log_mel(pcm))[float_log_mel(pcm) > FLOOR_NATS + 3]
    assert error.max() < 0.03


def test_frames_are_those_of_snip_edges():
    for samples, frames in ((0, 0), (399, 0), (400, 1), (559, 1), (560, 2), (16_000, 98)):
        assert log_mel(np.zeros(samples, dtype=np.int16)).shape == (frames, 40)


def test_long_input_equals_its_pieces():
    pcm = np.random.default_rng(3).integers(-3000, 3000, 160 * 300 + 240).astype(np.int16)
    whole = log_mel(pcm)
    assert (whole == np.concatenate([log_mel(pcm[160 * i : 160 * i + 400]) for i in range(300)])).all()


def test_refuses_other_types():
    with pytest.raises(TypeError):
        log_mel(np.zeros(400, dtype=np.float32))


def test_section_is_stable_in_size():
    section = SETTINGS.to_section()
    assert len(section) == 48 - 8 + 400 * 4 + 40 * 4 + 492 * 2


REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", frontend_golden.SETTINGS)
def test_golden_vectors_are_those_of_this_reference(name):
    folder, settings = REPOSITORY / "Tests" / "LogMelTests" / "Golden", frontend_golden.SETTINGS[name]
    assert (folder / f"{name}.frnt").read_bytes() == settings.to_section()
    for signal in frontend_golden.signals():
        pcm = np.fromfile(folder / f"{signal}.pcm", dtype="<i2")
        assert (folder / f"{name}.{signal}.logmel").read_bytes() == log_mel(pcm, settings).tobytes()


def test_swift_tables_are_those_of_this_generator(tmp_path):
    frontend_tables.write_swift(tmp_path)
    for made in tmp_path.iterdir():
        assert made.read_text() == (REPOSITORY / "Sources" / "LogMel" / made.name).read_text()


@pytest.mark.parametrize(
    "wrong",
    [
        {"frame_length_samples": 401},
        {"frame_length_samples": 0},
        {"frame_length_samples": 512},
        {"hop_samples": 0},
        {"hop_samples": 401},
        {"band_count": 0},
        {"band_count": 129},
        {"preemphasis": 1.01},
        {"output_fraction_bits": 12},
        {"high_hz": 8_001},
        {"low_hz": 8_000},
    ],
)
def test_refuses_settings_that_the_runtime_would_refuse(wrong):
    with pytest.raises(ValueError):
        FrontEndSettings(**wrong)
