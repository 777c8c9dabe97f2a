"""A person with a browser of their own, who notices everything that is wrong with a page."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    ViewportSize,
    WebError,
    expect,
)

from tests.journeys.service import Service, wait_until

ROOT = Path(__file__).parents[2]
AXE = ROOT / "static" / "node_modules" / "axe-core" / "axe.min.js"
WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)  # playwright's own five seconds are short on a machine with much else to do
RUN_AXE = """async () => (await axe.run(document, {resultTypes: ['violations'], preload: false})).violations.map((found) =>
  `${found.id} (${found.help}): ` +
  found.nodes.slice(0, 4).map((node) => `${node.target.join(' ')} ${node.failureSummary}`).join(' | '))"""
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SHOWN = """() => [document.documentElement.outerHTML.replace(/(csrfmiddlewaretoken" value=|nonce=)"[^"]*"/g, ''),
  ...[...document.querySelectorAll('*')].flatMap((one, at) =>
    [one === document.activeElement && `focus ${at}`, one.checked && `checked ${at}`, one.value && `value ${at}`])
  ].filter(Boolean).join(' ')"""
ONE_OFF = re.compile(
    r"localhost:\d+|\b\d{1,2}:\d\d\b|\b[0-9A-Z]{3}-[0-9A-Z]{3}\b"  # port, time, the number of a case
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}|\d{6,}"  # keys, secrets, invented people
    r"|(?=[\w+/=:.-]*[A-Z])(?=[\w+/=:.-]*\d)[\w+/=:.-]{32,}"  # secrets and pictures; no class has capitals
)
TOO_WIDE = "() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"


def chromium_path() -> str:
    """Debian's Chromium: the build without a desktop where it is installed, which starts and draws in three quarters of the time."""
    found = (os.environ.get("CHROMIUM"), shutil.which("chromium-headless-shell"), shutil.which("chromium"))
    return next(filter(None, found), "/usr/bin/chromium")


def alike(page: str) -> str:
    """Without what is new in each run. The same key stays the same, so that one that stands there twice is still told from two."""
    seen: dict[str, str] = {}
    return ONE_OFF.sub(lambda found: seen.setdefault(found[0], f"<{len(seen)}>"), page)


@cache
def _axe() -> str:
    return AXE.read_text() + "\n;0"


class Person:
    """One browser context. `problems` collects console errors, page errors, failed requests and policy violations."""

    def __init__(self, browser: Browser, service: Service, name: str, **options: Any) -> None:
        self.browser, self.service, self.name, self.options = browser, service, name, options
        self.problems: list[str] = []
        self.allowed: list[str] = []
        self.open()

    def open(self) -> None:
        """A new browser window, with nothing remembered but what `options` hand over."""
        self.context: BrowserContext = self.browser.new_context(
            base_url=self.service.url, viewport=WIDE, reduced_motion="reduce", locale="en-US", **self.options
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.on("console", self._console)
        self.context.on("weberror", self._weberror)
        self.context.on("requestfailed", self._failed)
        self.page: Page = self.context.new_page()

    def close(self) -> None:
        self.context.close()

    # -- what goes wrong

    def _note(self, text: str) -> None:
        if not any(re.search(pattern, text) for pattern in self.allowed):
            self.problems.append(f"{self.name}: {text}")

    def _console(self, message: ConsoleMessage) -> None:
        where = message.location.get("url", "")
        if message.type == "error" and not where.endswith(
            "axe.min.js"
        ):  # what axe itself tries is not the page's doing
            self._note(f"console: {message.text} ({where})")

    def _weberror(self, error: WebError) -> None:
        self._note(f"page error: {error.error}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a page that is left drops what it still asked for
            self._note(f"request failed: {request.method} {request.url}: {request.failure}")

    @contextmanager
    def expecting(self, *patterns: str) -> Iterator[None]:
        """Problems that this part of the journey provokes on purpose."""
        self.allowed += patterns
        yield
        self.page.wait_for_load_state()
        del self.allowed[-len(patterns) :]

    # -- what a person does

    def go(self, path: str) -> None:
        self.page.goto(path)

    def press(self, name: str, *, exact: bool = False) -> None:
        self.page.get_by_role("button", name=name, exact=exact).first.click()

    def follow(self, name: str, *, exact: bool = False) -> None:
        link = self.page.get_by_role("link", name=name, exact=exact)
        link.or_(self.page.locator("a[role=button]", has_text=name)).first.click()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=False).first.fill(text)

    def group(self, name: str) -> Locator:
        return self.page.get_by_role("group", name=name).first

    def choose(self, group: str, answer: str) -> None:
        self.group(group).get_by_label(answer, exact=False).first.check()

    def select(self, label: str, option: str) -> None:
        self.page.get_by_label(label, exact=False).first.select_option(label=option)

    def date(self, group: str, day: int, month: int, year: int) -> None:
        for name, value in (("Day", day), ("Month", month), ("Year", year)):
            self.group(group).get_by_label(name, exact=True).fill(str(value))

    # -- what a person sees

    def reads(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.locator("body")).to_contain_text(text, timeout=PATIENCE_MS)

    def on(self, heading: str) -> None:
        """The page with this heading is shown."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(heading, timeout=PATIENCE_MS)

    def until(self, true: Callable[[], Any], what: str) -> Any:
        """Polls with `evaluate`: the strict policy forbids what playwright's own wait_for_function does."""

        def look() -> Any:
            self.page.wait_for_timeout(50)  # lets the browser's events in
            return true()

        return wait_until(look, what)

    def reloads_until(self, wanted: Locator, what: str) -> None:
        """For what a worker makes, on a page that asks to be loaded again."""

        def there() -> bool:
            if not wanted.count():
                self.page.reload()
            return bool(wanted.count())

        self.until(there, what)

    def checks_page(self) -> None:
        """No violation of accessibility rules, and nothing wider than the screen, on a desk and on a phone.

        A page that another journey has shown, to the letter but for keys and times, is not judged a second time, be it on the
        other database: `.ci/run` lets its two runs of the suite share what they found good.
        """
        where = self.page.url.removeprefix(self.service.url)
        self.page.wait_for_load_state()
        for size in (PHONE, WIDE):
            self.page.set_viewport_size(size)
            self.page.evaluate(SETTLED)
            if (known := self._judged(size)).exists():
                continue
            for frame in self.page.frames:
                if not frame.evaluate("() => 'axe' in window"):
                    frame.evaluate(_axe())
            found = self.page.evaluate(RUN_AXE)
            if (over := self.page.evaluate(TOO_WIDE)) > 0:
                found.append(f"it is {over} px too wide")
            self.problems += [f"{self.name}: {where} at {size['width']} px: {one}" for one in found]
            if not found:
                known.touch()

    def _judged(self, size: ViewportSize) -> Path:
        """Where it is noted that this very page is good at this size: its elements, what is focused, and which boxes are ticked."""
        shown = [alike(str(frame.evaluate(SHOWN))) for frame in self.page.frames]
        folder = Path(os.environ.get("CONSILIUM_JUDGED") or Path(os.environ["CONSILIUM_TEST_DIR"]) / "judged")
        folder.mkdir(exist_ok=True)
        return folder / hashlib.sha256(json.dumps([size["width"], shown]).encode()).hexdigest()

    def seen(self, folder: Path) -> str:
        """Where this person is when a journey fails, and what is on the screen."""
        picture = folder / f"{self.name.replace(' ', '-')}.png"
        try:
            self.page.screenshot(path=picture, timeout=PATIENCE_MS / 3)
        except Error as error:  # told beside the failure, never instead of it
            return f"{self.name} is at {self.page.url}, and no picture of it could be taken: {error.message}"
        return f"{self.name} is at {self.page.url}: {picture}"
