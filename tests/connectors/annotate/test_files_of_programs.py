"""Batches as files: what spreadsheets and editors do to them, and what nobody can have meant."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from labelwright.connectors.annotate.files import NOBODY
from labelwright.dsl.task import Class

from .exchanged import Folder


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_encodings_of_spreadsheets(make_folder: Callable[..., Folder], encoding: str) -> None:
    made = make_folder("csv")
    made.send()
    rows = made.rows("t-0.csv")
    rows[0]["label"] = "스포츠"
    made.write(rows, "t-0.csv", encoding)
    assert made.given() == {("i0", NOBODY): ("Sport",)}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("lw_uid,item,label\nx,i0,\xff\xfe\n".encode("latin-1"), "neither UTF-8 nor cp949"),
        ("lw_uid,item,label\n".encode("utf-16"), "UTF-16"),
        (b"item,name\ni0,x\n", "has no column label"),
        (b'lw_uid,item,label\nx,i0,"sports\n', "after row 0"),
        (b"", ""),
    ],
)
def test_files_that_cannot_be_read(
    make_folder: Callable[..., Folder], content: bytes, told: str
) -> None:
    made = make_folder("csv")
    made.send()
    made.fill({0: "sports"}, "t-0.lee.csv")
    (made.path / "t-0.csv").write_bytes(content)
    assert made.given() == {("i0", "lee"): ("Sport",)}
    assert (told in made.source.troubles[0]) if told else not made.source.troubles


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_delimiters_of_other_countries(make_folder: Callable[..., Folder], delimiter: str) -> None:
    made = make_folder("csv")
    made.send()
    rows = made.rows("t-0.csv")
    rows[1]["label"] = "law; and order"
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(rows[0])
    writer.writerows(r.values() for r in rows)
    (made.path / "t-0.csv").write_text(text.getvalue(), encoding="utf-8-sig", newline="")
    assert made.given() == {("i1", NOBODY): ("Politics.Law",)}


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_a_file_cut_anywhere_is_never_misread(
    make_folder: Callable[..., Folder], ending: str
) -> None:
    """While a file is written anew it may be seen at any length."""
    made = make_folder(ending, classes=(Class(id="a", title="A"), Class(id="ab", title="AB")))
    made.send()
    made.fill(dict.fromkeys(range(4), "AB"), annotator="kim")
    assert set(made.given().values()) == {("ab",)}
    whole = (made.path / f"t-0.{ending}").read_bytes()
    for length in range(len(whole)):
        (made.path / f"t-0.{ending}").write_bytes(whole[:length])
        assert set(made.given().items()) == {((f"i{n}", "kim"), ("ab",)) for n in range(4)}, length


def test_a_file_that_changes_while_it_is_read(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.fill({0: "sports"})
    real = Path.read_bytes

    def disturbed(path: Path) -> bytes:
        content = real(path)
        if path.parent == folder.path:
            stat = path.stat()
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))
        return content

    monkeypatch.setattr(Path, "read_bytes", disturbed)
    assert folder.given() == {}
    assert "is being saved" in folder.source.troubles[0]
    monkeypatch.undo()
    assert folder.given() == {("i0", NOBODY): ("Sport",)}
