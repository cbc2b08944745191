"""One fault costs one diagnostic: 1,000 seeded mutations of the example files."""

from __future__ import annotations

import random
import time
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from lark import Lark, LarkError, Token

from labelwright.dsl.diagnostics import Diagnostic, SourceText
from labelwright.dsl.read import read as read_whole
from labelwright.dsl.reader import parse
from labelwright.dsl.render import apply_fixes, render
from labelwright.dsl.tree import File
from tests.dsl.catalogues import EVERYTHING
from tests.soak import sampled

TASKS = sorted((Path(__file__).parents[2] / "tasks").glob("*.task"))
EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.task"))
GRAMMAR = Path(__file__).parents[2] / "dsl" / "task.lark"
MUTATIONS = 1_000
SEED = 20261122
LETTERS = "abcxyzABC019 _.,:;=<>!\"'#/\\()[]{}%$-+*&|@\t경가“≥＝"

KINDS = (
    "delete", "insert", "replace", "duplicate", "swap",
    "drop line", "repeat line", "bracket", "truncate line", "truncate",
)  # fmt: skip

# --- an independent plain parse: Lark's own contextual lexer, no recovery ------------------------


class _Newlines:
    """The newline rule of the grammar, in the shape of its first sketch."""

    always_accept = ("_NL", "RBRACE", "NAME")  # NAME: a keyword is a whole word

    def process(self, stream):
        depth = 0
        previous = None
        for token in stream:
            kind = token.type
            if kind == "_NL" and (
                depth or previous in (None, "LBRACE", "COMMA", "AND", "OR", "_NL")
            ):
                continue
            depth += (kind in ("LSQB", "LPAR")) - (kind in ("RSQB", "RPAR"))
            if kind == "RBRACE" and previous not in ("_NL", "LBRACE"):
                yield Token("_NL", "\n")
            yield token
            previous = kind
        if previous not in (None, "_NL"):
            yield Token("_NL", "\n")


# A newline before `{` ends nothing; the lexer cannot be held back, so its pattern looks ahead.
PLAIN_NEWLINES = r"""
_NL: /(\r?\n[ \t]*)+(?![ \t\r\n{])/
BRACE_NL.5: /(\r?\n[ \t]*)+(?=\{)/
%ignore BRACE_NL
"""


@cache
def plain_parser() -> Lark:
    grammar = GRAMMAR.read_text(encoding="utf-8")
    lines = grammar.splitlines()
    kept = [line for line in lines if not line.startswith("_NL:")]
    assert len(kept) == len(lines) - 1
    grammar = "\n".join(kept) + PLAIN_NEWLINES
    return Lark(grammar, parser="lalr", lexer="contextual", postlex=_Newlines())


def is_broken(text: str) -> bool:
    try:
        plain_parser().parse(text)
    except LarkError:
        return True
    return False


# --- mutations -----------------------------------------------------------------------------------


def mutate(text: str, rng: random.Random) -> tuple[str, str]:
    """What was done, and the text with one fault."""
    kind = rng.choice(KINDS)
    lines = text.split("\n")
    n = rng.randrange(len(lines))
    while not lines[n].strip():
        n = rng.randrange(len(lines))
    line = lines[n]
    i = rng.randrange(len(line))
    if kind == "delete":
        line = line[:i] + line[i + 1 :]
    elif kind == "insert":
        line = line[:i] + rng.choice(LETTERS) + line[i:]
    elif kind == "replace":
        line = line[:i] + rng.choice(LETTERS) + line[i + 1 :]
    elif kind == "duplicate":
        line = line[: i + 1] + line[i:]
    elif kind == "swap":
        line = line[:i] + line[i : i + 2][::-1] + line[i + 2 :]
    elif kind == "truncate line":
        line = line[:i]
    elif kind == "bracket":
        places = [j for j, c in enumerate(text) if c in '{}[]()"/']
        j = rng.choice(places)
        return f"{kind} {text[j]}", text[:j] + text[j + 1 :]
    elif kind == "truncate":
        return kind, text[: rng.randrange(len(text))]
    elif kind == "drop line":
        return kind, "\n".join(lines[:n] + lines[n + 1 :])
    else:
        return kind, "\n".join([*lines[: n + 1], *lines[n:]])
    return kind, "\n".join([*lines[:n], line, *lines[n + 1 :]])


def read(text: str) -> tuple[File, tuple[Diagnostic, ...], float]:
    start = time.process_time()
    tree, found = parse(SourceText("mutated.task", text))
    return tree, found, time.process_time() - start


def mutants(count: int, seed: int):
    rng = random.Random(seed)
    texts = [path.read_text(encoding="utf-8") for path in EXAMPLES]
    for _ in range(count):
        original = rng.choice(texts)
        yield (original, *mutate(original, rng))


@pytest.mark.parametrize(
    "number", [MUTATIONS // 2, pytest.param(MUTATIONS, marks=pytest.mark.slow)]
)
def test_one_fault_gives_one_diagnostic(number: int):
    counts: Counter[int] = Counter()
    for _, kind, text in mutants(number, SEED):
        tree, found, seconds = read(text)
        assert isinstance(tree, File)
        if seconds >= 1:  # once may be the garbage of other tests in this process
            _, _, seconds = read(text)
        assert seconds < 1, kind
        render(found, SourceText("mutated.task", text), color=True)
        if is_broken(text):
            assert found, f"{kind}: broken, and nothing was said"
            counts[len(found)] += 1
    share = counts[1] / counts.total()
    print(f"\n{counts.total()} of {number} broken; exactly one diagnostic: {share:.1%}", counts)
    assert counts.total() > number / 4
    assert share >= 0.93


@pytest.mark.slow
@pytest.mark.parametrize("part", sampled(range(4), 4))
def test_one_fault_in_any_file_gives_one_error(part: int):
    """20,000 mutations of the examples and of the shipped tasks, read whole: form, meaning, sense."""
    texts = [p.read_text(encoding="utf-8") for p in (*EXAMPLES, *TASKS)]
    rng = random.Random(SEED + 10 + part)
    counts: Counter[int] = Counter()
    for _ in range(5_000):
        kind, text = mutate(rng.choice(texts), rng)
        start = time.process_time()
        reading = read_whole(SourceText("mutated.task", text), EVERYTHING)
        seconds = time.process_time() - start
        assert seconds < 1, kind
        assert isinstance(reading.tree, File)
        assert (reading.task is None) == bool(reading.errors)
        if is_broken(text):
            assert reading.errors, f"{kind}: broken, and nothing was said"
            counts[len(reading.errors)] += 1
    share = counts[1] / counts.total()
    print(f"\n{counts.total()} of 5,000 broken; exactly one error: {share:.1%}", counts)
    assert counts.total() > 1_000
    assert share >= 0.97


def test_what_reads_plainly_reads_without_error():
    for _, kind, text in mutants(MUTATIONS // 3, SEED + 1):
        if not is_broken(text):
            # An indented setting at the top of a file is legal, and never what was meant.
            found = [d for d in read(text)[1] if d.code not in ("E104", "E116", "E121", "E135")]
            assert not found, (kind, found)


def test_a_fix_takes_its_error_away():
    tried = 0
    for _, kind, text in mutants(MUTATIONS // 3, SEED + 2):
        _, found, _ = read(text)
        for fault in found:
            if fault.fix is None:
                continue
            tried += 1
            fixed = apply_fixes(text, [fault])
            _, left, _ = read(fixed)
            same = [d for d in left if d.code == fault.code]
            before = [d for d in found if d.code == fault.code]
            assert len(same) < len(before), (kind, fault, fixed)
    assert tried > 40


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_the_rest_of_the_file_is_still_read(path):
    text = path.read_text(encoding="utf-8")
    whole, _, _ = read(text)
    broken = text.replace("data {", "data {\n  source = = 3\n", 1)
    tree, found, _ = read(broken)
    assert [d.code for d in found] == ["E101"]
    assert len(tree.items) == len(whole.items)
