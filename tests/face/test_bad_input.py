"""Whatever the data hold: a clear error or a counted list, exit 1 or a run, and a sound store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labelwright.loop.store import Store

from .in_process import Ended, command

TEXT = """
task letters "Letters" {{}}
class A {{}}
class B {{}}
data {{
  source = {source}
  id = {id}
  {inputs}
}}
holdout {{
  size = 20%
  annotations = 20
}}
annotators {{ from = simulate(column = {label}, people = 1, error = 0%) }}
budget {{
  annotations = 40
  per_round = 10 items
}}
train {{ encoder = {encoder} }}
"""
CSV = {"source": 'csv("items.csv")', "id": "id", "inputs": "text = body", "label": "label",
       "encoder": "tfidf"}  # fmt: skip


def lines(n: int = 200) -> list[bytes]:
    words = {"A": b"apple amber arrow", "B": b"bread brown basin"}
    return [b"id,body,label"] + [
        b"%d,%b %d,%b" % (i, words["AB"[i % 2]], i, b"AB"[i % 2 : i % 2 + 1]) for i in range(n)
    ]


def run(folder: Path, *words: str) -> Ended:
    return command(folder, *words, "--data-root", str(folder))


def sound(folder: Path) -> None:
    with Store(folder / ".labelwright" / "letters") as store:
        assert store.integrity() == "ok"
        assert store.broken_link() is None
        assert not store.broken_files()


def latin(rows: list[bytes]) -> list[bytes]:
    return [rows[0], *(r.replace(b"apple", "äpple".encode("latin-1")) for r in rows[1:])]


def copies(rows: list[bytes]) -> list[bytes]:
    return [*rows, *(r.replace(b"brown", b"other") for r in rows[1:60])]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (latin, "undecodable bytes"),
        (copies, "duplicate id with other content"),
        (lambda rows: [rows[0].replace(b"body", b"text"), *rows[1:]], "no column called body"),
        (lambda rows: [rows[0].replace(b"label", b"class"), *rows[1:]], "label"),
        (lambda rows: [], "empty"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_and_mending_it_is_enough(
    tmp_path: Path, spoil: Callable[[list[bytes]], list[bytes]], says: str
) -> None:
    (tmp_path / "letters.task").write_text(TEXT.format(**CSV), encoding="utf-8")
    (tmp_path / "items.csv").write_bytes(b"\n".join(spoil(lines())) + b"\n")
    failed = run(tmp_path, "run", "letters.task")
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert says in failed.stderr
    assert "Traceback" not in failed.stderr
    assert len(failed.stderr.splitlines()) <= 4
    sound(tmp_path)
    (tmp_path / "items.csv").write_bytes(b"\n".join(lines()) + b"\n")
    mended = run(tmp_path, "run", "letters.task")
    assert mended.returncode == 0, mended.stdout + mended.stderr
    sound(tmp_path)


@pytest.mark.slow
def test_a_line_of_200_mb_is_set_aside_and_counted(tmp_path: Path) -> None:
    (tmp_path / "letters.task").write_text(TEXT.format(**CSV), encoding="utf-8")
    rows = [*lines(), b"999,\xff\xfe bad bytes,A"]
    with (tmp_path / "items.csv").open("wb") as stream:
        stream.write(b"\n".join(rows) + b"\n1000,")
        for _ in range(200):
            stream.write(b"x" * 1_000_000)
        stream.write(b",B\n")
    done = run(tmp_path, "run", "letters.task")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 rows were set aside" in done.stdout
    told = run(tmp_path, "doctor", "letters.task").stdout
    assert "undecodable bytes" in told
    assert "row too long" in told
    sound(tmp_path)


def test_an_unreadable_picture_is_set_aside_and_counted(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    for number in range(60):
        name = "AB"[number % 2]
        (tmp_path / "photos" / name).mkdir(parents=True, exist_ok=True)
        pixels = chance.integers(0, 120, (12, 12), dtype=np.uint8) + np.uint8(number % 2 * 120)
        Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    (tmp_path / "photos" / "A" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    values = {"source": 'images("photos")', "id": "path", "inputs": "image = path",
              "label": "folder", "encoder": "pixels"}  # fmt: skip
    (tmp_path / "letters.task").write_text(
        TEXT.format(**values).replace("annotations = 20", "annotations = 12"), encoding="utf-8"
    )
    done = run(tmp_path, "run", "letters.task")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 rows were set aside" in done.stdout
    assert "unreadable picture" in run(tmp_path, "doctor", "letters.task").stdout
    sound(tmp_path)
