"""A photo or scan in the child: upright view copies without metadata, one for each page."""

from __future__ import annotations

import io
import warnings
from typing import Any

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from .job import Job, Outcome, Refused

_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "TIFF": "image/tiff", "WEBP": "image/webp",
          "BMP": "image/bmp", "GIF": "image/gif", "HEIF": "image/heic", "AVIF": "image/avif", "JPEG2000": "image/jp2",
          "PPM": "image/x-portable-anymap"}  # fmt: skip

_FORMATS = {
    media_type: [name] for name, media_type in _TYPES.items() if name != "MPO"
}  # the decoder its first bytes ask for

Image.MAX_IMAGE_PIXELS = None  # our own limit comes first and is an error, not a warning


def opened(job: Job, media_type: str) -> Image.Image:
    """The picture, by the decoder that its first bytes ask for."""
    if media_type == "image/heic":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    job.file.seek(0)
    return Image.open(job.file, formats=_FORMATS[media_type])


def handle(job: Job, media_type: str) -> Outcome:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with opened(job, media_type) as image:
                return _handle(job, image)
        except (Refused, MemoryError):
            raise
        except UnidentifiedImageError:
            raise Refused("image_damaged") from None
        except Exception as error:  # each decoder has its own
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk's fault, not the picture's
            raise Refused("image_damaged") from None


def _check(job: Job, image: Image.Image) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise Refused("image_damaged")
    if width * height > job.limits.image_pixels:
        raise Refused("image_too_large")


def _handle(job: Job, image: Image.Image) -> Outcome:
    outcome = Outcome("image", _TYPES.get(image.format or "", "image/jpeg"))
    _check(job, image)
    taken = str(image.getexif().get_ifd(0x8769).get(0x9003, ""))[:19]
    pages: list[dict[str, Any]] = []
    thumbnail = None
    animated = image.format in ("GIF", "WEBP", "PNG", "MPO", "HEIF", "AVIF")
    side = job.limits.image_side
    if animated and image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        outcome.flags.append("image_pages_not_shown")
    # A phone's second picture (depth, movement) is never looked at: programs that pass a photo on often cut it off.
    for number, page in enumerate([image] if animated else ImageSequence.Iterator(image)):
        if number >= job.limits.pages:
            outcome.flags.append("image_pages_not_shown")
            break
        _check(job, page)
        if max(page.size) > side:
            outcome.flags.append("image_shrunk")
        picture = _upright(_bounded(page, side))
        clean = Image.new(picture.mode, picture.size)
        clean.paste(picture)  # pixels only: no EXIF, profile, comment or trailing bytes
        path = job.output(f"p{number + 1:05d}.jpg")
        clean.save(path, "JPEG", quality=88)
        pages.append({"image": path.name, "width": clean.width, "height": clean.height, "text": ""})
        if thumbnail is None and job.thumbnail:
            clean.thumbnail((256, 256))
            out = io.BytesIO()
            clean.save(out, "JPEG", quality=80)
            thumbnail = job.save("thumb.jpg", out.getvalue())
    outcome.data = {"page_count": len(pages), "pages": pages, "thumbnail": thumbnail, "taken": _date(taken)}
    return outcome


def _date(text: str) -> str:
    """EXIF DateTimeOriginal "YYYY:MM:DD …" as YYYYMMDD, or ""."""
    digits = text[:10].replace(":", "")
    return digits if len(digits) == 8 and digits.isdigit() and "19000101" < digits < "21000101" else ""


def _bounded(page: Image.Image, side: int) -> Image.Image:
    """At most `side` pixels long, with as few copies in memory as can be."""
    if page.format == "JPEG":
        page.draft(None, (side, side))
    elif page.mode == "I;16B":
        page = page.convert("I")  # which can be made smaller
    elif page.mode in ("1", "P", "PA") and max(page.size) > side:
        page = page.convert("RGBA" if "transparency" in page.info else "RGB")
    page.thumbnail((side, side), Image.Resampling.LANCZOS)
    return page


def _upright(page: Image.Image) -> Image.Image:
    """Turned as its EXIF says, on white, in RGB or grey; 16-bit scans keep their range."""
    picture = ImageOps.exif_transpose(page)
    if picture.mode in ("I;16", "I;16B", "I", "F"):
        low, high = picture.getextrema()
        assert isinstance(low, (int, float)) and isinstance(high, (int, float))
        scale = 255.0 / ((high - low) or 1)
        return picture.convert("F").point(lambda value: value * scale - low * scale).convert("L")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(picture, mask=picture.getchannel("A"))
        return paper
    return picture if picture.mode in ("RGB", "L") else picture.convert("RGB")
