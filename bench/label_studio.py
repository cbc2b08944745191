"""Label Studio through labelwright beside the server's own rates, on one server in one run.

Sending: 10,000 tasks by bare bulk imports of 1,000, and the same tasks written down and delivered; again
with a suggestion on each of 3,000. Fetching: 30 changed tasks among 10,000 by the server's own filtered list,
and by a pull. Arms take turns; medians, of pairs where ratios are told. The requests of a pull that finds
nothing new are counted.

    python bench/label_studio.py [--items 10000] [--rounds 5] [--json]

The server is that of LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY, else one is started for the run.
Exits 1 where a limit is broken.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from labelwright import load
from labelwright.connectors.label_studio.client import LabelStudio
from labelwright.connectors.label_studio.collecting import WATERMARK, pull
from labelwright.connectors.label_studio.credentials import KEY, URL, credentials
from labelwright.connectors.label_studio.filters import after
from labelwright.connectors.label_studio.listing import query
from labelwright.connectors.label_studio.payload import Card, prediction, task_data
from labelwright.connectors.label_studio.sending import CHUNK, deliver, suggestion_of, write_down
from labelwright.connectors.label_studio.site import Site
from labelwright.connectors.label_studio.watermark import Watermark
from labelwright.loop.items import Snapshot, ingest, open_source
from labelwright.loop.outbox import Outbox, Sent
from labelwright.loop.ports import Context, Request, Suggestion
from labelwright.loop.store import Store

ROOT = Path(__file__).parent.parent
TASK = """
task rates "Rates"
class Good
class Bad
data {
  source = csv("items.csv")
  id = id
  text = text
}
holdout { size = 10% }
annotators { from = label_studio }
"""
LIMITS = {"sending": 0.85, "sending with suggestions": 0.85, "pulling": 3.0, "nothing new": 3}
CHANGED = 30
SETTLED = 11.0  # seconds after which nothing that was imported counts as new


@dataclass
class Bench:
    """A server, a task and its items."""

    url: str
    token: str
    folder: Path
    snapshot: Snapshot
    context: Context

    def http(self) -> httpx.Client:
        headers = {"Authorization": f"Token {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=120, trust_env=False)

    @contextlib.contextmanager
    def site(self, name: str) -> Iterator[Site]:
        """A project of its own, which goes afterwards."""
        with Store(self.folder / name) as store:
            client = LabelStudio(self.url, self.token, timeout=120)
            site = Site(self.context, Outbox(store), lambda: client)
            site.learn_inputs(self.snapshot.inputs)
            number = site.project()
            yield site
            client.delete_project(number)
            site.close()

    def requests(self, items: int, suggested: bool) -> list[Request]:
        told = Suggestion(("Good",), 0.75, "rates 1") if suggested else None
        return [Request(i, 1, "train", told) for i in self.snapshot.ids[:items]]


def ours(bench: Bench, items: int, suggested: bool) -> float:
    """Tasks a second, from the choice to the acknowledged import."""
    with bench.site(f"ours-{time.monotonic_ns()}") as site:
        started = time.perf_counter()
        write_down(site, "b", bench.requests(items, suggested), bench.snapshot, 0.0)
        deliver(site, "b", bench.snapshot)
        return items / (time.perf_counter() - started)


def bare(bench: Bench, items: int, suggested: bool) -> float:
    """Tasks a second by imports alone, of the same tasks."""
    with bench.site(f"bare-{time.monotonic_ns()}") as site, bench.http() as http:
        write_down(site, "b", bench.requests(items, suggested), bench.snapshot, 0.0)
        bodies = _bodies(site, bench.snapshot, site.outbox.sent())
        address = f"/api/projects/{site.project()}/import?return_task_ids=true"
        started = time.perf_counter()
        for first in range(0, items, CHUNK):
            http.post(address, json=bodies[first : first + CHUNK]).raise_for_status()
        return items / (time.perf_counter() - started)


def _bodies(site: Site, snapshot: Snapshot, sent: list[Sent]) -> list[dict[str, Any]]:
    rows = snapshot.rows_of([s.item for s in sent])
    data = task_data(site.parts, snapshot.take(rows), [Card(s.uid, "b") for s in sent])
    told = [suggestion_of(s) for s in sent]
    return [
        {"data": d} | ({"predictions": [prediction(site.page, t)]} if t else {})
        for d, t in zip(data, told, strict=True)
    ]


def pulling(bench: Bench, items: int, rounds: int) -> dict[str, Any]:
    """Seconds of the server's list and of a pull that find the same changes; requests of an idle one."""
    with bench.site("pulling") as site, bench.http() as http:
        write_down(site, "b", bench.requests(items, False), bench.snapshot, 0.0)
        deliver(site, "b", bench.snapshot)
        first = _seconds(lambda: pull(site))
        time.sleep(SETTLED)
        pull(site)
        numbers = [s.remote for s in site.outbox.sent()]
        lists, pulls = [], []
        for round_ in range(rounds):
            mine = numbers[round_ :: len(numbers) // CHANGED][:CHANGED]
            result = {"from_name": "label", "to_name": "text", "type": "choices"}
            result["value"] = {"choices": ["Good"]}  # type: ignore[assignment]
            for number in mine:
                body = {"result": [result], "lead_time": 2.0}
                http.post(f"/api/tasks/{number}/annotations/", json=body).raise_for_status()
            since = Watermark.read(site.outbox.get(WATERMARK)).since
            params = query(site.project(), [after("updated_at", since)], ["tasks:updated_at"])
            params |= {"fields": "all", "page_size": "1000"}
            lists.append(_seconds(lambda p=params: http.get("/api/tasks/", params=p)))  # type: ignore[misc]
            pulls.append(_seconds(lambda: _expect(pull(site).changed, CHANGED)))
            time.sleep(SETTLED)
            pull(site)
            lists.append(_seconds(lambda p=params: http.get("/api/tasks/", params=p)))  # type: ignore[misc]
        before = site.client.requests
        pull(site)
        return {
            "list": statistics.median(lists),
            "pull": statistics.median(pulls),
            "first": first,
            "idle": site.client.requests - before,
        }


def _expect(found: int, wanted: int) -> None:
    if found != wanted:
        raise SystemExit(f"{found} changes were found, not {wanted}")


def _seconds(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


@contextlib.contextmanager
def server(folder: Path) -> Iterator[tuple[str, str]]:
    """Address and token of a server, started where none is named."""
    if os.environ.get(URL) and os.environ.get(KEY):
        given = credentials()
        yield given.url, given.token
        return
    from labelwright.connectors.label_studio.studio import running
    from labelwright.connectors.label_studio.studio.home import Home, studio_home
    from labelwright.connectors.label_studio.studio.vault import kept

    sys.path.insert(0, str(ROOT))
    from tests.studio_server import copy_template

    home = Home(folder / "studio", studio_home().venv)
    copy_template(home)
    note = running.start(home, port=0)
    try:
        secrets = kept(home)
        if secrets is None:
            raise SystemExit("the server's token is not known")
        yield note.url, secrets.token
    finally:
        running.stop(home)


def begin(url: str, token: str, folder: Path, items: int) -> Bench:
    """Items like short news."""
    words = ("court", "said", "monday", "shares", "of", "the", "company", "fell", "after", "rain")
    lines = ["id,text"]
    for n in range(items):
        text = " ".join(words[(n * 7 + k * k) % len(words)] for k in range(24))
        lines.append(f"i{n},{text} {n}")
    (folder / "items.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "rates.task").write_text(TASK, encoding="utf-8")
    context = Context(load(folder / "rates.task"), folder, folder / "cache")
    inputs, _ = ingest(context, open_source(context), folder / "items.arrow")
    return Bench(url, token, folder, Snapshot.open(folder / "items.arrow", inputs), context)


def measure(bench: Bench, items: int, rounds: int) -> dict[str, Any]:
    """Rates and ratios."""
    found: dict[str, Any] = {}
    for name, count, pairs, suggested in (
        ("sending", items, rounds, False),
        ("sending with suggestions", max(CHUNK, items * 3 // 10), 2 * rounds, True),
    ):
        bare(bench, CHUNK, suggested)  # the first is slower
        rates: dict[str, list[float]] = {"bare": [], "ours": []}
        for pair in range(pairs):
            arms = [("bare", bare), ("ours", ours)]
            for arm, do in arms if pair % 2 else reversed(arms):
                rates[arm].append(do(bench, count, suggested))
        medians = {arm: statistics.median(values) for arm, values in rates.items()}
        both = zip(rates["bare"], rates["ours"], strict=True)
        ratio = statistics.median(mine / theirs for theirs, mine in both)
        found[name] = {**medians, "ratio": ratio, "all": rates}
    fetched = pulling(bench, items, rounds)
    found["pulling"] = {**fetched, "ratio": fetched["pull"] / fetched["list"]}
    return found


def main() -> int:
    """Print the table; 1 where a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, server(Path(temporary)) as (url, token):
        bench = begin(url, token, Path(temporary), options.items)
        found = measure(bench, options.items, options.rounds)
    broken = [n for n in ("sending", "sending with suggestions") if found[n]["ratio"] < LIMITS[n]]
    pulled = found["pulling"]
    broken += ["pulling"] * (pulled["ratio"] > LIMITS["pulling"])
    broken += ["nothing new"] * (pulled["idle"] > LIMITS["nothing new"])
    if options.json:
        print(json.dumps({"found": found, "limits": LIMITS, "broken": broken}))
        return int(bool(broken))
    for name in ("sending", "sending with suggestions"):
        one = found[name]
        print(
            f"{name:26} bare {one['bare']:6.0f}/s   labelwright {one['ours']:6.0f}/s   "
            f"{one['ratio']:.2f} times, limit {LIMITS[name]}"
        )
    print(
        f"{CHANGED} changed of {options.items:,}      list {pulled['list'] * 1000:6.0f} ms   "
        f"pull {pulled['pull'] * 1000:8.0f} ms   {pulled['ratio']:.2f} times, limit {LIMITS['pulling']}"
    )
    print(f"first pull after sending   {pulled['first'] * 1000:6.0f} ms")
    print(f"nothing new                {pulled['idle']} requests, limit {LIMITS['nothing new']}")
    for name in broken:
        print(f"limit broken: {name}", file=sys.stderr)
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
