"""Scans of digits beside a noisy word for each: both together beat either alone, through the whole loop."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labelwright import Project

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
MURMUR = [
    "um",
    "uh",
    "well",
    "then",
    "so",
    "it",
    "says",
    "here",
    "that",
    "looks",
    "like",
    "maybe",
    "a",
]
FILE = """
task digits "Digits, seen and heard" {{}}
{classes}
data {{
  source = csv("scans.csv")
  id     = id
  {inputs}
}}
holdout {{
  size        = 40%
  annotations = 200
}}
annotators {{ from = simulate(column = digit) }}
budget {{
  annotations = 320
  per_round   = 60 items
}}
query {{ phase all {{ strategy = random }} }}
train {{
  {encoders}
  finetune = head
}}
"""
IMAGE, TEXT = "image  = scan", "text   = heard"


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """600 scans as PNG files; in three of ten the word beside is another digit's."""
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("scans")
    found, rng = load_digits(), np.random.default_rng(0)
    rows = rng.permutation(len(found.target))[:600]
    with (folder / "scans.csv").open("w", newline="", encoding="utf-8") as file:
        told = csv.writer(file)
        told.writerow(["id", "scan", "heard", "digit"])
        for row in rows:
            digit = int(found.target[row])
            picture = Image.fromarray((found.images[row] * 15.9).astype(np.uint8))
            picture.save(folder / f"{row}.png")
            wrong = rng.random() < 0.3
            heard = WORDS[(digit + int(rng.integers(1, 10))) % 10] if wrong else WORDS[digit]
            noise = " ".join(rng.choice(MURMUR, 3))
            told.writerow([f"scan{row}", f"{row}.png", f"{noise} {heard}", digit])
    return folder


def project(folder: Path, state: Path, inputs: str, encoders: str) -> Project:
    classes = "\n".join(f'class {i} "{word}" {{}}' for i, word in enumerate(WORDS))
    file = state / "digits.task"
    state.mkdir(exist_ok=True)
    told = FILE.format(classes=classes, inputs=inputs, encoders=encoders)
    file.write_text(told, encoding="utf-8")
    return Project(file, state=state / "state", data_root=folder)


def accuracy(made: Project) -> float:
    made.run()
    last = made.campaign().rounds[-1].measurement
    assert last.true_accuracy is not None
    return last.true_accuracy


def test_picture_and_word_together_beat_either_alone(scans: Path, tmp_path: Path) -> None:
    both = project(
        scans,
        tmp_path / "both",
        f"{IMAGE}\n  {TEXT}",
        "encoder of image = pixels\n  encoder of text = tfidf",
    )
    together = accuracy(both)
    seen = accuracy(project(scans, tmp_path / "seen", IMAGE, "encoder = pixels"))
    heard = accuracy(project(scans, tmp_path / "heard", TEXT, "encoder = tfidf"))
    assert together > max(seen, heard) + 0.01, (together, seen, heard)
    page = both.report().read_text(encoding="utf-8")
    assert "data:image/png;base64," in page
    assert any(f" {word}" in page for word in WORDS)
    assert "image: pixels" in page
    assert "text: tfidf" in page
