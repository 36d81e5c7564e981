"""Files of text as editors write them."""

from pathlib import Path


def text_of(path: Path, errors: str = "strict") -> str:
    """UTF-8, or UTF-16 with the mark that says so. errors: what becomes of other bytes, as in `bytes.decode`."""
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace" if errors == "surrogateescape" else errors)
    return content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors=errors)
