"""Each file of cases/faults in the shared material ends as said there, with the release build.

The exporter's two are in test_trust_export.py. What stands for each, made small, is in Tests/CommandTests.
"""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import soundfile
from built_commands import REPOSITORY, built_commands
from shared_data import shared_folder

FIXTURE = REPOSITORY / "Tests" / "Fixtures" / "audio.silif"
DEMO = REPOSITORY / "models" / "demo.flac"
WORDS = ["yes", "stop", "left", "right", "down", "off", "no"]
PATIENCE_S = 600  # where something never ends


def run(command, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run([built_commands().folder / command, *arguments], capture_output=True, timeout=PATIENCE_S)


def make(script, *arguments) -> None:
    subprocess.run([sys.executable, shared_folder() / "cases" / "faults" / script, *arguments], check=True)


@pytest.mark.parametrize("threshold", ["0", "0.5", "0.9", "1"])
def test_the_model_that_trapped(threshold, tmp_path):
    shipped = shared_folder() / "cases" / "faults" / "threshold-trap.silif"
    make("make_threshold_trap.py", FIXTURE, tmp_path / "made.silif")
    for model in (shipped, tmp_path / "made.silif"):
        options = ["--model", model, "--threshold", threshold]
        heard = run("kws-listen", *options, "--input", DEMO)
        assert heard.returncode == 0, heard.stderr
        row = run("kws-score", *options, "--stream", DEMO, "--truth", DEMO.with_suffix(".csv"))
        assert row.returncode == 0, row.stderr


@pytest.mark.parametrize("arguments", [[], ["--format", "json"]])
def test_escapes_in_the_provenance_are_written_out(arguments, tmp_path):
    shipped = shared_folder() / "cases" / "faults" / "prov-escape.silif"
    make("prov_escape.py", FIXTURE, tmp_path / "made.silif", r"source: \x1b[2J\x9b31m\x07\r\nforged: \x7f\x85")
    for model in (shipped, tmp_path / "made.silif"):
        shown = run("kws-model", "info", *arguments, model)
        assert shown.returncode == 0, shown.stderr
        text = (shown.stdout + shown.stderr).decode()
        assert not [c for c in text if c != "\n" and (ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0)]


def test_a_self_test_of_a_minute_is_not_run_by_info_and_can_be_stopped(tmp_path):
    model = tmp_path / "slow.silif"
    make("make_slow_selftest.py", FIXTURE, model)
    assert run("kws-model", "info", model).returncode == 0
    verify = subprocess.Popen([built_commands().folder / "kws-model", "verify", model], stderr=subprocess.PIPE)
    said = verify.stderr.readline()
    if b"s to go" in said:
        verify.send_signal(signal.SIGTERM)
        assert verify.wait(PATIENCE_S) == -signal.SIGTERM
    else:  # On a machine that was done before there was anything to say.
        assert b"export the model again" in said
        assert verify.wait(PATIENCE_S) == 1
    verify.stderr.close()


def processor_time_s(process) -> float:
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def microphone(tmp_path_factory):
    """Starts kws-listen on a script of the shared shim, which stands in for libasound's capture calls."""
    folder = tmp_path_factory.mktemp("shim")
    faults = shared_folder() / "cases" / "faults"
    library = folder / "shim.so"
    subprocess.run(["cc", "-w", "-shared", "-fPIC", "-o", library, faults / "shim.c", "-lpthread"], check=True)
    samples, _ = soundfile.read(DEMO, dtype="int16")
    (folder / "demo.raw").write_bytes(samples.tobytes())

    def start(script):
        return subprocess.Popen(
            [built_commands().folder / "kws-listen", "--device", "fake", "--format", "json"],
            env=os.environ
            | {
                "LD_PRELOAD": str(library),
                "FAULT_SCRIPT": str(faults / script),
                "FAULT_AUDIO": str(folder / "demo.raw"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    return start


def events(process):
    """Until it ends."""
    for line in process.stdout:
        yield json.loads(line)


def finish(process) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0
    process.stdout.close()


@pytest.mark.parametrize(("script", "cause"), [("eio-once.faults", "overrun"), ("unplug-replug.faults", "device_lost")])
def test_after_the_fault_the_next_words_are_heard(microphone, script, cause):
    process = microphone(script)
    words, others = [], set()
    for event in events(process):
        if event["event"] == "keyword":
            words.append(event["word"])
        else:
            others.add(event["event"])
        if words[-5:] == WORDS[2:]:
            break
    finish(process)
    assert words == WORDS and cause in others


def test_ready_without_samples_costs_no_processor_and_is_given_up(microphone):
    """The shim's fault outlives the device, so no more words come."""
    process = microphone("eagain-poll-ready.faults")
    lines = events(process)
    assert [next(lines)["word"] for _ in range(2)] == WORDS[:2]
    least_s = 1.0
    for _ in range(10):  # a loop that never waits takes 0.25 s of each, or what others leave it
        before_s = processor_time_s(process)
        time.sleep(0.25)
        least_s = min(least_s, processor_time_s(process) - before_s)
    assert least_s <= 0.02
    lost = next(lines)
    assert (lost["event"], lost["cause"]) == ("device_lost", "still")
    finish(process)
