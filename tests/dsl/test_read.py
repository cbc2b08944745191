"""The public door: it never raises, one fault gives one diagnostic, and it is quick."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.reader import parse
from tests.dsl.catalogues import EARLY, EVERYTHING
from tests.dsl.test_recovery import mutate

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.task"))
ids = [path.stem for path in EXAMPLES]


def source_of(path: Path) -> SourceText:
    return SourceText(path.name, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", EXAMPLES, ids=ids)
def test_examples_are_sound(path: Path) -> None:
    reading = read(source_of(path), EVERYTHING)
    assert reading.diagnostics == ()
    assert reading.task is not None


@pytest.mark.parametrize("path", EXAMPLES, ids=ids)
def test_only_plugins_of_a_later_version_are_unknown(path: Path) -> None:
    reading = read(source_of(path), EARLY)
    assert {d.code for d in reading.diagnostics} <= {"E206"}
    assert (reading.task is None) == bool(reading.diagnostics)
    for found in reading.diagnostics:
        assert f"`{reading.source.text[found.span.start : found.span.end]}`" in found.message


def test_a_mutation_gives_one_error_more_or_none() -> None:
    """What meaning adds to a broken form is no echo; a file that parses gives at most a few."""
    rng = random.Random(20261122)
    texts = [path.read_text(encoding="utf-8") for path in EXAMPLES]
    echoes = broken = many = 0
    for _ in range(150):
        _, text = mutate(rng.choice(texts), rng)
        source = SourceText("m.task", text)
        form = [d for d in parse(source)[1] if d.severity == "error"]
        reading = read(source, EVERYTHING)
        assert (reading.task is None) == bool(reading.errors)
        places = [d.span.start for d in reading.diagnostics]
        assert places == sorted(places)
        if form:
            broken += 1
            echoes += len(reading.errors) > len(form)
        else:
            many += len(reading.errors) > 1
    assert broken > 50
    assert echoes <= broken * 0.03
    assert many <= 4


PIECES = (
    'task class data budget accept rules slice query phase x "x" 3 50% { } = >= ( ) [ ] , . : of '
    "each when until vote against veto /a/ A B requires matches == is not missing USD #c \n \n \n"
)
TOKENS = PIECES.split(" ")


@settings(max_examples=150)
@given(st.lists(st.sampled_from(TOKENS), max_size=40).map(" ".join) | st.text(max_size=60))
def test_it_never_raises(text: str) -> None:
    reading = read(SourceText("any.task", text), EVERYTHING)
    assert (reading.task is None) == bool(reading.errors)


def test_a_broken_class_is_not_missed_elsewhere() -> None:
    text = (
        'task t\nclass A {\n  describe = = "x"\n}\nclass B\nclass C "title {\n}\n'
        'data { source = csv("x.csv") }\naccept {\n  recall of A >= 80%\n  recall of C >= 80%\n}\n'
    )
    found = read(SourceText("t.task", text), EVERYTHING).diagnostics
    assert all(d.code.startswith("E1") for d in found)
    assert len(found) == 2


def test_a_lost_setting_is_not_counted_as_missing() -> None:
    text = (
        'task t\nclass A\nclass B\ndata {\n  source csv("x.csv")\n}\n'
        "budget {\n  annotations = = 10\n}\nholdout { annotations = 2_000 }\n"
    )
    found = read(SourceText("t.task", text), EVERYTHING).diagnostics
    assert [d.code[:2] for d in found] == ["E1", "E1"]


def test_importing_loads_nothing_heavy() -> None:
    script = (
        "import sys, labelwright.dsl.read, labelwright.dsl.show, labelwright.dsl.definition\n"
        "heavy = {'numpy', 'torch', 'sklearn', 'pyarrow', 'rich', 'scipy', 're2', 'typer'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_reading_is_quick() -> None:
    """A file of 140 lines in well under a tenth of a second, the grammar already loaded."""
    source = source_of(next(path for path in EXAMPLES if path.stem == "news"))
    read(source, EVERYTHING)
    took = []
    for _ in range(5):
        start = time.process_time()
        read(source, EVERYTHING)
        took.append(time.process_time() - start)
    assert min(took) < 0.1
