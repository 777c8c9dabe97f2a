"""`make docs`: pictures of the key pages, from a portal of its own that is filled with the demo's invented cases.

python docs/screenshots.py [FOLDER of a portal that `manage.py demo` has filled already]
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pypdfium2
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.journeys.browser import chromium_path  # noqa: E402
from tests.journeys.conftest import SWITCHES  # noqa: E402
from tests.journeys.service import Service, wait_until  # noqa: E402

OUT = ROOT / "docs" / "screenshots"
WIDE, PHONE = (1280, 900), (390, 844)
PASSWORD = "consilium-demo"  # noqa: S105 - the demo's, printed by `make run`
PHASES = """
from cases.models import Case
print(*(f"{one.phase}={one.ref}={one.opened_by.email}" for one in Case.objects.select_related("opened_by")))
"""


def keep(name: str, picture: bytes) -> None:
    """Few colours make small files; nothing here is a photograph."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(200, dither=Image.Dither.NONE)
    image.save(OUT / f"{name}.png", optimize=True)


@contextmanager
def signed_in(browser: Browser, service: Service, who: str, size: tuple[int, int] = WIDE) -> Iterator[Page]:
    context = browser.new_context(
        base_url=service.url, viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce", locale="en-US"
    )
    page = context.new_page()
    if who:
        page.goto("/accounts/login/")
        page.get_by_role("textbox", name=re.compile("^E-?mail")).fill(who)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/login/" not in url)
    yield page
    context.close()


def shot(page: Page, name: str, path: str = "") -> None:
    if path:
        answer = page.goto(path)
        assert answer is not None and answer.ok, f"{path}: no such page"
    page.wait_for_load_state("networkidle")
    keep(name, page.screenshot())


def pictures(service: Service, browser: Browser) -> None:
    found = [line.split("=") for line in service.django(PHASES).split()]

    def first(phase: str) -> tuple[str, str]:
        return next((ref, who) for its, ref, who in found if its == phase)

    with signed_in(browser, service, "") as page:
        shot(page, "home", "/")
        shot(page, "screening", "/start/")
    with signed_in(browser, service, "", PHONE) as page:
        shot(page, "home-phone", "/")
    draft, who = first("draft")
    with signed_in(browser, service, who) as page:
        shot(page, "tasks", f"/cases/{draft}/")
    collecting, who = first("collecting")
    with signed_in(browser, service, who) as page:
        shot(page, "records", f"/cases/{collecting}/records/")
    review, who = first("in_review")
    with signed_in(browser, service, who) as page:
        shot(page, "case", f"/cases/{review}/")
    with signed_in(browser, service, who, PHONE) as page:
        shot(page, "case-phone", f"/cases/{review}/")
    with signed_in(browser, service, "coordinator@demo.example") as page:
        shot(page, "queue", "/desk/views/open/")
        shot(page, "desk-case", f"/desk/cases/{review}/")
    with signed_in(browser, service, "specialist@demo.example") as page:
        page.goto("/reviews/")
        offer = page.get_by_role("link", name="Look and answer")
        offer_path = offer.first.get_attribute("href") if offer.count() else ""
        page.locator("table.co-queue a").first.click()
        ready = "document.getElementById('viewer')?.contentDocument?.getElementById('viewer')?.dataset.ready"
        wait_until(lambda: page.evaluate(ready) == "true", "the viewer is ready")
        page.wait_for_load_state("networkidle")
        shot(page, "workspace")
        if offer_path:
            shot(page, "offer", offer_path)
    delivered, who = first("delivered")
    with signed_in(browser, service, who) as page:
        shot(page, "report", f"/cases/{delivered}/report/")
        pdf = page.context.request.get(f"{service.url}/cases/{delivered}/report/pdf/").body()
        paper = io.BytesIO()
        pypdfium2.PdfDocument(pdf)[0].render(scale=1.3).to_pil().save(paper, "PNG")
        keep("report-pdf", paper.getvalue())


def main() -> int:
    OUT.mkdir(parents=True, exist_ok=True)
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="consilium-docs-"))
    service = Service(folder)
    service.environment |= {"DJANGO_SETTINGS_MODULE": "portal.settings.local", "DEMO": "1"}
    try:
        service.run("manage.py", "migrate", "-v0")
        service.run("manage.py", "load_catalogue", "-v0")
        service.run("manage.py", "demo", patience=900)
        service.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=SWITCHES)
            pictures(service, browser)
            browser.close()
    finally:
        service.stop()
    for picture in sorted(OUT.glob("*.png")):
        sys.stdout.write(f"{picture.relative_to(ROOT)}  {picture.stat().st_size // 1024} KB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
