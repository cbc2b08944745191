"""The files of a pretrained model: a folder under the model root, or a name on the Hugging Face hub.

What was downloaded once is used without asking the hub again, so that a run offline works.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from labelwright.connectors.paths import data_path
from labelwright.loop.errors import DataError, PluginError

_FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]
_is_hub_name = re.compile(r"[\w.-]+(/[\w.-]+)?").fullmatch


def model_folder(name: str, root: Path, extra: str = "text") -> Path:
    """Where the model's files lie; extra: what of labelwright has to be installed to fetch them.

    Raises PluginError, DataError (a folder out of the root).
    """
    try:
        return data_path(name, root)
    except DataError:
        if (root / name).exists() or not _is_hub_name(name) or ".." in name:
            raise
    return _from_hub(name, extra)


def _from_hub(name: str, extra: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import (
            HfHubHTTPError,
            HFValidationError,
            LocalEntryNotFoundError,
        )
    except ImportError as error:
        raise PluginError(
            "this encoder needs packages that are not installed",
            f"run `pip install labelwright[{extra}]`",
        ) from error
    try:
        with suppress(LocalEntryNotFoundError):
            kept = Path(snapshot_download(name, allow_patterns=_FILES, local_files_only=True))
            if any(kept.rglob("*.safetensors")):
                return kept
        return Path(snapshot_download(name, allow_patterns=_FILES))
    except (OSError, HFValidationError, HfHubHTTPError) as error:
        raise PluginError(
            f"the model {name} is neither a folder under the data root nor to be had from the hub: "
            f"{type(error).__name__}: {error}",
            "check the name and the connection; or put the model's folder under the data root; "
            "or choose encoder minilm or tfidf, for pictures resnet or pixels",
        ) from error
