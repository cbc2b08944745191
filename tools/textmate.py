"""Writes the TextMate grammar that editors colour task files with; `--check` fails where it is stale.

Words come from the vocabulary and the metrics, terminals and keywords from task.lark. The grammar
colours line by line and knows no context, so it marks less than the language server does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from labelwright.dsl.grammar import parser
from labelwright.dsl.highlight import CLAUSES, CONSTANT_WORDS, OPERATOR_WORDS
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.tokens import scanner
from labelwright.dsl.vocabulary import BLOCKS, FUNCTIONS

GRAMMAR = Path(__file__).parent.parent / "editors/vscode/syntaxes/task.tmLanguage.json"
SCOPE = "labelwright-task"

_LETTER = r"\p{L}\p{M}\p{N}_"
_START, _END = f"(?<![{_LETTER}.])", f"(?![{_LETTER}])"
_NAME = rf"[\p{{L}}_][{_LETTER}]*"
_PATH = rf"(?:{_NAME}|\d+)(?:\.(?:{_NAME}|\d+))*"


def grammar() -> dict[str, Any]:
    """The grammar as it should be."""
    terminals = {t.name: t.pattern.to_regexp() for t in parser().terminals}
    named = [b.name for b in BLOCKS.values() if b.named]
    settings = {s.name for b in BLOCKS.values() for s in b.settings}
    rest = set(scanner().keywords) - CONSTANT_WORDS - OPERATOR_WORDS
    statements = [
        _rule(
            rf"{_words(named)}\s+({_NAME}|\d+){_END}",
            {1: "keyword.declaration", 2: "entity.name.type"},
        ),
        _rule(rf"{_words(BLOCKS)}(?=\s*(?:\{{|$))", {1: "keyword.declaration"}),
        _rule(rf"{_words(CLAUSES)}(?=\s+when{_END})", {1: "keyword.control"}),
        _rule(
            rf"^\s*({_NAME})\s*(:)(?=\s*(?:vote|veto){_END})",
            {1: "entity.name.tag", 2: "punctuation.separator"},
        ),
        _rule(
            rf"{_START}({_PATH})\s+(requires|excludes){_END}(?:\s+({_PATH}))?",
            {1: "entity.name.type", 2: "keyword.control", 3: "entity.name.type"},
        ),
        _rule(
            rf"{_START}(vote\s+against|vote|of){_END}\s+(?!(?:each|against){_END})({_PATH})",
            {1: "keyword.control", 2: "entity.name.type"},
        ),
        _rule(
            rf"{_words(settings)}(?=\s*=(?!=)|\s+of{_END}.*=(?!=))",
            {1: "support.type.property-name"},
        ),
        _rule(rf"{_words(METRICS)}(?=\s*(?:[(<>!=]|of{_END}))", {1: "support.function"}),
    ]
    values = [
        _rule(rf"{_START}{terminals['DATE']}", "constant.numeric.date"),
        _rule(rf"{_START}{terminals['PERCENT']}", "constant.numeric.percent"),
        _rule(rf"{_START}{terminals['NUMBER']}", "constant.numeric"),
        _rule(rf"{_words(CONSTANT_WORDS)}(?!\s*=)", {1: "constant.language"}),
        _rule(rf"{_words(OPERATOR_WORDS)}(?!\s*=)", {1: "keyword.operator.word"}),
        _rule(rf"{_words(rest)}(?!\s*=)", {1: "keyword.control"}),
        _rule(rf"{_words(FUNCTIONS)}(?=\s*\()", {1: "support.function"}),
        _rule(rf"{_START}({_NAME})(?=\()", {1: "entity.name.function"}),
        _rule(terminals["OP"], "keyword.operator.comparison"),
        _rule("=", "keyword.operator.assignment"),
        _rule(",", "punctuation.separator"),
    ]
    return {
        "information_for_contributors": ["Written by `python tools/textmate.py`: change that."],
        "name": "labelwright task",
        "scopeName": f"source.{SCOPE}",
        "fileTypes": ["task"],
        "patterns": [{"include": f"#{name}"} for name in ("literals", "statements", "values")],
        "repository": {
            "literals": {"patterns": _literals(terminals)},
            "statements": {"patterns": statements},
            "values": {"patterns": [_arguments(), *values]},
        },
    }


def _literals(terminals: dict[str, str]) -> list[dict[str, Any]]:
    """What may hold anything, and is therefore looked for first."""
    escapes = [
        _rule(r'\\[nt"\\]', "constant.character.escape"),
        _rule(r"\\.", "invalid.illegal.escape"),
    ]
    return [
        _rule(rf"(#\s*allow){_END}[^\r\n]*", {0: "comment.line.number-sign", 1: "keyword.other"}),
        _rule(terminals["COMMENT"], "comment.line.number-sign"),
        _span('"""', '"""', "string.quoted.triple", []),
        _span('"', '"|$', "string.quoted.double", escapes),
        _rule(terminals["REGEX"], "string.regexp"),
    ]


def _arguments() -> dict[str, Any]:
    """Brackets: within them `name = value` is an argument and no setting."""
    named = _rule(rf"{_START}({_NAME})(?=\s*=(?!=))", {1: "variable.parameter"})
    inner = [{"include": "#literals"}, named, {"include": "#values"}]
    return {"begin": r"\(", "end": r"\)", "patterns": inner}


def _words(words: Iterable[str]) -> str:
    """Any of these words, as group 1; the longest is tried first."""
    return f"{_START}({'|'.join(sorted(words, key=lambda w: (-len(w), w)))}){_END}"


def _rule(match: str, scopes: str | dict[int, str]) -> dict[str, Any]:
    if isinstance(scopes, str):
        return {"name": f"{scopes}.{SCOPE}", "match": match}
    captures = {str(group): {"name": f"{scope}.{SCOPE}"} for group, scope in scopes.items()}
    return {"match": match, "captures": captures}


def _span(begin: str, end: str, scope: str, patterns: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": f"{scope}.{SCOPE}", "begin": begin, "end": end, "patterns": patterns}


def main(arguments: list[str]) -> int:
    """Write the grammar, or with `--check` compare it; 1 where it is stale."""
    text = json.dumps(grammar(), indent=2, ensure_ascii=False) + "\n"
    if "--check" in arguments:
        stale = not GRAMMAR.exists() or GRAMMAR.read_text(encoding="utf-8") != text
        if stale:
            print(f"{GRAMMAR} is stale: run `python tools/textmate.py`")
        return int(stale)
    GRAMMAR.parent.mkdir(parents=True, exist_ok=True)
    GRAMMAR.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
