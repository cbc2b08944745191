"""One snapshot for each code that meaning and sense can give, and one diagnostic for each fault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labelwright.dsl.diagnostics import Diagnostic, SourceText
from labelwright.dsl.read import read
from labelwright.dsl.render import apply_fixes, render
from tests.dsl import test_lints
from tests.dsl.catalogues import EVERYTHING
from tests.dsl.snapshots import check_snapshot

DSL = Path(__file__).parents[2] / "dsl"
BASE = """task news "News"

class Politics "정치" {
  class Election
  class Other
}
class 경제 "Economy" { hotkey = "e" }
class Sports { hotkey = "s" }
class Fraud
class Unclear { role = unusable }

data {
  source = csv("news.csv")
  text   = body
}

"""
MANY = BASE.replace('"News"\n', '"News" { choose = many }\n', 1)
SPANS = BASE.replace('"News"\n', '"News" { kind = spans }\n', 1)
TWO_PEOPLE = "annotators { overlap = 2 }\n"

CASES: dict[str, str] = {
    "E201_unknown_class": BASE
    + "rules {\n  kospi: vote 겅제 when title matches /코스피|환율/\n}\n",
    "E201_split_class": BASE
    + "class Theft { split_of = Crime }\nclass Arson { split_of = Crime }\n"
    + "rules { a: vote Crime when x == 1 }\n",
    "E201_unknown_class_twice": BASE
    + "rules { a: vote Crime when x == 1 }\naccept { recall of Crime >= 90% }\n",
    "E202_unknown_setting": BASE + "budget {\n  anotations = 300\n}\n",
    "E202_what_others_call_it": BASE + 'train {\n  backbone = "klue/roberta-base"\n}\n',
    "E202_task_set": 'task = "News"\n' + BASE,
    "E202_classes_set": "classes = [A, B]\n" + BASE,
    "E202_nothing_like_it": BASE + "holdout {\n  zebra = 3\n}\n",
    "E203_unknown_block": BASE + "holdut {\n  size = 30%\n}\n",
    "E203_what_others_call_it": BASE + "test set {\n  size = 30%\n}\n",
    "E203_rule_without_name": BASE + 'rules {\n  vote Sports when body contains "goal"\n}\n',
    "E203_veto_without_name": BASE + 'rules {\n  veto when body contains "goal"\n}\n',
    "E203_a_setting_elsewhere": BASE + "honeypot {\n  items = 20\n}\n",
    "E204_open_group": BASE
    + r"rules { score: vote Sports when body matches /\b(\d{1,2}\s*[-:]\s*\d{1,2}\b/ }"
    + "\n",
    "E204_look_ahead": BASE + "rules { a: vote Sports when url matches /a\\/b(?=c)/ }\n",
    "E204_back_reference": BASE + "rules { a: vote Sports when body matches /(a)\\1/ }\n",
    "E204_open_set": BASE + "rules { a: vote Sports when body matches /[a-z/ }\n",
    "E204_closed_group": BASE + "rules { a: vote Sports when body matches /ab)/ }\n",
    "E204_repeats_nothing": BASE + "rules { a: vote Sports when body matches /*a/ }\n",
    "E204_repeats_too_often": BASE + "rules { a: vote Sports when body matches /a{2000}/ }\n",
    "E205_unknown_word": BASE + "holdout { measure = stratifed }\n",
    "E206_unknown_plugin": BASE
    + "query {\n  phase main { strategy = mix(margin, entropi(10%)) }\n}\n",
    "E206_a_file": BASE.replace('csv("news.csv")', "news.csv"),
    "E207_unknown_metric": BASE + "accept {\n  acuracy >= 90%\n}\n",
    "E207_field_in_a_phase": BASE + "query { phase a until body == 3 { strategy = margin } }\n",
    "E208_unknown_slice": BASE
    + 'slice korean when lang == "ko"\naccept { accuracy >= 88% on koren }\n',
    "E209_unknown_function": BASE + "rules { a: veto when len(body) < 40 }\n",
    "E210_two_classes": BASE + "class sports\n",
    "E210_alias_of_another": BASE + 'class Money { aliases = ["economy"] }\n',
    "E211_two_hotkeys": BASE + 'class Weather { hotkey = "S" }\n',
    "E212_setting_twice": BASE + "budget {\n  rounds = 3\n  rounds = 4\n}\n",
    "E213_block_twice": BASE + "budget { rounds = 3 }\nbudget { rounds = 4 }\n",
    "E214_nothing_there": "# An empty file.\n",
    "E214_no_source": BASE.replace('  source = csv("news.csv")\n', ""),
    "E215_wrong_type": BASE + "budget {\n  annotations = many\n}\n",
    "E215_a_file": BASE.replace('csv("news.csv")', '"news.csv"'),
    "E215_a_folder": BASE.replace('csv("news.csv")', '"photos/"'),
    "E215_a_file_of_no_known_kind": BASE.replace('csv("news.csv")', '"news"'),
    "E215_classes_listed": BASE.replace('"News"\n', '"News" {\n  classes = [A, B]\n}\n', 1),
    "E216_out_of_range": BASE + "pseudo_labels {\n  threshold = 95\n}\n",
    "E217_wrong_unit": BASE + "budget { per_round = 50 rows }\n",
    "E218_bare_word": BASE + "rules { a: veto when section == finance }\n",
    "E218_any_or_all": BASE + 'rules { a: veto when body contains ["x", "y"] }\n',
    "E219_no_such_day": BASE + "slice old when published < 2026-02-30\n",
    "E220_unknown_argument": BASE + "annotators { from = simulate(column = label, eror = 1%) }\n",
    "E221_missing_argument": BASE + "annotators { from = simulate(people = 3) }\n",
    "E221_missing_key": BASE + 'existing_labels { source = csv("old.csv", label = topic) }\n',
    "E222_too_many_arguments": BASE + "query { phase main { strategy = badge(4_000, 3) } }\n",
    "E223_argument_of_another_type": BASE + "train { finetune = lora(r = 8.5) }\n",
    "E224_argument_twice": BASE + "train { finetune = lora(8, r = 8) }\n",
    "E225_brackets": BASE + "budget { per_round of Fraud = 20 items }\n",
    "E226_wrong_block": BASE + "budget { overlap = 2 }\n",
    "E226_strategy_without_phase": BASE + "query { strategy = margin }\n",
    "E227_bare_f1": BASE + "accept { f1 >= 85% }\n",
    "E228_metric_of_unusable": BASE + "accept { recall of Unclear >= 85% }\n",
    "E228_metric_for_another_task": MANY + "accept { accuracy >= 85% }\n",
    "E229_set_for_compared": BASE + "accept { accuracy = 90% }\n",
    "E229_wrong_way": BASE + "accept { ece >= 5% }\n",
    "E230_which_class": BASE + "class Crime { class Other }\nrules { a: vote Other when x == 1 }\n",
    "E231_sentence_without_when": BASE + "slice korean\n",
    "E231_title_without_name": BASE + 'class "Weather report"\n',
    "E232_nested_too_deeply": BASE + f"slice deep when {'not ' * 80}a == 1\n",
    "E290_not_yet": BASE + "costs { missed of Fraud = 400 EUR }\n",
    "E290_not_yet_kind": BASE.replace('"News"\n', '"News" { kind = ranking }\n', 1),
    "E301_holdout_too_small": BASE
    + "holdout {\n  annotations = 60\n}\n\n"
    + TWO_PEOPLE
    + "\naccept {\n  confidence = 95%\n  accuracy   >= 92%\n}\n",
    "E301_class_support": BASE
    + "holdout { annotations = 250 }\naccept { recall of Fraud >= 99% with 95% confidence }\n",
    "E301_each_class": BASE
    + "holdout { annotations = 100 }\naccept { recall of each class >= 90% with 95% confidence }\n",
    "E301_default_holdout": BASE + "accept { accuracy >= 99.5% with 95% confidence }\n",
    "E301_all_right": BASE + "accept { accuracy >= 100% with 95% confidence }\n",
    "E301_more_than_the_budget": BASE
    + "budget { annotations = 600 }\naccept { labels of each class >= 200 }\n",
    "E302_too_dear": BASE + "budget {\n  annotations = 2_300\n  money       = 700 USD\n"
    "  price       = 0.40 USD per annotation\n}\n",
    "E303_more_than_there_is": BASE
    + "budget { annotations = 300 }\nannotators { gold = 40 items }\nholdout { annotations = 290 }\n",
    "E304_too_few_people": BASE
    + "annotators {\n  from    = simulate(column = label, people = 2)\n  overlap = 3\n}\n",
    "E305_one_answer": BASE + "constraints { Fraud requires Sports }\n",
    "E305_excluded_parent": MANY
    + "constraints {\n  Election requires Sports\n  Sports excludes Politics\n}\n",
    "E306_old_and_new": BASE + "class Cash { was = Fraud }\n",
    "E306_two_fates": BASE + "class A { was = Crime }\nclass B { was = Crime }\n",
    "E306_swapped": BASE + "class A { was = B }\nclass B { was = A }\n",
    "E306_split_and_kept": BASE + "class Scam { split_of = Fraud }\n",
    "E307_meant_percent": BASE + "accept { accuracy >= 92 }\n",
    "E308_size_and_items": BASE + 'holdout {\n  size = 20%\n  items when split == "test"\n}\n',
    "E309_two_currencies": BASE
    + "budget {\n  money = 700 USD\n  price = 0.40 EUR per annotation\n}\n",
    "E310_one_class": 'task t\nclass A\ndata { source = csv("x.csv") }\n',
    "E311_span_without_text": SPANS
    + 'rules {\n  early: vote Fraud when before contains "by" and not span contains "Kim"\n}\n',
    "E312_no_network": BASE + "train {\n  encoder  = tfidf\n  finetune = lora(r = 4)\n}\n",
    "E312_joined": BASE.replace("text   = body", "text   = body\n  image  = photo")
    + "train {\n  encoder of text = minilm\n  finetune = lora(r = 4)\n}\n",
    "E312_no_network_to_pretrain": BASE + "train { pretrain = contrastive }\n",
    "E312_no_table": BASE + "train { finetune = boosting }\n",
    "E313_no_network": BASE + "pseudo_labels { method = fixmatch }\n",
    "E313_no_vectors": BASE
    + "pseudo_labels { method = propagate }\ntrain {\n  encoder  = minilm\n  finetune = lora\n}\n",
    "E313_another_head": BASE
    + "pseudo_labels { method = infomax }\ntrain { finetune = sklearn(svm) }\n",
    "E311_one_side": SPANS
    + 'rules {\n  buyer: vote Fraud when span matches /Kim/ or after contains "bought"\n}\n',
    "L201_blind_edge": BASE + "rules { fx: vote 경제 when title matches /\\b환율\\b/ }\n",
    "L201_blind_word": BASE + "rules { fx: vote 경제 when title matches /환\\w+/ }\n",
    "L301_one_person": BASE + "accept { alpha >= 0.8 }\n",
}


NOT_ASKED = ("L202", "L304")  # the base describes no class, and its criteria are short


def found_in(text: str) -> tuple[SourceText, tuple[Diagnostic, ...]]:
    source = SourceText("news.task", text)
    found = read(source, EVERYTHING).diagnostics
    return source, tuple(d for d in found if d.code not in NOT_ASKED)


def test_the_base_is_sound() -> None:
    assert found_in(BASE)[1] == ()
    assert found_in(MANY)[1] == ()
    assert found_in(SPANS)[1] == ()


@pytest.mark.parametrize("name", CASES)
def test_one_fault_gives_one_diagnostic(name: str) -> None:
    source, found = found_in(CASES[name])
    assert [d.code for d in found] == [name.partition("_")[0]]
    assert found[0].severity == ("warning" if name.startswith("L") else "error")
    check_snapshot(name, CASES[name], render(found, source, color=False))


def test_every_code_has_a_snapshot() -> None:
    """All codes of names, values and sense that stand in the code base."""
    written = {
        code
        for path in DSL.rglob("*.py")
        for code in re.findall(r'"([EL][2-9]\d\d)"', path.read_text(encoding="utf-8"))
    }
    assert written == {name.partition("_")[0] for name in (*CASES, *test_lints.CASES)}


def test_a_fix_takes_its_diagnostic_away() -> None:
    fixed = 0
    for text in CASES.values():
        found = found_in(text)[1][0]
        if found.fix is not None:
            fixed += 1
            left = found_in(apply_fixes(text, [found]))[1]
            assert found.code not in [d.code for d in left], text
    assert fixed >= 15


@pytest.mark.parametrize("name", CASES)
def test_messages_are_plain(name: str) -> None:
    """Lower-case beginning, no full stop in message or hint, whole sentences in notes; no jargon."""
    _, found = found_in(CASES[name])
    for d in found:
        assert d.message[0] in "`" or not d.message[0].isupper() or d.message.split()[0].isalnum()
        assert not d.message.endswith("."), d.message
        assert not d.hint.endswith("."), d.hint
        assert len(d.message) < 90, d.message
        assert len(d.hint) < 100, d.hint
        assert all(note.endswith(".") for note in d.notes), d.notes
        assert d.hint or d.notes or d.help, "says what is wrong, and not what to write"
        words = f"{d.message} {d.hint} {' '.join(d.notes)} {d.help}".lower()
        assert not re.search(r"\b(invalid|illegal|unexpected token|none|null|identifier)\b", words)


def test_a_lint_is_allowed_on_the_line_above() -> None:
    text = BASE + "accept {\n  # allow L301: a rehearsal\n  alpha >= 0.8\n}\n"
    assert found_in(text)[1] == ()
    elsewhere = BASE + "accept {\n  # allow L201\n  alpha >= 0.8\n}\n"
    assert [d.code for d in found_in(elsewhere)[1]] == ["L301"]


def test_an_error_is_never_allowed() -> None:
    text = BASE + "accept {\n  # allow E307\n  accuracy >= 92\n}\n"
    assert [d.code for d in found_in(text)[1]] == ["E307"]


SOUND = [
    "pseudo_labels { }\ntrain { finetune = sklearn(svm) }",
    "pseudo_labels { method = propagate }\ntrain { finetune = sklearn(svm) }",
    "pseudo_labels { method = threshold }\ntrain { encoder = minilm\n finetune = lora }",
    "pseudo_labels { method = fixmatch }\ntrain { encoder = minilm\n finetune = lora }",
    "class Cash { was = [Coins, Cash] }",
    "class A { was = B }\nclass B { was = C }",
    "class Scam { split_of = Swindle }\nclass Theft { split_of = Swindle }",
    "class Crime { split_of = Crime }\nclass Scam { split_of = Crime }",
    "class Weather { aliases = [weather, Weather] }",
    "constraints { Election excludes Sports }",
    'slice ko when lang == "ko"\naccept { accuracy >= 80% on each slice\n accuracy >= 80% on KO }',
    "accept { recall(k = 5) of each class >= 60%\n recall of Fraud >= 60% at 90% precision }",
    "accept { accuracy >= 90% with 95% confidence }\nholdout { annotations = 80 }",
    "budget { money = 700 USD\n price = 0.35 USD per annotation\n annotations = 2_000 }",
    "annotators { from = simulate(label, 3)\n overlap = 3 }",
    "query { phase main { strategy = mix(margin, random(10%), mix(entropy, badge(100))) } }",
    "rules { a: vote 경제 when title matches /[가-힣]+ \\bKOSPI\\b/ }",
    'rules { a: vote "정치" when b == 1\n c: vote politics when b == 1 }',
    'train { encoder of image = pixels\n encoder of text = concat(tfidf, "klue/roberta-base") }',
]


SOUND_SPANS = [
    'a: vote Fraud when span matches /Kim/ and before contains any ["by"] and words(body) > 3',
    'a: vote Fraud when span == "Kim" or span in ["Lee", "Park"] and not after is missing',
    'a: vote against Fraud when not (span != "Kim" or before contains "adviser")',
    "a: veto when words(body) < 4",
    "a: veto",
    'a: veto when span contains "confidential"',
]


@pytest.mark.parametrize("rule", SOUND_SPANS)
def test_rules_that_say_what_they_mark_are_left_alone(rule: str) -> None:
    assert [d.message for d in found_in(f"{SPANS}rules {{ {rule} }}\n")[1]] == []


@pytest.mark.parametrize(
    "rule",
    [
        "a: vote Fraud",
        'a: vote Fraud when body contains "Kim"',
        'a: vote Fraud when span != "Kim"',
        'a: vote Fraud when span contains all ["Kim", "Lee"]',
        'a: vote Fraud when lower(span) == "kim"',
        'a: vote Fraud when not (span == "Kim" and words(body) > 3)',
        'a: veto when before contains "by"',
    ],
)
def test_rules_that_do_not_say_what_they_mark_are_at_fault(rule: str) -> None:
    assert [d.code for d in found_in(f"{SPANS}rules {{ {rule} }}\n")[1]] == ["E311"]


@pytest.mark.parametrize("extra", SOUND)
def test_what_is_sound_is_left_alone(extra: str) -> None:
    assert [d.message for d in found_in(BASE + extra + "\n")[1]] == []
