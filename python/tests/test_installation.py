"""What was installed: one version, the shipped models, the types."""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import types
import typing

import numpy as np
import pytest
from conftest import REPOSITORY

import silif


def test_one_version_for_package_tools_and_commands():
    tools = tomllib.loads((REPOSITORY / "tools" / "pyproject.toml").read_text())["project"]["version"]
    swift = (REPOSITORY / "Sources" / "CommandSupport" / "Process" / "CommandEntry.swift").read_text()
    assert silif.__version__ == tools == re.search(r'silifVersion = "(.*)"', swift).group(1)


def test_it_is_the_installed_package_that_is_tested():
    assert not pathlib.Path(silif.__file__).is_relative_to(REPOSITORY / "python")
    assert pathlib.Path(silif.__file__).with_name("py.typed").exists()


def test_what_there_is_is_listed():
    assert set(silif.__all__) <= set(dir(silif))


def test_the_models_that_ship_are_inside():
    assert silif.models() == sorted(path.stem for path in (REPOSITORY / "models").glob("*.silif"))


@pytest.mark.parametrize("name", silif.models())
def test_a_model_verifies_here_with_the_digest_in_its_file(name):
    model = silif.Model(name)
    content = (REPOSITORY / "models" / f"{name}.silif").read_bytes()
    assert model.verify().to_bytes(8, "little") in content
    info = model.info()
    assert info.model_bytes == len(content)
    assert set(info.words) - set(info.keywords) == {"_unknown_", "_silence_"}
    assert silif.Model(content).info().words == info.words
    assert silif.Model(REPOSITORY / "models" / f"{name}.silif").verify() == model.verify()


def test_the_declarations_are_those_of_the_header():
    header = (REPOSITORY / "Sources" / "CSiLIF" / "silif.h").read_text()
    # What it does not need: silif_hear does the same for whole blocks, and the scale of streams is not told.
    declared = set(re.findall(r"(silif_[a-z0-9_]+)\(", header)) - {"silif_push_samples", "silif_stream"}
    from silif._library import _FUNCTIONS

    assert {name for name, _, _ in _FUNCTIONS} == declared


def test_the_example_declares_the_same_structs():
    from silif import _library

    path = REPOSITORY / "examples" / "python" / "c_interface.py"
    specification = importlib.util.spec_from_file_location("c_interface", path)
    example = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(example)
    for ours, theirs in (
        (_library.Failure, example._Failure),
        (_library.Memory, example.Memory),
        (_library.Description, example.Description),
        (_library.Event, example._Event),
    ):
        assert tuple(ours._fields_) == tuple(theirs._fields_)


#: What a user's program has, and of which type.
SETUP = """
import numpy as np
from numpy.typing import NDArray
import silif

samples = silif.read_sound("models/demo.flac")
spotter = silif.KeywordSpotter("kws12", thresholds={"yes": 0.9})
events = spotter.process(samples)
scores = silif.score([samples[:16000], samples[:9] / 32768, [0.0, 0.5]], jobs=2)
network = silif.Network(silif.Model("kws12-small"))
error = silif.InputError("field", "problem", "remedy")
"""
TYPES = {
    "samples": "NDArray[np.int16]",
    "events": "list[silif.Event]",
    "events[0].word": "str",
    "events[0].score": "float",
    "events[0].probability": "float | None",
    "events[0].time_s": "float",
    "events[0].sample": "int",
    "spotter.words": "tuple[str, ...]",
    "spotter.info": "silif.ModelInfo",
    "spotter.info.layer_sizes": "tuple[int, ...]",
    "spotter.info.step_s": "float",
    "scores": "silif.Scores",
    "scores.words": "tuple[str, ...]",
    "scores.winner": "NDArray[np.int32]",
    "scores.word": "NDArray[np.str_]",
    "scores.score": "NDArray[np.float64]",
    "scores.probabilities": "NDArray[np.float64]",
    "scores.probability": "NDArray[np.float64]",
    "scores.steps": "NDArray[np.uint32]",
    "scores.spikes": "NDArray[np.uint64]",
    "network.step(np.zeros(40, np.int16))": "NDArray[np.uint16]",
    "network.probabilities_q15": "NDArray[np.uint16]",
    "network.probabilities": "NDArray[np.float64]",
    "network.membrane_q16": "NDArray[np.int32]",
    "network.frame": "NDArray[np.int16]",
    "network.spikes": "tuple[NDArray[np.uint8], ...]",
    "silif.models()": "list[str]",
    "silif.Model('kws12-small').verify()": "int",
    "silif.Model('kws12-small').content()": "bytes",
    "silif.__version__": "str",
    "error.field": "str",
    "error.problem": "str",
    "error.remedy": "str",
}


def is_of(value: object, kind: object) -> bool:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return any(is_of(value, each) for each in arguments)
    if origin is np.ndarray:
        (element,) = typing.get_args(arguments[1])
        return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, element)
    if origin is not None:
        return type(value) is origin and len(value) > 0 and all(is_of(item, arguments[0]) for item in value)
    return type(value) is kind


def test_values_are_of_the_types_that_users_are_told(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    names: dict = {}
    exec(SETUP, names)
    for expression, kind in TYPES.items():
        value = eval(expression, names)
        assert is_of(value, eval(kind, names)), (expression, kind, value)


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A folder with a program that uses all types rightly and one that does not."""
    folder = tmp_path_factory.mktemp("programs")
    asserted = "".join(f"assert_type({expression}, {kind})\n" for expression, kind in TYPES.items())
    (folder / "right.py").write_text(f"from typing import assert_type\n{SETUP}{asserted}")
    (folder / "wrong.py").write_text(
        "import silif\nword: int = silif.KeywordSpotter().words[0]\nsilif.Model()\nsilif.score([], jobs='two')\n"
    )
    return folder


def test_mypy_finds_the_types_strictly(programs):
    """On the sources, and on a user's programs with what is installed."""
    mypy = [sys.executable, "-m", "mypy", "--config-file", REPOSITORY / "python" / "pyproject.toml"]
    mypy += ["--cache-dir", programs / "cache"]

    def run(*what):
        return subprocess.run([*mypy, *what], capture_output=True, text=True, cwd=programs)

    for what in (["-p", "silif"], ["right.py"]):
        done = run(*what)
        assert done.returncode == 0, done.stdout + done.stderr
    found = run("wrong.py").stdout
    assert 'has type "str", variable has type "int"' in found and "Found 3 errors" in found, found


def test_pyright_finds_the_types_strictly_and_completely(programs):
    def run(*what):
        environment = {**os.environ, "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"}
        command = [sys.executable, "-m", "pyright", *what]
        return subprocess.run(command, capture_output=True, text=True, cwd=programs, env=environment)

    (programs / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "include": ["right.py"]}')
    right = run()
    assert right.returncode == 0, right.stdout + right.stderr
    wrong = run("wrong.py").stdout
    assert '"str" is not assignable to "int"' in wrong and "3 errors" in wrong, wrong
    complete = run("--verifytypes", "silif", "--ignoreexternal").stdout
    assert "Type completeness score: 100%" in complete, complete
    assert "Functions without docstring: 0" in complete and "Classes without docstring: 0" in complete, complete
