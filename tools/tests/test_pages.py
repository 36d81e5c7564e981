"""The pages on arithmetic, neurons and the file suffice: a network written from them alone makes the golden digests."""

import pathlib

import pytest
from network_from_the_pages import digests

GOLDEN = sorted((pathlib.Path(__file__).resolve().parents[2] / "Tests" / "SiLIFTests" / "Golden").glob("*.silif"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_network_written_from_the_pages_alone_makes_the_golden_digest(path):
    wanted, made = digests(path.read_bytes())
    assert f"{made:016x}" == f"{wanted:016x}"


def test_there_are_golden_models():
    assert len(GOLDEN) > 30
