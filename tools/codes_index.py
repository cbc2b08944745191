"""Writes docs/codes.md, the index of the pages in dsl/codes; `--check` fails where it is stale."""

from __future__ import annotations

import sys
from pathlib import Path

from labelwright.dsl.explaining import GROUPS, codes, page

INDEX = Path(__file__).parent.parent / "docs" / "codes.md"
HEAD = """# Diagnostic codes

Everything that `labelwright check` can say has a code that never changes its meaning, and a page: what
it means, why it matters, a file that is wrong and the same file mended. `labelwright explain E201` prints
a page, `labelwright explain` lists them all, and `labelwright explain holdout` does the same for a word.

```console tested
$ labelwright explain E219
error[E219]: there is no such day

Dates are written year-month-day, without quotes: `2026-02-28`. This one is in
no calendar.
…
$ labelwright explain E2O1  # exit 1
error: there is no code E2O1
  did you mean E201? `labelwright explain` lists all codes
```

Codes that begin with E are errors: the file cannot be used before they are mended. Codes that begin with
L are lints, shown as warnings: the file is legal, and something in it is doubtful. A comment on the line
above permits one there: `# allow L203`. Lints of group L4 and [E240](../dsl/codes/E240.md) need the
data: `labelwright check FILE --data` reads them.

This page is written by `python tools/codes_index.py` from the pages in [dsl/codes](../dsl/codes); a test
fails where it is stale.
"""


def index() -> str:
    """The index as it should be."""
    parts = [HEAD]
    for start, group in GROUPS.items():
        rows = [
            f"| [{code}](../dsl/codes/{code}.md) | {page(code).title} |"
            for code in codes()
            if code.startswith(start)
        ]
        if rows:
            parts.append(f"\n## {group}\n\n| code | |\n|---|---|\n" + "\n".join(rows) + "\n")
    return "".join(parts)


def main() -> int:
    """Write the index, or with `--check` compare it; 1 where it is stale."""
    if "--check" not in sys.argv[1:]:
        INDEX.write_text(index(), encoding="utf-8")
        return 0
    stale = not INDEX.exists() or INDEX.read_text(encoding="utf-8") != index()
    if stale:
        print(f"{INDEX.name} is stale: run `python tools/codes_index.py`")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
