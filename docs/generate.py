#!/usr/bin/env python3
"""Pages of the book that are made from the tree.

  python docs/generate.py write    makes them
  python docs/generate.py check    fails when a committed one differs, or when a text names what is not there
"""

import sys
from pathlib import Path

BOOK = Path(__file__).resolve().parent / "src"
sys.path.insert(0, str(BOOK.parent / "tools"))

import figures  # noqa: E402
import links  # noqa: E402
import loops  # noqa: E402
import matrix  # noqa: E402
import routes  # noqa: E402

PAGES = {"figures.md": figures, "loops.md": loops, "matrix.md": matrix, "routes.md": routes}


def main(command):
    problems = []
    for name, maker in PAGES.items():
        try:
            text = maker.page()
        except loops.Problem as problem:
            problems.append(str(problem))
            continue
        path = BOOK / name
        if command == "write":
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            problems.append(f"docs/src/{name} is stale: run .venv/bin/python docs/generate.py write")
    if command == "check":
        problems += links.problems()
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["write"], ["check"]):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
