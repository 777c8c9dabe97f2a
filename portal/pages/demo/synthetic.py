"""Invented records for the demo and the tests: a chest CT, a cardiac ultrasound cine, a chest radiograph, letters.

Pure numpy and pydicom; drawn from formulas, no real person in it. The same arguments give the same bytes, so that tests can
compare; sizes are parameters, so that tests can be quick.
"""

from __future__ import annotations

import html
import io
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalMammographyXRayImageStorageForPresentation,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

COMPRESSED = {"rle": RLELossless, "jpeg2000": JPEG2000Lossless, "jpeg-ls": JPEGLSLossless}


@dataclass(frozen=True)
class Person:
    """An invented patient as a DICOM header writes one."""

    name: str = "EXAMPLE^TESTINA"
    id: str = "DEMO-0001"
    birth_date: date = date(1962, 3, 14)
    sex: str = "F"


@dataclass(frozen=True)
class Examination:
    """The study-level facts. `seed` separates two studies of one person and day."""

    person: Person = field(default_factory=Person)
    on: date = date(2026, 3, 12)
    description: str = ""
    institution: str = "Sample Hospital"
    seed: str = ""

    def uid(self, *parts: object) -> str:
        """The same UID for the same person, day and parts."""
        sources = [self.person.id, self.on.isoformat(), self.seed, *map(str, parts)]
        return str(generate_uid(entropy_srcs=sources))


def _header(examination: Examination, *, sop_class: str, modality: str, series: int, number: int) -> Dataset:
    person, day = examination.person, examination.on.strftime("%Y%m%d")
    found = Dataset()
    found.file_meta = FileMetaDataset()
    found.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    found.file_meta.MediaStorageSOPInstanceUID = UID(examination.uid(modality, series, number))
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found.SpecificCharacterSet = "ISO_IR 192"
    found.SOPClassUID = sop_class
    found.SOPInstanceUID = found.file_meta.MediaStorageSOPInstanceUID
    found.StudyDate = found.SeriesDate = found.AcquisitionDate = found.ContentDate = day
    found.StudyTime = found.SeriesTime = found.ContentTime = "101500"
    found.AccessionNumber = "A" + day
    found.Modality = modality
    found.Manufacturer = "Synthetic"
    found.InstitutionName = examination.institution
    found.ReferringPhysicianName = "PLACEHOLDER^OTTO"
    found.StudyDescription = examination.description
    found.PatientName, found.PatientID = person.name, person.id
    found.PatientBirthDate, found.PatientSex = person.birth_date.strftime("%Y%m%d"), person.sex
    found.StudyInstanceUID = examination.uid("study")
    found.SeriesInstanceUID = examination.uid("series", modality, series)
    found.StudyID, found.SeriesNumber, found.InstanceNumber = "1", series, number
    return found


def _grey(found: Dataset, pixels: np.ndarray, *, stored: int, photometric: str = "MONOCHROME2") -> None:
    found.SamplesPerPixel, found.PhotometricInterpretation = 1, photometric
    found.Rows, found.Columns = pixels.shape
    found.BitsAllocated, found.BitsStored, found.HighBit, found.PixelRepresentation = 16, stored, stored - 1, 0
    found.PixelData = pixels.astype("<u2").tobytes()
    found["PixelData"].VR = "OW"


def file_bytes(found: Dataset, *, syntax: str = "") -> bytes:
    """The data set as a DICOM file; `syntax` one of COMPRESSED, "big-endian", "deflated", "implicit" or "" (Explicit little endian)."""
    if syntax in COMPRESSED:
        found.compress(COMPRESSED[syntax], generate_instance_uid=False)
    elif syntax == "big-endian":
        found.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
        if found.BitsAllocated == 16:
            found.PixelData = np.frombuffer(found.PixelData, "<u2").astype(">u2").tobytes()
    elif syntax:
        plain = {"deflated": DeflatedExplicitVRLittleEndian, "implicit": ImplicitVRLittleEndian}
        found.file_meta.TransferSyntaxUID = plain[syntax]
    out = io.BytesIO()
    found.save_as(out, enforce_file_format=True)
    return out.getvalue()


def chest_slice(
    place: float, size: int, *, nodule: bool = True, fibrosis: float = 0.0, aorta_mm: float = 0.0, seed: int = 1
) -> np.ndarray:
    """One axial slice in HU at `place` (0 apex … 1 base), `size` pixels square, with lungs, heart, spine, ribs and noise.

    `nodule`: a round 14 mm one in the right upper lobe. `fibrosis` 0 … 1: a net of thick lines at the lung bases.
    `aorta_mm`: contrast in heart and aorta, the ascending aorta this wide.
    """
    rng = np.random.default_rng((seed, int(place * 1e6)))
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j].astype(np.float32)

    def disc(cx: float, cy: float, rx: float, ry: float) -> np.ndarray:
        return ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2

    out = np.full((size, size), -1000.0, np.float32)
    wide = 0.80 + 0.06 * np.sin(3 * place)
    body = disc(0, 0, wide, 0.56)
    out[body < 1] = -95  # fat
    out[body < 0.86] = 45  # muscle
    lung = 0.30 * np.sin(np.pi * min(0.97, 0.12 + place * 0.86)) + 0.02
    lungs = np.minimum(disc(-0.37, -0.02, lung, lung * 1.32), disc(0.37, -0.02, lung, lung * 1.32))
    inside = lungs < 1
    out[inside] = -865 + 50 * np.clip(y[inside], -1, 1)  # heavier behind
    vessels = np.sin(41 * x + 5 * np.sin(7 * y + 9 * place)) * np.sin(37 * y + 4 * np.sin(6 * x))
    out[inside & (vessels > 0.93) & (lungs < 0.85)] = -120
    if fibrosis > 0 and place > 0.45:
        net = np.abs(np.sin(60 * x + 7 * place)) + np.abs(np.sin(60 * y + 3 * x))
        out[inside & (lungs > 0.55) & (net < 0.55 * fibrosis * place + 0.15)] = -250
    if place > 0.35:
        heart = disc(0.08, -0.10, 0.24 * min(1, (place - 0.3) * 3), 0.26)
        out[heart < 1] = 50
    else:
        out[disc(0.0, -0.12, 0.16, 0.16) < 1] = 42
        out[disc(0.02, -0.02, 0.045, 0.045) < 1] = -990  # trachea
    out[disc(0.09, 0.20, 0.055, 0.055) < 1] = 320 if aorta_mm else 48  # descending aorta
    if aorta_mm and place > 0.35:
        out[disc(0.10, -0.08, 0.16 * min(1, (place - 0.3) * 3), 0.17) < 1] = 290  # chambers of the heart
    if aorta_mm and 0.15 < place < 0.6:
        wide_part = aorta_mm / 360 * (1 - ((place - 0.37) / 0.4) ** 2)
        out[disc(-0.05, -0.14, wide_part, wide_part) < 1] = 340
    out[disc(0, 0.32, 0.11, 0.10) < 1] = 230
    out[disc(0, 0.32, 0.075, 0.07) < 1] = 160
    out[disc(0, 0.43, 0.045, 0.04) < 1] = 25  # spinal canal
    for number in range(16):
        angle = 2 * np.pi * (number + 0.5) / 16 + 0.9 * place
        rib = disc(0.91 * wide * np.cos(angle), 0.50 * np.sin(angle), 0.05, 0.024)
        out[rib < 1] = 520
    if nodule:
        depth = 1 - ((place - 0.32) / 0.045) ** 2
        if depth > 0:
            out[disc(-0.42, -0.10, 0.04 * depth**0.5, 0.04 * depth**0.5) < 1] = 35
    out += rng.normal(0, 14, out.shape).astype(np.float32)
    return np.clip(out, -1024, 3071).astype(np.int16)


def ct_series(
    count: int = 24,
    size: int = 256,
    examination: Examination | None = None,
    *,
    thickness: float = 1.25,
    syntax: str = "",
    nodule: bool = True,
    fibrosis: float = 0.0,
    aorta_mm: float = 0.0,
    series: int = 2,
    description: str = "Chest 1.25 mm lung",
) -> list[bytes]:
    """A chest CT of `count` slices of `size` x `size` pixels, `thickness` mm apart; DICOM files in order from apex to base."""
    examination = examination or Examination(description="CT Chest")
    spacing = 360.0 / size
    files = []
    for number in range(count):
        hu = chest_slice(number / max(1, count - 1), size, nodule=nodule, fibrosis=fibrosis, aorta_mm=aorta_mm)
        found = _header(examination, sop_class=CTImageStorage, modality="CT", series=series, number=number + 1)
        found.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        found.BodyPartExamined, found.SeriesDescription = "CHEST", description
        found.ProtocolName, found.KVP, found.PatientPosition = "Chest", "120", "HFS"
        found.FrameOfReferenceUID = examination.uid("frame of reference")
        height = round(-thickness * number, 4)
        found.ImagePositionPatient = [-180 + spacing / 2, -180 + spacing / 2, height]
        found.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        found.PixelSpacing, found.SliceThickness = [spacing, spacing], thickness
        found.SpacingBetweenSlices, found.SliceLocation = thickness, height
        found.RescaleIntercept, found.RescaleSlope, found.RescaleType = -1024, 1, "HU"
        found.WindowCenter, found.WindowWidth = [-600, 40], [1500, 400]
        found.WindowCenterWidthExplanation = ["LUNG", "MEDIASTINUM"]
        _grey(found, hu.astype(np.int32) + 1024, stored=12)
        files.append(file_bytes(found, syntax=syntax))
    return files


def heart_frame(phase: float, rows: int, columns: int, *, seed: int = 2) -> np.ndarray:
    """One RGB frame of an apical four-chamber view at `phase` (0 … 1 of a beat), with a flow jet in colour during systole."""
    rng = np.random.default_rng((seed, int(phase * 1e6)))
    y, x = np.mgrid[0 : 1 : rows * 1j, -0.5 : 0.5 : columns * 1j].astype(np.float32) * [[[1]], [[columns / rows]]]
    away, angle = np.hypot(x, y + 0.02), np.arctan2(x, y + 0.02)
    sector = (away < 0.98) & (away > 0.04) & (np.abs(angle) < 0.68)
    squeeze = 1 - 0.24 * np.sin(np.pi * phase) ** 2
    speckle = rng.gamma(2.0, 0.5, x.shape).astype(np.float32)
    grey = 62 * speckle * (1.1 - 0.5 * y)

    def ring(cx: float, cy: float, rx: float, ry: float, wall: float) -> None:
        around = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2
        grey[around < 1] = 9 * speckle[around < 1]
        edge = (around >= 1) & (around < 1 + wall)
        grey[edge] = 150 * speckle[edge]

    ring(0.13, 0.36, 0.15 * squeeze, 0.24 * squeeze, 0.5)  # left ventricle
    ring(-0.15, 0.38, 0.11 * squeeze, 0.19 * squeeze, 0.35)  # right ventricle
    ring(0.12, 0.75, 0.13 / squeeze, 0.12 / squeeze, 0.3)  # left atrium
    ring(-0.15, 0.74, 0.12 / squeeze, 0.11 / squeeze, 0.3)  # right atrium
    grey = np.where(sector, np.clip(grey, 0, 255), 0)
    out = np.repeat(grey[..., None], 3, axis=2)
    jet = sector & (((x - 0.12) / 0.045) ** 2 + ((y - 0.72) / 0.13) ** 2 < 1) & (0.15 < phase < 0.5)
    out[jet] = np.stack([30 + 40 * speckle, 70 + 50 * speckle, 190 + 20 * speckle], axis=-1)[jet]
    _draw_tracing(out, phase)
    return np.clip(out, 0, 255).astype(np.uint8)


def _draw_tracing(picture: np.ndarray, phase: float) -> None:
    """Two beats of an electrocardiogram in the lower right corner, the moment of the frame marked on the first."""
    rows, columns = picture.shape[:2]
    first, width, foot = int(columns * 0.74), int(columns * 0.24), rows * 0.955
    beat = np.arange(width) / (width / 2) % 1
    waves = ((0.12, 0.14, 0.03), (-0.1, 0.26, 0.012), (1.0, 0.3, 0.014), (-0.25, 0.34, 0.014), (0.25, 0.58, 0.05))
    height = sum(size * np.exp(-(((beat - at) / spread) ** 2)) for size, at, spread in waves)
    line = np.round(foot - height * rows * 0.1).astype(int)
    for column, (one, other) in enumerate(zip(line, np.append(line[1:], line[-1]), strict=True)):
        picture[min(one, other) : max(one, other) + 1, first + column] = (60, 190, 90)
    now = first + int(phase * width / 2)
    picture[int(foot - rows * 0.11) : int(foot) + 3, now] = (230, 210, 90)


def _region(rows: int, columns: int) -> Dataset:
    """The whole picture is tissue in two dimensions, 16 cm deep (PS3.3 C.8.5.5)."""
    found = Dataset()
    found.RegionSpatialFormat, found.RegionDataType, found.RegionFlags = 1, 1, 2
    found.RegionLocationMinX0 = found.RegionLocationMinY0 = 0
    found.RegionLocationMaxX1, found.RegionLocationMaxY1 = columns - 1, rows - 1
    found.PhysicalUnitsXDirection = found.PhysicalUnitsYDirection = 3
    found.PhysicalDeltaX = found.PhysicalDeltaY = 16.0 / rows
    return found


def us_cine(
    frames: int = 12,
    rows: int = 240,
    columns: int = 320,
    examination: Examination | None = None,
    *,
    syntax: str = "",
) -> bytes:
    """A cardiac ultrasound loop in colour: one multi-frame object of one beat."""
    examination = examination or Examination(description="Echocardiography transthoracic")
    found = _header(examination, sop_class=UltrasoundMultiFrameImageStorage, modality="US", series=1, number=1)
    found.ImageType = ["ORIGINAL", "PRIMARY", "TTE"]
    found.SeriesDescription, found.BodyPartExamined = "Apical 4 chamber", "HEART"
    found.NumberOfFrames, found.FrameTime = frames, 40
    found.FrameIncrementPointer = 0x00181063
    found.SequenceOfUltrasoundRegions = [_region(rows, columns)]
    found.SamplesPerPixel, found.PhotometricInterpretation, found.PlanarConfiguration = 3, "RGB", 0
    found.Rows, found.Columns = rows, columns
    found.BitsAllocated, found.BitsStored, found.HighBit, found.PixelRepresentation = 8, 8, 7, 0
    pixels = b"".join(heart_frame(n / frames, rows, columns).tobytes() for n in range(frames))
    found.PixelData = pixels + b"\0" * (len(pixels) % 2)
    found["PixelData"].VR = "OB"
    return file_bytes(found, syntax=syntax)


def chest_radiograph(
    size: int = 512, examination: Examination | None = None, *, syntax: str = "", inverted: bool = True
) -> bytes:
    """A frontal chest radiograph, 12 bit; `inverted`: stored as MONOCHROME1, as many detectors do."""
    examination = examination or Examination(description="Chest X-ray PA")
    rng = np.random.default_rng(3)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j].astype(np.float32)

    def soft(cx: float, cy: float, rx: float, ry: float, edge: float = 8) -> np.ndarray:
        away = edge * (((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 - 1)
        return np.asarray(1 / (1 + np.exp(np.clip(away, -50, 50))))

    dense = 1900 * soft(0, 0.25, 0.95, 1.35, 6)
    for side in (-1, 1):
        dense -= 1250 * soft(side * 0.42, -0.02, 0.30, 0.68)
        for rib in range(9):
            arc = -0.62 + 0.14 * rib + 0.16 * (np.abs(x) - 0.4) ** 2 * 4
            dense += (
                190
                * np.exp(-(((y - arc) / 0.016) ** 2))
                * (np.sign(x) == side)
                * (np.abs(x) < 0.78)
                * (np.abs(x) > 0.12)
            )
        dense += (
            330 * np.exp(-(((y + 0.72 + 0.12 * np.abs(x)) / 0.022) ** 2)) * (np.sign(x) == side) * (np.abs(x) < 0.6)
        )
    dense += 1150 * soft(0.12, 0.30, 0.33, 0.34) + 520 * soft(0, 0, 0.10, 1.3) + 900 * soft(0, 0.95, 0.9, 0.34)
    dense += rng.normal(0, 22, dense.shape)
    white = np.clip(dense + 400, 0, 4095).astype(np.uint16)
    found = _header(examination, sop_class=ComputedRadiographyImageStorage, modality="CR", series=1, number=1)
    found.ImageType = ["ORIGINAL", "PRIMARY"]
    found.BodyPartExamined, found.ViewPosition, found.SeriesDescription = "CHEST", "PA", "Chest PA"
    spacing = 350.0 / size
    found.ImagerPixelSpacing = found.PixelSpacing = [spacing, spacing]
    found.RescaleIntercept, found.RescaleSlope, found.RescaleType = 0, 1, "US"
    center = 4095 - 1900 if inverted else 1900
    found.WindowCenter, found.WindowWidth = center, 3400
    _grey(
        found, 4095 - white if inverted else white, stored=12, photometric="MONOCHROME1" if inverted else "MONOCHROME2"
    )
    return file_bytes(found, syntax=syntax)


def mammogram(
    side: str,
    view: str,
    rows: int = 400,
    columns: int = 320,
    *,
    examination: Examination,
    number: int,
    mass: bool = False,
) -> bytes:
    """One view ("CC" or "MLO") of one breast ("R" or "L"), a bright mass with rays in it where `mass` is set."""
    rng = np.random.default_rng((5, number))
    y, x = np.mgrid[-1 : 1 : rows * 1j, 0 : 1.6 : columns * 1j].astype(np.float32)
    lean = 0.12 if view == "MLO" else 0.0
    shape = (x / 1.15) ** 2 + ((y - lean) / 0.78) ** 2
    inside = shape < 1
    glands = np.sin(9 * x + 3 * np.sin(5 * y)) * np.cos(7 * y + 2 * np.sin(6 * x))
    dense = np.where(inside, 900 + 500 * (1 - shape) + 260 * glands * (1 - shape), 60)
    if view == "MLO":
        dense[(x + 0.9 * (y + 1)) < 0.62] = 2300  # the muscle
    if mass:
        away = np.hypot(x - 0.62, y + 0.22)
        rays = 0.03 * np.cos(9 * np.arctan2(y + 0.22, x - 0.62))
        dense += 1300 / (1 + np.exp(np.clip(60 * (away - 0.13 - rays), -50, 50)))
    dense = dense + rng.normal(0, 30, dense.shape)
    white = np.clip(dense if side == "L" else dense[:, ::-1], 0, 4095).astype(np.uint16)
    found = _header(
        examination, sop_class=DigitalMammographyXRayImageStorageForPresentation, modality="MG", series=1, number=number
    )
    found.ImageType, found.BodyPartExamined = ["ORIGINAL", "PRIMARY"], "BREAST"
    found.ViewPosition, found.ImageLaterality, found.SeriesDescription = view, side, "Mammography 2 views"
    found.ImagerPixelSpacing = [0.5, 0.5]
    found.RescaleIntercept, found.RescaleSlope, found.RescaleType = 0, 1, "US"
    found.WindowCenter, found.WindowWidth = 1500, 3000
    _grey(found, white, stored=12)
    return file_bytes(found)


@dataclass(frozen=True)
class Letter:
    """A letter or report: title, who wrote it, and paragraphs; a paragraph "Heading: text" gets its heading in bold."""

    title: str = "Clinic letter"
    sender: str = "Dr Otto Placeholder, Sample Hospital"
    on: date = date(2026, 3, 16)
    about: str = "Testina Example, born 14 Mar 1962"
    paragraphs: tuple[str, ...] = (
        "Dear colleague,",
        "Findings: A round nodule of 14 mm in the right upper lobe. No enlarged lymph nodes.",
        "Impression: Nodule of unclear nature. We discussed surgery or a further CT in three months.",
        "Plan: The patient would like a second opinion before she decides.",
    )


def letter_pdf(letter: Letter | None = None) -> bytes:
    """The letter as a PDF with a text layer (WeasyPrint; nothing is fetched)."""
    from weasyprint import HTML

    letter = letter or Letter()
    body = []
    for paragraph in letter.paragraphs:
        head, colon, rest = paragraph.partition(": ")
        text = (
            f"<b>{html.escape(head)}:</b> {html.escape(rest)}" if colon and len(head) < 40 else html.escape(paragraph)
        )
        body.append(f"<p>{text}</p>")
    page = f"""<html lang="en"><head><title>{html.escape(letter.title)}</title><style>
        @page {{ size: A4; margin: 25mm 22mm }} body {{ font: 11pt/1.5 sans-serif; color: #222 }}
        h1 {{ font-size: 16pt }} .meta {{ color: #555; border-bottom: 1px solid #999; padding-bottom: 4mm }}
        </style></head><body><h1>{html.escape(letter.title)}</h1><p class="meta">{html.escape(letter.sender)}<br>
        {letter.on:%d %b %Y}<br>{html.escape(letter.about)}</p>{"".join(body)}<p>{html.escape(letter.sender)}</p></body></html>"""
    return bytes(HTML(string=page, url_fetcher=_nothing).write_pdf(pdf_identifier=b"synthetic letter"))


def _nothing(url: str, *_: object, **__: object) -> dict[str, object]:
    raise ValueError("letters load nothing")
