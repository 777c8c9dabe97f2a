"""The viewer's tools in a real browser: true to the pixels, to known geometry, and to what others marked."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pydicom
import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from PIL import Image
from playwright.sync_api import expect, sync_playwright
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from cases.models import Case
from tests.factories import files, records
from tests.journeys.test_viewer import APP, CHROMIUM, STATIC, Browser, append_only_tables_are_emptied  # noqa: F401

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium: install Debian's chromium"),
    pytest.mark.skipif(not (STATIC / "dist/.vite/manifest.json").exists(), reason="no front end: run `make build`"),
]
SIZE, SPACING, SLICES = 64, 0.7, 8
NOW, BEFORE = files.uid(1), files.uid(2)


def reference(number: int) -> Dataset:
    found = Dataset()
    found.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    found.ReferencedSOPInstanceUID = files.uid(1, 1, number)
    return found


def presentation() -> bytes:
    """A presentation state: lung window, turned by 90 degrees, a line and a word on slice 3 (PS3.3 A.33.1)."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.11.1"
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = files.uid(1, 9, 1)
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.StudyInstanceUID, data.SeriesInstanceUID, data.Modality = NOW, files.uid(1, 9), "PR"
    data.PatientName, data.PatientID, data.PatientBirthDate, data.PatientSex = "EXAMPLE^TESTINA", "T-1", "19610504", "F"
    data.StudyDate, data.SeriesNumber, data.InstanceNumber, data.ContentLabel = "20260312", 9, 1, "LUNGS"
    data.PresentationCreationDate, data.PresentationCreationTime = "20260312", "101500"
    series, window, area = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID, series.ReferencedImageSequence = files.uid(1, 1), [reference(3)]
    window.WindowCenter, window.WindowWidth = "-600", "1500"
    data.ReferencedSeriesSequence, data.SoftcopyVOILUTSequence = [series], [window]
    marks, line, word = Dataset(), Dataset(), Dataset()
    line.GraphicAnnotationUnits, line.GraphicDimensions, line.NumberOfGraphicPoints = "PIXEL", 2, 2
    line.GraphicData, line.GraphicType, line.GraphicFilled = [10.0, 10.0, 30.0, 30.0], "POLYLINE", "N"
    word.AnchorPointAnnotationUnits, word.UnformattedTextValue = "PIXEL", "look here"
    word.AnchorPoint, word.AnchorPointVisibility = [30.0, 30.0], "Y"
    marks.GraphicLayer, marks.ReferencedImageSequence = "A", [reference(3)]
    marks.GraphicObjectSequence, marks.TextObjectSequence = [line], [word]
    data.GraphicAnnotationSequence = [marks]
    data.ImageRotation, data.ImageHorizontalFlip, data.PresentationLUTShape = 90, "N", "IDENTITY"
    area.DisplayedAreaTopLeftHandCorner, area.DisplayedAreaBottomRightHandCorner = [9, 9], [40, 40]
    area.PresentationSizeMode = "SCALE TO FIT"
    data.DisplayedAreaSelectionSequence = [area]
    data.ShutterShape, data.ShutterLeftVerticalEdge, data.ShutterRightVerticalEdge = "RECTANGULAR", 5, 44
    data.ShutterUpperHorizontalEdge, data.ShutterLowerHorizontalEdge, data.ShutterPresentationValue = 5, 44, 0
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


def segmentation() -> bytes:
    """One part of 16 by 16 pixels on slice 3, with its place in the body (PS3.3 A.51)."""

    def one(**values: Any) -> Dataset:
        found = Dataset()
        for name, value in values.items():
            setattr(found, name, value)
        return found

    uid = files.uid(1, 10, 1)
    data = one(SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4", SOPInstanceUID=uid, Modality="SEG", SeriesNumber=10)
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID, data.file_meta.MediaStorageSOPInstanceUID = data.SOPClassUID, uid
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = NOW, files.uid(1, 10), files.uid(70)
    data.PatientName, data.PatientID, data.PatientBirthDate, data.PatientSex = "EXAMPLE^TESTINA", "T-1", "19610504", "F"
    data.StudyDate, data.InstanceNumber, data.ContentLabel, data.NumberOfFrames = "20260312", 1, "LESION", 1
    data.Rows = data.Columns = SIZE
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated = data.BitsStored = 1
    data.HighBit, data.SegmentationType = 0, "BINARY"
    data.SegmentSequence = [one(SegmentNumber=1, SegmentLabel="nodule", SegmentAlgorithmType="MANUAL")]
    plane = one(PixelSpacing=[SPACING, SPACING], SliceThickness=3.0)
    data.SharedFunctionalGroupsSequence = [
        one(
            PixelMeasuresSequence=[plane],
            PlaneOrientationSequence=[one(ImageOrientationPatient=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])],
        )
    ]
    data.PerFrameFunctionalGroupsSequence = [
        one(
            PlanePositionSequence=[one(ImagePositionPatient=[0.0, 0.0, 9.0])],
            SegmentIdentificationSequence=[one(ReferencedSegmentNumber=1)],
        )
    ]
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[16:32, 8:24] = 1
    data.PixelData = np.packbits(mask, bitorder="little").tobytes()
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


def with_plane(image: bytes) -> bytes:
    """The image with an overlay plane of 2 by 3 pixels, row 10 and column 20 its corner (PS3.3 C.9.2)."""
    data = pydicom.dcmread(io.BytesIO(image))
    for number, vr, value in (
        (0x10, "US", 2), (0x11, "US", 3), (0x40, "CS", "G"), (0x50, "SS", [11, 21]), (0x100, "US", 1), (0x102, "US", 0),
        (0x3000, "OW", b"\x3f\0"),
    ):  # fmt: skip
        data.add_new((0x6000, number), vr, value)
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


@pytest.fixture
def case() -> Case:
    cache.clear()
    found = records.case()
    for number in range(1, SLICES + 1):
        place = {"FrameOfReferenceUID": files.uid(70), "ImagePositionPatient": [0.0, 0.0, 3.0 * number]}
        image = files.dicom(instance=number, size=SIZE, **place)
        records.upload(found, with_plane(image) if number == 4 else image, f"IM{number}")
        earlier = {
            "StudyDate": "20240110",
            "FrameOfReferenceUID": files.uid(71),
            "ImagePositionPatient": [0.0, 0.0, 900 + 6.0 * number],
        }
        records.upload(found, files.dicom(study=2, instance=number, size=SIZE, **earlier), f"P{number}")
    records.upload(found, presentation(), "PR1")
    records.upload(found, segmentation(), "SEG1")
    records.run_jobs()
    return found


@pytest.fixture
def browse(case: Case, live_server: Any) -> Iterator[Callable[..., Browser]]:
    client = Client()
    client.force_login(case.opened_by)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    with sync_playwright() as tools:
        chromium = tools.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])

        def start(query: str = f"?study={NOW}", *, page: str = "", scripts: bool = True) -> Browser:
            context = chromium.new_context(viewport={"width": 1280, "height": 800}, java_script_enabled=scripts)
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
            return Browser(context.new_page(), f"{live_server.url}/viewer/{case.ref}/{page}{query}")

        yield start
        chromium.close()


def opened(browser: Browser) -> None:
    browser.page.goto(browser.address)
    browser.until("document.getElementById('viewer').dataset.ready === 'true'")
    browser.until(f"{APP}.panes.every((pane) => pane.message.hidden && pane.ids.length)")


SAMPLE = """async () => {
  const pane = document.getElementById('viewer').consilium.panes[0], v = pane.viewport, source = v.getCanvas();
  v.render(); await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const copy = document.createElement('canvas'); copy.width = source.width; copy.height = source.height;
  const pen = copy.getContext('2d'); pen.drawImage(source, 0, 0);
  const shown = pen.getImageData(0, 0, copy.width, copy.height).data;
  const scale = source.width / pane.canvas.clientWidth, grey = [];
  const { origin: [ox, oy, oz], spacing: [sx, sy] } = v.getImageData();
  for (let y = 4; y < SIZE - 4; y += 1) for (let x = 4; x < SIZE - 4; x += 1) {
    const [cx, cy] = v.worldToCanvas([ox + (x + HALF) * sx, oy + (y + HALF) * sy, oz]);
    grey.push(shown[(Math.floor(cy * scale) * copy.width + Math.floor(cx * scale)) * 4]);
  }
  return { place: pane.place, grey };
}""".replace("SIZE", str(SIZE))


@pytest.mark.parametrize("renderer", ["webgl", "cpu"])
def test_what_is_drawn_is_what_the_server_renders(browse: Callable[..., Browser], case: Case, renderer: str) -> None:
    browser = browse(f"?study={NOW}" + ("&cpu=1" if renderer == "cpu" else ""))
    opened(browser)
    half = "0.5" if renderer == "cpu" else "0"  # there a place is the corner of its pixel
    found = browser.page.evaluate(SAMPLE.replace("HALF", half))
    place = found["place"]
    address = f"/dicomweb/studies/{place['study']}/series/{place['series']}/instances/{place['instance']}/rendered"
    origin = browser.address.split("/viewer/")[0]
    picture = browser.page.request.get(origin + address, headers={"Accept": "image/png"})
    server = np.asarray(Image.open(io.BytesIO(picture.body())).convert("L")).astype(int)[4:-4, 4:-4]
    viewer = np.array(found["grey"]).reshape(server.shape)
    smooth = np.ones_like(server, dtype=bool)  # where the pattern jumps, the browser blends neighbours
    for axis in (0, 1):
        for step in (1, -1):
            smooth &= np.abs(server - np.roll(server, step, axis)) < 16
    assert smooth.mean() > 0.5
    assert np.abs(server - viewer)[smooth].max() <= 4
    assert np.median(np.abs(server - viewer)[smooth]) <= 1


def test_rectangle_and_cobb_angle_agree_with_known_geometry(browse: Callable[..., Browser]) -> None:
    browser = browse()
    opened(browser)
    keys = browser.page.keyboard
    for key in ["b", "Enter", "Enter", *["ArrowRight"] * 10, *["ArrowDown"] * 5, "Enter"]:
        keys.press(key)
    height = browser.page.evaluate(f"{APP}.panes[0].canvas.clientHeight")
    millimetre = SIZE * SPACING / height
    rows = f"{APP}.state.measurements()"
    (area,) = browser.until(f"{rows}.map((row) => row.stats.area).filter(Boolean)")
    assert area == pytest.approx(80 * millimetre * 40 * millimetre, rel=0.02)
    steps = ["o", "Enter", "Enter", *["ArrowRight"] * 8, "Enter", *["ArrowDown"] * 8, "Enter"]
    for key in [*steps, *["ArrowLeft"] * 8, *["ArrowDown"] * 8, "Enter"]:
        keys.press(key)
    angle = browser.until(f"{rows}.find((row) => row.tool === 'cobb')?.stats.angle")
    assert angle == pytest.approx(45, abs=0.5)
    for key, points in (("a", 3), ("e", 2), ("h", 1)):
        for one in [key, "Enter", *["Enter", "ArrowRight", "ArrowDown"] * points]:
            keys.press(one)
    tools = f"{rows}.map((row) => row.tool).sort().join()"
    browser.until(f"{tools} === 'angle,cobb,ellipse,probe,rectangle'")
    browser.until(f"{APP}.state.status === 'Saved'")
    assert browser.violations() == []
    assert browser.complaints == []


def test_the_earlier_examination_scrolls_along_by_millimetres(browse: Callable[..., Browser]) -> None:
    browser = browse(f"?study={NOW},{BEFORE}")
    opened(browser)
    start = browser.page.evaluate(f"{APP}.panes.map((pane) => pane.index)")
    assert browser.page.evaluate(f"{APP}.links.on")
    for _ in range(2):
        browser.page.keyboard.press("ArrowDown")
    browser.until(f"{APP}.panes[0].index === {start[0] + 2} && {APP}.panes[1].index === {start[1] + 1}")
    browser.page.keyboard.press("d")
    browser.page.keyboard.press("ArrowUp")
    browser.until(f"{APP}.panes[0].index === {start[0] + 1}")
    assert browser.page.evaluate(f"{APP}.panes[1].index") == start[1] + 1
    browser.until("performance.getEntriesByType('resource').some((one) => one.name.includes('/pack?'))")
    assert browser.complaints == []
    one_image_fails_and_the_rest_goes_on(browser)
    the_connection_is_lost_while_images_come(browser)


def one_image_fails_and_the_rest_goes_on(browser: Browser) -> None:
    """It says which and why; the next one is there."""
    lost = browser.page.evaluate(f"{APP}.panes[0].series.images[1].place.instance")
    browser.page.route("**/pack?*", lambda route: route.fulfill(status=404))
    browser.page.route(f"**/instances/{lost}/frames/*", lambda route: route.fulfill(status=500))
    opened(browser)
    browser.page.keyboard.press("Home")
    browser.page.keyboard.press("ArrowDown")
    message = browser.page.locator(".co-v-pane--failed .co-v-message")
    expected = f"Image 2 of {SLICES} could not be shown: the portal had a problem; try again in a minute."
    expect(message).to_have_text(f"{expected} The other images are not affected.")
    browser.page.keyboard.press("ArrowDown")
    browser.until(f"{APP}.panes[0].index === 2 && {APP}.panes[0].message.hidden")
    failed = browser.page.get_by_text("1 failed")
    expect(failed).to_be_visible()
    browser.page.keyboard.press("ArrowUp")
    expect(message).to_be_visible()
    browser.page.unroute(f"**/instances/{lost}/frames/*")
    browser.page.evaluate("window.dispatchEvent(new Event('online'))")
    browser.until(f"{APP}.panes[0].index === 1 && {APP}.panes[0].message.hidden")
    expect(failed).to_be_hidden()


def the_connection_is_lost_while_images_come(browser: Browser) -> None:
    """What a pack did not bring is asked for by itself, and the page can be used and left."""
    browser.page.unroute_all()
    browser.page.route("**/pack?*", lambda route: route.abort())
    with browser.page.expect_event("requestfailed"):
        browser.page.goto(browser.address)
    browser.page.goto(browser.address)  # ends after half a minute when nothing answers; asking the page would not
    opened(browser)
    browser.until(f"{APP}.panes.every((pane) => pane.series.loaded.size === {SLICES})")


def test_segmentations_and_presentation_states_are_drawn_as_they_say(browse: Callable[..., Browser]) -> None:
    browser = browse()
    opened(browser)
    outlined_and_hidden_again(browser)
    browser.page.keyboard.press("Shift+K")
    browser.page.get_by_role("button", name="LUNGS").click()
    browser.until(f"{APP}.panes[0].applied && {APP}.panes[0].rotation === 90")
    browser.until("document.querySelectorAll('.co-v-drawn').length >= 3")
    expect(browser.page.locator(".co-v-lines").first).to_contain_text("look here")
    browser.until(f"{APP}.panes[0].index === 2")
    expect(browser.page.locator(".co-v-pane")).to_contain_text("W 1500", use_inner_text=True)
    pixel = browser.box(browser.page.locator(".co-v-canvas"))["height"] / 32  # 32 pixels fill the window's height

    def shutter() -> tuple[float, float]:
        box = browser.page.locator(".co-v-shutter").evaluate(CORNERS)
        return box[1], box[3]

    # turned by 90 degrees: 4 pixels of the uncovered part lie outside
    browser.becomes(shutter, pytest.approx((-4 * pixel, 36 * pixel), abs=2))
    browser.page.keyboard.press("ArrowDown")
    browser.until("document.querySelectorAll('.co-v-drawn').length === 0")
    an_overlay_plane_lies_on_the_image(browser, SIZE * pixel)
    assert browser.complaints == []


def an_overlay_plane_lies_on_the_image(browser: Browser, side: float) -> None:
    """As large as the whole image, which is turned by 90 degrees here; its own drawing is where the file says."""
    plane = browser.page.locator(".co-v-planes")

    def size() -> tuple[float, float]:
        box = browser.box(plane)
        return box["width"], box["height"]

    browser.becomes(size, pytest.approx((side, side), rel=0.02))
    origin = browser.address.split("/viewer/")[0]
    picture = browser.page.request.get(origin + str(plane.get_attribute("href")))
    with Image.open(io.BytesIO(picture.body())) as drawn:
        clear = np.asarray(drawn.convert("RGBA"))[..., 3]
    assert clear.shape == (SIZE, SIZE)
    assert (clear[10:12, 20:23] == 255).all() and clear.sum() == 6 * 255
    browser.page.keyboard.press("ArrowDown")
    browser.until("document.querySelectorAll('.co-v-planes').length === 0")


CORNERS = """(path) => {
  const hole = path.getAttribute('d').split('M').pop().match(/-?[0-9.]+/g).map(Number);
  const [xs, ys] = [hole.filter((_, i) => i % 2 === 0), hole.filter((_, i) => i % 2)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}"""


def outlined_and_hidden_again(browser: Browser) -> None:
    """The segmentation lies on the pixels that it names; its part, and all of it, can be hidden."""
    browser.page.get_by_role("button", name="LESION").click()
    browser.until("document.querySelectorAll('.co-v-shape').length === 1")
    browser.until(f"{APP}.panes[0].index === 2")
    window = browser.box(browser.page.locator(".co-v-canvas"))
    pixel, left = window["height"] / SIZE, (window["width"] - window["height"]) / 2
    corners = pytest.approx([left + 8 * pixel, 16 * pixel, left + 24 * pixel, 32 * pixel], abs=2)
    browser.becomes(lambda: browser.page.locator(".co-v-shape").evaluate(CORNERS), corners)
    browser.page.get_by_label("nodule").uncheck()
    browser.until("document.querySelectorAll('.co-v-shape').length === 0")
    browser.page.get_by_label("nodule").check()
    browser.until("document.querySelectorAll('.co-v-shape').length === 1")
    assert browser.violations() == []
    browser.page.keyboard.press("Shift+K")
    browser.until("document.querySelectorAll('.co-v-shape').length === 0")


def test_outlines_lie_right_and_planes_turn_and_thicken_without_webgl(browse: Callable[..., Browser]) -> None:
    browser = browse(f"?study={NOW}&cpu=1")
    opened(browser)
    outlined_and_hidden_again(browser)
    keys = browser.page.keyboard
    keys.press("m")
    browser.until(f"{APP}.panes.length === 3 && {APP}.panes.every((pane) => pane.message.hidden && pane.ids.length)")
    for key in ("n", ".", ">", "u"):
        keys.press(key)
        browser.until(f"{APP}.panes.every((pane) => pane.message.hidden && pane.ids.length)")
    browser.until(f"{APP}.panes[1].plane === 'sagittal@10^10~10' && {APP}.panes[1].message.hidden")
    second = browser.page.locator(".co-v-pane").nth(1)
    expect(second).to_contain_text("turned 10°, tilted 10°", use_inner_text=True)
    browser.until("document.querySelectorAll('.co-v-cut').length >= 4")
    line = browser.box(browser.page.locator(".co-v-pane").first.locator(".co-v-turn--3").last)
    x, y = line["x"] + 8, line["y"] + 8
    browser.page.mouse.move(x, y)
    browser.page.mouse.down()
    pane = browser.box(browser.page.locator(".co-v-canvas").first)
    reach = x - (pane["x"] + pane["width"] / 2)
    browser.page.mouse.move(x - reach * 0.134, y + reach / 2)  # along the circle, by 30 degrees
    browser.page.mouse.up()
    turned = browser.until(f"{APP}.panes[2].plane !== 'coronal' && {APP}.panes[2].plane")
    name, degrees = turned.split("@")
    assert (name, abs(int(degrees))) == ("coronal", pytest.approx(30, abs=2)), "turned by its line"
    assert browser.complaints == []


def test_plain_pages_show_the_pictures_without_any_script(browse: Callable[..., Browser]) -> None:
    browser = browse("", page="plain/", scripts=False)
    page = browser.page
    page.goto(browser.address)
    expect(page.get_by_role("heading", name="Your images")).to_be_visible()
    expect(page.locator("figcaption")).to_contain_text(f"Image {SLICES // 2 + 1} of {SLICES}")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("figcaption")).to_contain_text(f"Image {SLICES // 2 + 2} of {SLICES}")
    origin = browser.address.split("/viewer/")[0]
    picture = page.request.get(origin + (page.locator("figure.co-plain img").get_attribute("src") or ""))
    assert (picture.status, picture.body()[:2]) == (200, b"\xff\xd8")
    assert len(picture.body()) < 30_000, "small enough for a slow line"
