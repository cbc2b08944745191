"""What a task file says of its items before anybody labelled one."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from labelwright import Project
from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.task import Task
from labelwright.loop import choosing
from labelwright.loop.errors import DataError
from labelwright.loop.plugins import Installed
from labelwright.loop.prior import by_rules, by_texts, class_texts
from labelwright.loop.store import Store

FILE = """
task desk "Desk" {{}}
class money "Money" {{
  describe = "coins, notes and banks"
  examples = ["a bank note"]
}}
class Garden {{
  class tree_house "Tree house" {{}}
  class Hedge {{}}
}}
data {{
  source = csv("items.csv")
  id     = id
  text   = body
}}
holdout {{ annotations = 4 }}
annotators {{ from = simulate(column = label) }}
budget {{
  annotations = 16
  per_round   = 12 items
}}
query {{ phase all {{ strategy = auto(random_share = 0) }} }}
{rules}
"""


def _task(rules: str = "") -> Task:
    task = read(SourceText("desk.task", FILE.format(rules=rules)), Installed()).task
    assert task is not None
    return task


def test_an_item_leans_to_the_class_whose_texts_it_resembles() -> None:
    rng = np.random.default_rng(0)
    for n, dim, k in ((30, 5, 3), (7, 2, 2), (12, 4, 1)):
        features, vectors = rng.normal(size=(n, dim)), rng.normal(size=(k, dim))
        found = by_texts(features.astype(np.float32), vectors)
        middle = [sum(v[d] for v in vectors) / k for d in range(dim)]
        for c in range(k):
            own = [vectors[c][d] - middle[d] for d in range(dim)]
            near = [sum(x[d] * own[d] for d in range(dim)) for x in features]
            mean = sum(near) / n
            spread = (sum((v - mean) ** 2 for v in near) / n) ** 0.5
            wanted = [2 * (v - mean) / spread if spread > 1e-12 else 0.0 for v in near]
            np.testing.assert_allclose(found[:, c], wanted, atol=1e-4)


def test_a_vote_counts_for_the_classes_within_and_one_against_takes_away() -> None:
    task = _task("""rules {
  leaf: vote Garden when body contains "leaf"
  coin: vote money when body contains "coin" weight 2
  dull: vote against Garden.Hedge when body contains "dull"
  void: veto when words(body) < 2
}""")
    fired = {
        "leaf": np.array([True, False, True]),
        "coin": np.array([False, True, False]),
        "dull": np.array([False, False, True]),
        "void": np.array([True, True, True]),
    }
    assert [each.id for each in task.labels] == ["money", "Garden.tree_house", "Garden.Hedge"]
    five = np.log(5)
    np.testing.assert_allclose(
        by_rules(task, fired, 3), [[0, five, five], [2 * five, 0, 0], [0, five, 0]], rtol=1e-6
    )


def test_a_class_is_told_by_its_name_description_and_examples() -> None:
    assert [class_texts(each) for each in _task().labels] == [
        ["Money", "Money: coins, notes and banks", "a bank note"],
        ["Tree house"],
        ["Hedge"],
    ]


WORDS = {
    "money": ("the bank lost coins and notes", "coins in a bank", "notes at banks"),
    "Garden.tree_house": ("a house in a tree", "the tree house leaks"),
    "Garden.Hedge": ("cut the hedge", "a hedge of yew"),
}


def _project(folder: Path, rules: str = "", *, common: int = 150, rare: int = 3) -> Project:
    rows = [(f"m{i}", f"{WORDS['money'][i % 3]} {i * 7919 % 1000}", "money") for i in range(common)]
    for name in ("Garden.tree_house", "Garden.Hedge"):
        rows += [(f"{name}{i}", f"{WORDS[name][i % 2]} {i}", name) for i in range(rare)]
    with (folder / "items.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "body", "label"), *rows])
    path = folder / "desk.task"
    path.write_text(FILE.format(rules=rules))
    return Project(path, state=folder / "state")


def _asked(at_work: Project) -> list[str]:
    at_work.run()
    with Store(at_work.state) as store:
        return [c.item for c in store.choices(0) if c.purpose == "train"]


def test_the_first_batch_holds_more_of_the_rare_classes_that_the_file_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("told", "silent"):
        (tmp_path / name).mkdir()
    at_work = _project(tmp_path / "told")
    asked = _asked(at_work)
    assert len(asked) == 12
    with monkeypatch.context() as patch:
        patch.setattr(choosing, "prior", lambda bench, round_: None)
        plain = _asked(_project(tmp_path / "silent"))
    rare, by_cover = (sum(item.startswith("Garden") for item in some) for some in (asked, plain))
    assert rare > by_cover
    with Store(at_work.state) as store:
        assert len(list((at_work.state / "classes").iterdir())) == 1
        assert not store.broken_files()


def test_a_rule_that_does_not_fit_the_data_stops_the_round(tmp_path: Path) -> None:
    at_work = _project(tmp_path, "rules {\n  big: vote money when body > 3\n}")
    with pytest.raises(DataError, match="body"):
        at_work.run()
