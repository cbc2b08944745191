"""Campaigns of a bench, two at a time, each kept once it is done.

A finished run lies in the user's cache under all that decides it: what was run, the sources of the
strategy, of the bench and of the set, and the versions of the libraries. Whatever of it changes, the run is
made again; whatever stopped a bench, what was done before stays done.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path

import sets

_HERE = Path(__file__).parent
_QUERY = _HERE.parent / "loop" / "query"
_LEARN = _HERE.parent / "loop" / "learn"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_LIBRARIES = ("numpy", "scikit-learn", "scipy", "torch")
LEARN = "learn "
"""`learn infomax`: a way of learning at `at` random labels; `learn auto > infomax`: one in a campaign."""
PEER_LIBRARIES = ("scikit-activeml", "small-text", "modAL-python")


@dataclass(frozen=True)
class Run:
    """One campaign. `pool`: rows drawn by the seed, all where None. `at`: one cold batch of so many."""

    set: str
    method: str
    seed: int
    pool: int | None = None
    at: int | None = None

    @property
    def peer(self) -> bool:
        """Whether somebody else's library chooses: `small_text: BreakingTies`."""
        return ": " in self.method

    def __str__(self) -> str:
        return f"{self.method} on {self.set}, seed {self.seed}"


@dataclass(frozen=True)
class Done:
    """What came of a run: the curve, (n_rounds,), or one number with `at`; and its seconds."""

    curve: tuple[float, ...]
    seconds: float


def made(runs: Iterable[Run], *, processes: int = 2, fresh: bool = False) -> dict[Run, Done]:
    """All of them, out of the cache where they are there; progress on stderr.

    Each process has one thread. The first run that fails stops the rest and is raised by its name.
    """
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    wanted = list(dict.fromkeys(runs))
    done = {} if fresh else {run: kept for run in wanted if (kept := _kept(run))}
    todo = [run for run in wanted if run not in done]
    if not todo:
        return done
    os.environ.update(dict.fromkeys(_THREADS, "1"))  # read by the processes when they import numpy
    columns = (*Progress.get_default_columns()[:3], MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*columns, TextColumn("{task.fields[last]}"), console=Console(stderr=True))
    executor = ProcessPoolExecutor(processes, get_context("spawn"))
    with executor, progress:
        bar = progress.add_task("campaigns", total=len(wanted), completed=len(done), last="")
        futures = {executor.submit(_make, run): run for run in todo}
        try:
            for future in as_completed(futures):
                run = futures[future]
                done[run] = _result(future, run)
                progress.update(bar, advance=1, last=str(run))
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise
    return done


def _result(future: Future[Done], run: Run) -> Done:
    try:
        return future.result()
    except Exception as error:
        error.add_note(f"in the run {run}")
        raise


def _make(run: Run) -> Done:
    import campaign

    if run.method.startswith(LEARN):
        return _save(run, *_learned(run))
    if run.peer:
        import peers

        chooser = peers.chooser(run.method)
    else:
        chooser = campaign.ours(run.method)
    data = sets.load(run.set)
    began = time.perf_counter()
    if run.at is None:
        curve = tuple(campaign.run(data, chooser, run.seed, pool=run.pool).tolist())
    else:
        curve = (campaign.cold(data, chooser, run.seed, run.at, pool=run.pool),)
    return _save(run, curve, time.perf_counter() - began)


def _learned(run: Run) -> tuple[tuple[float, ...], float]:
    import ways

    data = sets.load(run.set)
    strategy, apart, way = run.method.removeprefix(LEARN).rpartition(" > ")
    began = time.perf_counter()
    if apart:
        curve = ways.loop(data, strategy, way, run.seed)
    else:
        assert run.at is not None
        curve = ways.at(data, way, run.seed, run.at)
    return tuple(curve), time.perf_counter() - began


def _save(run: Run, curve: tuple[float, ...], seconds: float) -> Done:
    done = Done(curve, seconds)
    path = _path(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(asdict(done)), encoding="utf-8")
    temporary.replace(path)
    return done


def _kept(run: Run) -> Done | None:
    path = _path(run)
    if not path.exists():
        return None
    kept = json.loads(path.read_text(encoding="utf-8"))
    return Done(tuple(kept["curve"]), kept["seconds"])


def _path(run: Run) -> Path:
    entry = next(e for e in sets.protocol()["set"] if e["name"] == run.set)
    all_of_it = [asdict(run), entry, sets.RECIPE, _sources(run.method), _versions(run.peer)]
    key = hashlib.sha256(json.dumps(all_of_it, sort_keys=True).encode()).hexdigest()[:32]
    return sets.cache_folder() / "runs" / f"{key}.json"


@cache
def _versions(peer: bool) -> dict[str, str]:
    return {name: metadata.version(name) for name in _LIBRARIES + PEER_LIBRARIES * peer}


@cache
def _sources(method: str) -> str:
    """A digest of the source that makes a method choose as it does."""
    own = re.findall(r"\b[a-z]\w*", method)
    files = {_HERE / "peers.py"} if ": " in method else _closure(own)
    if method.startswith(LEARN):
        files |= {_HERE / "ways.py", *_learning(own)}
    every = sorted(files | {_HERE / "campaign.py"})
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in every)).hexdigest()


def _learning(names: list[str]) -> set[Path]:
    """The files of the head and of these ways of learning, and what they import of loop/learn.

    Not `suiting`, which says what is refused and nothing of how anything learns.
    """
    files: set[Path] = set()
    todo = [*names, "head", "gated"]
    while todo:
        path = _LEARN / f"{todo.pop()}.py"
        if path.exists() and path not in files and path.stem != "suiting":
            files.add(path)
            source = path.read_text(encoding="utf-8")
            todo += re.findall(r"labelwright\.loop\.learn\.(\w+)", source)
    return files


def _closure(names: list[str]) -> set[Path]:
    """The files of these strategies, and of what those import of loop/query or call by name."""
    files: set[Path] = set()
    todo = [*names, "contract"]
    while todo:
        name = todo.pop()
        path = next(
            (p for p in (_QUERY / f"{name}.py", _QUERY / f"{name}_.py") if p.exists()), None
        )
        if path is None or path in files:
            continue
        files.add(path)
        source = path.read_text(encoding="utf-8")
        todo += re.findall(r"labelwright\.loop\.query\.(\w+)", source)
        todo += re.findall(r"[\"'](\w+)[\"']", source)
    return files
