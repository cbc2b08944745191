"""The studio: installed, started, stopped, watched, on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.studio_server import Studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_the_sessions_server_knows_its_owner_and_takes_further_people(studio: Studio) -> None:
    studio.invite("second@example.com", "a-long-password")
    with studio.client() as owner:
        assert owner.get("/api/current-user/whoami").json()["email"] == studio.username
        people = {person["email"] for person in owner.get("/api/users/").json()}
    assert {studio.username, "second@example.com"} <= people


def test_one_signs_in_with_a_browser(studio: Studio, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{studio.url}/user/login/")
    page.fill("input[name=email]", studio.username)
    page.fill("input[name=password]", studio.password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "login" not in url)
    page.get_by_text("Create Project").first.wait_for()
    page.context.close()
