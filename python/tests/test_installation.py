"""What was installed: one version, the shipped models, the types."""

import pathlib
import re
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
