"""The commands that users run: arguments in, messages and an exit status out. One module each (pyproject.toml)."""
