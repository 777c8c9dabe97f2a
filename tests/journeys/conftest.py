"""One portal for all journeys of a process, one browser for each file of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.browser import AXE, Person, chromium_path
from tests.journeys.service import Service, running

HERE = Path(__file__).parent
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.journey)


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    assert AXE.exists(), "build the front end first: npm ci --ignore-scripts && npm run build in static/"
    with running(tmp_path_factory.mktemp("portal")) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's own. It ends with the file's last test, since its event loop would trouble tests that use the database."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def meet(
    chromium: Browser, service: Service, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., Person]]:
    """Makes people with a browser each; at the end none of them may have noticed anything wrong."""
    met: list[Person] = []

    def make(name: str, **options: object) -> Person:
        met.append(Person(chromium, service, name, **options))
        return met[-1]

    yield make
    problems = [problem for person in met for problem in dict.fromkeys(person.problems)]
    if request.node.stash.get(FAILED, False):
        problems += [person.seen(tmp_path) for person in met]
    for person in met:
        person.close()
    assert not problems, "\n".join(problems)
