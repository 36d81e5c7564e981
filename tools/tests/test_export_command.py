"""silif-export as a user types it: a file that verifies on the board, a report, clear refusals."""

import json

import numpy as np
import pytest
from built_commands import built_commands
from test_export_fold import trained_like

from silif_tools.commands import export
from silif_tools.commands.export import main
from silif_tools.integer.digest import trace_digest
from silif_tools.integer.network import run_model
from silif_tools.kinds import read_model

torch = pytest.importorskip("torch")


def checkpoint(folder, kind="silif"):
    path = folder / "tiny.pth"
    torch.save(trained_like(kind).state_dict(), path)
    return path


@pytest.mark.parametrize("kind", ["silif", "csilif"])
@pytest.mark.parametrize("bits", ["4", "8", "16"])
def test_a_state_dict_becomes_a_model_that_verifies(kind, bits, tmp_path, capsys):
    output = tmp_path / "tiny.silif"
    arguments = [str(checkpoint(tmp_path, kind)), "--output", str(output), "--bits", bits]
    assert main([*arguments, "--words", "a,b,c,d,e", "--step-ms", "10", "--clip-steps", "60"]) == 0
    report = capsys.readouterr().out
    assert "layer 0.weights" in report
    assert "SNR" in report
    assert "saturated" in report
    assert "firing rate float" in report
    model = read_model(output)
    assert model.words == ["a", "b", "c", "d", "e"]
    assert model.step_us == 10_000
    assert trace_digest(run_model(model, model.self_test_input[None])) == model.self_test_digest
    built_commands().verify(output)


FRONT_END = {
    "type": "kaldi_fbank",
    "sample_rate_hz": 16000,
    "frame_samples": 400,
    "hop_samples": 160,
    "bands": 11,
    "preemphasis": 0.97,
    "low_hz": 20,
    "high_hz": 8000,
}


@pytest.mark.parametrize(
    ("hop", "rate", "options", "step_us"),
    [
        (160, 16000, {}, 10_000),
        (160, 16000, {"step_ms": 10}, 10_000),
        (128, 16000, {}, 8_000),
        (160, 22050, {}, 7_256),
        (160, 16000, {"asked": "10"}, 10_000),
    ],
)
def test_a_step_of_a_front_end_is_its_hop(hop, rate, options, step_us, tmp_path, capsys):
    output, path = tmp_path / "tiny.silif", checkpoint(tmp_path)
    described = {key: value for key, value in options.items() if key != "asked"}
    front_end = FRONT_END | {"hop_samples": hop, "sample_rate_hz": rate}
    path.with_suffix(".json").write_text(json.dumps(described | {"front_end": front_end}))
    asked = ["--step-ms", options["asked"]] if "asked" in options else []
    assert main([str(path), "--output", str(output), *asked]) == 0
    assert read_model(output).step_us == step_us
    assert "a step lasts" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("description", "options", "message"),
    [
        ({"step_ms": 4}, (), "tiny.json: step_ms must be 10, hop_samples / sample_rate_hz of its front_end"),
        ({}, ("--step-ms", "4"), "silif-export: --step-ms 4: "),
        ({"step_ms": 10}, ("--step-ms", "9.99"), "tiny.json: its front_end makes a step every 10 ms"),
    ],
)
def test_a_step_that_contradicts_the_front_end_is_refused(description, options, message, tmp_path, capsys):
    output, path = tmp_path / "tiny.silif", checkpoint(tmp_path)
    path.with_suffix(".json").write_text(json.dumps(description | {"front_end": FRONT_END}))
    assert main([str(path), "--output", str(output), *options]) == 1
    assert message in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize(("described", "asked", "bits"), [(4, None, 4), (None, 4, 4), (None, None, 8), (8, 8, 8)])
def test_the_description_says_how_many_bits_a_weight_was_trained_with(described, asked, bits, tmp_path):
    output, path = tmp_path / "tiny.silif", checkpoint(tmp_path)
    path.with_suffix(".json").write_text(json.dumps({"weight_bits": described}))
    assert main([str(path), "--output", str(output), *(["--bits", str(asked)] if asked else [])]) == 0
    assert {layer.weight_bits for layer in read_model(output).layers} == {bits}


def test_a_network_trained_with_rounded_weights_keeps_its_bits(tmp_path, capsys):
    output, path = tmp_path / "tiny.silif", checkpoint(tmp_path)
    state = torch.load(path, weights_only=True)
    torch.save(state | {"snn.0.W.scale": torch.full((23,), 0.1)}, path)
    path.with_suffix(".json").write_text(json.dumps({"weight_bits": 4}))
    assert main([str(path), "--output", str(output), "--bits", "8"]) == 1
    assert "--bits 8: this network was trained with weights of 4 bits; leave --bits out" in capsys.readouterr().err
    assert not output.exists()


def test_states_have_the_fractional_bits_asked_for(tmp_path, capsys):
    output, path = tmp_path / "tiny.silif", checkpoint(tmp_path)
    assert main([str(path), "--output", str(output), "--fraction-bits", "18"]) == 0
    assert [layer.state_fraction_bits for layer in read_model(output).layers] == [18, 18, 16]
    output.unlink()
    # States of 24 fractional bits end at +-64, which this network's currents pass with the smallest input.
    state = torch.load(path, weights_only=True)
    state["snn.0.norm.weight"] *= 100
    torch.save(state, path)
    assert main([str(path), "--output", str(output), "--fraction-bits", "24"]) == 1
    assert "layer 0: the weights are too large for any input: give fewer --fraction-bits" in capsys.readouterr().err
    assert not output.exists()


def test_without_words_classes_are_numbers(tmp_path):
    output = tmp_path / "tiny.silif"
    assert main([str(checkpoint(tmp_path)), "--output", str(output)]) == 0
    assert read_model(output).words == ["0", "1", "2", "3", "4"]


WRONG_BITS = (8.0, 5, "8", True, [8])
WRONG_DELAYS = (
    *({"kind": kind} for kind in ("both", ["axonal"], {"a": 1}, 1, True)),
    *({"max_delay": steps} for steps in (-3, True, 0, 5, 256, 10**9, 8.0, "8")),
    "axonal",
)


def describe(description):
    return lambda folder: (folder / "tiny.json").write_text(json.dumps(description))


def front_end(fields):
    return describe({"front_end": FRONT_END | fields})


WORDS = "words must be a list of strings that have 1 to 255 bytes and no control characters"
WRONG_FIELDS = (
    *(("sample_rate_hz", rate, "a whole number from 1000 to 384000") for rate in (0, 999, 16000.5, 1e300)),
    *(("frame_samples", length, "an even number from 2 to 512") for length in (401, 0, 514, 400.5)),
    *(("hop_samples", hop, "a whole number from 1 to frame_samples") for hop in (-1, 0, 401, 160.5)),
    *(("bands", bands, "a whole number from 1 to 128") for bands in (20.7, 0, 129)),
    ("bands", 12, "11, as many as the network takes inputs"),
    *(("preemphasis", factor, "0 to 1") for factor in (5, -0.1)),
    *(("high_hz", high, "a whole number from 1 to half of sample_rate_hz") for high in (9000, 7999.5, 0)),
    *(("low_hz", low, "a whole number from 0 on, below high_hz") for low in (9000, 8000, -1, 20.5)),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_description_as_any_editor_writes_it(encoding, tmp_path):
    path = checkpoint(tmp_path)
    path.with_suffix(".json").write_text(json.dumps({"words": ["a", "b", "ć", "d", "e"]}), encoding=encoding)
    output = tmp_path / "tiny.silif"
    assert main([str(path), "--output", str(output), "--report", "no"]) == 0
    assert read_model(output).words == ["a", "b", "ć", "d", "e"]


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda folder: (folder / "tiny.pth").write_bytes(b"not a checkpoint"), "not a plain PyTorch state dict"),
        (lambda folder: torch.save({"weights": torch.zeros(3)}, folder / "tiny.pth"), "not a network of this family"),
        (lambda folder: (folder / "tiny.json").write_text("{"), "not valid JSON"),
        (lambda folder: (folder / "tiny.json").write_text(json.dumps({"words": ["one"]})), "1 words for a readout"),
        (lambda folder: (folder / "tiny.pth").unlink(), "no such file"),
        (describe([1]), "tiny.json: want an object that describes tiny.pth"),
        (describe({"words": "abcde"}), "tiny.json: words must be a list of strings"),
        (describe({"words": list("aabcd")}), "tiny.json: words: the word 'a' stands for two classes"),
        (
            describe({"words": list("abcd")}),
            "tiny.json: words: 4 words for a readout of 5 classes; name each class once",
        ),
        *((describe({"words": [word, *"bcde"]}), f"tiny.json: {WORDS}") for word in ("a\n", "\ud800", "", "a" * 256)),
        *(
            (describe({"name": name}), "tiny.json: name must be a string")
            for name in (5, [1], {"a": 1}, "\ud800", "a\n")
        ),
        (describe({"licence": "\ud800"}), "tiny.json: licence must be one line, without control characters"),
        (describe({"front_end": [1]}), "tiny.json: front_end must be an object with the numbers"),
        (describe({"front_end": {}}), 'tiny.json: front_end: type must be "kaldi_fbank"'),
        (describe({"front_end": FRONT_END | {"type": ["mel"]}}), 'tiny.json: front_end: type must be "kaldi_fbank"'),
        *(
            (front_end({key: value}), f"tiny.json: front_end: {key} must be {said}")
            for key, value, said in WRONG_FIELDS
        ),
        (front_end({"bands": 128, "high_hz": 1000}), "tiny.json: front_end: a mel band holds no FFT bin"),
        (describe({"step_ms": -4}), "tiny.json: step_ms must be 0.001 to 1000"),
        *((describe({"weight_bits": bits}), "tiny.json: weight_bits must be 4, 8 or 16") for bits in WRONG_BITS),
        *((describe({"delay": delay}), "tiny.json: delay must be") for delay in WRONG_DELAYS),
        (describe({"front_end": {"type": "kaldi_fbank"}}), "tiny.json: front_end must be an object with the numbers"),
    ],
)
def test_refusals_name_the_file_and_write_nothing(prepare, message, tmp_path, capsys):
    path, output = checkpoint(tmp_path), tmp_path / "out.silif"
    prepare(tmp_path)
    assert main([str(path), "--output", str(output)]) == 1
    assert message in capsys.readouterr().err
    assert not output.exists()


def test_values_that_are_not_finite_are_refused_by_name(tmp_path, capsys):
    path, output = checkpoint(tmp_path), tmp_path / "tiny.silif"
    state = torch.load(path, weights_only=True)
    state["snn.0.W.weight"][0, 0] = float("nan")
    torch.save(state, path)
    assert main([str(path), "--output", str(output)]) == 1
    assert "snn.0.W.weight holds values that are not finite" in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize(
    "wrong", [("--bits", "7"), ("--step-ms", "0"), ("--clip-steps", "0"), ("--clip-steps", "100001")]
)
def test_wrong_usage_exits_with_2(wrong, tmp_path):
    with pytest.raises(SystemExit) as stop:
        main([str(checkpoint(tmp_path)), *wrong, "--output", str(tmp_path / "x.silif")])
    assert stop.value.code == 2


def test_same_input_same_file(tmp_path):
    path = checkpoint(tmp_path)
    contents = []
    for name in ("one.silif", "two.silif"):
        assert main([str(path), "--output", str(tmp_path / name), "--words", "a,b,c,d,e"]) == 0
        contents.append(np.frombuffer((tmp_path / name).read_bytes(), np.uint8))
    # Only the name in the provenance differs.
    assert len(contents[0]) == len(contents[1])


@pytest.mark.parametrize("output", ["tiny.pth", "folder/../tiny.pth", "tiny.json", "X.npy"])
def test_nothing_that_is_read_is_overwritten(output, tmp_path, capsys):
    path, frames = checkpoint(tmp_path), tmp_path / "X.npy"
    (tmp_path / "folder").mkdir()
    np.save(frames, np.zeros((2, 5, 11), np.uint8))
    before = path.read_bytes()
    assert main([str(path), "--output", str(tmp_path / output), "--frames", str(frames)]) == 1
    assert "give the model a name of its own" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert main([str(path), "--output", str(tmp_path)]) == 1
    assert "that is a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("tensor", "value", "said"),
    [
        ("snn.1.norm.running_var", -1.0, "snn.1.norm.running_var is negative"),
        ("snn.1.W.weight", 1e30, "layer 1: folded weights of "),
    ],
)
def test_what_is_wrong_with_a_checkpoint_is_said_with_its_name(tensor, value, said, tmp_path, capsys):
    content = trained_like("silif").state_dict()
    content[tensor].fill_(value)
    torch.save(content, tmp_path / "x.pth")
    assert main([str(tmp_path / "x.pth"), "--output", str(tmp_path / "x.silif")]) == 1
    assert f"silif-export: {tmp_path / 'x.pth'}: {said}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("a,b", "2 words for a readout of 5 classes; name each class once"),
        ("a,b,,d,e", "'' must have 1 to 255 bytes and no control characters"),
        ("\udcff,b,c,d,e", "must have 1 to 255 bytes and no control characters"),
        ("a,b,c,d,a", "the word 'a' stands for two classes; name each once"),
    ],
)
def test_words_that_do_not_fit_are_refused_with_the_name_of_the_option(words, said, tmp_path, capsys):
    path, output = checkpoint(tmp_path), tmp_path / "out.silif"
    assert main([str(path), "--output", str(output), "--words", words]) == 1
    error = capsys.readouterr().err
    assert error.startswith("silif-export: --words: ")
    assert said in error


def test_whole_numbers_of_a_front_end_may_have_a_point(tmp_path):
    path, output = checkpoint(tmp_path), tmp_path / "tiny.silif"
    front_end({key: float(value) for key, value in FRONT_END.items() if key != "type"})(tmp_path)
    assert main([str(path), "--output", str(output)]) == 0
    assert read_model(output).layers[0].inputs == 11


def test_who_stops_it_sees_no_traceback(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(export, "export", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert main([str(tmp_path / "x.pth"), "--output", str(tmp_path / "x.silif")]) == 130
    assert capsys.readouterr().err == "\nsilif-export: stopped\n"


def test_no_report_is_no_file_of_that_name(tmp_path, monkeypatch):
    path = checkpoint(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main([str(path), "--output", "tiny.silif", "--report", "no"]) == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["tiny.pth", "tiny.silif"]


def test_words_come_with_the_frames_where_nothing_else_names_the_classes(tmp_path):
    path, output, frames = checkpoint(tmp_path), tmp_path / "tiny.silif", tmp_path / "x.npz"
    np.savez(frames, counts=np.zeros((2, 5, 11), np.uint8), words=np.array(list("abcde")))
    assert main([str(path), "--output", str(output), "--frames", str(frames)]) == 0
    assert read_model(output).words == list("abcde")
    assert main([str(path), "--output", str(output), "--frames", str(frames), "--words", "v, w,x,y,z"]) == 0
    assert read_model(output).words == list("vwxyz")


def test_a_network_that_was_saved_oddly_is_remarked_on(tmp_path, capsys):
    path = checkpoint(tmp_path)
    state = torch.load(path, weights_only=True)
    assert main([str(path), "--output", str(tmp_path / "tiny.silif")]) == 0
    assert "note:" not in capsys.readouterr().out
    state["snn.0.dt"] = torch.full_like(state["snn.0.dt"], 0.004)
    state["snn.1.W.weight"][3] = 0
    torch.save(state, path)
    assert main([str(path), "--output", str(tmp_path / "tiny.silif")]) == 0
    found = capsys.readouterr().out
    assert "note: snn.0.dt: exp(dt) is 1e+03 ms in the median, a step is 4 ms" in found
    assert "note: layer 1: all folded weights of 1 of 17 neurons are zero" in found


def test_lists_of_recordings_need_a_front_end(tmp_path, capsys):
    (tmp_path / "list.txt").write_text("yes/a.wav\n")
    path, output = checkpoint(tmp_path), tmp_path / "tiny.silif"
    assert main([str(path), "--output", str(output), "--evaluate", str(tmp_path / "list.txt")]) == 1
    assert "--evaluate: a network without a front end takes precomputed input" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--evaluate", "--calibrate"])
@pytest.mark.parametrize("text", ["", " \n\n"])
def test_a_list_without_clips_is_refused_by_name(option, text, tmp_path, capsys):
    clips, output, path = tmp_path / "empty.txt", tmp_path / "tiny.silif", checkpoint(tmp_path)
    clips.write_text(text)
    describe({"front_end": FRONT_END})(tmp_path)
    assert main([str(path), "--output", str(output), option, str(clips)]) == 1
    assert f"silif-export: {clips}: names no clip; " in capsys.readouterr().err
    assert not output.exists()


def test_a_readout_alone_is_refused(tmp_path, capsys):
    torch.save({"snn.0.W.weight": torch.ones(5, 11), "snn.0.alpha": torch.full((5,), 0.9)}, tmp_path / "x.pth")
    assert main([str(tmp_path / "x.pth"), "--output", str(tmp_path / "x.silif")]) == 1
    assert "a readout alone is no spiking network" in capsys.readouterr().err
