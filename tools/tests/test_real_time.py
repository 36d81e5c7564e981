"""Under real-time priority nothing spins: whoever does takes the core from all others, and here the kernel ends it."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest
from built_commands import REPOSITORY, built_commands
from shared_data import shared_folder

#: Of a core, without one wait: what the kernel allows (RLIMIT_RTTIME). A command needs milliseconds between two waits.
LIMIT_US = 2_000_000
#: What a loop that never waits lives at most: the kernel keeps some of each second for others.
LIFE_S = 4
MODEL = REPOSITORY / "Tests/Fixtures/audio.silif"
SPIN = "while True: pass"


def real_time() -> None:
    resource.setrlimit(resource.RLIMIT_RTTIME, (LIMIT_US, LIMIT_US))
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def may_be_real_time() -> bool:
    try:
        subprocess.run(["true"], preexec_fn=real_time, check=True)
    except (subprocess.SubprocessError, OSError):
        return False
    return True


pytestmark = pytest.mark.skipif(
    not may_be_real_time(), reason="no real-time priority here (ulimit -r, or a container without CAP_SYS_NICE)"
)


def start(command: list, **options) -> subprocess.Popen:
    """With an end, come what may."""
    options.setdefault("stderr", subprocess.DEVNULL)
    return subprocess.Popen(["timeout", "-s", "KILL", "120", *map(str, command)], preexec_fn=real_time, **options)


def preloaded(source: str, tmp_path, *options: str) -> dict[str, str]:
    library = tmp_path / "fault.so"
    subprocess.run(["cc", "-w", "-shared", "-fPIC", "-o", library, source, *options], check=True)
    return os.environ | {"LD_PRELOAD": str(library)}


def expect_rest(process: subprocess.Popen) -> None:
    """Longer than a loop without waits lives; then it ends in order."""
    time.sleep(LIFE_S)
    process.send_signal(signal.SIGTERM)
    assert process.wait(300) == 0


def test_a_loop_is_ended():
    """Else the others prove nothing."""
    assert start([sys.executable, "-c", SPIN]).wait(300) in (
        -signal.SIGKILL,
        128 + signal.SIGKILL,
        128 + signal.SIGXCPU,
    )


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
@pytest.mark.parametrize("fault", ["interrupted", "empty"])
def test_input_that_promises_for_ever(fault, tmp_path):
    environment = preloaded(REPOSITORY / "Tests/Fixtures/interrupted_input.c", tmp_path, "-ldl")
    expect_rest(
        start(
            [built_commands().folder / "kws-listen", "--model", MODEL, "--input", "-"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment | {"INPUT_FAULT": fault},
        )
    )  # fmt: skip


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_a_microphone_that_is_ready_and_gives_nothing(tmp_path):
    faults = shared_folder() / "cases" / "faults"
    sound = tmp_path / "silence.raw"
    sound.write_bytes(bytes(4_000_000))
    environment = preloaded(faults / "shim.c", tmp_path, "-lpthread")
    environment |= {
        "FAULT_SCRIPT": str(faults / "eagain-poll-ready.faults"),
        "FAULT_AUDIO": str(tmp_path / "silence.raw"),
    }
    expect_rest(
        start([built_commands().folder / "kws-listen", "--device", "fake"], stdout=subprocess.DEVNULL, env=environment)
    )


def test_output_that_nobody_reads():
    """The pipe is full, and words come."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, bytes(4096))
    except BlockingIOError:
        os.set_blocking(writing, True)
    process = start([built_commands().folder / "kws-listen", "--input", "-"], stdin=subprocess.PIPE, stdout=writing)
    os.close(writing)
    process.stdin.write((REPOSITORY / "models/demo.flac").read_bytes())
    process.stdin.flush()
    expect_rest(process)
    process.stdin.close()
    os.close(reading)
