"""Snapshots of rendered diagnostics: the source and the message side by side, one file each.

Run the tests with LABELWRIGHT_UPDATE_SNAPSHOTS=1 to write what is rendered now, then read the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = Path(__file__).parent / "snapshots"


def check_snapshot(code_and_name: str, source: str, rendered: str) -> None:
    """Compare with `snapshots/{code_and_name}.txt`, such as `E101_unexpected_word`."""
    path = _FOLDER / f"{code_and_name}.txt"
    text = f"{source.rstrip()}\n\n{'-' * 72}\n\n{rendered.rstrip()}\n"
    if os.environ.get("LABELWRIGHT_UPDATE_SNAPSHOTS") == "1":
        _FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    assert path.is_file(), f"no snapshot {path.name}: run with LABELWRIGHT_UPDATE_SNAPSHOTS=1"
    assert path.read_bytes().decode("utf-8") == text
