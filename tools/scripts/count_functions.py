#!/usr/bin/env python3
"""count_functions.py TARGET MODEL [RECORDING]: the instructions of a step, by function, under emulation.

TARGET is one of tools/scripts/build_library.sh that qemu runs: cortex-m4, cortex-m7 and riscv32 as firmware,
aarch64-linux, armv7-linux and riscv64-linux as programs of Linux. The count is of `silif_push_samples` and all that
it calls, in the mean of the steps of a recording (the first word of models/demo.flac, as `make firmware` hears it).
A count of instructions is no time.

Builds into build/count. Needs qemu with its plugins, gcc, libsndfile, and the target's compiler and binutils.
"""

import bisect
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = REPOSITORY / "build" / "count"
# Boards of examples/firmware.
FIRMWARE = {"cortex-m4": "mps2-an386", "cortex-m7": "mps2-an500", "riscv32": "riscv-virt"}
# Compiler and emulator.
LINUX = {
    "aarch64-linux": ("aarch64-linux-gnu-gcc", "qemu-aarch64"),
    "armv7-linux": ("arm-linux-gnueabihf-gcc", "qemu-arm"),
    "riscv64-linux": ("riscv64-linux-gnu-gcc", "qemu-riscv64"),
}
START_MS, LENGTH_MS = 500, 1500


def run(*command: str | Path, **options) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=REPOSITORY, **options)
    if done.returncode:
        raise SystemExit(f"count_functions: {command[0]} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def functions(program: Path, nm: str) -> tuple[list[int], list[str], dict[str, tuple[int, int]]]:
    """Addresses and names of the functions, ascending, and of each name where it begins and ends."""
    found = {}
    for line in run(nm, "-S", program).splitlines():
        parts = line.split()
        if len(parts) == 4 and parts[2] in "tTwW":
            found[int(parts[0], 16) & ~1] = (parts[3], int(parts[1], 16))
    addresses = sorted(found)
    names = [found[address][0] for address in addresses]
    return addresses, names, {name: (at, at + found[at][1]) for at, name in zip(addresses, names, strict=True)}


def demangled(names: list[str]) -> list[str]:
    """As `swift demangle` tells them, without modules and types."""
    lines = run("swift", "demangle", "--simplified", *names).splitlines()
    # Names of C are told with a dollar.
    return [re.sub(r".* ---> ", "", line).removeprefix("$") for line in lines]


def main(target: str, model: Path, recording: Path) -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    plugin = BUILD / "plugin.so"
    run("gcc", "-O2", "-shared", "-fPIC", "tools/scripts/count_instructions.c", "-o", plugin)
    run("tools/scripts/build_library.sh", target, BUILD, env={**os.environ, "KEEP_SYMBOLS": "1"})
    library = BUILD / "lib" / target
    run("gcc", "-O2", "tools/scripts/cut_samples.c", "-lsndfile", "-o", BUILD / "cut_samples")
    sound = BUILD / "word.raw"
    sound.write_bytes(
        subprocess.run(
            [BUILD / "cut_samples", recording, str(START_MS), str(LENGTH_MS)], check=True, capture_output=True
        ).stdout
    )
    with tempfile.TemporaryDirectory() as folder:
        blocks = Path(folder) / "blocks"
        if target in FIRMWARE:
            source = REPOSITORY / "examples" / "firmware"
            build = BUILD / target
            settings = [f"BOARD={FIRMWARE[target]}", f"BUILD={build}", f"LIBRARY={library}", f"MODEL={model.resolve()}"]
            settings += [f"RECORDING={recording.resolve()}", f"START_MS={START_MS}", f"LENGTH_MS={LENGTH_MS}"]
            run("make", "-C", source, *settings, "all")
            program = build / "firmware.elf"
            command = ["make", "--no-print-directory", "-C", str(source), *settings, "run"]
        else:
            compiler, emulator = LINUX[target]
            program = BUILD / f"spot-{target}"
            run(compiler, "-O2", "-static", f"-I{library}", "examples/c/spot.c", library / "libsilif.a", "-o", program)
            command = [emulator]
        # Names of C are the same under every nm.
        addresses, names, places = functions(program, "nm")
        begin, (low, high) = places["silif_push_samples"][0], places["main"]
        option = f"{plugin},blocks={blocks},begin={begin},low={low},high={high}"
        if target in FIRMWARE:
            run(*command, f"QEMU_FLAGS=-plugin {option}", stdin=subprocess.DEVNULL)
        else:
            run(*command, "-plugin", option, program, model, sound)
        counts: Counter[str] = Counter()
        for line in blocks.read_text().splitlines():
            address, instructions, runs = map(int, line.split())
            at = bisect.bisect_right(addresses, address & ~1) - 1
            counts[names[at]] += instructions * runs
    # Frames of 25 ms every 10 ms; the samples' rate is the models'.
    steps = (sound.stat().st_size // 2 - 400) // 160 + 1
    total = sum(counts.values())
    ranked = [(count, name) for name, count in counts.most_common() if count >= total / 1000]
    rest = total - sum(count for count, _ in ranked)
    print(f"{'instructions a step':>19}  {'share':>6}  {target}, {model.stem}, {steps} steps")
    for (count, _), name in zip(ranked, demangled([name for _, name in ranked]), strict=True):
        print(f"{count / steps:19.0f}  {count / total:6.1%}  {name}")
    print(f"{rest / steps:19.0f}  {rest / total:6.1%}  others")
    print(f"{total / steps:19.0f}  {1:6.1%}  all")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in FIRMWARE | LINUX:
        raise SystemExit(f"usage: count_functions.py {'|'.join(FIRMWARE | LINUX)} MODEL [RECORDING]")
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3] if len(sys.argv) == 4 else REPOSITORY / "models/demo.flac"))
