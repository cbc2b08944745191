"""docs/compose.yaml: no password in it, nothing open to the network, every image pinned."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from labelwright.connectors.label_studio.studio.home import VERSION

FILE = Path(__file__).parents[3] / "docs" / "compose.yaml"
SECRET = re.compile(r"password|secret|token|key", re.IGNORECASE)


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    return found


def test_secrets_have_no_defaults(services: dict[str, dict[str, Any]]) -> None:
    secrets = [
        (name, value)
        for service in services.values()
        for name, value in service["environment"].items()
        if SECRET.search(name)
    ]
    assert {name for name, _ in secrets} >= {"POSTGRES_PASSWORD", "LABEL_STUDIO_PASSWORD"}
    for name, value in secrets:
        assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), f"{name} is {value}"


def test_ports_are_bound_to_loopback(services: dict[str, dict[str, Any]]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert "ports" not in services["database"]


def test_images_are_pinned(services: dict[str, dict[str, Any]]) -> None:
    images = {name: service["image"] for name, service in services.items()}
    assert images["app"] == images["web"] == f"heartexlabs/label-studio:{VERSION}"
    assert all(re.search(r":\d+\.\d+[\w.-]*$", image) for image in images.values()), images


def test_each_service_is_watched_restarted_and_waits_for_the_next(
    services: dict[str, dict[str, Any]],
) -> None:
    for name, service in services.items():
        assert service["restart"] == "unless-stopped", name
        assert service["healthcheck"]["test"][0] == "CMD", name
        for other, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert other in services


def test_volumes_and_networks_are_declared(services: dict[str, dict[str, Any]]) -> None:
    whole = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    used = {v.split(":")[0] for s in services.values() for v in s["volumes"]}
    assert used == set(whole["volumes"])
    assert {n for s in services.values() for n in s["networks"]} == set(whole["networks"])
    assert whole["networks"]["back"] == {"internal": True}
    assert services["database"]["networks"] == ["back"]


def test_the_page_names_every_variable_that_must_be_set() -> None:
    page = (FILE.parent / "label-studio-server.md").read_text(encoding="utf-8")
    for name in re.findall(r"\$\{(\w+):\?", FILE.read_text(encoding="utf-8")):
        assert f"{name}=" in page, name
