"""What the reader makes of a text: the tree, its spans, and one snapshot for each form diagnostic."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.dsl import tree
from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.reader import DEEPEST, LARGEST, MOST_ERRORS, parse
from labelwright.dsl.render import apply_fixes, render, to_json
from labelwright.dsl.tree import Span
from tests.dsl.snapshots import check_snapshot

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.task"))


def read(text: str):
    return parse(SourceText("news.task", text))


def only(text: str):
    """The one statement of a text that is in form."""
    parsed, found = read(text)
    assert found == ()
    (statement,) = parsed.items
    return statement


def fields(node: tree.Node) -> tuple[str, ...]:
    return type(node).__match_args__


def nodes(node: object):
    if isinstance(node, tree.Node):
        yield node
        for field in fields(node):
            yield from nodes(getattr(node, field))
    elif isinstance(node, tuple):
        for item in node:
            yield from nodes(item)


def bare(node: object):
    """A node without its spans."""
    if isinstance(node, tree.Node):
        values = (getattr(node, field) for field in fields(node) if field != "span")
        return (type(node).__name__, *(bare(value) for value in values))
    return tuple(bare(item) for item in node) if isinstance(node, tuple) else node


# --- the tree ------------------------------------------------------------------------------------


def test_block():
    block = only('task news "뉴스" {\n  kind = classification\n}')
    assert isinstance(block, tree.Block)
    assert (block.head.text, block.guard) == ("task", None)
    assert [type(label) for label in block.labels] == [tree.Name, tree.Text]
    (setting,) = block.items
    assert isinstance(setting, tree.Setting)
    assert setting.subject.name.text == "kind"
    assert setting.value == tree.Path(
        setting.value.span, (tree.Name(setting.value.span, "classification"),)
    )


def test_phase_has_a_guard():
    phase = only("phase low until labels of each class >= 20 { strategy = badge(n = 4_000) }")
    assert phase.guard.word == "until"
    test = phase.guard.condition
    assert isinstance(test.of, tree.Each)
    assert (test.of.what.text, test.op.text, test.value.value) == ("class", ">=", 20)
    (arg,) = phase.items[0].value.args
    assert (arg.name.text, arg.value.value) == ("n", 4000)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("20", tree.Number(Span(4, 6), 20)),
        ("-0.5", tree.Number(Span(4, 8), -0.5)),
        ("1e3", tree.Number(Span(4, 7), 1000.0)),
        ("2_300", tree.Number(Span(4, 9), 2300)),
        ("97.5%", tree.PercentValue(Span(4, 9), 97.5)),
        ('"a\\"\\\\\\n\\tb"', tree.Text(Span(4, 16), 'a"\\\n\tb')),
        ("2026-09-01", tree.Date(Span(4, 14), "2026-09-01")),
        ("true", tree.Boolean(Span(4, 8), True)),
        ("false", tree.Boolean(Span(4, 9), False)),
        ("[]", tree.List(Span(4, 6), ())),
        (r"/a\/b\d/i", tree.Regex(Span(4, 13), r"a/b\d", "i")),
    ],
)
def test_values(written, meant):
    setting = only(f"x = {written}")
    assert setting.value == meant


def test_quantities():
    value = only("x = 0.30 USD per annotation").value
    assert (value.value, value.unit.text, value.per.text) == (0.30, "USD", "annotation")
    value = only("x = 3 per label").value
    assert (value.value, value.unit, value.per.text) == (3, None, "label")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_long_string_is_dedented(newline):
    text = newline.join(['x = """', "    Choose *one*.", '      Not "two".', '    """'])
    value = only(text).value
    assert value.value == 'Choose *one*.\n  Not "two".'
    assert value.long
    assert value.span == Span(4, len(text))


def test_conditions():
    sentence = only(
        'keep when not (a is missing or "b c".d in [1, 2]) and words(e) > 3 and f not in ["x"]'
        ' and g is not missing and h contains all ["y"] and i matches /z/'
    )
    junction = sentence.guard.condition
    negation, words, member, present, contains, matches = junction.operands
    assert (junction.word, negation.operand.word) == ("and", "or")
    assert [p.text for p in negation.operand.operands[1].field.parts] == ["b c", "d"]
    assert (words.field.function.text, words.field.parts[0].text) == ("words", "e")
    assert member.negated
    assert not present.missing
    assert contains.quantifier == "all"
    assert matches.regex.pattern == "z"


def test_criterion():
    line = only("recall(k = 5) of 0 >= 95% with 90% confidence at 80% precision on each slice")
    assert isinstance(line, tree.CriterionLine)
    assert (line.subject.of.text, line.subject.args[0].name.text) == ("0", "k")
    assert [(m.word, m.percent and m.percent.percent, m.name and m.name.text, m.each)
            for m in line.modifiers] == [
        ("with", 90, None, False), ("at", 80, "precision", False), ("on", None, "slice", True),
    ]  # fmt: skip


def test_rules():
    rules = only('rules {\n a: vote against "Big one" when x == 1 weight 2\n b: veto\n}').items
    assert [r.action for r in rules] == ["against", "veto"]
    assert rules[0].label.quoted
    assert (rules[0].label.text, rules[0].weight.value) == ("Big one", 2)
    assert (rules[1].label, rules[1].when, rules[1].weight) == (None, None, None)


def test_constraints():
    line = only("A.B requires C, 1")
    assert (line.subject.text, line.relation) == ("A.B", "requires")
    assert [o.text for o in line.objects] == ["C", "1"]


def test_reserved_words_are_names_elsewhere():
    block = only("when { with = of\n vote = veto\n not = [and, or, each]\n }")
    assert [s.subject.name.text for s in block.items] == ["with", "vote", "not"]


def test_comments_by_line():
    parsed, _ = read("# allow L203\nclass A # two\n\n#three")
    assert parsed.comments == {1: " allow L203", 2: " two", 4: "three"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_spans_cover_exactly_their_text(path):
    text = path.read_text(encoding="utf-8")
    parsed, _ = read(text)
    assert parsed.span == Span(0, len(text))
    for item in parsed.items:
        again = only(text[item.span.start : item.span.end])
        assert bare(again) == bare(item)
        for node in nodes(item):
            own = text[node.span.start : node.span.end]
            assert own == own.strip()
            if isinstance(node, tree.Name) and not own.startswith('"'):
                assert unicodedata.normalize("NFC", own) == node.text
            for child in nodes(node):
                assert node.span.start <= child.span.start <= child.span.end <= node.span.end


# --- odd texts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_line_ends_and_a_byte_order_mark_change_nothing(path):
    text = path.read_text(encoding="utf-8")
    plain = bare(read(text)[0].items)
    assert bare(read(text.replace("\n", "\r\n"))[0].items) == plain
    assert bare(read(text.replace("\n", "\r"))[0].items) == plain
    parsed, found = read("\ufeff" + text)
    assert (bare(parsed.items), found) == (plain, ())
    assert parsed.items[0].span.start == read(text)[0].items[0].span.start + 1


def test_decomposed_hangul_names_are_composed():
    decomposed = unicodedata.normalize("NFD", 'class 경제 "경제"')
    block = only(decomposed)
    assert block.labels[0].text == "경제"
    assert block.labels[0].span == Span(6, 6 + len(unicodedata.normalize("NFD", "경제")))
    assert only("class CAFÉ").labels[0].key == only("class cafe\u0301").labels[0].key


def test_empty_texts():
    for text in ("", "\ufeff", "\n\n", "# only a comment"):
        parsed, found = read(text)
        assert (parsed.items, found) == ((), ())


def test_a_large_file_is_refused_at_once():
    start = time.perf_counter()
    parsed, found = read("a = 1\n" * 1_000_000)
    assert time.perf_counter() - start < 1
    assert parsed.items == ()
    assert [d.code for d in found] == ["E123"]


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 210_000,
        "x = " + "[" * 40_000,
        "{" * 40_000,
        "a {" * 20_000,
        "}" * 40_000,
        '"' * 80_000,
        "“" * 80_000,
        "x = /" + "a/" * 30_000,
        "x = 1\n y" * 10_000,
        "keep when " + "not " * 40_000 + "a == 1",
        "x = " + "9" * (LARGEST - 10),
        "a:\n" * 20_000,
        "'''" + "\n" * 100_000,
        "@\n" * 30_000,
        "x = " + "a, " * 30_000,
        "a {\n" * 8_000 + "}\n" * 7_000,
        "a if " * 30_000 + "=",
        "a if " * 700 + "=",
        "a over 3 " * 20_000 + "=",
        "keep when " + 'a contains "b" or ' * 10_000 + '"c"',
    ],
    ids=range(20),
)
def test_no_text_hangs_the_reader(text):
    start = time.process_time()
    _, found = read(text)
    assert 1 <= len(found) <= MOST_ERRORS + 1
    render(found, SourceText("news.task", text), color=False)
    assert time.process_time() - start < 10


def test_depth_is_limited():
    inside = DEEPEST - 1
    assert read("a {\n" * inside + "x = 1\n" + "}\n" * inside)[1] == ()
    parsed, found = read("a {\n" * 500 + "x = 1\n" + "}\n" * 500)
    assert [d.code for d in found] == ["E122"]
    assert len(list(nodes(parsed))) < 5 * DEEPEST


@settings(max_examples=300)
@given(st.text(max_size=80))
def test_any_text_gives_a_tree(text):
    parsed, found = read(text)
    assert isinstance(parsed, tree.File)
    source = SourceText("news.task", text)
    render(found, source, color=True)
    for item in to_json(found, source):
        assert 1 <= item["line"] <= item["end_line"]
    for fault in found:
        assert 0 <= fault.span.start <= fault.span.end <= len(text)


_WORDS = """task class x { } = == : , [ ] ( ) when until vote and or not 1 95% "a" /b/ # “ ' . of"""
WORDS = st.sampled_from([*_WORDS.split(), "\n"])


@settings(max_examples=300)
@given(st.lists(WORDS, max_size=40))
def test_any_words_give_a_tree_and_fixes_that_fit(words):
    text = " ".join(words)
    _, found = read(text)
    for fault in found:
        if fault.fix is not None:
            left = read(apply_fixes(text, [fault]))[1]
            before = sum(d.code == fault.code for d in found)
            assert sum(d.code == fault.code for d in left) <= before


# --- one snapshot for each diagnostic ------------------------------------------------------------

FAULTS = {
    "E101_unexpected": "accept {\n  recall of Fraud >= 97% 95%\n}\n",
    "E101_too_short": "task {\n  kind\n}\n",
    "E101_misspelt_keyword": "rules {\n  kospi: vote 경제 whne title matches /코스피/\n}\n",
    "E101_path_without_quotes": "data {\n  source = ../data/my-reviews.csv\n}\n",
    "E101_rule_if_first": 'rules {\n  c: if review contains "x" vote price\n}\n',
    "E101_rule_if_then": 'rules {\n  c: if review contains "x" then price\n}\n',
    "E101_rule_without_vote": 'rules {\n  f: price when review contains "x"\n}\n',
    "E101_rule_with_equals": 'rules {\n  f = vote price when review contains "x"\n}\n',
    "E101_misspelt_vote": 'rules {\n  f: vte A when review contains "x"\n}\n',
    "E101_field_left_out": 'slice x when body contains "a" or contains "b"\n',
    "E101_field_left_out_of_a_range": "slice x when age > 3 and < 9\n",
    "E101_quoted_pattern": 'rules {\n  r: vote A when url matches "a/b|비싸"\n}\n',
    "E102_not_closed": "holdout {\n  size = 20%\n\nbudget {\n  rounds = 12\n}\n",
    "E102_cut_short": "class Politics {\n  class Election {\n    hotkey = ",
    "E102_other_sign": "holdout {\n  size = 20%\n)\n\nbudget {\n  rounds = 12\n}\n",
    "E103_closes_nothing": "holdout {\n  size = 20%\n}\n}\n\nclass A\n",
    "E104_not_opened": "holdout\n  size = 20%\n}\n\nclass A\n",
    "E104_not_opened_inline": "query {\n  phase mid strategy = entropy }\n}\n",
    "E105_open_string": 'class A {\n  describe = "Markets, trade\n  hotkey   = "1"\n}\n',
    "E105_odd_quotes": 'class A {\n  aliases = ["gov, "국회"]\n}\n',
    "E106_open_long_string": 'task news {\n  guide = """\n    Choose the topic.\n}\n\nclass A\n',
    "E106_no_opening": 'task news {\n  guide = ""\n    Choose the topic.\n    """\n}\n',
    "E107_typographic_quotes": "class A {\n  aliases = [“gov”, “국회”]\n}\n",
    "E107_single_quotes": "class A {\n  describe = 'the editor\\'s \"pick\"'\n}\n",
    "E107_one_typographic": 'class A {\n  describe = "Markets”\n}\n',
    "E108_signs": "accept {\n  정확도 ≥ 92%\n  f1 ＞ 0.8\n}\n",
    "E108_digits": "budget {\n  rounds ＝ １２\n}\n",
    "E109_thousands": "budget {\n  annotations = 20,000\n}\n",
    "E110_currency": "budget {\n  money = $1,600\n  price = 0.30€ per annotation\n}\n",
    "E111_spaced_percent": "accept {\n  recall of Fraud >= 97 %\n}\n",
    "E112_slash_in_pattern": "rules {\n  r: vote A when url matches /news/sport/ and lang == \"ko\"\n}\n",
    "E113_open_pattern": "rules {\n  r: vote A when title matches /코스피|환율\n}\n",
    "E114_colon_block": "task news:\n  kind   = classification\n  choose = one\n\nclass A\n",
    "E114_colon_and_brace": "holdout: {\n  size = 20%\n}\n",
    "E115_dashes": 'class A {\n  aliases:\n    - gov\n    - "국회"\n  hotkey = "1"\n}\n',
    "E114_task_colon": "task: food\n\nclass A\n",
    "E114_task_title": 'task: "Food reviews"\n\nclass A\n',
    "E114_classes_colon": "task food\nclasses: [price, delivery]\n",
    "E115_classes": 'task food\nclasses:\n  - price\n  - delivery "배송"\n',
    "E115_classes_with_more": "task food\nclasses:\n  - name: price\n  - name: delivery\n",
    "E115_rule": 'rules {\n  - vote A when body contains "x"\n}\n',
    "E115_lone_dash": "class A {\n  - gov\n}\n",
    "E116_indented": "holdout\n\tsize = 20%\n\tannotations = 600\n\nclass A\n",
    "E117_no_value": "holdout {\n  size =\n  annotations = 600\n}\n",
    "E118_no_equals": "holdout {\n  size 20%\n}\n",
    "E119_colon": "holdout {\n  size: 20%\n}\n",
    "E120_two_statements": "holdout {\n  size = 20% annotations = 600\n}\n",
    "E120_unit_or_setting": "holdout {\n  annotations = 600 size = 20%\n}\n",
    "E121_nul": "holdout {\n  size = 20%\0\n}\n\0",
    "E121_right_to_left": "holdout {\n  size = \u200f20%\n}\n",
    "E121_no_break_space": "holdout {\n  size\u00a0= 20%\n}\n",
    "E122_too_deep": "x = " + "[" * 101 + "]" * 101 + "\n",
    "E124_after_block": "holdout { size = 20% } budget { rounds = 12 }\n",
    "E124_comma": "holdout {\n  size = 20%\n},\n",
    "E125_open_bracket": "train {\n  augment = [cutoff(10%), word_drop(10%)\n  epochs = 8\n}\n",
    "E126_wrong_bracket": "train {\n  finetune = lora(r = 8]\n}\n",
    "E126_no_bracket": "train {\n  finetune = lora)\n}\n",
    "E127_missing_comma": "train {\n  seeds = [1, 2 3]\n}\n",
    "E127_comma_at_end": 'class A {\n  hotkey = "1",\n  color  = "#4E79A7"\n}\n',
    "E128_equals_in_condition": 'slice korean when lang = "ko"\n',
    "E128_operator": "accept {\n  accuracy => 92%\n}\n",
    "E128_words_in_accept": "accept {\n  accuracy at least 80%\n  recall of A over 80%\n"
    "  ece must be no more than 3% with 95% confidence\n}\n",
    "E128_words_in_a_condition": "slice long when words(body) is more than 3 and age under 9\n",
    "E128_is": 'slice ko when language is "ko"\n',
    "E128_is_not": "slice ko when language is not ko\n",
    "E129_if": 'rules {\n  r: vote A if body contains "x"\n}\nslice ko if lang == "ko"\n',
    "E129_signs": "data {\n  keep when words > 3 && age < 9\n}\n",
    "E129_null": "data {\n  keep when lang is not null\n}\n",
    "E101_capitals": "data {\n  keep when age > 3 AND age < 9\n}\n",
    "E130_number": "accept {\n  alpha >= .8\n}\n",
    "E130_huge_number": "budget {\n  annotations = 1e999\n}\n",
    "E131_equals_before_block": 'data = {\n  source = csv("a.csv")\n}\n',
    "E132_no_brackets": "data {\n  text = title, body\n}\n",
    "E132_or": 'rules {\n  r: vote A when body contains "a" or "b" and x == 1\n}\n',
    "E132_and": 'slice x when body contains "a" and "b"\n',
    "E132_comma": 'slice x when body contains any "a", "b"\n',
    "E132_equal": 'slice x when lang == "ko" or "ja"\n',
    "E133_semicolon": "holdout {\n  size = 20%;\n}\n",
    "E133_stray": "holdout {\n  size = @20%\n}\n",
    "E134_comment": "// the news\nclass A\n",
    "E135_escape": 'data {\n  source = csv("data\\news.csv")\n  join = "C:\\data"\n}\n',
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_snapshot(name):
    text = FAULTS[name]
    source = SourceText("news.task", text)
    _, found = parse(source)
    lines = {source.text.count("\n", 0, d.span.start) for d in found}
    assert {d.code for d in found} == {name[:4]}
    assert len(found) == len(lines)
    check_snapshot(name, text.replace("\0", "␀"), render(found, source, color=False))
    for fault in found:
        if fault.fix is not None:
            left = read(apply_fixes(text, [fault]))[1]
            assert (fault.code, fault.span.start) not in {(d.code, d.span.start) for d in left}
    if all(d.fix for d in found) and name != "E102_cut_short":
        assert read(apply_fixes(text, found))[1] == ()


def test_snapshot_too_large():
    source = SourceText("news.task", "a = 1\n" * 200_000)
    _, found = parse(source)
    check_snapshot("E123_too_large", "a = 1\n…", render(found, source, color=False))


def test_snapshot_too_many():
    source = SourceText("news.task", "x =\n" * 500)
    _, found = parse(source)
    assert len(found) == MOST_ERRORS + 1
    check_snapshot("E139_too_many", "x =\n…", render(found[-1:], source, color=False))


def test_every_code_has_a_snapshot():
    folder = Path(__file__).parents[2] / "dsl"
    files = ["braces", "characters", "heads", "marks", "mistakes", "phrases"]
    files += ["quoting", "reader", "rows"]
    texts = [(folder / f"{name}.py") for name in files]
    used = {c for p in texts if p.is_file() for c in re.findall(r'"(E1\d\d)"', p.read_text())}
    shown = {p.name[:4] for p in (Path(__file__).parent / "snapshots").glob("E1*.txt")}
    assert used == shown


def test_what_was_surely_meant_is_read():
    parsed, found = read("budget {\n  annotations = 20,000\n  money = $600\n}\n")
    assert [d.code for d in found] == ["E109", "E110"]
    first, second = parsed.items[0].items
    assert (first.value.value, second.value.value, second.value.unit.text) == (20000, 600, "USD")


def test_starting_and_reading_is_quick():
    """What reading costs beyond importing its libraries; generous, for shared machines."""
    base = "import time; import lark; from pydantic import BaseModel; t = time.process_time();"
    code = base + (
        "from labelwright.dsl.reader import parse;"
        "from labelwright.dsl.diagnostics import SourceText;"
        f"parse(SourceText('n', open(r'{EXAMPLES[-1]}', encoding='utf-8').read()));"
        "print(time.process_time() - t)"
    )
    cost = []
    for _ in range(4):
        done = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=os.environ
        )
        cost.append(float(done.stdout))
    print("reading news.task costs", min(cost), "s")
    assert min(cost) < 0.2
