"""The part of YAML that dataset cards are written in: mappings, lists and plain values, by indentation.

Only one top-level section is read (`dataset_info:`), so that whatever else stands in a card does not
matter. What this reader does not know (anchors, tags, flow collections with something in them, texts
over several lines) is an error with its line, never guessed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from labelwright.importing.found import fault

_DEPTH = 40
_KEY = re.compile(
    r"""(?P<key>'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[^\s#'"\[\]{}&*!|>%@`,-][^#]*?)"""
    r"""\s*:(?=\s|$)"""
)
_LONGEST_LINE = 10_000

_Line = tuple[int, int, str]  # line number, indentation, text


def section(path: Path, text: str, name: str) -> Any | None:
    """The value of a top-level key of a card's front matter; None where there is none.

    Raises ImportingError, naming the line, for what is not understood within it.
    """
    lines = text.splitlines()
    if not lines or lines[0].strip() != "---":
        return None
    end = next((n for n, line in enumerate(lines[1:], 1) if line.strip() in ("---", "...")), None)
    if end is None:
        raise fault(path, 1, "the front matter is not closed", "end it with a line `---`")
    inside: list[_Line] = []
    began = False
    for number, line in enumerate(lines[1:end], start=2):
        if "\t" in line[: len(line) - len(line.lstrip())]:
            if began:
                raise fault(path, number, "a tab stands where YAML wants spaces", "write spaces")
            continue
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        if began and len(line) > _LONGEST_LINE:
            raise fault(path, number, "this line is very long", "name a plain list of classes")
        depth = len(line) - len(line.lstrip())
        if depth == 0 and not bare.startswith("- "):
            if began:
                break
            began = bare.split("#")[0].rstrip() == f"{name}:"
            continue
        if began:
            inside.append((number, depth, bare))
    if not inside:
        return None
    reader = _Reader(path, inside)
    value = reader.block(inside[0][1], 0)
    if reader.at < len(inside):
        raise reader.fault("this line is indented unlike those above")
    return value


class _Reader:
    """Reads lines from `at` on."""

    def __init__(self, path: Path, lines: list[_Line]) -> None:
        self._path = path
        self._lines = lines
        self.at = 0

    def fault(self, what: str) -> Exception:
        line = self._lines[min(self.at, len(self._lines) - 1)][0]
        return fault(
            self._path, line, what, "give the same as dataset_info.json, or a plain list of classes"
        )

    def block(self, indent: int, depth: int) -> Any:
        """The mapping or list whose entries stand at `indent`."""
        if depth > _DEPTH:
            raise self.fault("this is nested too deeply")
        if self._lines[self.at][2].startswith("- ") or self._lines[self.at][2] == "-":
            return self._list(indent, depth)
        return self._mapping(indent, depth)

    def _list(self, indent: int, depth: int) -> list[Any]:
        found: list[Any] = []
        while self.at < len(self._lines):
            number, here, text = self._lines[self.at]
            if here != indent or not (text.startswith("- ") or text == "-"):
                break
            rest = text[1:].strip()
            if not rest:
                self.at += 1
                found.append(self._below(indent, depth))
            elif _KEY.match(rest):
                # The first entry of a mapping stands on the line of the dash, the others under it.
                inner = indent + len(text) - len(text[1:].lstrip())
                self._lines[self.at] = (number, inner, rest)
                found.append(self._mapping(inner, depth + 1))
            else:
                self.at += 1
                found.append(self._scalar(rest))
        return found

    def _mapping(self, indent: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.at < len(self._lines):
            _, here, text = self._lines[self.at]
            if here != indent or text.startswith("- "):
                break
            match = _KEY.match(text)
            if match is None:
                raise self.fault("this line is neither `key: value` nor `- value`")
            key = str(self._scalar(match["key"]))
            if key in found:
                raise self.fault(f"the key {key!r} stands here twice")
            rest = text[match.end() :].strip()
            self.at += 1
            if rest.startswith("#"):
                rest = ""
            found[key] = self._scalar(rest) if rest else self._below(indent, depth)
        return found

    def _below(self, indent: int, depth: int) -> Any:
        """What stands under a key or a dash: deeper, or a list at the key's own indentation."""
        if self.at >= len(self._lines):
            return None
        _, here, text = self._lines[self.at]
        if here > indent or (here == indent and text.startswith("- ")):
            return self.block(here, depth + 1)
        return None

    def _scalar(self, text: str) -> Any:
        if text[:1] in ("'", '"'):
            quote = text[0]
            end = re.match(r"'((?:[^']|'')*)'" if quote == "'" else r'"((?:[^"\\]|\\.)*)"', text)
            if end is None or text[end.end() :].strip()[:1] not in ("", "#"):
                raise self.fault("these quotes do not fit")
            if quote == "'":
                return end[1].replace("''", "'")
            return self._unescaped(end[1])
        text = re.split(r"\s#", text, maxsplit=1)[0].strip()
        if text in ("[]", "{}"):
            return [] if text == "[]" else {}
        if text[:1] in "[{&*!|>%@`":
            raise self.fault(f"`{text[:20]}` is a form of YAML that is not read here")
        return {"null": None, "~": None, "": None, "true": True, "false": False}.get(text, text)

    def _unescaped(self, text: str) -> str:
        plain = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "/": "/", " ": " "}

        def one(match: re.Match[str]) -> str:
            if match[1][0] in "xuU":
                return chr(int(match[1][1:], 16))
            if match[1] not in plain:
                raise self.fault(f"`\\{match[1]}` is not read here")
            return plain[match[1]]

        return re.sub(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|.)", one, text)
