"""`make install` leaves commands that work and little of it; `make uninstall` leaves nothing. Needs a release build."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RELEASE = ROOT / ".build" / "release"
COMMANDS = ("kws-listen", "kws-score", "kws-model", "kws-bench")
MOST_BYTES = 20_000_000


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    if not (RELEASE / "kws-listen").exists():
        pytest.skip("no release build: make build")
    prefix = tmp_path_factory.mktemp("install") / "a prefix"
    subprocess.run([ROOT / "tools/scripts/install.sh", RELEASE, prefix], check=True)
    return prefix


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_symlink() or path.is_file()]


def test_it_is_small(prefix):
    assert sum(path.lstat().st_size for path in files(prefix)) <= MOST_BYTES


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_answers_to_its_name_and_has_a_page_and_completions(prefix, name):
    said = subprocess.run([prefix / "bin" / name, "--help"], check=True, capture_output=True, text=True).stdout
    assert f"USAGE: {name}" in said
    for page in (
        f"man/man1/{name}.1",
        f"bash-completion/completions/{name}",
        f"zsh/vendor-completions/_{name}",
        f"fish/vendor_completions.d/{name}.fish",
    ):
        assert name in (prefix / "share" / page).read_text().replace("\\-", "-")


def test_models_are_found_by_name(prefix):
    demo = ROOT / "models" / "demo.flac"
    environment = {"PATH": f"{prefix}/bin:{os.environ['PATH']}"}
    heard = subprocess.run(
        ["kws-listen", "--input", demo, "--output", "word", "--quiet"],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert heard.stdout.split() == ["yes", "stop", "left", "right", "down", "off", "no"]


def test_another_name_is_refused(prefix):
    other = prefix / "bin" / "something"
    other.symlink_to("kws-listen")
    try:
        done = subprocess.run([other], capture_output=True, text=True)
        assert done.returncode == 2 and "call it by the name of a command" in done.stderr
    finally:
        other.unlink()


def test_uninstall_leaves_nothing(prefix):
    subprocess.run([ROOT / "tools/scripts/install.sh", "--remove", prefix], check=True)
    assert files(prefix) == []
