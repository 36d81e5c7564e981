"""No command of the package prints a control character that it was given, whatever is wrong with the arguments."""

import importlib
import importlib.util
import os
import tomllib

import pytest
from built_commands import REPOSITORY

from silif_tools.errors import visible

SCRIPTS = tomllib.loads((REPOSITORY / "tools/pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
HARMFUL = "\x1b[2J\x1b]0;title\x07\x9b31m\r\nforged: \x85\u2028\u202e\x7f"


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize(
    "arguments", [[f"--{HARMFUL}"], [HARMFUL], [HARMFUL] * 3, [HARMFUL, "--output", HARMFUL], ["--seed", HARMFUL]]
)
def test_what_was_given_is_written_out(script, arguments, capsys, monkeypatch, tmp_path):
    module, function = SCRIPTS[script].split(":")
    monkeypatch.chdir(tmp_path)
    main = getattr(importlib.import_module(module), function)
    monkeypatch.setattr("sys.argv", [script, *arguments])
    try:
        status = main()
    except SystemExit as end:
        status = end.code
    assert status in (1, 2)
    printed = "".join(capsys.readouterr())
    assert printed
    obeyed = [c for c in printed if c != "\n" and (ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c in "\u2028\u202e")]
    assert not obeyed and not any(line.startswith("forged") for line in printed.splitlines())


def ranges(codes):
    found = []
    for code in codes:
        if found and found[-1][1] + 1 == code:
            found[-1][1] = code
        else:
            found.append([code, code])
    return [tuple(each) for each in found]


def other_visible():
    """That of the package silif, which imports nothing of it."""
    path = REPOSITORY / "python/silif/_commands.py"
    spec = importlib.util.spec_from_file_location("_commands", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.visible


def test_both_packages_write_out_what_the_swift_commands_write_out():
    """As Tests/CommandTests/Parts/FileNameTests.swift has it; then every character there is."""
    assert visible(os.fsdecode(b"g\xfc\x9b\x1b")) == "g\\xFC\\x9B\\u{1B}"
    surrogates = range(0xD800, 0xE000)
    changed = [code for code in range(0x110000) if code not in surrogates and visible(chr(code)) != chr(code)]
    assert ranges(changed) == [
        (0, 0x1F),
        (0x7F, 0x9F),
        (0xAD, 0xAD),
        (0x61C, 0x61C),
        (0x180E, 0x180E),
        (0x200B, 0x200F),
        (0x2028, 0x202E),
        (0x2060, 0x206F),
        (0xFEFF, 0xFEFF),
        (0xFFF9, 0xFFFB),
        (0xE0000, 0xE007F),
    ]
    everything = "".join(map(chr, range(0x110000)))
    assert visible(everything) == other_visible()(everything)
    visible(everything).encode()
