"""The labelling page checked before any server sees it, by Label Studio's own reading of it.

A server takes much that it then shows wrongly, and its SDK lets even more through; so what the SDK read
is compared with what the task means.
"""

from __future__ import annotations

from typing import Any

from labelwright.connectors.label_studio.page import Page
from labelwright.dsl.compile.labelconfig import CONTROL
from labelwright.loop.errors import ConnectorError, PluginError

_TAGS = {"choices": "Choices", "taxonomy": "Taxonomy", "labels": "Labels"}


def check_config(page: Page, xml: str) -> None:
    """Raise ConnectorError where `xml` is not a page that asks exactly the task's question."""
    try:
        from label_studio_sdk.label_interface.interface import LabelInterface
    except ImportError as error:
        raise PluginError(
            f"Label Studio needs the package {error.name}, which is not installed",
            "run `pip install labelwright[label-studio]`",
        ) from error
    try:
        read: Any = LabelInterface(xml)  # its methods are untyped
        read.validate()
        control = read.get_control(CONTROL)
        about = [read.get_object(name).name for name in control.to_name]
    except (
        Exception
    ) as error:  # the SDK raises bare Exception, and whatever lxml and jsonschema raise
        raise _wrong(f"Label Studio's SDK refuses it: {error}") from error
    if control.tag != _TAGS[page.key] or about != [page.to]:
        asked = f"{_TAGS[page.key]} about {page.to}"
        raise _wrong(
            f"it asks for {control.tag} about {', '.join(about)}, and the task for {asked}"
        )
    expected = [c for c in page.paths if page.key == "taxonomy" or c in page.choices]
    if control.labels != expected:
        odd = sorted(set(control.labels) ^ set(expected)) or ["the same ones in another order"]
        raise _wrong(f"its classes are not the task's: {', '.join(odd)}")


def _wrong(why: str) -> ConnectorError:
    return ConnectorError(
        f"the labelling page is not what the task means: {why}",
        "compile the task again; a config changed by hand does not come back as answers",
    )
