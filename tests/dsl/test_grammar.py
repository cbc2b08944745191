"""The grammar: strict LALR, the same language as a plain parse with it, and a cache nobody can plant."""

from __future__ import annotations

import os
import random
import stat
import subprocess
import sys
import unicodedata
from functools import cache
from pathlib import Path

import pytest
from lark import Lark

from labelwright.dsl import grammar
from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.nodes import Nodes
from labelwright.dsl.reader import parse
from labelwright.dsl.tokens import scan, scanner

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.task"))
WORDS = ["budget", "class", "task", "accept", "rules", "holdout"]

# The newline rule as lexical patterns: a plain parse that shares no code with the reader.
NEWLINES = r"""
_NL: /(\r?\n[ \t]*)+(?![ \t\r\n{])/
BRACE_NL.5: /(\r?\n[ \t]*)+(?=\{)/
%ignore BRACE_NL
"""


class Postlex:
    always_accept = ("_NL", "RBRACE", "NAME", *grammar.MISTAKES)

    def process(self, stream):
        depth, previous = 0, None
        for token in stream:
            kind = token.type
            if kind == "_NL" and (
                depth or previous in (None, "LBRACE", "COMMA", "AND", "OR", "_NL")
            ):
                continue
            depth += (kind in ("LSQB", "LPAR")) - (kind in ("RSQB", "RPAR"))
            if kind == "RBRACE" and previous not in ("_NL", "LBRACE"):
                yield token.update(type="_NL", value="")
            yield token
            previous = kind


@cache
def plain_parser(strict: bool = False) -> Lark:
    text = grammar.GRAMMAR.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("_NL:")]
    return Lark(
        "\n".join(lines) + NEWLINES,
        parser="lalr",
        lexer="contextual",
        strict=strict,
        postlex=Postlex(),
        keep_all_tokens=True,
        maybe_placeholders=False,
        transformer=Nodes(),
    )


@pytest.mark.parametrize("lexer", ["contextual", "basic"])
def test_strict_lalr_without_conflicts(lexer):
    text = grammar.GRAMMAR.read_text(encoding="utf-8")
    Lark(text, parser="lalr", lexer=lexer, strict=True, postlex=Postlex())


def test_the_grammar_knows_no_word_of_the_vocabulary():
    assert not set(WORDS) & set(scanner().keywords)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_examples_give_the_tree_of_a_plain_parse(path):
    text = path.read_text(encoding="utf-8")
    tree, found = parse(SourceText(path.name, text))
    assert found == ()
    assert tree.items == plain_parser().parse(text.rstrip() + "\n")


SHAPES = [
    "class A",  # a lone name would be no statement
    'class 0 "zero"\nclass A.B'.splitlines()[0],
    'slice korean when lang == "ko"',
    "relation Buys { from = Buyer\n to = Target }",
    "costs { missed of Rust = 400 EUR }",
    "decide { threshold of Rust = auto }",
    "data { time = published\n language = ko }",
    'holdout { split = latest\n items when split == "test" }',
    'task t { guide of ko = "…"\n title of ko = "…"\n discontinuous = true }',
    'team experts when "native-country" == "Peru"',
    "question Mood { kind = ranking }",
    "annotators { suggestions = none\n pause when gold < 80% }",
    "class B { was = [A, C.D]\n split_of = Old\n value = -1 }",
    'constraints { A requires B, "C c",\n D.E\n 0 excludes 1\n A.1 excludes "b" }',
    "rules { a: vote C.D when x == 2026-09-01 weight 0.5\n b: vote against 3\n c: veto when y is missing }",
    'rules { a: vote "Crime, all" when not (a in [1, 2,] or b not in [3]) and words(a.b) > 4 }',
    "query { phase a until labels of each class >= 20 and ece < 5% { strategy = mix(m, r(10%)) } }",
    "accept { recall(k = 5) of each class >= 95% with 95% confidence at 90% precision on each slice }",
    "accept { ece <= 5% on korean\n hours <= 3 h per round\n f1 of 0 >= 0.8 }",
    'rules { a: vote B when t contains any ["a"] or t contains "b" or t matches /a\\/b/im }',
    "class when2 { with = 1\n of = 2\n each = per\n veto = vote }",
    "class A\n{\n x = 1\n}",
    "a { x = [\n 1,\n 2 # two\n ]\n y = f(\n a = 1,\n b\n ) }",
    "a { keep when x == 1 and\n y == 2 or\n\n z == 3 }",
]


@pytest.mark.parametrize("text", SHAPES)
def test_the_whole_shape_of_the_language_reads(text):
    tree, found = parse(SourceText("t", text))
    assert found == ()
    assert tree.items == plain_parser().parse(text + "\n")


def test_names_take_marks_of_every_script():
    marks = [chr(c) for c in range(0x300, 0x10000) if unicodedata.category(chr(c)) in ("Mn", "Mc")]
    broken = [m for m in marks if [t.type for t in scan(f"a{m}b")] != ["NAME"]]
    assert len(broken) < len(marks) * 0.02  # a few scripts of scholars


def test_any_text_scans_to_tokens_that_cover_it():
    rng = random.Random(1)
    letters = "ab1 \t\n\r\"'/\\#{}[]()=<>%.,:;-_“”가각\u200f\0\ufeff\U0001f600"
    for _ in range(300):
        text = "".join(rng.choice(letters) for _ in range(rng.randrange(60)))
        position = 1 if text.startswith("\ufeff") else 0
        for token in scan(text):
            assert not text[position : token.start_pos].strip(" \t\f\0")
            assert token == text[token.start_pos : token.end_pos]
            position = token.end_pos
        assert not text[position:].strip(" \t\f\0")


# --- the cache -----------------------------------------------------------------------------------


@pytest.fixture
def cache_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="POSIX permissions")
def test_the_cache_is_private_and_is_used(cache_home):
    folder = grammar.cache_folder()
    assert folder == cache_home / "labelwright"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    uncached = grammar.parser.__wrapped__
    uncached()
    (file,) = folder.iterdir()
    written = file.stat().st_mtime_ns
    assert uncached().parse_interactive() is not None
    assert file.stat().st_mtime_ns == written


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="POSIX permissions")
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o755])
def test_a_folder_others_can_reach_is_not_trusted(cache_home, mode):
    (cache_home / "labelwright").mkdir()
    (cache_home / "labelwright").chmod(mode)
    assert grammar.cache_folder() is None
    assert grammar.parser.__wrapped__() is not None
    assert not any((cache_home / "labelwright").iterdir())


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="POSIX permissions")
def test_a_link_and_an_open_parent_are_not_trusted(cache_home):
    real = cache_home / "real"
    real.mkdir(mode=0o700)
    (cache_home / "labelwright").symlink_to(real)
    assert grammar.cache_folder() is None
    (cache_home / "labelwright").unlink()
    cache_home.chmod(0o777)
    assert grammar.cache_folder() is None


def test_a_damaged_cache_is_built_afresh(cache_home):
    grammar.parser.__wrapped__()
    folder = grammar.cache_folder()
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes()[:500])
    assert grammar.parser.__wrapped__().parse_interactive() is not None


def test_reading_loads_nothing_heavy():
    code = (
        "import sys; from labelwright.dsl.reader import parse\n"
        "from labelwright.dsl.diagnostics import SourceText\n"
        "import labelwright.dsl.render\n"
        "parse(SourceText('t', 'task x:'))\n"
        "heavy = {'numpy', 'torch', 'sklearn', 'rich', 'typer', 'pyarrow'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
