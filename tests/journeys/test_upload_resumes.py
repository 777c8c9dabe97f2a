"""An upload that was cut off goes on where it stopped, from another browser window and with nothing kept in the browser."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Route

from portal.pages.demo.synthetic import ct_series
from tests.factories.documents import make_zip
from tests.journeys import accounts, patient
from tests.journeys.browser import Person
from tests.journeys.service import Service

MEGABYTE = 1024 * 1024
SIZE = 20 * MEGABYTE
"""Three requests of 8 MB and less."""


def big_archive(folder: Path) -> Path:
    """A ZIP of CT images and a file that makes it big."""
    images = {f"IM{n}": image for n, image in enumerate(ct_series(3, 64), 1)}
    path = folder / "disc.zip"
    path.write_bytes(make_zip(images))
    noise = bytes(range(256)) * (MEGABYTE // 256)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("AUTORUN.BIN", noise * (SIZE // MEGABYTE))
    return path


def test_an_upload_goes_on_after_the_browser_was_closed(
    service: Service, meet: Callable[..., Person], tmp_path: Path
) -> None:
    testina = meet("patient")
    patient.passes_screening(testina)
    testina.follow("Make an account")
    accounts.signs_up(testina, "Testina Example", "testina@resume.example")
    records = patient.opens_case(testina) + "records/"
    archive = big_archive(tmp_path)

    # When the browser is closed after the first part has arrived
    arrived: list[str] = []

    def only_first(route: Route) -> None:
        if route.request.method == "PATCH" and arrived:
            return  # hangs, as a dead network does
        if route.request.method in {"POST", "PATCH"}:
            arrived.append(route.request.method)
        route.continue_()

    testina.go(records)
    testina.page.route("**/uploads/**", only_first)
    with testina.page.expect_response(lambda one: one.request.method == "POST" and one.status == 201):
        choose(testina, archive)
    state = testina.context.storage_state()
    testina.page.close(run_before_unload=False)
    testina.close()

    # And the same file is chosen again in another one
    testina.options = {"storage_state": state}
    testina.open()
    testina.go(records)
    testina.reads("1 file was not finished", "disc.zip", "of 20.0 MB is here", "Choose the same files again to go on")
    testina.checks_page()
    offsets: list[int] = []
    testina.page.on(
        "request",
        lambda one: offsets.append(int(one.headers["upload-offset"])) if one.method == "PATCH" else None,
    )
    choose(testina, archive)

    # Then only the rest is sent, and all of it is there
    patient.reads_receipt(testina, "CT chest", "3 images")
    assert offsets and min(offsets) >= 8 * MEGABYTE, offsets


def choose(person: Person, *paths: Path) -> None:
    with person.page.expect_file_chooser() as chooser:
        person.press("Choose files")
    chooser.value.set_files(list(paths))
