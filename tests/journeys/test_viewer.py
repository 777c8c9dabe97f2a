"""Looking at images in a real browser: through the pipeline, the DICOMweb service and the page with its own policy."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from playwright.sync_api import Locator, Page, expect, sync_playwright

from cases.models import Case
from tests.factories import files, records
from tests.journeys.browser import SETTLED, chromium_path

CHROMIUM = Path(chromium_path())
STATIC = settings.BASE_DIR / "static"
APP = "document.getElementById('viewer').consilium"
STUDY, SERIES = files.uid(1), files.uid(1, 1)
SPACING, SLICES = 0.7, 6

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium: install Debian's chromium"),
    pytest.mark.skipif(not (STATIC / "dist/.vite/manifest.json").exists(), reason="no front end: run `make build`"),
]


@pytest.fixture(autouse=True)
def append_only_tables_are_emptied(transactional_db: None) -> Iterator[None]:
    """SQLite empties tables row by row, which the append-only triggers forbid (PostgreSQL truncates): lift them for that one moment."""
    yield
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor, connection.constraint_checks_disabled():
        cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _table, _sql in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
        for table in {table for _name, table, _sql in triggers}:
            cursor.execute(f'DELETE FROM "{table}"')
        for _name, _table, sql in triggers:
            cursor.execute(sql)


class Browser:
    """One page signed in as the owner of the case; what it complains about is kept."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.complaints: list[str] = []
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self.complaints.append(str(e)))

    def until(self, expression: str, seconds: float = 30) -> Any:
        """Asks until it holds: the page's policy forbids playwright's own waiting for an expression."""
        end = time.monotonic() + seconds
        while not (found := self.page.evaluate(expression)):
            assert time.monotonic() < end, f"never true: {expression} {self.complaints}"
            self.page.wait_for_timeout(50)
        return found

    def becomes(self, read: Callable[[], Any], wanted: Any, seconds: float = 30) -> None:
        """What is read is this, or is before long: pictures and figures follow a moment after what they tell of."""
        end = time.monotonic() + seconds
        while (found := read()) != wanted and time.monotonic() < end:
            self.page.wait_for_timeout(50)
        assert found == wanted

    def box(self, of: Locator) -> dict[str, float]:
        """Where it is, once it stays there."""
        before: dict[str, float] = {}
        while (now := dict(of.bounding_box() or {})) != before or not now:
            before = now
            self.page.evaluate(SETTLED)
        return now

    def open(self) -> None:
        self.page.goto(self.address)
        self.until("document.getElementById('viewer').dataset.ready === 'true'")
        self.until(f"{APP}.panes?.[0].message.hidden && {APP}.panes[0].series.loaded.size === {SLICES}")

    def violations(self) -> list[str]:
        session = self.page.context.new_cdp_session(self.page)
        axe = (STATIC / "node_modules/axe-core/axe.min.js").read_text()
        session.send("Runtime.evaluate", {"expression": axe})
        found = self.page.evaluate(
            "axe.run(document).then((r) => r.violations.map((v) => v.id + JSON.stringify(v.nodes)))"
        )
        return list(found)


@pytest.fixture
def case() -> Case:
    cache.clear()
    found = records.case()
    for number in range(1, SLICES + 1):
        content = files.dicom(instance=number, size=64, PixelSpacing=[SPACING, SPACING])
        records.upload(found, content, f"IM{number}")
    records.run_jobs()
    return found


@pytest.fixture
def browse(case: Case, live_server: Any) -> Iterator[Callable[[int, int], Browser]]:
    client = Client()
    client.force_login(case.opened_by)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    with sync_playwright() as tools:
        chromium = tools.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])

        def start(width: int, height: int) -> Browser:
            size = {"width": width, "height": height}
            context = chromium.new_context(viewport=size, has_touch=width < 1000)  # type: ignore[arg-type]
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
            return Browser(context.new_page(), f"{live_server.url}/viewer/{case.ref}/?study={STUDY}")

        yield start
        chromium.close()


def scrolls_and_zooms_by_touch(browser: Browser) -> None:
    """One finger with the scroll tool, two fingers whatever the tool is."""
    browser.page.get_by_role("button", name="Scroll", exact=True).tap()
    box = browser.box(browser.page.locator(".co-v-canvas"))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = browser.page.context.new_cdp_session(browser.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": px, "y": py, "id": n} for n, (px, py) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    before = browser.page.evaluate(f"{APP}.panes[0].index")
    touch("touchStart", (x, y))
    for step in range(1, 13):
        touch("touchMove", (x, y + 20 * step))
    touch("touchEnd")
    browser.until(f"{APP}.panes[0].index !== {before}")
    zoom = browser.page.evaluate(f"{APP}.panes[0].viewport.getZoom()")
    touch("touchStart", (x - 30, y), (x + 30, y))
    for step in range(1, 13):
        touch("touchMove", (x - 30 - 8 * step, y), (x + 30 + 8 * step, y))
    touch("touchEnd")
    browser.until(f"{APP}.panes[0].viewport.getZoom() > {zoom * 1.2}")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_viewer_shows_the_middle_slice_and_whose_it_is(browse: Callable[..., Browser], width: int, height: int) -> None:
    browser = browse(width, height)
    browser.open()
    for expected in ("EXAMPLE, TESTINA", "12 Mar 2026", "CT CHEST", f"Image {SLICES // 2 + 1} of {SLICES}", "W 400"):
        expect(browser.page.locator(".co-v-pane")).to_contain_text(expected, use_inner_text=True)
    edges = [browser.page.locator(f".co-v-edge--{side}") for side in ("top", "right", "bottom", "left")]
    browser.becomes(lambda: [edge.inner_text() for edge in edges], ["A", "L", "P", "R"])
    browser.becomes(lambda: browser.page.evaluate("document.documentElement.scrollWidth"), width)
    assert browser.violations() == []
    if width < 1000:
        scrolls_and_zooms_by_touch(browser)
    assert browser.complaints == []


def test_measuring_by_keyboard_is_true_to_scale_and_is_there_again_after_a_reload(
    browse: Callable[..., Browser], case: Case
) -> None:
    browser = browse(1280, 800)
    browser.open()
    keys = browser.page.keyboard
    for key in ["l", "Enter", "Enter", *["ArrowRight"] * 10, "Enter"]:
        keys.press(key)
    shown = f"{APP}.state.measurements().map((row) => row.stats.length)"
    (length,) = browser.until(f"{APP}.state.status === 'Saved' && {shown}.every(Boolean) && {shown}")
    pixels = browser.page.evaluate(
        f"(() => {{ const v = {APP}.panes[0].viewport, a = v.canvasToWorld([0, 0]), b = v.canvasToWorld([80, 0]); return b[0] - a[0]; }})()"
    )
    height = browser.page.evaluate(f"{APP}.panes[0].canvas.clientHeight")
    assert length == pytest.approx(pixels, abs=0.01)
    assert length == pytest.approx(80 * 64 * SPACING / height, rel=0.02), "the slice fills the window's height"
    browser.open()
    assert browser.until(f"{shown}.length && {shown}") == [pytest.approx(length, abs=0.01)]
    assert browser.complaints == []
    kept = browser.page.request.get(browser.address.split("?")[0] + f"state/{STUDY}/").json()
    assert kept["revision"] >= 1  # where the keys come slowly, what was drawn so far is saved before the end
    assert [row["tool"] for row in kept["state"]["measurements"]] == ["length"]
    assert json.dumps(kept).count("Example") == 0, "no name is kept with a measurement"
    for key in ["Home", "x"]:  # on another image, whose measurement is not on the screen
        keys.press(key)
    browser.until(f"{APP}.state.status === 'Saved' && {APP}.state.keyImages.length === 1")
    keys.press("Control+z")
    browser.until(f"{APP}.state.keyImages.length === 0 && {shown}[0] > 0")


def test_three_planes_are_cut_from_even_slices(browse: Callable[..., Browser]) -> None:
    browser = browse(1280, 800)
    browser.open()
    browser.page.keyboard.press("m")
    browser.until(f"{APP}.panes.length === 3 && {APP}.panes.every((pane) => pane.message.hidden && pane.ids.length)")
    panes = [browser.page.locator(".co-v-pane").nth(n) for n in range(3)]
    letters = [["A", "L", "P", "R"], ["H", "P", "F", "A"], ["H", "L", "F", "R"]]
    browser.becomes(lambda: [pane.locator(".co-v-edge").all_inner_texts() for pane in panes], letters)
    assert browser.complaints == []


def test_an_ended_session_is_told_and_loses_no_measurement(browse: Callable[..., Browser], case: Case) -> None:
    browser = browse(1280, 800)
    browser.open()
    (cookie,) = [c for c in browser.page.context.cookies() if c["name"] == settings.SESSION_COOKIE_NAME]
    browser.page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    browser.page.keyboard.press("x")
    browser.page.get_by_role("heading", name="You have been signed out").wait_for()
    browser.page.context.add_cookies([cookie])
    browser.page.get_by_role("button", name="Go on").click()
    browser.until(f"{APP}.state.status === 'Saved'")
    kept = browser.page.request.get(browser.address.split("?")[0] + f"state/{STUDY}/").json()
    assert [row["series"] for row in kept["state"]["keyImages"]] == [SERIES]


def test_another_persons_images_do_not_open(browse: Callable[..., Browser], live_server: Any) -> None:
    browser = browse(1280, 800)
    answer = browser.page.goto(browser.address.replace("/viewer/", "/viewer/000-").replace("?", "?x=1&"))
    assert answer is not None
    assert answer.status == 404
