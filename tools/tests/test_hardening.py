"""How the released commands are linked, and that a crash of theirs starts nothing."""

import hashlib
import re
import shutil
import signal
import subprocess

import pytest
from built_commands import REPOSITORY, built_commands

COMMANDS = ("kws-listen", "kws-score", "kws-model", "kws-bench")


@pytest.mark.skipif(shutil.which("readelf") is None, reason="binutils are missing")
@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_writable_and_executable_or_found_by_a_relative_path(name):
    def readelf(what):
        return subprocess.run(
            ["readelf", what, "-W", built_commands().folder / name], capture_output=True, text=True, check=True
        ).stdout

    dynamic, segments = readelf("-d"), readelf("-l")
    assert "RUNPATH" not in dynamic and "RPATH" not in dynamic
    assert "NOW" in re.search(r"FLAGS_1\).*", dynamic)[0] and "PIE" in re.search(r"FLAGS_1\).*", dynamic)[0]
    assert "GNU_RELRO" in segments
    assert " RWE " not in segments
    assert re.search(r"GNU_STACK.* RW ", segments)


def test_a_crash_starts_no_other_program(tmp_path):
    """Swift's runtime would start the program that the environment names, and let it read all memory."""
    marker, program = tmp_path / "started", tmp_path / "backtrace"
    program.write_text(f"#!/bin/sh\ntouch {marker}\n")
    program.chmod(0o755)
    process = subprocess.Popen(
        [built_commands().folder / "kws-listen", "--input", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"SWIFT_BACKTRACE": f"enable=yes,swift-backtrace={program}"},
    )
    lines = []
    while not lines or b"listening to" not in lines[-1]:
        lines.append(process.stderr.readline())
        assert lines[-1], lines
    # Else the test proves nothing: the runtime must have taken the program.
    assert not any(b"unable" in line for line in lines), lines
    process.send_signal(signal.SIGSEGV)
    assert process.wait(300) == -signal.SIGSEGV
    process.stdin.close()
    process.stderr.close()
    assert not marker.exists()


def test_the_digests_of_the_models_that_ship():
    """`cd models && sha256sum *.silif > SHA256SUMS` where a model is another; `make models` does it."""
    folder = REPOSITORY / "models"
    stored = dict(line.split("  ")[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert stored == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.silif")}


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is missing")
def test_the_planted_bug_can_still_be_planted():
    """Without its mend the fuzzer finds it: `make fuzz-planted`, which builds for minutes."""
    with (REPOSITORY / "Tests/Fuzz/planted.patch").open() as patch:
        subprocess.run(["patch", "-p1", "--dry-run", "--force"], cwd=REPOSITORY, stdin=patch, check=True)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing")
def test_signatures(tmp_path):
    """The commands of SECURITY.md; then another model, another key, no signature."""
    model = tmp_path / "my.silif"
    model.write_bytes((REPOSITORY / "Tests/Fixtures/audio.silif").read_bytes())

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=tmp_path, check=True, capture_output=True)

    def verify():
        command = [built_commands().folder / "kws-model", "verify", "--key", "public.pem", "my.silif"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    openssl("genpkey", "-algorithm", "ed25519", "-out", "private.pem")
    openssl("pkey", "-in", "private.pem", "-pubout", "-out", "public.pem")
    assert "my.silif.sig: no such file" in verify().stderr
    sign = REPOSITORY / "tools/scripts/sign.sh"
    package = tmp_path / "silif.deb"
    package.write_bytes(b"a package")
    subprocess.run([sign, "private.pem", "my.silif", "silif.deb"], cwd=tmp_path, check=True)
    assert verify().returncode == 0 and verify().stdout.startswith("pass")
    check = (
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "public.pem",
        "-rawin",
        "-in",
        "silif.deb",
        "-sigfile",
        "silif.deb.sig",
    )
    openssl(*check)
    package.write_bytes(b"another")
    with pytest.raises(subprocess.CalledProcessError):
        openssl(*check)
    # A public key signs nothing, and leaves nothing.
    refused = subprocess.run([sign, "public.pem", "public.pem"], cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode == 1 and "no private Ed25519 key" in refused.stderr
    assert not list(tmp_path.glob("public.pem.*"))
    model.write_bytes((REPOSITORY / "Tests/Fixtures/counts.silif").read_bytes())
    other = verify()
    assert other.returncode == 1 and "does not belong to this model and the key" in other.stderr
    model.write_bytes((REPOSITORY / "Tests/Fixtures/audio.silif").read_bytes())
    openssl("genpkey", "-algorithm", "ed25519", "-out", "another.pem")
    openssl("pkey", "-in", "another.pem", "-pubout", "-out", "public.pem")
    assert verify().returncode == 1
