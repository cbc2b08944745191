"""Each lint: a snapshot of what it says, and near misses on which it stays quiet."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from labelwright.dsl.diagnostics import Diagnostic, SourceText
from labelwright.dsl.read import read
from labelwright.dsl.render import apply_fixes, render
from labelwright.dsl.surroundings import Column, Surroundings
from tests.dsl.catalogues import EVERYTHING
from tests.dsl.snapshots import check_snapshot
from tests.dsl.test_recovery import mutate

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.task"))
BASE = """task news "News"

class Politics "정치" {
  describe = "Government, parliament, parties."
  class Election { describe = "Campaigns, polls and counting." }
  class Other
}
class 경제 "Economy" { describe = "Markets, companies and prices." }
class Sports { describe = "Matches, athletes and clubs." }
class Fraud { describe = "Scams and swindles." }

data {
  source = csv("news.csv")
  text   = body
}

"""
MANY = BASE.replace('"News"\n', '"News" { choose = many }\n', 1)
SPANS = BASE.replace('"News"\n', '"News" { kind = spans }\n', 1)
RULES = (
    "rules {\n  goal:   vote Sports when body matches /goal/\n"
    "  shares: vote 경제 when body matches /share/\n  stub:   veto when words(body) < 40\n}\n"
)


def columns(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "text") for name in names)


def rare(fraud: int, **more: object) -> Surroundings:
    """5,000 items, all with a label, this many of them Fraud."""
    each = {"Election": 1_000, "Sports": 2_000, "경제": 2_000 - fraud, "Fraud": fraud}
    return Surroundings(**{"items": 5_000, "labelled": 5_000, "per_class": each, **more})


CASES: dict[str, str] = {
    "L202_no_description": BASE + 'class Crime { hotkey = "c" }\n',
    "L202_a_gap": BASE + 'class Crime {\n  describe = ""\n  examples = ["He broke in."]\n}\n',
    "L203_nearly_alike": BASE + 'class Football {\n  describe = "Match, athletes and clubs."\n}\n',
    "L203_in_korean": BASE
    + 'class 주식 {\n  describe = "주가와 환율, 회사의 실적을 다루는 기사."\n}\n'
    'class 증시 {\n  describe = "주가, 환율, 회사의 실적을 다루는 기사"\n}\n',
    "L203_same_words": BASE + 'class Scam {\n  describe = "scams and SWINDLES"\n}\n',
    "L204_two_classes": BASE
    + 'class Crime {\n  describe = "Any trial."\n  examples = ["He was jailed.", "Sold  twice"]\n}\n'
    'class Scam {\n  describe = "Tricks."\n  examples = "sold twice"\n}\n',
    "L204_for_and_against": BASE
    + 'class Crime {\n  describe = "Any trial."\n  examples = ["He was jailed."]\n'
    '  counterexamples = ["A new law.", "He was jailed."]\n}\n',
    "L204_same_span": SPANS
    + 'class A { describe = "Who buys."\n  examples = [span("Kakao bought SM", "Kakao")]\n}\n'
    'class B { describe = "What is bought."\n  examples = [span("Kakao bought SM", "Kakao")]\n}\n',
    "L205_width": BASE + 'class ＳＰＯＲＴＳ { describe = "Hunting and fishing." }\n',
    "L205_title": BASE + 'class Games "ＳＰＯＲＴＳ" { describe = "Hunting and fishing." }\n',
    "L205_case": BASE.replace("class Fraud {", 'class Fraud "Swindles" {')
    + 'class Crime "FRAUD" { describe = "Any trial." }\n',
    "L206_alike": BASE + 'class A {\n  describe = "Any trial."\n  color = "#1F77B4"\n}\n'
    'class B {\n  describe = "Rain, wind."\n  color = "#2A7AB8"\n}\n',
    "L206_colour_blind": BASE + 'class A {\n  describe = "Any trial."\n  color = "#808000"\n}\n'
    'class B {\n  describe = "Rain, wind."\n  color = "#C04000"\n}\n',
    "L207_was": BASE
    + 'class Cash {\n  describe = "Notes and coins."\n  was      = Money  # old\n}\n',
    "L207_one_of_two": BASE
    + 'class Cash {\n  describe = "Notes and coins."\n  was      = [Coins, Notes]\n}\n',
    "L207_split_of": BASE + 'class Scam {\n  describe = "Tricks."\n  split_of = Crime\n}\n'
    'class Theft {\n  describe = "Stolen goods."\n  split_of = Crime\n}\n',
    "L302_the_parent": BASE + "constraints {\n  Election requires Politics\n}\n",
    "L302_one_of_two": MANY + "constraints {\n  Election requires Fraud, Politics\n}\n",
    "L302_said_twice": MANY
    + "constraints {\n  Sports excludes Fraud\n  Fraud excludes Sports\n}\n",
    "L302_said_of_the_parent": MANY
    + "constraints {\n  Election excludes Sports\n  Politics excludes Sports, Fraud\n}\n",
    "L303_one_mistake": BASE + "holdout {\n  annotations = 120\n}\nannotators { overlap = 2 }\n"
    "accept {\n  confidence = 95%\n  accuracy  >= 92%\n}\n",
    "L303_of_a_class": BASE
    + "holdout { annotations = 150 }\naccept { recall of Fraud >= 97% with 95% confidence }\n",
    "L304_one_estimate": BASE + "accept { accuracy >= 90% }\n",
    "L304_two_estimates": BASE + "accept {\n  macro_f1 >= 0.9\n  ece <= 5%\n  labels >= 60\n}\n",
    "L305_no_until": BASE
    + "query {\n  phase a { strategy = margin }\n  phase b { strategy = entropy }\n"
    "  phase c { strategy = random }\n}\n",
    "L305_more_than_the_budget": BASE
    + "budget { annotations = 100 }\nholdout { annotations = 60 }\n"
    "query {\n  phase a until labels of each class >= 10 { strategy = margin }\n"
    "  phase b { strategy = entropy }\n}\n",
    "L305_passed_over": BASE + "query {\n  phase a until labels >= 50 { strategy = margin }\n"
    "  phase b until labels >= 40 { strategy = entropy }\n  phase c { strategy = random }\n}\n",
    "L306_ten": BASE + "annotators {\n  gold = 10 items\n}\n",
    "L307_one": BASE + "train {\n  seeds = [7]\n}\n",
    "E240_misspelt": BASE + RULES.replace("words(body)", "words(bodi)"),
    "E240_everywhere": BASE.replace("text   = body", "text   = boddy\n  show   = [sektion, boddy]"),
    "E240_no_part": BASE + 'slice old when body.source == "desk"\n',
    "E240_no_picture": BASE + "slice dark when brightness < 0.2\n",
    "E240_property": BASE.replace("text   = body", "image  = photo")
    + "slice dark when brighness < 0.2\n",
    "L401_never": BASE + RULES,
    "L402_everywhere": BASE + RULES,
    "L402_veto": BASE + RULES,
    "L403_contradict": BASE + RULES,
    "L404_criterion": BASE + "budget { annotations = 6_000 }\nholdout { annotations = 4_900 }\n"
    "accept { recall of Fraud >= 99% with 95% confidence }\n",
    "L404_each_class": BASE + "budget { annotations = 2_000 }\nholdout { annotations = 900 }\n"
    "accept { recall of each class >= 80% with 95% confidence }\n",
    "L404_labels": BASE + "budget { annotations = 4_000 }\naccept { labels of each class >= 60 }\n",
    "L404_budget": BASE + "budget { annotations = 600 }\n",
    "L405_repeats": BASE + "holdout { size = 20% }\n",
}
BESIDE: dict[str, Surroundings] = {
    "L207_was": Surroundings(applied=frozenset(["Cash", "Sports"])),
    "L207_one_of_two": Surroundings(applied=frozenset(["Cash", "Notes"])),
    "L207_split_of": Surroundings(applied=frozenset(["Scam", "Theft"])),
    "E240_misspelt": Surroundings(columns=columns("id", "body", "section")),
    "E240_everywhere": Surroundings(columns=columns("id", "body", "section")),
    "E240_no_part": Surroundings(columns=columns("text", "body")),
    "E240_no_picture": Surroundings(columns=columns("id", "body")),
    "E240_property": Surroundings(columns=(*columns("id"), Column("photo", "picture"))),
    "L401_never": Surroundings(items=7_000, fires={"goal": 0, "shares": 90, "stub": 12}),
    "L402_everywhere": Surroundings(items=7_000, fires={"goal": 6_950, "shares": 90}),
    "L402_veto": Surroundings(items=7_000, fires={"goal": 300, "stub": 6_990}),
    "L403_contradict": Surroundings(
        items=7_000, fires={"goal": 300, "shares": 90}, clashes=(("goal", "shares", 60),)
    ),
    "L404_criterion": rare(15),
    "L404_each_class": rare(20),
    "L404_labels": rare(15),
    "L404_budget": rare(30),
    "L405_repeats": Surroundings(items=5_000, holdout=1_000, leaks=37),
}
"""What is known beside the text of a case."""


def found_in(text: str, beside: Surroundings | None = None) -> tuple[SourceText, list[Diagnostic]]:
    source = SourceText("news.task", text)
    return source, list(read(source, EVERYTHING, beside).diagnostics)


def codes(text: str, beside: Surroundings | None = None) -> list[str]:
    return [d.code for d in found_in(text, beside)[1]]


def test_the_bases_are_sound() -> None:
    assert codes(BASE) == codes(MANY) == codes(SPANS) == []
    assert codes(BASE + RULES) == []


@pytest.mark.parametrize("name", CASES)
def test_one_fault_gives_one_diagnostic(name: str) -> None:
    source, found = found_in(CASES[name], BESIDE.get(name))
    shown = render(found, source, color=False)
    code = name.partition("_")[0]
    assert {d.code for d in found} == {code}, shown
    assert len(found) == (2 if name in ("E240_everywhere", "L207_split_of") else 1), shown
    assert all(d.severity == ("error" if code == "E240" else "warning") for d in found)
    check_snapshot(name, CASES[name], shown)


@pytest.mark.parametrize("name", CASES)
def test_messages_are_plain(name: str) -> None:
    """As of the other diagnostics: what is wrong, what to write, whole sentences in notes."""
    for d in found_in(CASES[name], BESIDE.get(name))[1]:
        assert not d.message.endswith(".")
        assert not d.hint.endswith(".")
        assert len(d.message) < 90, d.message
        assert 0 < len(d.hint) < 100 or d.notes, d.hint
        assert all(note.endswith(".") for note in d.notes), d.notes
        assert not d.help or d.help.endswith("."), d.help
        words = f"{d.message} {d.hint} {' '.join(d.notes)} {d.help}".lower()
        assert not re.search(r"\b(invalid|illegal|unexpected token|none|null|identifier)\b", words)


@pytest.mark.parametrize("name", [name for name in CASES if name[0] == "L"])
def test_each_lint_is_allowed_on_the_line_above(name: str) -> None:
    code = name.partition("_")[0]
    text = CASES[name]
    for found in reversed(found_in(text, BESIDE.get(name))[1]):
        at = text.rfind("\n", 0, found.span.start) + 1
        text = f"{text[:at]}# allow {code}\n{text[at:]}"
    assert codes(text, BESIDE.get(name)) == []


def test_a_fix_takes_its_diagnostic_away() -> None:
    fixed = set()
    for name, text in CASES.items():
        found = [d for d in found_in(text, BESIDE.get(name))[1] if d.fix]
        if found:
            fixed.add(name.partition("_")[0])
            left = found_in(apply_fixes(text, found), BESIDE.get(name))[1]
            assert not {d.message for d in found} & {d.message for d in left}
    assert fixed == {"L207", "L302", "E240"}


QUIET: dict[str, str | tuple[str, Surroundings]] = {
    "L202 the rest of its siblings": BASE
    + 'class Crime {\n  describe = "Any trial."\n  class 기타\n}\n',
    "L202 unusable": BASE + "class Unclear { role = unusable }\n",
    "L202 a rehearsal that describes nothing": "task t\nclass A\nclass B\n"
    'data { source = csv("x.csv") }\nannotators { from = simulate(column = label) }\n',
    "L203 one word makes the difference": BASE
    + 'class A { describe = "A letter of somebody who complains." }\n'
    'class B { describe = "A letter of somebody who gives thanks." }\n',
    "L203 opposites": BASE + 'class A { describe = "More than 50,000 dollars in the year." }\n'
    'class B { describe = "50,000 dollars in the year, or less." }\n',
    "L203 Korean": BASE + 'class A { describe = "사실, 생각, 느낌을 알리는 말." }\n'
    'class B { describe = "사실이 아닌 것을 꾸며 낸 말." }\n',
    "L204 example of one, counterexample of another": BASE
    + 'class A { describe = "Trials."\n  examples = ["He was jailed."]\n}\n'
    'class B { describe = "Police."\n  counterexamples = ["He was jailed."]\n}\n',
    "L204 several classes at once": MANY
    + 'class A { describe = "Trials."\n  examples = ["He was jailed."]\n}\n'
    'class B { describe = "Police."\n  examples = ["He was jailed."]\n}\n',
    "L204 parent and child": BASE
    + 'class A { describe = "Trials."\n  examples = ["He was jailed."]\n'
    '  class B { describe = "Police."\n    examples = ["He was jailed."]\n  }\n}\n',
    "L204 another part of the text": SPANS
    + 'class A { describe = "Who buys."\n  examples = [span("Kakao bought SM", "Kakao")]\n}\n'
    'class B { describe = "What is bought."\n  examples = [span("Kakao bought SM", "SM")]\n}\n',
    "L204 pictures whose names differ by case": BASE
    + 'class A { describe = "Trials."\n  examples = [image("a.jpg")]\n}\n'
    'class B { describe = "Police."\n  examples = [image("A.jpg")]\n}\n',
    "L205 under different parents": BASE
    + 'class Crime { describe = "Any trial."\n  class ＯＴＨＥＲ { describe = "All else." }\n}\n',
    "L205 one letter more": BASE + 'class Sport { describe = "Hunting and fishing." }\n',
    "L206 Tableau's red and green": BASE
    + 'class A { describe = "Any trial."\n  color = "#59A14F"\n}\n'
    'class B { describe = "Rain, wind."\n  color = "#E15759"\n}\n',
    "L206 a child like its parent": BASE
    + 'class A { describe = "Any trial."\n  color = "#1F77B4"\n'
    '  class B { describe = "Rain, wind."\n    color = "#1F77B4"\n  }\n}\n',
    "L207 not applied yet": (
        CASES["L207_was"],
        Surroundings(applied=frozenset(["Money", "Sports"])),
    ),
    "L207 nothing was ever applied": CASES["L207_was"],
    "L207 a class that stays and absorbs": (
        BASE + 'class Cash { describe = "Notes and coins."\n  was = [Cash, Coins]\n}\n',
        Surroundings(applied=frozenset(["Cash", "Coins"])),
    ),
    "L207 a class that stays and is split": (
        BASE
        + 'class Crime { describe = "Trials."\n  split_of = Crime\n}\n'
        + 'class Scam { describe = "Tricks."\n  split_of = Crime\n}\n',
        Surroundings(applied=frozenset(["Crime", "Fraud"])),
    ),
    "L302 siblings, and another child": MANY
    + "constraints {\n  Election requires Fraud\n  Fraud requires Politics\n"
    "  Politics excludes Sports\n}\n",
    "L302 of the child, not of the parent": MANY
    + "constraints {\n  Sports excludes Election\n  Sports requires Fraud\n}\n",
    "L303 one mistake is allowed": BASE
    + "holdout { annotations = 56 }\naccept { accuracy >= 90% with 95% confidence }\n",
    "L304 one of several has an interval": BASE
    + "accept {\n  accuracy >= 90% with 95% confidence\n  macro_f1 >= 0.85\n}\n",
    "L304 counts and agreement": BASE
    + "annotators { overlap = 2 }\naccept {\n  labels >= 300\n  alpha >= 0.7\n}\n",
    "L305 a ladder": BASE + "query {\n  phase a until labels >= 50 { strategy = margin }\n"
    "  phase b until labels of each class >= 30 { strategy = entropy }\n"
    "  phase c until accuracy >= 80% { strategy = random }\n"
    "  phase d { strategy = random }\n}\n",
    "L305 one item is left": BASE
    + "budget { annotations = 101\n per_round = 1 }\nholdout { annotations = 50 }\n"
    "query {\n  phase a until labels >= 50 { strategy = margin }\n"
    "  phase b { strategy = entropy }\n}\n",
    "L305 either will do": BASE + "budget { annotations = 200 }\nholdout { annotations = 100 }\n"
    "query {\n  phase a until labels >= 5_000 or labels of Fraud >= 5 { strategy = margin }\n"
    "  phase b { strategy = entropy }\n}\n",
    "L305 labels that are there already": BASE
    + "budget { annotations = 100 }\nholdout { annotations = 60 }\nexisting_labels { label = topic }\n"
    "query {\n  phase a until labels >= 90 { strategy = margin }\n"
    "  phase b { strategy = entropy }\n}\n",
    "L306 twenty": BASE + "annotators { gold = 20 items }\n",
    "L306 a file": BASE + 'annotators { gold = file("gold.csv") }\n',
    "L307 two": BASE + "train { seeds = [1, 2] }\n",
    "L307 none is named": BASE + "train { epochs = 3 }\n",
    "E240 columns of other sources": (
        BASE
        + 'existing_labels { source = csv("old.csv", key = item, label = topic) }\n'
        + "annotators { from = simulate(column = truth) }\n",
        Surroundings(columns=columns("body")),
    ),
    "E240 fields of pictures": (
        BASE.replace("text   = body", "image = photo")
        + "slice dark when brightness < 0.1 and not (sharpness < 3 or width < 30)\n",
        Surroundings(columns=(Column("photo", "picture"),)),
    ),
    "E240 fields of spans": (
        SPANS + 'rules { a: vote Fraud when span matches /x/ and before contains "y" }\n',
        Surroundings(columns=columns("body")),
    ),
    "E240 a part of a column": (
        BASE + 'slice old when meta.source.name == "desk" and meta.year < 2020\n',
        Surroundings(columns=(*columns("body"), Column("meta", "other"))),
    ),
    "E240 quoted": (
        BASE + 'slice old when "published at" < 2020-01-01\n',
        Surroundings(columns=columns("body", "published at")),
    ),
    "L401 not looked at": (BASE + RULES, Surroundings(items=100, fires={"goal": 3})),
    "L402 nine in ten": (BASE + RULES, Surroundings(items=100, fires={"goal": 90})),
    "L402 hardly any data": (BASE + RULES, Surroundings(items=5, fires={"goal": 5})),
    "L403 a few items": (
        BASE + RULES,
        Surroundings(
            items=900, fires={"goal": 300, "shares": 90}, clashes=(("goal", "shares", 20),)
        ),
    ),
    "L404 common enough": (CASES["L404_criterion"], rare(400)),
    "L404 another way to choose what measures": (
        CASES["L404_criterion"].replace(
            "annotations = 4_900", "annotations = 4_900\nmeasure = active"
        ),
        rare(15),
    ),
    "L404 hardly any labels": (
        CASES["L404_criterion"],
        Surroundings(items=5_000, per_class={"Sports": 60, "Fraud": 1}),
    ),
    "L404 a class without any label": (CASES["L404_labels"], rare(0)),
    "L404 children count": (
        BASE + "accept { labels of Politics >= 900 }\nbudget { annotations = 4_000 }\n",
        rare(500),
    ),
    "L405 hardly any": (
        CASES["L405_repeats"],
        Surroundings(items=5_000, holdout=1_000, leaks=9),
    ),
}


@pytest.mark.parametrize("name", QUIET)
def test_a_near_miss_is_left_alone(name: str) -> None:
    case = QUIET[name]
    text, beside = case if isinstance(case, tuple) else (case, None)
    source, found = found_in(text, beside)
    assert found == [], render(found, source, color=False)


def example(name: str) -> str:
    return next(p for p in EXAMPLES if p.stem == name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("news", '  describe = "Matches, athletes, transfers and sporting bodies."\n', "", "L202"),
        ("news", "  confidence           = 95%", "  # confidence", "L304"),
        ("news", "gold        = 40 items", "gold        = 12 items", "L306"),
        ("news", "[1, 2, 3]", "[1]", "L307"),
        ("news", "until labels of each class >= 20 ", "", "L305"),
        ("news", '"#59A14F"', '"#E15A50"', "L206"),
        ("adult", "accuracy       >= 84% with 95% confidence", "accuracy       >= 84%", "L304"),
        ("leaf", "Healthy excludes Fungal", "Rust requires Fungal", "L302"),
    ],
)  # fmt: skip
def test_a_change_of_a_good_file_is_seen(name: str, old: str, new: str, code: str) -> None:
    text = example(name)
    assert old in text
    assert codes(text) == []
    assert codes(text.replace(old, new, 1)) == [code]


def test_why_is_said_once() -> None:
    found = found_in(BASE + "class A\nclass B\nclass C\n")[1]
    assert [d.code for d in found] == ["L202"] * 3
    assert [bool(d.notes) for d in found] == [True, False, False]


def test_no_file_is_too_broken_to_be_doubted() -> None:
    """Whatever is wrong with a file, it is read, with all that may be known beside it."""
    rng = random.Random(20261130)
    for _ in range(120):
        text = mutate(example(rng.choice(["news", "leaf", "deals", "adult"])), rng)[1]
        every = {"kospi", "phishing", "stub", "dark", "dry", "young", "gains", "money_sign"}
        beside = Surroundings(
            columns=columns("title", "body", "section", "age"),
            items=1_000,
            holdout=200,
            fires=dict.fromkeys(every, rng.choice([0, 10, 990])),
            clashes=(("kospi", "phishing", 9), ("young", "gains", 9)),
            per_class={"Politics.Election": 100, "Fraud": 2, "Fungal.Rust": 3, "High": 900},
            leaks=90,
            applied=frozenset(["경제", "Fraud", "OtherCrime", "Sports"]),
        )
        source = SourceText("any.task", text)
        reading = read(source, EVERYTHING, beside)
        assert (reading.task is None) == bool(reading.errors)
        assert render(reading.diagnostics, source, color=False)


# --- what is broken is not doubted --------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        'class Crime {\n  descibe = "Any trial."\n}\n',
        "class Crime {\n  describe = 3\n}\n",
        "class Crime {\n  describe = = \n}\n",
        "query {\n  phase a untill labels >= 3 { strategy = margin }\n  phase b { strategy = margin }\n}\n",
        "query {\n  phase a until lables >= 3 { strategy = margin }\n  phase b { strategy = margin }\n}\n",
        "accept {\n  accuracy >= 80% with 95% confidence on koren\n  macro_f1 >= 80%\n}\n",
        "annotators { gold = 3 eggs }\n",
        'train { seeds = ["a"] }\n',
    ],
)
def test_an_error_brings_no_lint(broken: str) -> None:
    found = found_in(BASE + broken)[1]
    assert [d.code[0] for d in found] == ["E"], found
