"""One way of tuning, tried in a process of its own: `python -m labelwright.trial`, for `comparing`.

Reads what to try from standard input, and writes lines of JSON: progress, then what was found.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import LabelwrightError

if TYPE_CHECKING:
    import numpy as np

    from labelwright.dsl.task import Call
    from labelwright.loop.ports import Model
    from labelwright.loop.workbench import Workbench


def main() -> None:
    """Try it."""
    spec = json.load(sys.stdin)
    try:
        told = tried(spec)
    except LabelwrightError as error:
        told = {"why": error.message}
    _say(told)


def tried(spec: dict[str, Any]) -> dict[str, Any]:
    """What one way makes of a campaign's labels. Raises LabelwrightError where it cannot be tried."""
    from labelwright.dsl.task import Call, Task
    from labelwright.project import Project

    task = Task.model_validate_json(spec["task"])
    project = Project(task, state=spec["state"], data_root=spec["data_root"], progress=_progress())
    with project.looking() as bench, tempfile.TemporaryDirectory(prefix="labelwright-") as cache:
        round_ = project.rounds_so_far()[-1].round
        return _tried(_with(bench, Call.model_validate(spec["call"]), Path(cache)), round_)


def _with(bench: Workbench, call: Call, cache: Path) -> Workbench:
    """The campaign with another way to tune."""
    from labelwright.loop.workbench import Workbench

    class Trying(Workbench):
        def learner_call(self, round_: int) -> Call:
            """What is tried, whatever the round learned with."""
            return call

    context = replace(bench.context, cache=cache)  # nothing of an earlier try is there
    return Trying(
        bench.task, bench.definition, context, bench.store, bench.annotators, bench.encode
    )


def _tried(bench: Workbench, round_: int) -> dict[str, Any]:
    from labelwright.loop.errors import DataError

    watermark = bench.needed(round_, "collect")["watermark"]
    training, held = bench.labels(round_, watermark)
    if not len(training) or not len(held):
        raise DataError(
            f"{len(training)} labels to learn from and {len(held)} to measure on are too few",
            "run another round first",
        )
    learner = bench.learner(round_)
    X, targets = bench.seen(round_, training.rows), bench.targets(training)
    before = held_now()
    began = time.perf_counter()
    model = learner.fit(X, targets, calibrate=False)
    seconds = time.perf_counter() - began
    peak = peak_held()
    probs = model.predict_proba(bench.seen(round_, held.rows))
    right = (_given(bench, model, probs) == (bench.targets(held) > 0.5)).all(axis=1)
    return {
        "stored": stored_bytes(model),
        "before": before,
        "peak": peak,
        "seconds": seconds,
        "right": [bool(r) for r in right],
        "labels": len(training),
        "holdout": len(held),
        "encoder": weight_bytes(bench.fitted_encoder(round_)),
        "device": _device(),
    }


def _given(bench: Workbench, model: Model, probs: np.ndarray) -> np.ndarray:
    """(n, n_classes) bool: the classes that the model gives."""
    from labelwright.loop.sets import Sets
    from labelwright.loop.supported import several

    if several(bench.task):
        return Sets(bench.task).decide(probs, getattr(model, "thresholds", None))
    import numpy as np

    return np.asarray(np.eye(probs.shape[1], dtype=bool)[probs.argmax(axis=1)])


def stored_bytes(model: Model) -> int:
    """Bytes of the file that a campaign would keep."""
    import numpy as np
    from safetensors.numpy import save

    return len(save({k: np.ascontiguousarray(v) for k, v in model.state().items()}))


def weight_bytes(encoder: Any) -> int:
    """Bytes of the weights of the encoder's network."""
    if not callable(getattr(encoder, "network", None)):
        return 0
    return sum(p.nbytes for p in encoder.network(0).parameters())


def held_now() -> int:
    """Bytes held now, and from here on for the peak; on a GPU those of the GPU."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return int(torch.cuda.memory_allocated())
    return _status("VmRSS")


def peak_held() -> int:
    """The most bytes held since `held_now`."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return _status("VmHWM")


def _status(name: str) -> int:
    """A figure of this process, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text("utf-8").splitlines() if x.startswith(name))
        return int(line.split()[1]) * 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _device() -> str:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"


def _progress() -> Any:
    last = [0.0]

    def tell(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - last[0] >= 0.2 or done == total:
            last[0] = now
            _say({"progress": [what, done, total]})

    return tell


def _say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
