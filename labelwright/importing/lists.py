"""A plain list of classes: a text file with one a line, or JSON.

```
economy: markets, companies, prices      name, then `: ` or a tab, then what belongs to it
정치                                      a name alone
# a comment
```
JSON is a list of names, a list of objects (`name`, and perhaps `title`, `describe`, `aliases`), or an
object of names with their descriptions. One whose names are numbers holds a name for each number
that the data may hold instead, as a model's `id2label` does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labelwright.dsl.naming import one_line
from labelwright.dsl.scaffold_classes import ProposedClass
from labelwright.importing.found import Imported, fault, refuse_repeats

_DESCRIBED = re.compile(r"(?P<name>[^\t]*?\S)\s*(?:\t|:\s)\s*(?P<describe>\S.*)")
_LONGEST = 200


def text_list(path: Path, text: str) -> Imported:
    """Classes of a text file, one a line. Raises ImportingError, naming the line."""
    classes, lines = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = _DESCRIBED.fullmatch(line)
        name, describe = (match["name"], match["describe"]) if match else (line, "")
        name = name.removesuffix(":").strip()
        if len(name) > _LONGEST:
            raise fault(
                path,
                number,
                f"{name[:40]!r}… is {len(name)} characters long: this is no name of a class",
                "write one class a line: its name, then perhaps `: ` and what belongs to it",
            )
        classes.append(ProposedClass((one_line(name),), describe=one_line(describe)))
        lines.append(number)
    refuse_repeats(path, classes, lines, "class")
    return Imported(tuple(classes))


def json_list(path: Path, value: Any) -> Imported:
    """Classes of a JSON value. Raises ImportingError, naming the place in it."""
    classes = tuple(_classes(path, value))
    refuse_repeats(path, classes, (), "class")
    return Imported(classes)


def is_list(value: Any) -> bool:
    """Whether a JSON value has the form of a list of classes."""
    if isinstance(value, list):
        return all(isinstance(v, (str, int, dict)) for v in value)
    return isinstance(value, dict) and all(v is None or isinstance(v, str) for v in value.values())


def _classes(path: Path, value: Any) -> Iterator[ProposedClass]:
    if isinstance(value, dict):
        numbered = bool(value) and all(str(k).isdecimal() for k in value)
        for key, said in value.items():
            if numbered:
                yield ProposedClass((_name(path, said, f"entry {key}"), key))
            else:
                yield ProposedClass((_name(path, key, "a key"),), describe=one_line(said or ""))
        return
    for position, each in enumerate(value, start=1):
        place = f"entry {position}"
        if not isinstance(each, dict):
            yield ProposedClass((_name(path, each, place),))
            continue
        name = _name(path, each.get("name", each.get("label", each.get("value"))), place)
        yield ProposedClass(
            (name, *(_name(path, a, f"the aliases of {name}") for a in each.get("aliases", ()))),
            title=_text(path, each, "title", place),
            describe=_text(path, each, "describe", place)
            or _text(path, each, "description", place),
        )


def _name(path: Path, value: Any, place: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
        raise fault(
            path,
            None,
            f"{place} has no name: {json.dumps(value, ensure_ascii=False)[:60]}",
            'write a list of names, or of objects such as {"name": "Sports", "describe": "…"}',
        )
    if len(str(value)) > _LONGEST:
        raise fault(path, None, f"the name in {place} is very long", "write a short one")
    return one_line(str(value))


def _text(path: Path, each: dict[str, Any], key: str, place: str) -> str:
    value = each.get(key) or ""
    if not isinstance(value, str):
        raise fault(path, None, f"`{key}` of {place} is no text", "write it in quotes")
    return one_line(value)
