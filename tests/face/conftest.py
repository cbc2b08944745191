"""What tests of the face share."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from .leaving import own_predictions, texts
from .wheel import install


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the built wheel and nothing of the repository."""
    return install(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of texts beside `items.csv`, and `own.npy`, what its campaign predicted, which is gone."""
    here = tmp_path_factory.mktemp("left")
    project_folder = here / "project"
    project_folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABELWRIGHT_CACHE", str(here / "cache"))
        project = texts(project_folder)
        written = project.export_model()
        ids, probs = own_predictions(project)
    assert written == project_folder / "out/model"  # as `output` says
    shutil.move(written, here / "model")
    shutil.move(project_folder / "items.csv", here / "items.csv")
    (here / "ids.json").write_text(json.dumps(ids))
    np.save(here / "own.npy", probs)
    shutil.rmtree(project_folder)
    shutil.rmtree(here / "cache", ignore_errors=True)
    return here
