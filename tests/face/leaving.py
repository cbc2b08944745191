"""Small campaigns whose models leave them: texts, a table with gaps, pictures in files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
from PIL import Image

from labelwright import Project

WORDS = {
    "Red": ("rose", "blood", "brick", "fire", "apple", "wine", "ruby", "poppy"),
    "Blue": ("sea", "sky", "ink", "ice", "sapphire", "plum", "denim", "river"),
}
_TASK = """
task small "Small | *things*" {{ guide = "Which colour?" }}
class Red "red" {{ describe = "Like a rose." }}
class Blue "blue" {{ aliases = ["b"] }}
data {{
  source = {source}
  {inputs}
}}
holdout {{
  size        = 20%
  annotations = 12
}}
annotators {{ from = simulate(column = {label}) }}
budget {{
  annotations = 52
  per_round   = 20 items
}}
query {{ phase all {{ strategy = random }} }}
train {{
  encoder  = {encoder}
  finetune = {finetune}
}}
accept {{ accuracy >= 60% }}
output {{ model = folder("out/model") }}
{more}
"""


def campaign(
    folder: Path,
    source: str,
    inputs: str,
    encoder: str,
    finetune: str = "head",
    *,
    label: str = "label",
    more: str = "",
) -> Project:
    """A campaign that has run, of a task file in `folder`, where its data lie."""
    path = folder / "small.task"
    text = _TASK.format(
        source=source, inputs=inputs, encoder=encoder, finetune=finetune, label=label, more=more
    )
    path.write_text(text, encoding="utf-8")
    project = Project(path)
    project.run()
    return project


def texts(folder: Path, encoder: str = "tfidf", finetune: str = "head", more: str = "") -> Project:
    """90 short texts in items.csv, one of them without text."""
    with (folder / "items.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "body", "label"))
        for i in range(90):
            label = ("Red", "Blue")[i % 2]
            words = [WORDS[label][(i * k) % 8] for k in (1, 3, 5)]
            rows.writerow((f"t{i:02d}", "" if i == 7 else f"{i} {' '.join(words)} 색", label))
    return campaign(folder, 'csv("items.csv")', "id = id text = body".replace(" t", "\n  t"), encoder,
                    finetune, more=more)  # fmt: skip


def table(folder: Path, finetune: str = "head") -> Project:
    """120 rows of numbers and categories, with gaps, in items.csv; `size` is all whole numbers."""
    rng = np.random.default_rng(0)
    with (folder / "items.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "size", "weight", "shape", "code", "label"))
        for i in range(120):
            red = i % 2 == 0
            size = int(rng.integers(0, 60) + 40 * red)
            weight = "" if i % 11 == 0 else f"{rng.normal(2 * red):.3f}"
            shape = rng.choice(["round", "square", "", "odd"], p=[0.5, 0.3, 0.1, 0.1])
            rows.writerow((i, size, weight, shape, f"{i % 3:02d}", ("Blue", "Red")[red]))
    inputs = "id = id\n  columns = [size, weight, shape, code]"
    return campaign(folder, 'csv("items.csv")', inputs, "table", finetune)


def pictures(folder: Path, encoder: str = "pixels(side = 8)", finetune: str = "head") -> Project:
    """60 pictures, red or blue, of several sizes, in pics/Red and pics/Blue."""
    rng = np.random.default_rng(0)
    for i in range(60):
        label, channel = (("Red", 0), ("Blue", 2))[i % 2]
        pixels = rng.integers(0, 120, (6 + i % 3, 8, 3), dtype=np.uint8)
        pixels[:, :, channel] += 120
        (folder / "pics" / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / "pics" / label / f"{i}.png")
    return campaign(folder, 'images("pics")', "", encoder, finetune, label="folder")


def own_predictions(project: Project) -> tuple[list[str], np.ndarray]:
    """Ids of all items, and the newest model's probabilities of them as the campaign itself has them."""
    with project.looking() as bench:
        last = project.rounds_so_far()[-1].round
        items = bench.items(last)
        probs = bench.final(last).predict_proba(bench.seen(last, np.arange(len(items))))
        return list(items.ids), probs


def marks(folder: Path) -> Project:
    """90 texts in items.parquet in which colours are marked."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = []
    for i in range(90):
        label = ("Red", "Blue")[i % 2]
        before = f"{i} the "
        word = WORDS[label][(i * 3) % 8]
        mark = {"start": len(before), "end": len(before) + len(word), "label": label}
        rows.append({"id": f"m{i:02d}", "body": f"{before}{word} 색 fell", "marks": [mark]})
    pq.write_table(pa.Table.from_pylist(rows), folder / "items.parquet")
    path = folder / "small.task"
    text = _TASK.format(
        source='parquet("items.parquet")', inputs="id = id\n  text = body", encoder="tfidf",
        finetune="head", label="marks", more="",
    )  # fmt: skip
    text = text.replace("{ guide", "{ kind = spans guide".replace(" g", "\n  g"), 1)
    path.write_text(text.replace("accuracy", "micro_f1"), encoding="utf-8")
    project = Project(path)
    project.run()
    return project


def sets(folder: Path) -> Project:
    """90 texts in items.jsonl, of which some are of both classes and some of none."""
    with (folder / "items.jsonl").open("w", encoding="utf-8") as file:
        for i in range(90):
            given = (["Red"], ["Blue"], ["Red", "Blue"], [])[i % 4]
            words = [WORDS[label][(i * k) % 8] for label in given for k in (1, 3, 5)]
            row = {"id": f"s{i:02d}", "body": f"{i} {' '.join(words)} this", "label": given}
            file.write(json.dumps(row) + "\n")
    path = folder / "small.task"
    text = _TASK.format(
        source='jsonl("items.jsonl")', inputs="id = id\n  text = body", encoder="tfidf",
        finetune="head", label="label", more="",
    )  # fmt: skip
    text = text.replace("{ guide", "{\n  choose = many\n  empty = allowed\n  guide", 1)
    path.write_text(text.replace("accuracy", "micro_f1"), encoding="utf-8")
    project = Project(path)
    project.run()
    return project
