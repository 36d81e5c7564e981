"""Every public declaration of the Swift libraries says what it is: none without a `///` comment.

Reads the sources, not the compiler's symbol graph, so that it takes no build.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARIES = ["FixedPoint", "Kernels", "SiLIF", "LogMel", "KeywordSpotter", "SpotterHost", "AudioInput"]

_ATTRIBUTE = re.compile(r"^@\w+(\([^)]*\))?(\s+@\w+(\([^)]*\))?)*$")
_LEADING_ATTRIBUTES = re.compile(r"^(@\w+(\([^)]*\))?\s+)*")
_KINDS = r"(?:let|var|func|init|subscript|struct|class|enum|protocol|typealias|associatedtype|actor|macro)\b"
_PUBLIC = re.compile(rf"^(?:public|open)\b(?:\s+(?!extension)[\w()]+)*?\s+(?:{_KINDS}|init)")
# What a public protocol asks for and a public enum's cases are public without saying so.
_MEMBER = {
    "protocol": re.compile(rf"^(?:mutating\s+|static\s+)*{_KINDS}|^init\b"),
    "enum": re.compile(r"^(?:indirect\s+)?case\b"),
}


def undocumented(text: str) -> list[int]:
    """Numbers of the lines that declare something public and have no documentation comment above."""
    found = []
    scopes: list[str] = []  # one for each open brace: "protocol" or "enum" where members are public by themselves
    documented = False
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("///"):
            documented = True
            continue
        if _ATTRIBUTE.match(line) or line.startswith("#"):
            continue  # stands between a comment and what it is about
        code = _LEADING_ATTRIBUTES.sub("", re.sub(r'"(\\.|[^"\\])*"', '""', line).split("//")[0])
        scope = scopes[-1] if scopes else ""
        if (_PUBLIC.match(code) or (scope in _MEMBER and _MEMBER[scope].match(code))) and not documented:
            found.append(number)
        opened = re.match(r"public\s+(?:indirect\s+)?(protocol|enum)\b", code)
        for index, brace in enumerate(character for character in code if character in "{}"):
            if brace == "}":
                scopes.pop()
            else:
                scopes.append(opened.group(1) if opened and index == 0 else "")
        documented = False
    assert scopes == []
    return found


@pytest.mark.parametrize("library", LIBRARIES)
def test_nothing_public_is_undocumented(library):
    files = sorted((ROOT / "Sources" / library).rglob("*.swift"))
    assert files
    missing = [f"{path.relative_to(ROOT)}:{line}" for path in files for line in undocumented(path.read_text())]
    assert missing == []


def test_the_check_finds_what_is_missing():
    text = """
/// Here.
public struct A {
  public let b: Int
  /// There.
  @inline(__always)
  public func c() { "}" }
  public private(set) var d = 0
  public init() {}
  func e() {}
  public static func f() {}
}
public enum G {
  case h
  /// One.
  case i
  var j: Int { switch self { case .h: 1; case .i: 2 } }
}
/// P.
public protocol P {
  func q()
}
extension A {
  public enum R { case s }
}
"""
    lines = text.splitlines()
    assert [lines[number - 1].strip() for number in undocumented(text)] == [
        "public let b: Int",
        "public private(set) var d = 0",
        "public init() {}",
        "public static func f() {}",
        "public enum G {",
        "case h",
        "func q()",
        "public enum R { case s }",
    ]
