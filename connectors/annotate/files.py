"""People who label in files: a batch goes out as one, and comes back filled in.

Everybody answers in the batch's own file, or in a copy that bears their name (`news-0.kim.csv` beside
`news-0.csv`). What was read last is held in the outbox, so that an edit, and an answer that was emptied,
are noticed. Nothing that people wrote is ever changed here.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.connectors.exchange.cells import Cells
from labelwright.connectors.exchange.changes import Changes, Found, Told, changes
from labelwright.connectors.exchange.handing import answers, hand_out, hints_of, parts
from labelwright.connectors.exchange.reading import Row, UnreadError, read_rows
from labelwright.connectors.exchange.writing import (
    ANNOTATOR,
    HINTS,
    ITEM,
    LABEL,
    NOT_BY,
    NOTE,
    UID,
    Format,
    batch_text,
    field_names,
    write_new,
)
from labelwright.connectors.paths import data_folder, data_path
from labelwright.connectors.paths import shown as shown_path
from labelwright.loop.errors import ConnectorError, DataError
from labelwright.loop.outbox import Outbox, Sent
from labelwright.loop.ports import AnnotatorSource, Answer, Context, Items, Request

if TYPE_CHECKING:
    from labelwright.dsl.compile.fields import Shown

FORMATS: tuple[Format, ...] = ("jsonl", "csv")
NOBODY = "somebody"
"""Who answered in the batch's own file without a name in its column `annotator`."""

_LARGEST = 2048  # pixels a side of a picture that is written beside the batch
_BOM = "\ufeff"  # without it Excel takes UTF-8 for something else


def files(
    folder: str, format: str = "jsonl", *, context: Context, outbox: Outbox
) -> AnnotatorSource:
    """People who fill in files: one a batch in a folder under the data root, jsonl or csv."""
    chosen = next((f for f in FORMATS if f == format), None)
    if chosen is None:
        raise ConnectorError(
            f"files: {format!r} is no format of a batch", f"write {' or '.join(FORMATS)}"
        )
    return Files(context, outbox, data_folder(folder, context.data_root), chosen)


@dataclass
class Files:
    """See `files`."""

    context: Context
    outbox: Outbox
    folder: Path
    format: Format
    rehearsal: bool = field(default=False, init=False)
    anonymous: str = field(default=NOBODY, init=False)
    troubles: tuple[str, ...] = field(default=(), init=False)  # see `told`

    # --- out ----------------------------------------------------------------------------------

    def send(self, batch: str, requests: Sequence[Request], items: Items) -> None:
        """Write the batch's file; one that is there stays as it is. Raises ConnectorError, DataError."""
        sent = hand_out(self.outbox, self.context, batch, requests, items, "waiting")
        self._write(batch, "", [s for s in sent if not s.only_by], items)
        for person in sorted({who for s in sent for who in s.only_by}):
            self._write(batch, person, [s for s in sent if person in s.only_by], items)
        self.outbox.mark([s.uid for s in sent], "sent")

    def _write(self, batch: str, person: str, sent: Sequence[Sent], items: Items) -> None:
        """The batch's own file, or what one person alone is asked, in a file that bears their name."""
        if not sent and person:
            return
        path = self.folder / f"{batch}{_bearing(person)}.{self.format}"
        if not path.exists():
            rows = self._rows(batch, sent, items)
            told = [row | {ANNOTATOR: person} for row in rows]
            text = batch_text(told, self.format)
            write_new(path, ((_BOM if self.format == "csv" else "") + text).encode("utf-8"))

    def _rows(self, batch: str, sent: Sequence[Sent], items: Items) -> list[dict[str, Any]]:
        shown = parts(self.context)
        columns = list(dict.fromkeys(c for part in shown for c in part.columns))
        pictures = {c for part in shown if part.kind == "image" for c in part.columns}
        names = field_names(columns)
        by_item = dict(zip(items.ids, items.columns(columns).to_pylist(), strict=True))
        hints = {s.uid: "\n".join(hints_of(self.outbox, s.uid)) for s in sent}
        rows = []
        for each in sent:
            row: dict[str, Any] = {UID: each.uid, ITEM: each.item}
            for column, name in names.items():
                value = by_item[each.item][column]
                row[name] = self._picture(batch, each.rank, value) if column in pictures else value
            if any(hints.values()):
                row[HINTS] = hints[each.uid]
            if any(s.not_by for s in sent):
                row[NOT_BY] = ", ".join(each.not_by)
            row |= {LABEL: None, ANNOTATOR: "", NOTE: ""}
            rows.append(row)
        self._remember_texts(sent, shown, by_item)
        return rows

    def _picture(self, batch: str, rank: int, value: Any) -> str:
        """A picture's path: that of the data, or of a file made of its pixels beside the batch."""
        if isinstance(value, str) or value is None:
            return value or ""
        from labelwright.connectors.pictures import png_data

        path = self.folder / f"{batch}.pictures" / f"{rank + 1:04d}.png"
        write_new(path, png_data(value, self.context.data_root, max_side=_LARGEST))
        return path.relative_to(self.folder).as_posix()

    def _remember_texts(
        self, sent: Sequence[Sent], shown: Sequence[Shown], by_item: dict[str, dict[str, Any]]
    ) -> None:
        """Keep the texts that people mark parts of: the data may have changed when they answer."""
        if self.context.task.kind != "spans":
            return
        column = next(part.columns[0] for part in shown if part.kind == "text")
        with self.outbox.writing():
            for each in sent:
                self.outbox.set(_text_key(each.uid), str(by_item[each.item][column] or ""))

    # --- in -----------------------------------------------------------------------------------

    def pull(self) -> None:
        """Read every batch's files and hold what is new in them; `told` says the rest."""
        troubles: list[str] = []
        batches: dict[str, list[Sent]] = {}
        for sent in self.outbox.sent():
            batches.setdefault(sent.batch, []).append(sent)
        there = _listed(self.folder)
        for batch, rows in batches.items():
            found = list(self._found(batch, rows, there, troubles))
            made = self._changes(batch, found)
            troubles += made.troubles
            with self.outbox.writing():
                self.outbox.hold(made.held)
                for reference, told in made.told.items():
                    self.outbox.set(reference, json.dumps([told.file, told.raw]))
        self.troubles = tuple(troubles)

    def collect(self, batch: str, requests: Sequence[Request]) -> Sequence[Answer]:
        """All answers read so far; what was emptied comes as withdrawn."""
        return answers(self.outbox, batch, requests)

    def where(self) -> str | None:
        """The file of the newest batch, or its folder where somebody took it away; None before any."""
        sent = self.outbox.sent()
        if not sent:
            return None
        path = self.folder / f"{sent[-1].batch}.{self.format}"
        return shown_path(path if path.exists() else self.folder, self.context.data_root)

    def told(self) -> tuple[str, ...]:
        """What the last reading could not use, a sentence each."""
        return self.troubles

    def _changes(self, batch: str, found: Sequence[Found]) -> Changes:
        held = [h for h in self.outbox.held(batch) if h.reference.startswith("files/")]
        told = {
            h.reference: Told(*json.loads(known))
            for h in held
            if (known := self.outbox.get(h.reference)) is not None
        }
        cells = Cells(self.context.task)
        return changes(found, held, told, cells, lambda uid: self.outbox.get(_text_key(uid)) or "")

    def _found(
        self, batch: str, sent: Sequence[Sent], there: dict[str, Path], troubles: list[str]
    ) -> Iterator[Found]:
        root = self.context.data_root
        known = {s.uid: s for s in sent}
        by_item = {s.item: s.uid for s in sent}
        for name, path in there.items():
            person = _person(name, batch)
            if person is None:
                if _is_meant(name, batch):
                    troubles.append(
                        f"{name} is not read: call it {batch}.NAME.{self.format}, "
                        "NAME being whoever answers in it"
                    )
                continue
            try:
                rows, wrong = read_rows(data_path(shown_path(path, root), root))
            except (UnreadError, DataError) as error:
                troubles.append(f"{name} {error}" if isinstance(error, UnreadError) else str(error))
                continue
            troubles += [f"{name}, {what}" for what in wrong]
            if rows and not {LABEL} & rows[0].cells.keys():
                troubles.append(f"{name} has no column {LABEL}")
                continue
            for row in rows:
                uid = _uid(row, known, by_item)
                if uid is None:
                    troubles.append(f"{name}, row {row.number}, column {UID}: {_STRANGER}")
                    continue
                told = _text(row.cells.get(ANNOTATOR)) or person or NOBODY
                if known[uid].only_by and told not in known[uid].only_by:
                    if _text(row.cells.get(LABEL)):
                        who = " or ".join(known[uid].only_by)
                        troubles.append(f"{name}, row {row.number}: only {who} is asked about it")
                    continue
                if told in (*known[uid].not_by, NOBODY) and known[uid].not_by:
                    if _text(row.cells.get(LABEL)):
                        troubles.append(f"{name}, row {row.number}: {_not_asked(told)}")
                    continue
                yield Found(name, row.number, uid, told, row.cells.get(LABEL))


_STRANGER = (
    "it is not the item that was sent in this row: put the file's columns lw_uid and item back"
)


def _not_asked(person: str) -> str:
    """Why an answer is not taken where a further opinion is asked."""
    if person == NOBODY:
        return f"a second opinion is asked: write who gives it into the column {ANNOTATOR}"
    return f"a second opinion is asked, and {person} gave the first: it is for somebody else"


def _uid(row: Row, known: dict[str, Sent], by_item: dict[str, str]) -> str | None:
    """Whose row it is; None where its two names are of different items, or of none of the batch."""
    uid, item = _text(row.cells.get(UID)), _text(row.cells.get(ITEM))
    named = by_item.get(item) or by_item.get(item.removeprefix("'"))
    if uid in known:
        return uid if named in (uid, None) else None
    return named if not uid else None


def _text(value: Any) -> str:
    return "" if value is None else unicodedata.normalize("NFC", str(value)).strip()


def _text_key(uid: str) -> str:
    return f"text/{uid}"


def _bearing(person: str) -> str:
    """What a person's name adds to the batch's in a file's name: letters, digits, `-` and `_` of it."""
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in person)
    return f".{safe}" if person else ""


def _listed(folder: Path) -> dict[str, Path]:
    """The files there, by name as people read it, in the order of the names."""
    if not folder.is_dir():
        return {}
    found = {unicodedata.normalize("NFC", p.name): p for p in folder.iterdir() if p.is_file()}
    return dict(sorted(found.items()))


def _person(name: str, batch: str) -> str | None:
    """Whose file of the batch it is: empty where it is the batch's own; None where it is none."""
    stem, _, ending = name.rpartition(".")
    if ending.lower() not in FORMATS:
        return None
    batch = unicodedata.normalize("NFC", batch)
    if stem == batch:
        return ""
    return stem.removeprefix(f"{batch}.").strip() if stem.startswith(f"{batch}.") else None


def _is_meant(name: str, batch: str) -> bool:
    """Whether a file looks like one of the batch that was renamed: `news-0 (1).csv`, `news-0.xlsx`."""
    rest = name.removeprefix(unicodedata.normalize("NFC", batch))
    return rest != name and not rest[:1].isalnum() and rest != ""
