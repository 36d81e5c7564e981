"""What was installed: one version, the shipped models, the types."""

import importlib.util
import pathlib
import re
import subprocess
import sys
import tomllib

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
    # What it does not need: silif_hear does the same for whole blocks.
    declared = set(re.findall(r"(silif_[a-z0-9_]+)\(", header)) - {"silif_push_samples"}
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


def test_types_are_right_inside_and_for_users(tmp_path):
    """mypy, strict, on the sources; and on a program of a user, which finds the types of what is installed."""
    right = tmp_path / "right.py"
    right.write_text(
        "import numpy as np\nimport silif\n"
        "events: list[silif.Event] = silif.KeywordSpotter().process(np.zeros(160, np.int16))\n"
        "score: float = events[0].score\n"
        "words: tuple[str, ...] = silif.score([np.zeros(9)]).words\n"
        "samples = silif.read_sound('talk.flac')\n"
        "digest: int = silif.Model('kws12-stream').verify()\n"
    )
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import silif\nword: int = silif.KeywordSpotter().words[0]\nsilif.Model()\n")
    mypy = [sys.executable, "-m", "mypy", "--config-file", REPOSITORY / "python" / "pyproject.toml"]
    mypy += ["--cache-dir", tmp_path / "cache"]

    def run(*what):
        return subprocess.run([*mypy, *what], capture_output=True, text=True, cwd=tmp_path)

    for what in (["-p", "silif"], [right]):
        done = run(*what)
        assert done.returncode == 0, done.stdout + done.stderr
    found = run(wrong).stdout
    assert 'has type "str", variable has type "int"' in found and "Found 2 errors" in found, found
