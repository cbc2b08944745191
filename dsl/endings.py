"""Which data source reads a file, by how its name ends: for hints, never for reading."""

from __future__ import annotations

READ_BY = {
    ".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".npz": "npz",
    "/": "images",
}  # fmt: skip


def reader_for(path: str) -> str | None:
    """The data source for a file or, where it ends in `/`, for a folder of pictures."""
    return next((by for end, by in READ_BY.items() if path.casefold().endswith(end)), None)
