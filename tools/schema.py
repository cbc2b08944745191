"""Writes docs/task.schema.json: the JSON Schema of a compiled task, as `show --json` prints it.

`python tools/schema.py` writes the file, `--check` fails where it is stale.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from labelwright.dsl.task import Task
from labelwright.dsl.vocabulary import BLOCKS

FILE = Path(__file__).parent.parent / "docs" / "task.schema.json"

# Where a part of a Task has another name than the block or setting that it is written as.
PARTS = {
    "Annotators": "annotators", "Budget": "budget", "Class": "class", "Data": "data",
    "ExistingLabels": "existing_labels", "Holdout": "holdout", "Output": "output", "Phase": "phase",
    "PseudoLabels": "pseudo_labels", "Query": "query", "Slice": "slice", "Train": "train",
}  # fmt: skip
WRITTEN = {("Task", "choosable"): "classes", ("Annotators", "source"): "from"}
CLAUSES = {
    ("Data", "keep"): "keep", ("Holdout", "when"): "items",
    ("Annotators", "adjudicate_below"): "adjudicate", ("Annotators", "pause_below"): "pause",
}  # fmt: skip


def schema() -> dict[str, Any]:
    """The schema, each field with the vocabulary's help."""
    made = Task.model_json_schema(mode="serialization")
    definitions = made["$defs"]
    for name, part in [("Task", made), *sorted(definitions.items())]:
        block = BLOCKS.get("task" if name == "Task" else PARTS.get(name, ""))
        if "properties" in part:
            part["required"] = list(part["properties"])  # every default is filled in
        for key, value in part.get("properties", {}).items():
            value.pop("title", None)  # the key in capitals
            said = _help(name, key, block)
            if said and "description" not in value:
                value["description"] = said
    for key, block in BLOCKS.items():
        named = {"class": "classes", "phase": "phases", "slice": "slices"}.get(key, key)
        if named in made["properties"] and "description" not in made["properties"][named]:
            made["properties"][named]["description"] = block.help
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **made,
        "title": "labelwright task",
        "description": "A compiled task definition, every default filled in: what "
        "`labelwright show TASK --json` prints. docs/reference.md says what each word means.",
    }


def _help(part: str, key: str, block: Any) -> str:
    if block is None:
        return ""
    clause = CLAUSES.get((part, key))
    if clause:
        return next(str(c.help) for c in block.clauses if c.name == clause)
    written = WRITTEN.get((part, key), key)
    return next((str(s.help) for s in block.settings if s.name == written), "")


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    if "--check" in arguments:
        stale = not FILE.exists() or FILE.read_text(encoding="utf-8") != text()
        if stale:
            print(f"{FILE.name} is stale: run python tools/schema.py")
        return int(stale)
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
