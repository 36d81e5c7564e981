"""`python -m silif_tools.kinds [--check]`: write what is made from the schema into docs and scripts, or compare."""

import argparse
import sys

from .document import PARTS, ROOT, current_text


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(prog="python -m silif_tools.kinds", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is not current")
    arguments = parser.parse_args(argv)
    stale = False
    for path, *marks in PARTS:
        text = current_text(path, *marks)
        if text == path.read_text():
            continue
        stale = True
        print(f"{path.relative_to(ROOT)}: {'is not current' if arguments.check else 'written'}")
        if not arguments.check:
            path.write_text(text)
    return int(stale and arguments.check)


if __name__ == "__main__":
    sys.exit(main())
