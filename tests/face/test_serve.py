"""`labelwright serve`: the newest model's suggestions, for the items that may have one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from labelwright import Project
from labelwright.connectors.label_studio.client import LabelStudio
from labelwright.connectors.label_studio.shared_secret import SECRET, shared_secret
from labelwright.connectors.label_studio.site import PROJECT, SERVER
from labelwright.loop.errors import ConnectorError, DefinitionChanged, LabelwrightError
from labelwright.loop.outbox import Outbox, Sent
from labelwright.loop.steps import STEPS
from labelwright.loop.store import Store
from labelwright.serving import Serving
from tests.studio_server import Studio

TASK = """
task my "Warm and cold" {}
class warm "Warm" {}
class cold "Cold" {}
data {
  source = csv("my.csv")
  id = id
  text = body
}
holdout {
  size = 20%
  annotations = 20
}
annotators {
  from = simulate(column = topic)
}
budget {
  annotations = 60
  per_round = 20 items
}
accept { accuracy >= 50% with 50% confidence }
"""
CONFIG = (
    '<View><Text name="body" value="$body"/><Choices name="label" toName="body">'
    '<Choice value="Warm" alias="warm"/><Choice value="Cold" alias="cold"/></Choices></View>'
)
THE_SECRET = "a-secret-of-the-tests"
CANARY = "canary0123456789canary0123456789canary01"
WORDS = {"warm": "red amber orange", "cold": "blue teal cyan"}


def row(number: int) -> str:
    topic = ("warm", "cold")[number % 2]
    return f"{number},{WORDS[topic]} {number},{topic}\n"


@dataclass(frozen=True)
class Campaign:
    """A finished rehearsal whose people are in Label Studio from now on; `sent`: by uid."""

    folder: Path
    sent: dict[str, Sent]

    @property
    def task(self) -> Path:
        return self.folder / "my.task"

    @property
    def store(self) -> Path:
        return self.folder / ".labelwright" / "my"

    def write(self, change: Callable[[Store], None]) -> None:
        with Store(self.store) as store:
            change(store)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    folder = tmp_path_factory.mktemp("finished")
    rows = "".join(row(number) for number in range(100))
    (folder / "my.csv").write_text("id,body,topic\n" + rows, encoding="utf-8")
    task = folder / "my.task"
    task.write_text(TASK, encoding="utf-8")
    Project(task).run()
    simulated = "  from = simulate(column = topic)\n"
    task.write_text(TASK.replace(simulated, "  from = label_studio\n  suggestions = model\n"))
    with Project(task).looking() as bench:
        items = bench.items(0)
        plain = [
            Sent(f"uid-{n}", "my-0", n, items.id_of(n), items.content_of(n), "train", 1)
            for n in range(8)
        ]
        told = '{"labels": ["warm"], "score": 0.5, "version": "my rules"}'
        changes: list[dict[str, object]] = [
            {},
            {},
            {"purpose": "holdout"},
            {"suggestion": told, "shown": False},
            {"suggestion": told, "shown": True},
            {"state": "retired"},
            {"content": "00" * 16},
            {"item": "nobody"},
        ]
        sent = [replace(s, **c) for s, c in zip(plain, changes, strict=True)]  # type: ignore[arg-type]
        Outbox(bench.store).add(sent)
    return Campaign(folder, {s.uid: s for s in sent})


@pytest.fixture
def campaign(finished: Campaign, tmp_path: Path) -> Campaign:
    """A copy of one's own."""
    folder = shutil.copytree(finished.folder, tmp_path / "my")
    return replace(finished, folder=folder)


def test_suggestions_for_what_may_have_one(campaign: Campaign) -> None:
    serving = Serving(lambda: Project(campaign.task), tell=print)
    found = serving.predict([*campaign.sent, "somebody's"])
    assert sorted(found) == ["uid-0", "uid-1", "uid-4"]
    with Project(campaign.task).looking() as bench:
        last = len(serving.versions()) - 1
        probs = bench.final(last).predict_proba(np.asarray(bench.features(last)[:8]))
    for uid, suggested in found.items():
        of_item = probs[int(campaign.sent[uid].item)]
        topic = ("warm", "cold")[of_item.argmax()]
        assert [r["value"] for r in suggested["result"]] == [{"choices": [topic]}]
        assert suggested["score"] == pytest.approx(of_item.max())
        assert suggested["model_version"] == f"my round {last}"
    assert serving.predict([]) == {}
    assert serving.project() is None


def test_a_round_that_was_finished_meanwhile_is_taken_up(campaign: Campaign) -> None:
    """The last round's last step is taken away, and put back while somebody serves."""
    now = [0.0]
    told: list[str] = []
    last = STEPS[-1].name
    with Store(campaign.store) as store:
        rounds = len(store.outcomes(last))
        outcome = store.outcome(rounds - 1, last)
        assert outcome is not None
        store.forget_steps(rounds - 1, [last])
    serving = Serving(lambda: Project(campaign.task), tell=told.append, clock=lambda: now[0])
    before = serving.versions()
    campaign.write(lambda store: store.record_step(rounds - 1, last, outcome, 0.1))
    now[0] = 0.9
    assert serving.versions() == before
    now[0] = 1.1
    assert serving.versions() == (*before, f"my round {rounds - 1}")
    assert told == [f"now serving my round {rounds - 1}"]
    assert serving.predict(["uid-0"])["uid-0"]["model_version"] == f"my round {rounds - 1}"


def test_a_file_that_means_something_else_is_not_served(campaign: Campaign) -> None:
    now = [0.0]
    told: list[str] = []
    serving = Serving(lambda: Project(campaign.task), tell=told.append, clock=lambda: now[0])
    text = campaign.task.read_text(encoding="utf-8")
    campaign.task.write_text(text.replace("class cold", "class chilly"), encoding="utf-8")
    with Store(campaign.store) as store:
        store.forget_steps(len(store.outcomes("decide")) - 1, ["decide"])
    now[0] = 2.0
    for _ in range(2):
        with pytest.raises(DefinitionChanged):
            serving.predict(["uid-0"])
    assert len(told) == 1
    assert told[0].startswith("not serving: the task file changed its meaning")
    with pytest.raises(DefinitionChanged):
        Serving(lambda: Project(campaign.task), tell=told.append)


@pytest.mark.parametrize(
    ("written", "instead", "says"),
    [
        (
            "from = label_studio",
            "from = simulate(column = topic)",
            "nobody answers in Label Studio",
        ),
        ("suggestions = model", "suggestions = rules", "suggestions = rules"),
        ("  suggestions = model\n", "", "suggestions = none"),
    ],
)
def test_a_task_that_shows_no_model_is_refused(
    campaign: Campaign, written: str, instead: str, says: str
) -> None:
    text = campaign.task.read_text(encoding="utf-8")
    campaign.task.write_text(text.replace(written, instead), encoding="utf-8")
    with pytest.raises(LabelwrightError) as refused:
        Serving(lambda: Project(campaign.task), tell=print)
    assert says in refused.value.message
    assert refused.value.remedy


def test_the_secret_is_made_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    home = {"LABELWRIGHT_STUDIO": str(tmp_path / "studio")}
    made = shared_secret(home)
    assert len(made.text) > 30
    assert shared_secret(home) == made
    assert made.text not in repr(made)
    assert Path(made.place).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "studio").stat().st_mode & 0o777 == 0o700
    assert shared_secret({**home, SECRET: THE_SECRET}).text == THE_SECRET
    for wrong in ("short", "with a blank, and long", "한국어로 된 비밀번호입니다 정말"):
        with pytest.raises(ConnectorError) as refused:
            shared_secret({SECRET: wrong})
        assert wrong not in refused.value.message


# --- the command -------------------------------------------------------------------------------


@dataclass
class Served:
    """A running `labelwright serve`, and what it said before it listened."""

    process: subprocess.Popen[str]
    said: list[str]

    @property
    def url(self) -> str:
        (line,) = (line for line in self.said if line.startswith("At "))
        return line.split()[1].rstrip(",")

    def end(self) -> str:
        self.process.send_signal(signal.SIGINT)
        out, errors = self.process.communicate(timeout=30)
        return "".join(self.said) + out + errors


def start(campaign: Campaign, *options: str, **environ: str) -> Served:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("LABEL")}
    process = subprocess.Popen(
        [sys.executable, "-m", "labelwright", "serve", "my.task", "--port", "0", *options],
        cwd=campaign.folder, env=clean | {SECRET: THE_SECRET} | environ, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("Next"):
            break
    if process.poll() is not None:
        said += process.stderr or []
    return Served(process, said)


@pytest.fixture
def served(campaign: Campaign) -> Iterator[Served]:
    served = start(campaign, "--no-connect")
    yield served
    served.process.kill()
    served.process.wait()


def test_the_command_answers_and_ends_quietly(served: Served, campaign: Campaign) -> None:
    assert served.process.poll() is None, served.said
    auth = ("labelwright", THE_SECRET)
    with httpx.Client(base_url=served.url, auth=auth, trust_env=False, timeout=30) as client:
        setup = {"project": "1.1", "access_token": CANARY, "hostname": "http://127.0.0.1:1"}
        answers = [client.post("/setup", json=setup)]
        tasks = [{"id": n, "data": {"lw_uid": uid}} for n, uid in enumerate(campaign.sent)]
        answers += [client.post("/predict", json={"tasks": tasks}), client.get("/versions")]
        answers += [client.post("/train", json={"token": CANARY})]
    found = answers[1].json()["results"]
    assert [len(result) for result in found] == [1, 1, 0, 0, 1, 0, 0, 0]
    assert answers[0].json()["model_version"] == answers[2].json()["versions"][-1]
    assert answers[3].json() == {"job": "labelwright run my.task"}

    said = served.end()
    assert served.process.returncode == 0
    assert "Traceback" not in said
    everywhere = [said.encode(), *(answer.content for answer in answers)]
    everywhere += [path.read_bytes() for path in campaign.folder.rglob("*") if path.is_file()]
    assert not [place for place in everywhere if CANARY.encode() in place]
    assert not [place for place in everywhere if THE_SECRET.encode() in place]


def test_it_connects_itself_to_the_campaigns_project(campaign: Campaign, studio: Studio) -> None:
    def begun(store: Store) -> None:
        Outbox(store).set(PROJECT, str(project))
        Outbox(store).set(SERVER, client.url)

    credentials = {"LABEL_STUDIO_URL": studio.url, "LABEL_STUDIO_API_KEY": studio.token}
    with LabelStudio(studio.url, studio.token) as client:
        project = client.create_project({"title": "serve", "label_config": CONFIG})
        client.update_project(project, {"show_collab_predictions": True})
        served = None
        try:
            campaign.write(begun)
            tasks = [{"data": {"body": "red", "lw_uid": uid}} for uid in campaign.sent]
            ids = client.import_tasks(project, tasks)
            served = start(campaign, **credentials)
            assert served.process.poll() is None, served.said
            assert any(f"Asked by project {project} at {studio.url}" in s for s in served.said)
            (backend,) = client.backends(project)
            assert backend["state"] == "CO"
            shown = [len(client.task(id)["predictions"]) for id in ids[:4]]
            assert shown == [1, 1, 0, 0]
            assert not client.project(project)["model_version"]
            said = served.end()
            assert studio.token not in said
            assert "Traceback" not in said
        finally:
            if served is not None:
                served.process.kill()
                served.process.wait()
            client.delete_project(project)


def test_an_address_that_is_none_is_not_told_to_the_server(campaign: Campaign) -> None:
    campaign.write(lambda store: Outbox(store).set(PROJECT, "1"))
    served = start(campaign, "--host", "0.0.0.0")
    out, errors = served.process.communicate(timeout=30)
    assert served.process.returncode == 1
    assert "--address" in "".join(served.said) + out + errors


def test_a_campaign_that_sent_nothing_yet_is_told(campaign: Campaign) -> None:
    served = start(campaign, LABEL_STUDIO_URL="http://127.0.0.1:9", LABEL_STUDIO_API_KEY="x" * 40)
    out, errors = served.process.communicate(timeout=30)
    assert served.process.returncode == 1
    said = "".join(served.said) + out + errors
    assert "no project on Label Studio yet" in said
    assert "Serving" not in said
    assert "Traceback" not in said
