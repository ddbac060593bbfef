"""A real run's report in Chromium: it reads well for everybody, says nothing to the console and fetches nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="module")
def report(firm: Any) -> Path:
    """The report of the firm's first morning."""
    assert firm.first.returncode == 0, firm.first.stderr
    return Path(json.loads(firm.json.read_text(encoding="utf-8"))["report"])


@pytest.fixture(scope="module")
def opened(report: Path, chromium: str) -> Iterator[Page]:
    """The report in a browser; what it asked for and what its console said are kept beside it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(report.as_uri())
        page.wait_for_load_state("networkidle")
        page.asked, page.said = asked, said  # type: ignore[attr-defined]
        yield page
        browser.close()


def test_it_needs_nothing_but_itself(opened: Page, report: Path) -> None:
    assert opened.asked == [report.as_uri()]  # type: ignore[attr-defined]
    assert opened.said == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (400, "light")])
def test_axe_finds_nothing(opened: Page, width: int, scheme: Any) -> None:
    opened.set_viewport_size({"width": width, "height": 900})
    opened.emulate_media(color_scheme=scheme)
    opened.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    found = Axe().run(opened, options={"resultTypes": ["violations", "passes"]}).response
    assert found["violations"] == []
    assert len(found["passes"]) > 20  # it did look


@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_itself_never_scrolls_sideways(opened: Page, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 900})
    assert opened.evaluate("document.documentElement.scrollWidth") == width


def test_it_shows_both_targets_with_their_charts(opened: Page) -> None:
    assert opened.title() == "small, lists of 2026-01-01: run report"
    assert opened.locator("#target-churn").count() == opened.locator("#target-upsell").count() == 1
    assert opened.get_by_role("img", name="churn: base rate over time").is_visible()
    assert opened.get_by_role("img", name="upsell: outcomes found by calling from the top").is_visible()


def test_the_list_on_the_page_is_the_list_that_was_published(opened: Page, firm: Any) -> None:
    first = json.loads(firm.json.read_text(encoding="utf-8"))["published"][0]
    rows = opened.get_by_role("region", name="Top of the list churn").locator("tbody tr")
    assert rows.count() == min(20, first["counts"]["listed"])
    for place, row in enumerate(first["top"][:20]):
        words = rows.nth(place).inner_text()
        assert row["account_id"] in words
        assert f"EUR\u00a0{row['expected_value']:,.0f}" in words
