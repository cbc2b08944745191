"""The formatter moves white space and nothing else, and the same tokens always look the same."""

from __future__ import annotations

import math
import random
import re
import time
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelwright.dsl import format as format_
from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.format import FormatError, contents, format_text
from labelwright.dsl.reader import parse
from labelwright.dsl.scaffold import Answer, ProposedRule, scaffold
from labelwright.dsl.scaffold_classes import ProposedClass
from labelwright.dsl.show import show
from labelwright.dsl.task import Task
from labelwright.dsl.tokens import scan
from labelwright.dsl.tree import Node, Span
from tests.dsl.layouts import disordered
from tests.dsl.tasks import tasks

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob("tests/dsl/examples/*.task"), *ROOT.glob("tasks/*.task")])
TEXTS = {path: path.read_text(encoding="utf-8") for path in FILES}


def formatted(text: str) -> str:
    result = format_text(SourceText("x.task", text))
    assert result.errors == ()
    return result.text


def shape(value: object) -> object:
    """What was read, without where: two texts of one shape mean the same."""
    if isinstance(value, Span):
        return None
    if isinstance(value, Node) or is_dataclass(value):
        names = (
            [f.name for f in fields(value)]  # type: ignore[arg-type]
            if is_dataclass(value)
            else list(vars(value))
        )
        kept = [n for n in names if n not in ("span", "comments")]
        return type(value).__name__, [shape(getattr(value, n)) for n in kept]
    if isinstance(value, tuple | list):
        return [shape(part) for part in value]
    return value


def kept_all(before: str, after: str) -> None:
    """The same tokens, the same tree, the same comments, and nothing left to do."""
    assert contents(scan(after)) == contents(scan(before))
    (was, _), (now, faults) = (parse(SourceText("x", text)) for text in (before, after))
    assert not [d for d in faults if d.severity == "error"]
    assert shape(now) == shape(was)
    assert [c.rstrip() for c in now.comments.values()] == [
        c.rstrip() for c in was.comments.values()
    ]
    assert formatted(after) == after
    outside = re.sub(r'"""[\s\S]*?"""', '""', after)
    assert not re.search(r"[ \t]\n|\n\n\n|\r|\{\n\n|\n\n\s*\}|\A\n|\n\n\Z", outside)
    assert not after or after.endswith("\n")


# --- whole files ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_our_files_are_in_form(path: Path) -> None:
    assert formatted(TEXTS[path]) == TEXTS[path]
    kept_all(TEXTS[path], TEXTS[path])


@pytest.mark.parametrize("gaps", [False, True], ids=["margins", "gaps"])
@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_thousand_layouts_are_restored(path: Path, gaps: bool) -> None:
    """As many for each file and each of 2 ways of disordering it as make a thousand together."""
    chance = random.Random(f"{path.stem} {gaps}")
    changed = 0
    count = max(20, math.ceil(1_000 / (2 * len(FILES))))
    for number in range(count):
        newline = ("\n", "\n", "\r\n", "\r")[number % 4]
        text = disordered(TEXTS[path], chance, gaps=gaps, newline=newline)
        if number % 5 == 0:
            text = "\ufeff" + text
        changed += text != TEXTS[path]
        assert formatted(text) == TEXTS[path]
    assert changed == count


@pytest.mark.parametrize("number", [60, pytest.param(600, marks=pytest.mark.slow)])
def test_what_show_prints_is_in_form(number: int) -> None:
    @settings(max_examples=number, suppress_health_check=list(HealthCheck))
    @given(tasks(), st.randoms(use_true_random=False))
    def in_form(task: Task, chance: random.Random) -> None:
        text = show(task)
        assert formatted(text) == text
        assert formatted(disordered(text, chance, gaps=True)) == text

    in_form()


def test_what_init_writes_is_in_form() -> None:
    classes = [ProposedClass("스포츠", 120), ProposedClass("world news", 30)]
    rules = [ProposedRule("a", 0, 'body == "x"', "seen"), ProposedRule("longer", 1, "n > 2", "")]
    text = scaffold(
        "뉴스", title="News", classes=classes, source_call='csv("n.csv")', id="id", text=["body"],
        answer=Answer(choose="many"), label="topic", items=1_000, remarks=["150 items"], rules=rules,
    )  # fmt: skip
    assert "rules {" in text
    assert formatted(text) == text


# --- texts as people leave them ---------------------------------------------------------------


def mutated(text: str, chance: random.Random) -> str:
    """`text` with a few lines or tokens dropped, doubled, swapped, joined, parted or commented."""
    lines = text.split("\n")
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(lines))
        match chance.randrange(9):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[chance.randrange(len(lines))])
            case 2:
                lines[at] += "  # seen " + chance.choice(("", "한글", '"', "{ } \t", "`allow`"))
            case 3:
                lines.insert(at, chance.choice(("", "\t", "# allow L203", "    #", "#\u3000x ")))
            case 4:
                lines[at : at + 2] = [" ".join(lines[at : at + 2])]
            case 5:  # a line break within brackets, after a comma, before a brace, anywhere
                cuts = [m.end() for m in re.finditer(r"[\[(,{]| and| or|(?= \{| \]|\))", lines[at])]
                cut = chance.choice(cuts or [len(lines[at])])
                lines[at : at + 1] = [lines[at][:cut], lines[at][cut:]]
            case 6:
                lines[at] = lines[at].replace(" = ", chance.choice(("=", " =\t", "= ")))
            case 7:
                words = lines[at].split(" ")
                spot = chance.randrange(len(words))
                words.insert(spot, chance.choice(words))
                lines[at] = " ".join(words)
            case _:
                other = chance.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
        lines = lines or [""]
    return "\n".join(lines)


@pytest.mark.parametrize("number", [120, pytest.param(2_000, marks=pytest.mark.slow)])
def test_texts_that_still_read_keep_their_meaning(number: int) -> None:
    chance = random.Random(number)
    sound = broken = 0
    for _ in range(number):
        text = mutated(chance.choice(list(TEXTS.values())), chance)
        result = format_text(SourceText("x.task", text))
        if result.errors:
            assert result.text == text
            broken += 1
        else:
            kept_all(text, result.text)
            sound += 1
    assert sound > number / 4
    assert broken > number / 8


CASES = {
    "one space, one level, one column": (
        "task   t{\nkind=spans\n\t\tnesting =flat\n      }\nclass A{hotkey=\"1\"}\nclass B { }",
        'task t {\n  kind    = spans\n  nesting = flat\n}\nclass A { hotkey = "1" }\nclass B {}\n',
    ),
    "cells, not characters": (
        "rules {\n한글: veto\nabc: veto when a==1\n}",
        "rules {\n  한글: veto\n  abc:  veto when a == 1\n}\n",
    ),
    "settings and criteria share a column": (
        "accept {\nconfidence=95%\nrecall( k=5 ) of A.B>=3\n}",
        "accept {\n  confidence           = 95%\n  recall(k = 5) of A.B >= 3\n}\n",
    ),
    "a sentence or an empty line ends a run; a comment does not": (
        'data {\na=1\n# why\nlonger=2\nkeep when not( a==1 )\nb=3\n\nlongest=4\n}',
        "data {\n  a      = 1\n  # why\n  longer = 2\n  keep when not (a == 1)\n"
        "  b = 3\n\n  longest = 4\n}\n",
    ),
    "comments": (
        "budget {# all\na=1#x\n bb = 22 #  y \nc=3\nd=4   # z\ne=5\nf=6\ng=7 # far\n# last\n}# end",
        "budget {  # all\n  a  = 1   #x\n  bb = 22  #  y\n  c  = 3\n  d  = 4   # z\n  e  = 5\n"
        "  f  = 6\n  g  = 7  # far\n  # last\n}  # end\n",
    ),
    "comments of blocks on one line": (
        'class A { hotkey = "a" } # x\nclass Bee { hotkey = "b" } # y',
        'class A { hotkey = "a" }    # x\nclass Bee { hotkey = "b" }  # y\n',
    ),
    "lists": (
        'data {\na=[1,2 ,\n3,\n ]\nb = [\n1 ,[ 2,\n3]\n# four\n]\nc=f(x ( 1 ),k=[ ] )\n}',
        "data {\n  a = [1, 2,\n       3,\n      ]\n  b = [\n    1, [2,\n        3]\n    # four\n  ]\n"
        "  c = f(x(1), k = [])\n}\n",
    ),
    "what is said goes on below where it began": (
        "rules {\na:  vote X when b==1 and\nc contains any [\n\"x\",\n] or\n( d is   missing and\n"
        "e<2 ) weight 2\nslow: veto\n}\nslice s when a==1 and\n# why\nb==2",
        'rules {\n  a:    vote X when b == 1 and\n        c contains any [\n          "x",\n        ] or\n'
        "        (d is missing and\n         e < 2) weight 2\n  slow: veto\n}\n"
        "slice s when a == 1 and\n  # why\n  b == 2\n",
    ),
    "several objects": (
        "constraints {\nA requires B,\nC\n }",
        "constraints {\n  A requires B,\n    C\n}\n",
    ),
    "braces where the author put them": (
        "class A\n{\nx = 1 }\nquery { phase a until labels>=2 { strategy = margin }\n}",
        "class A\n{\n  x = 1 }\nquery { phase a until labels >= 2 { strategy = margin }\n}\n",
    ),
    "a long text as one": (
        'task t {\n            guide = """\n   One.\n\n     Two.\n  """ # x\n  describe = """ in one """\n}',
        'task t {\n  guide    = """\n    One.\n\n      Two.\n    """  # x\n  describe = """ in one """\n}\n',
    ),
    "a long text that begins beside its marks": (
        'task t {\n  guide = """One.\n   Two."""\n}',
        'task t {\n  guide = """\n    One.\n       Two.\n    """\n}\n',
    ),
    "numbers of classes": (
        "rules {\na: vote 1 . 5 when x==-1\nb: vote A .1 .B\n}",
        "rules {\n  a: vote 1 .5 when x == -1\n  b: vote A.1 .B\n}\n",
    ),
    "amounts": ("budget {\nmoney=700EUR\n}", "budget {\n  money = 700 EUR\n}\n"),
    "nothing": ("\ufeff\n \t\r\n", ""),
    "only comments": ("\n\n  # a\n\n\n\t# b  ", "# a\n\n# b\n"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_rules_of_the_layout(before: str, after: str) -> None:
    assert formatted(before) == after
    kept_all(before, after)


# --- long texts -------------------------------------------------------------------------------

prose = st.text(st.sampled_from('a한"\\ \t\n\n  '), max_size=40).filter(lambda s: '"""' not in s)


@settings(max_examples=400)
@given(prose, st.sampled_from(["\n", "\r\n", "\r"]), st.integers(0, 9))
def test_long_texts_keep_their_value(text: str, newline: str, margin: int) -> None:
    body = text.rstrip('"').replace("\n", newline + " " * margin)
    source = f'task t {{\n guide = """{body}"""\n}}\n'
    kept_all(source, formatted(source))


# --- refusals and defects ---------------------------------------------------------------------


def test_a_broken_file_is_left_alone() -> None:
    text = "task t {\n   kind = \n}\nclass  A\n"
    result = format_text(SourceText("x.task", text))
    assert result.text == text
    assert [d.code for d in result.errors] == ["E117"]


def test_errors_of_meaning_do_not_matter() -> None:
    assert formatted("nonsense  {lables=[A,A]}") == "nonsense { lables = [A, A] }\n"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("# note", "# not"),
        lambda text: text.replace("[-:]", "[- :]"),
        lambda text: text.replace("Two.", " Two."),
        lambda text: text.replace("1, 2", "12"),
        lambda text: text.replace("\n", " ", 1),
        lambda text: text + "#",
        lambda text: text[:-3],
    ],
)
def test_a_defect_of_ours_is_noticed(spoil, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'a = [1, 2]  # note\nb = /x [-:]/\nc = """\n  One.\n  Two.\n  """\n'
    real = format_.written
    assert formatted(text) == text
    monkeypatch.setattr(format_, "written", lambda tokens: spoil(real(tokens)))
    with pytest.raises(FormatError, match="would have changed"):
        formatted(text)


def test_a_layout_that_would_change_again_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = format_.written
    monkeypatch.setattr(format_, "written", lambda tokens: real(tokens) + "\n" * len(tokens))
    monkeypatch.setattr(format_, "scan", lambda text: scan(text)[: 3 + text.count("\n\n")])
    with pytest.raises(FormatError, match="twice"):
        format_text(SourceText("x", "a = 1\n"))


def test_time_is_linear() -> None:
    def seconds(classes: int) -> float:
        block = 'class C{} {{\n describe = "한글 {}"  # x\n  hotkey="{}"\n}}\n'
        text = "".join(block.format(n, n, n) for n in range(classes))
        began = time.process_time()
        assert formatted(text).count("\n") == 4 * classes
        return time.process_time() - began

    few, many = min(seconds(300) for _ in range(3)), seconds(3_000)  # 12,000 lines
    assert many < 30 * few
