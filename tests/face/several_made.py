"""Made texts of several classes, and a task on them: nested classes, and one that excludes another."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

TASK = """
task wishes "Wishes" {{
  choose = many
  empty  = {empty}
  classes = any
}}
class Food {{
  class Sweet
  class Salty
}}
class Travel
class Music
class Quiet
constraints {{ Quiet excludes Music }}
data {{
  source = jsonl("wishes.jsonl")
  id     = id
  text   = text
}}
holdout {{ annotations = 150 }}
slice long when length(text) >= 60
annotators {{
  from = simulate(column = wishes, people = 3, error = {error})
  overlap = {overlap}
}}
budget {{
  annotations = {annotations}
  per_round   = 50 items
}}
query {{ {phases} }}
{more}
accept {{
  confidence = 95%
  micro_f1    >= 99%
  exact_match >= 20%
  f1 of Food  >= 30%
  recall of each class >= 1%
  macro_f1    >= 10% on long
  labels      >= 100
  labels of Food >= 20
  ece         <= 30%
}}
"""

WORDS = {
    "Food.Sweet": "cake honey sugar jam chocolate syrup candy",
    "Food.Salty": "chips pickle olives ham cheese soup bread",
    "Travel": "train ticket hotel border beach map suitcase",
    "Music": "guitar drums choir record concert melody singer",
    "Quiet": "silence library whisper empty alone hush calm",
}
_OTHER = "the a of and one some today please again maybe more soon really nice"
_SHARES = (0.3, 0.2, 0.25, 0.15, 0.1)


def write(folder: Path, n: int = 500, seed: int = 0) -> Path:
    """`wishes.jsonl` with n texts, of one class or two; one in eight of none."""
    rng = np.random.default_rng(seed)
    names = list(WORDS)
    rows = []
    for i in range(n):
        size = int(rng.choice([0, 1, 2], p=[0.12, 0.55, 0.33]))
        drawn = [names[c] for c in rng.choice(len(names), size, replace=False, p=_SHARES)]
        if {"Quiet", "Music"} <= set(drawn):
            drawn.remove("Quiet")
        every = " ".join(WORDS.values()).split()
        words = [str(w) for c in drawn for w in rng.choice(WORDS[c].split(), 2)]
        words += [str(w) for w in rng.choice(every, rng.integers(0, 3))]  # that say nothing
        words += [str(w) for w in rng.choice(_OTHER.split(), 4)]
        rng.shuffle(words)
        rows.append({"id": f"w{i}", "text": " ".join(words), "wishes": drawn})
    path = folder / "wishes.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def task(
    folder: Path,
    *,
    empty: str = "allowed",
    error: str = "0%",
    overlap: int = 1,
    annotations: int = 300,
    phases: str = "phase all { strategy = auto }",
    more: str = "",
) -> Path:
    """`wishes.task` beside the data."""
    path = folder / "wishes.task"
    text = TASK.format(
        empty=empty, error=error, overlap=overlap, annotations=annotations, phases=phases, more=more
    )  # fmt: skip
    path.write_text(text, encoding="utf-8")
    return path
