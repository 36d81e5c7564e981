"""What README and docs show as printed is what the built commands print."""

import importlib.util
import sys

import pytest
from built_commands import REPOSITORY, built_commands

_spec = importlib.util.spec_from_file_location(
    "printed_samples", REPOSITORY / "tools" / "scripts" / "printed_samples.py"
)
printed_samples = importlib.util.module_from_spec(_spec)
sys.modules["printed_samples"] = printed_samples
_spec.loader.exec_module(printed_samples)
Sample = printed_samples.Sample

ALL = [sample for page in printed_samples.pages() for sample in printed_samples.samples(page)]
RUN_HERE = [sample for sample in ALL if not sample.command.startswith("make ")]


@pytest.mark.parametrize("sample", RUN_HERE, ids=str)
def test_a_sample_is_what_its_command_prints(sample):
    output = printed_samples.printed(sample.command, built_commands().folder)
    assert printed_samples.difference(sample, output) == ""


def test_samples_are_found():
    assert {"README.md", "COMMANDS.md"} <= {sample.page.name for sample in RUN_HERE}


def sample(text: str, mode: str | None = None) -> Sample:
    return Sample(REPOSITORY / "README.md", "a command", mode, 0, 0, text)


@pytest.mark.parametrize(
    ("shown", "made", "mode", "same"),
    [
        ("1.65 s  yes", "1.65 s  yes", None, True),
        ("1.65 s  yes", "1.66 s  yes", None, False),
        ("a\n...\nd", "a\nb\nc\nd", None, True),
        ("a\n...\nd", "a\nb\nc", None, False),
        ("median   1.9 µs", "median 12.25 µs", "figures vary", True),
        ("median   1.9 µs", "mean   1.9 µs", "figures vary", False),
        ("count 1000", "count 1090", "figures within 10 %", True),
        ("count 1000", "count 1200", "figures within 10 %", False),
        ("digest 00ff", "digest 00fe", "figures within 10 %", False),
        ("digest 1cac9ed806cca0f5", "digest 2cac9ed806cca0f5", "figures within 10 %", False),
        ("a", "a\nb", None, False),
    ],
)
def test_comparison(shown, made, mode, same):
    assert (printed_samples.difference(sample(shown, mode), made) == "") == same


@pytest.mark.parametrize(
    "page",
    [
        "<!-- printed by kws-listen -->\n```\n```\n",
        "<!-- printed by: kws-listen -->\ntext\n",
        "<!-- printed by: kws-listen (figures somehow) -->\n```\n```\n",
    ],
)
def test_a_comment_without_a_sample_is_refused(page, tmp_path):
    path = tmp_path / "page.md"
    path.write_text(page)
    with pytest.raises(ValueError, match=r"page\.md:1"):
        printed_samples.samples(path)
