"""Fails where a module imports against the house: dsl < loop < connectors < labelwright.

The language (`dsl`) may use lark, pydantic, re2 and platformdirs (the parser's cache folder) beside
the standard library, and nothing of ours but itself.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "dsl": {"dsl"},
    "loop": {"dsl", "loop"},
    "connectors": {"dsl", "loop", "connectors"},
}
DSL_LIBRARIES = {"lark", "pydantic", "re2", "platformdirs", "typing_extensions"}
ALONE = {"dsl/lsp/": {"pygls", "lsprotocol"}, "dsl/highlight.py": {"pygments"}}
"""Libraries that one place of the language may use beside these."""


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, module) of every import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield node.lineno, "." * node.level + (node.module or "")
            elif node.module == "labelwright":
                yield from ((node.lineno, f"labelwright.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, node.module or ""


def faults(room: str, path: Path) -> Iterator[str]:
    """What is wrong with one file's imports."""
    where = path.relative_to(ROOT)
    own = set().union(*(a for place, a in ALONE.items() if str(where).startswith(place)))
    for line, module in imported(ast.parse(path.read_text(encoding="utf-8"))):
        first, *rest = module.split(".")
        if module.startswith("."):
            yield f"{where}:{line}: relative import; write `from labelwright.{room} …`"
        elif first in MAY_IMPORT:
            yield f"{where}:{line}: import `labelwright.{first}`, not `{first}`"
        elif first == "labelwright" and (not rest or rest[0] not in MAY_IMPORT[room]):
            yield f"{where}:{line}: {room} must not import {module}"
        elif room == "dsl" and first not in DSL_LIBRARIES | own | {
            "labelwright",
            "__future__",
        } | set(sys.stdlib_module_names):
            yield f"{where}:{line}: dsl must not import {module}"


def main() -> int:
    """Print every fault; 1 if there is one."""
    found = [
        fault
        for room in MAY_IMPORT
        for path in sorted((ROOT / room).rglob("*.py"))
        for fault in faults(room, path)
    ]
    print("\n".join(found) or "imports follow the house")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
