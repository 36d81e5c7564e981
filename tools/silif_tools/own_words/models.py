"""Where the models that ship lie."""

from pathlib import Path

from ..errors import ConversionError

DEFAULT = "kws12-stream"


def find(name: str = DEFAULT) -> Path:
    """A model by path, or one that ships: in the repository that this package lies in, or installed."""
    if "/" in name or name.endswith(".silif"):
        return Path(name)
    folders = (
        Path(__file__).resolve().parents[3] / "models",
        Path("/usr/local/share/silif"),
        Path("/usr/share/silif"),
    )
    for folder in folders:
        if (folder / f"{name}.silif").exists():
            return folder / f"{name}.silif"
    raise ConversionError(f"no model {name} in {', '.join(map(str, folders))}: give its path with --start")
