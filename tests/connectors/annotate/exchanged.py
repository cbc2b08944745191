"""A folder of batches, and hands that edit its files."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labelwright.connectors.annotate.files import Files
from labelwright.dsl.task import Class
from labelwright.loop.ports import Answer, Request

CLASSES = (
    Class(id="Sport", title="스포츠", aliases=("sports", "1")),
    Class(id="Politics", title="정치"),
    Class(id="Politics.Election", title="선거", parent="Politics"),
    Class(id="Politics.Law", title="Law; and order", parent="Politics"),
)


BODIES = ["어제 경기 결과", '=HYPERLINK("x")', "line one\nline two, with a comma", "-5 degrees"]


REQUESTS = [Request(f"i{n}", 1 if n else 2) for n in range(len(BODIES))]


@dataclass
class Folder:
    """A source over a folder, and hands that edit its files."""

    source: Files
    items: Any
    path: Path

    def send(self, requests: list[Request] | None = None) -> None:
        self.source.send("t-0", requests or REQUESTS, self.items)

    def read(self, *, requests: list[Request] | None = None) -> list[Answer]:
        self.source.pull()
        return list(self.source.collect("t-0", requests or REQUESTS))

    def given(self) -> dict[tuple[str, str], tuple[str, ...] | str]:
        """By (item, annotator): labels, or a word where there are none."""
        return {
            (a.item, a.annotator): "withdrawn"
            if a.withdrawn
            else "skipped"
            if a.skipped
            else a.labels
            for a in self.read()
        }

    def rows(self, name: str = "t-0.jsonl") -> list[dict[str, Any]]:
        text = (self.path / name).read_text(encoding="utf-8-sig")
        if name.endswith("csv"):
            return list(csv.DictReader(io.StringIO(text, newline="")))
        return [json.loads(line) for line in text.splitlines()]

    def write(
        self, rows: list[dict[str, Any]], name: str = "t-0.jsonl", encoding: str = "utf-8"
    ) -> None:
        if name.endswith("csv"):
            text = io.StringIO(newline="")
            writer = csv.DictWriter(text, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
            content = text.getvalue()
        else:
            content = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
        (self.path / name).write_bytes(content.encode(encoding))

    def fill(self, labels: dict[int, Any], name: str | None = None, **more: Any) -> None:
        """Write labels into rows of the batch's file, or of the file `name`."""
        own = f"t-0.{self.source.format}"
        name = name or own
        rows = self.rows(name if (self.path / name).exists() else own)
        for number, label in labels.items():
            rows[number] |= {"label": label, **more}
        self.write(rows, name)
