"""No command of the package prints a control character that it was given, whatever is wrong with the arguments."""

import importlib
import tomllib

import pytest
from built_commands import REPOSITORY

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
