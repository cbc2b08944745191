"""`labelwright rules` as a user meets it, and its table by itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.loop.plugins import Installed
from labelwright.loop.ports import Fault
from labelwright.loop.rules.analysis import Analysis, RuleFigures, Shown
from labelwright.loop.rules.report import RulesReport
from labelwright.loop.supported import unsupported
from labelwright.rules_view import examples_view, rules_json, rules_view, worth
from labelwright.words import cell_width

from .in_process import command

TASK = """task colours "Colours"

class warm { aliases = [red] }
class cold

data {
  source = csv("my.csv")
  id     = id
  text   = body
}

rules {
  reds:  vote warm when body contains any ["RED", "amber"]
  blues: vote cold when body matches /\\bblue\\b/
  not_w: vote against warm when body contains "teal"
  dead:  vote cold when body contains "zebra"
  stub:  veto when words(body) < 2
}
"""
SIMULATED = """
annotators { from = simulate(column = topic, people = 1, error = 0%) }
holdout { size = 30%
 annotations = 40 }
budget { annotations = 80 }
"""


def rows(n: int) -> str:
    words = ["red amber", "blue teal"]
    return "".join(f"{i},{words[i % 2]} {i},{'warm' if i % 2 == 0 else 'cold'}\n" for i in range(n))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my.csv").write_text(
        "id,body,topic\n" + rows(120) + "900,red,warm\n901,red blue cow,cold\n", encoding="utf-8"
    )
    (tmp_path / "my.task").write_text(TASK, encoding="utf-8")
    return tmp_path


def run(folder: Path, *words: str, code: int = 0, columns: int = 120) -> tuple[str, str]:
    done = command(folder, *words, env={"COLUMNS": str(columns)})
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout, done.stderr


def test_a_table_without_a_campaign_or_a_label(folder: Path) -> None:
    told, _ = run(folder, "rules", "my.task")
    lines = told.splitlines()
    assert lines[0] == "my.task · 5 rules on 122 items"
    assert lines[2].split() == ["rule", "says", "fires", "on", "alone", "overlap", "conflict"]
    assert lines[3].split() == ["reds", "vote", "warm", "61", "50.0%", "49.2%", "0.8%", "0.8%"]
    assert lines[5].split()[:4] == ["not_w", "against", "warm", "60"]
    assert lines[6].rstrip().endswith("never fires")
    assert "covered    121 of 122 items (99.2%) by at least one vote" in told
    assert "conflicts  1 item (0.8%)" in told
    assert "vetoed     1 item (0.8%)" in told
    assert "labels" not in told
    assert "Next       labelwright rules my.task --examples 5" in told
    assert not (folder / ".labelwright").exists()


def test_precision_where_existing_labels_are_known(folder: Path) -> None:
    (folder / "my.task").write_text(TASK + "existing_labels { label = topic }\n")
    told, _ = run(folder, "rules", "my.task", "--examples", "2")
    assert "60 of 61, 0.98 (0.91 to 0.9996)" in told
    assert "labels     existing labels in column topic (noisy): 122 items" in told
    assert "wrong on  901" in told
    assert "red blue cow  = cold" in told
    found = json.loads(run(folder, "rules", "my.task", "--json")[0])
    reds = found["rules"][0]
    assert (reds["right"], reds["labelled"], reds["fires"]) == (60, 61, 61)
    assert reds["low"] < reds["precision"] < reds["high"]
    assert found["labelled"] == found["items"] == 122
    against = found["rules"][2]
    assert (against["class"], against["precision"]) == ("warm", 1.0)


def test_people_s_labels_once_a_campaign_has_begun(folder: Path) -> None:
    (folder / "my.task").write_text(TASK + SIMULATED)
    told, _ = run(folder, "rules", "my.task")
    assert "right where" not in told  # the truth of simulated people is not looked at
    run(folder, "run", "my.task", code=0)
    found = json.loads(run(folder, "rules", "my.task", "--json")[0])
    assert found["labels"].startswith("people’s labels of the pool after")
    assert 20 <= found["labelled"] <= 40  # what was asked of the pool, nothing of the holdout
    changed = (TASK + SIMULATED).replace("class cold", "class cold\nclass mild")
    (folder / "my.task").write_text(changed)
    told, notes = run(folder, "rules", "my.task")
    assert "people’s labels are left out" in notes
    assert "right where" not in told


def test_data_that_cannot_be_used_say_so(folder: Path) -> None:
    with (folder / "my.csv").open("a", encoding="utf-8") as file:
        file.write("5,another text,warm\n")
    told, _ = run(folder, "rules", "my.task")
    assert "set aside  1 row: 1 with duplicate id with other content; the first: csv" in told
    with (folder / "my.csv").open("a", encoding="utf-8") as file:
        file.write("".join(f"{i},another text,warm\n" for i in range(20)))
    _, told = run(folder, "rules", "my.task", code=1)
    assert "rows cannot be used" in told
    (folder / "my.task").write_text(
        TASK.replace('contains "teal"', 'contains "teal" and shade > 1')
    )
    _, told = run(folder, "rules", "my.task", code=1)
    assert "no column called shade" in told


def test_a_file_without_rules_is_shown_one(folder: Path) -> None:
    (folder / "my.task").write_text(TASK[: TASK.index("rules {")])
    told, _ = run(folder, "rules", "my.task")
    assert "my.task has no rules" in told
    assert "vote Sports when body contains any" in told
    assert json.loads(run(folder, "rules", "my.task", "--json")[0])["rules"] == []


def test_rules_of_a_spans_task(folder: Path) -> None:
    rule = 'rules {\n  reds: vote warm when span == "red" and after contains "blue"\n}\n'
    head = TASK[: TASK.index("rules {")].replace('"Colours"', '"Colours" { kind = spans }')
    (folder / "my.task").write_text(head + rule)
    told, _ = run(folder, "rules", "my.task", "--examples", "1")
    assert "[red] blue cow" in told
    assert "conflict" not in told


def test_what_this_version_does_not_apply_is_said(folder: Path) -> None:
    (folder / "my.task").write_text(TASK.replace("text   = body", "text = body\n  dedupe = exact"))
    _, notes = run(folder, "rules", "my.task")
    task = read(SourceText("t", (folder / "my.task").read_text()), Installed()).task
    assert task is not None
    said = "data dedupe is not applied yet" in notes
    assert said == ("data dedupe" in unsupported(task))
    joined = TASK.replace("text   = body", 'text = body\n  join = csv("more.csv", key = id)')
    (folder / "my.task").write_text(joined)
    task = read(SourceText("t", joined), Installed()).task
    assert task is not None
    if "data join" in unsupported(task):
        assert "cannot join sources yet" in run(folder, "rules", "my.task", code=1)[1]


# --- the table --------------------------------------------------------------------------------


def figures(name: str, says: str | None, action: str = "vote", **counts: int) -> RuleFigures:
    given = {"fires": 0, "alone": 0, "conflicts": 0, "labelled": 0, "right": 0, **counts}
    return RuleFigures(name=name, action=action, label=says, **given)  # type: ignore[arg-type]


def report(*rules: RuleFigures, labelled: int = 40, faults: tuple[Fault, ...] = ()) -> RulesReport:
    analysis = Analysis(
        items=10_000, rules=rules, vetoed=7, voted=900, only_against=12, conflicts=3,
        labelled=labelled,
    )  # fmt: skip
    return RulesReport(analysis, faults, "existing labels in column desk (noisy)")


KOREAN = report(
    figures("환율", "경제", fires=1_234, alone=1_000, conflicts=2, labelled=40, right=34),
    figures("a_very_long_name_of_a_rule_indeed", "Sports", fires=3, alone=0, labelled=2, right=2),
    figures("stub", None, "veto", fires=7),
    figures("dead", "Sports", "against"),
)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_columns_stand_straight_in_cells(width: int) -> None:
    told = rules_view(KOREAN, width=width, following=["labelwright check x.task"]).splitlines()
    heading = next(line for line in told if line.startswith("rule"))
    ends = {
        cell_width(line[: line.index(share) + len(share)])
        for line, share in (
            (told[1], "12.3%"),
            *((line, "<0.1%") for line in told if "a_very" in line),
        )
    }
    assert len(ends) == 1
    assert all(cell_width(line) <= width for line in told if "Next" not in line)
    assert ("right where the label is known" in heading) == (width == 120)
    assert any("34 of 40, 0.85 (0.70 to 0.94)" in line for line in told)
    assert sum("never fires" in line for line in told) == 1


def test_what_is_set_aside_and_what_is_next() -> None:
    faults = (Fault("x.csv", 7, "missing id"), Fault("x.csv", 9, "missing id"))
    told = rules_view(report(labelled=0, faults=faults), following=["a", "b"])
    assert "set aside  2 rows: 2 with missing id; the first: x.csv, row 7: missing id" in told
    assert told.endswith("Next       a\n           b")


def test_figures_never_round_to_certainty() -> None:
    nearly = figures("r", "A", fires=5_000, labelled=5_000, right=4_999)
    assert worth(nearly) == "4,999 of 5,000, 0.9998 (0.999 to 0.99999)"
    assert worth(figures("r", "A", fires=3, labelled=3, right=3)) == "3 of 3, 1.00 (0.29 to 1.00)"
    assert worth(figures("r", "A", fires=3)) == ""


def test_examples_are_cut_to_the_line_and_cannot_steer_the_terminal() -> None:
    shown = Shown(1, "7", "환율 \x1b[31m" + "상승 " * 60, ("경제",))
    rule = RuleFigures("r", "vote", "경제", 1, 1, 0, 1, 0, (shown,), ())
    told = examples_view(report(rule), width=70)
    assert "\x1b" not in told
    assert max(map(cell_width, told.splitlines())) <= 70
    assert told.rstrip().endswith("= 경제")
    assert rules_json(report(rule), "x.task")["rules"][0]["examples"][0]["item"] == "7"


# --- the documentation ------------------------------------------------------------------------


def test_the_run_in_the_documentation_is_real(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    (task,) = re.findall(r"```task\n(.*?)```", page, re.DOTALL)
    (shown,) = re.findall(
        r"```console\n\$ labelwright rules tumour.task\n(.*?)```", page, re.DOTALL
    )
    (tmp_path / "tumour.task").write_text(task, encoding="utf-8")
    told, _ = run(tmp_path, "rules", "tumour.task", columns=100)
    assert told == shown


@pytest.mark.parametrize("number", range(4))
def test_the_rules_and_constraints_in_the_documentation_are_sound(number: int) -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\n((?:rules|constraints) \{.*?)```", page, re.DOTALL)
    assert len(blocks) == 4
    kind = "kind = spans" if "span matches" in blocks[number] else "choose = many"
    names = ("경제", "Sports", "Fraud", "Healthy", "Buyer", "Target", "Price", "Blurred")
    classes = (
        "".join(f"class {name}\n" for name in names)
        + "class Fungal { class Rust\n class Mildew }\n"
    )
    data = 'data { source = csv("x.csv")\n text = body }\n'
    text = f"task t {{ {kind} }}\n{classes}{data}{blocks[number]}"
    found = read(SourceText("t.task", text), Installed())
    assert [d.message for d in found.errors] == []
