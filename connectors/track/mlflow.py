"""MLflow: a campaign is one run, a round is one step of its metrics.

Logging may be repeated, and goes on where it stopped: the run is found by its tag, and a round that is
there is not logged again. Reference: mlflow.MlflowClient, MLflow 3.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import ConnectorError, PluginError

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from labelwright.loop.history import Campaign, Estimate, RoundRecord

TAG = "labelwright.campaign"
_LONGEST = 6000  # of a parameter's value, as MLflow takes it
_STEP = "round"  # the metric that tells which rounds are there


def mlflow(store: str = "mlflow.db", experiment: str = "", *, outputs: Path) -> MlflowTracker:
    """MLflow: a local SQLite file, or the address of a tracking server. Needs labelwright[mlflow]."""
    if "://" in store:
        return MlflowTracker(store, experiment)
    file = outputs / store
    return MlflowTracker(
        f"sqlite:///{file.absolute()}", experiment, file.parent / f"{file.stem}-files"
    )


class MlflowTracker:
    """Implements `ports.Tracker`. artifacts: where files go; None: as the server has it.

    Tokens of a server come from MLflow's own environment variables.
    """

    def __init__(self, uri: str, experiment: str, artifacts: Path | None = None) -> None:
        self._uri = uri
        self._experiment = experiment
        self._artifacts = artifacts

    def log(
        self, key: str, campaign: Campaign, settings: Mapping[str, str], files: Mapping[str, Path]
    ) -> str:
        """Log what is not there yet; returns where it is. Raises ConnectorError."""
        client = _client(self._uri)
        from mlflow.exceptions import MlflowException

        try:
            return self._log(client, key, campaign, settings, files)
        except (MlflowException, OSError) as error:
            raise ConnectorError(
                f"MLflow at {self._uri} took nothing: {str(error).splitlines()[0]:.200}",
                "the campaign lost nothing; the next run logs what is missing",
            ) from error

    def _log(
        self,
        client: MlflowClient,
        key: str,
        campaign: Campaign,
        settings: Mapping[str, str],
        files: Mapping[str, Path],
    ) -> str:
        name = self._experiment or f"labelwright/{campaign.task}"
        run = self._run(client, self._experiment_id(client, name), key, campaign)
        there = {int(m.value) for m in client.get_metric_history(run, _STEP)}
        params = client.get_run(run).data.params
        for setting, value in settings.items():
            if setting not in params:
                client.log_param(run, setting, value[:_LONGEST])
        for record in campaign.rounds:
            if record.round not in there:
                _log_round(client, run, record)
        for tag, value in _tags(campaign).items():
            client.set_tag(run, tag, value)
        for path in files.values():
            client.log_artifact(run, str(path))
        ended = campaign.decision not in ("running", "waiting")
        client.update_run(run, status="FINISHED" if ended else "RUNNING")
        return f"{self._uri}, experiment {name}, run {run}"

    def _experiment_id(self, client: MlflowClient, name: str) -> str:
        known = client.get_experiment_by_name(name)
        if known is not None:
            return str(known.experiment_id)
        place = None if self._artifacts is None else self._artifacts.absolute().as_uri()
        return str(client.create_experiment(name, artifact_location=place))

    def _run(self, client: MlflowClient, experiment: str, key: str, campaign: Campaign) -> str:
        found = client.search_runs([experiment], f"tags.`{TAG}` = '{key}'", max_results=1)
        if found:
            return str(found[0].info.run_id)
        made = client.create_run(experiment, tags={TAG: key}, run_name=campaign.title)
        return str(made.info.run_id)


def _client(uri: str) -> MlflowClient:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise PluginError(
            "the tracker mlflow needs MLflow, which is not installed",
            "pip install 'labelwright[mlflow]'",
        ) from error
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=uri)


def _tags(campaign: Campaign) -> dict[str, str]:
    return {
        "labelwright.version": campaign.version,
        "labelwright.definition": campaign.definition,
        "labelwright.seed": str(campaign.seed),
        "labelwright.rehearsal": str(campaign.rehearsal).lower(),
        "labelwright.decision": campaign.decision,
        "labelwright.reason": campaign.reason,
    }


def _log_round(client: MlflowClient, run: str, record: RoundRecord) -> None:
    """All figures of a round in one call, so that a round is there whole or not at all."""
    import time

    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    metrics = [Metric(name, value, now, record.round) for name, value in figures(record)]
    client.log_batch(run, metrics=metrics)


def figures(record: RoundRecord) -> Iterator[tuple[str, float]]:
    """A round's figures by name; what is not known is left out."""
    now = record.measurement
    counts: dict[str, float | None] = {
        _STEP: record.round,
        "annotations.training": record.annotations,
        "annotations.holdout": record.holdout_annotations,
        "labels": record.labels,
        "pseudo_labels": record.pseudo_labels,
        "money": record.money,
        "hours": record.hours,
        "criteria.passed": sum(v.status == "PASS" for v in now.verdicts),
        "criteria.failed": sum(v.status == "FAIL" for v in now.verdicts),
        "criteria.open": sum(v.status == "NOT YET KNOWN" for v in now.verdicts),
    }
    yield from _known(counts)
    for name in (
        "accuracy",
        "macro_f1",
        "micro_f1",
        "micro_precision",
        "micro_recall",
        "ece",
        "alpha",
    ):
        yield from _bounded(name, getattr(now, name))
    for score in now.classes:
        for name in ("precision", "recall", "f1"):
            yield from _bounded(f"class/{score.id}/{name}", getattr(score, name))


def _bounded(name: str, figure: Estimate | None) -> Iterator[tuple[str, float]]:
    if figure is not None:
        told: dict[str, Any] = {
            name: figure.estimate,
            f"{name}.low": figure.low,
            f"{name}.high": figure.high,
        }
        yield from _known(told)


def _known(figures: Mapping[str, float | None]) -> Iterator[tuple[str, float]]:
    for name, value in figures.items():
        if value is not None and math.isfinite(value):
            yield name, float(value)
