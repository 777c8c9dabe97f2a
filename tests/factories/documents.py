"""Synthetic papers for tests: PDF, photos, scans, archives. Small, deterministic, about invented people."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import pikepdf
import pillow_heif
from PIL import Image, ImageDraw

TEXT = "Sample Hospital. Testina Example. Impression: nodule of 14 mm."


def make_pdf(text: str = TEXT, pages: int = 1, *, password: str = "", javascript: bool = False) -> bytes:
    """A PDF with `text` as a text layer on each page; quick (no layout engine). For pretty ones: synthetic.letter_pdf."""
    document = pikepdf.new()
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    for number in range(pages):
        page = document.add_blank_page(page_size=(595, 842))
        safe = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        drawn = f"BT /F1 14 Tf 60 760 Td ({safe}) Tj 0 -24 Td (Page {number + 1}) Tj ET"
        page.Contents = document.make_stream(drawn.encode("latin-1"))
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    if javascript:
        action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        document.Root.OpenAction = action
    out = io.BytesIO()
    encryption = pikepdf.Encryption(user=password, owner=password + "owner") if password else False
    document.save(out, encryption=encryption, deterministic_id=not password)
    return out.getvalue()


def make_image(
    form: str = "JPEG", size: tuple[int, int] = (320, 200), *, text: str = TEXT, orientation: int = 1
) -> bytes:
    """A photographed page; `form`: JPEG, PNG, TIFF, WEBP, BMP, GIF or HEIF. `orientation`: EXIF value (JPEG and TIFF)."""
    image = Image.new("RGB", size, "#f4efe2")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0] // 4, size[1] // 4), fill="#902020")
    draw.text((10, size[1] // 2), text, fill="black")
    out = io.BytesIO()
    if form == "HEIF":
        pillow_heif.from_pillow(image).save(out, quality=80)
        return out.getvalue()
    exif = Image.Exif()
    if orientation != 1:
        exif[0x0112] = orientation
        exif[0x010E] = "SECRET CAMERA NOTE"
    image.save(out, form, **({"exif": exif} if orientation != 1 else {}))
    return out.getvalue()


def make_tiff(pages: int = 3, size: tuple[int, int] = (200, 280)) -> bytes:
    """A scan of several pages."""
    sheets = []
    for number in range(pages):
        sheet = Image.new("L", size, 255)
        ImageDraw.Draw(sheet).text((20, 40), f"Page {number + 1}", fill=0)
        sheets.append(sheet)
    out = io.BytesIO()
    sheets[0].save(out, "TIFF", save_all=True, append_images=sheets[1:], compression="tiff_deflate")
    return out.getvalue()


def make_zip(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 3, 12, 10, 15, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def make_cda(title: str = "Discharge summary") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ClinicalDocument xmlns="urn:hl7-org:v3">'
        f"<title>{title}</title></ClinicalDocument>"
    ).encode()


def with_attached(*attached: tuple[str, bytes], note: tuple[str, bytes] | None = None) -> bytes:
    """A cover letter with files in the list of attachments, and one pinned to the page."""
    out = io.BytesIO()
    made: Any = pikepdf.AttachedFileSpec  # its stub asks for everything
    with pikepdf.open(io.BytesIO(make_pdf("Cover letter. See the attached report."))) as document:
        for name, content in attached:
            document.attachments[name] = made(document, content, filename=name)
        if note:
            spec = made(document, note[1], filename=note[0])
            pin = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FileAttachment, Rect=[9, 9, 30, 30])
            pin.FS = document.make_indirect(spec.obj)
            document.pages[0].Annots = pikepdf.Array([document.make_indirect(pin)])
        document.save(out)
    return out.getvalue()


def make_form(value: str, *, drawn: bool = True) -> bytes:
    """A form with one box that holds `value`; `drawn`: the program that filled it drew the box as well."""
    with pikepdf.new() as document:
        page = document.add_blank_page(page_size=(595, 842))
        helvetica = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        fonts = pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=document.make_indirect(helvetica)))
        box = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, F=4, Rect=[60, 700, 500, 730],
            T=pikepdf.String("diagnosis"), V=pikepdf.String(value), DA=pikepdf.String("/Helv 14 Tf 0 g"),
        )  # fmt: skip
        if drawn:
            look = document.make_stream(f"/Tx BMC q BT /Helv 14 Tf 0 g 2 8 Td ({value}) Tj ET Q EMC".encode())
            look.Type, look.Subtype, look.BBox = pikepdf.Name.XObject, pikepdf.Name.Form, [0, 0, 440, 30]
            look.Resources = fonts
            box.AP = pikepdf.Dictionary(N=look)
        box = document.make_indirect(box)
        page.Annots = pikepdf.Array([box])
        document.Root.AcroForm = pikepdf.Dictionary(
            Fields=pikepdf.Array([box]), DA=pikepdf.String("/Helv 14 Tf 0 g"), DR=fonts, NeedAppearances=not drawn
        )
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()
