"""Whole discs: copies of them, what belongs to their programs, and what does not."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from records.models import Correction, Document, File, Page, Receipt
from records.rules.discs import Seen, left_out
from records.states import RecordState
from tests.factories import files
from tests.factories import records as make
from tests.factories.discs import ICON, PROGRAM, make_iso
from tests.factories.documents import make_zip
from tests.records.helpers import one

CONTENT = {"DICOMDIR": b"x" * 50, "DICOM/Bild 0001.dcm": b"one", "DICOM/sub/Bild 0002.dcm": b"two" * 3000}


def labels(result: Any) -> dict[str, int]:
    return {member["name"]: member["size"] for member in result.data["members"]}


@pytest.mark.parametrize("names", [{"joliet": True}, {"joliet": False, "rock_ridge": True}])
def test_copy_of_a_disc_gives_its_files_under_their_long_names(names: dict[str, bool], tmp_path: Path) -> None:
    result = one(make_iso(CONTENT, **names), tmp_path)
    assert (result.status, result.media_type) == ("container", "application/x-iso9660-image")
    assert labels(result) == {name: len(content) for name, content in CONTENT.items()}
    member = next(one for one in result.data["members"] if one["name"].endswith("0002.dcm"))
    assert (tmp_path / member["file"]).read_bytes() == CONTENT["DICOM/sub/Bild 0002.dcm"]


def test_copy_of_a_disc_that_was_cut_short_says_so(tmp_path: Path) -> None:
    content = make_iso(CONTENT | {"z": bytes(200_000)})
    assert one(content[:-150_000], tmp_path).code == "disc_cut"


def test_disc_whose_folders_go_round_in_circles_is_refused(tmp_path: Path) -> None:
    content = bytearray(make_iso({"A/B": b"x"}, joliet=False))
    root = struct.unpack_from("<I", content, 16 * 2048 + 158)[0]
    place = content.index(b"\x04D000", root * 2048) - 32  # the record of folder A: it shall be its own parent
    struct.pack_into("<I", content, place + 2, root)
    assert one(bytes(content), tmp_path).code == "disc_loop"
    assert list(tmp_path.iterdir()) == []


def test_disc_that_states_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    """Many entries over the same bytes would unpack to far more than came."""
    content = bytearray(make_iso({f"F{n}": b"x" for n in range(40)} | {"z": bytes(4_000_000)}, joliet=False))
    root = struct.unpack_from("<I", content, 16 * 2048 + 158)[0]
    first = struct.unpack_from("<I", content, root * 2048 + 2)[0]
    place = root * 2048
    while content[place]:
        if not content[place + 25] & 2:
            struct.pack_into("<I", content, place + 2, first)
            struct.pack_into("<I", content, place + 10, 3_000_000)
        place += content[place]
    assert one(bytes(content), tmp_path).code == "zip_bomb"


def test_disc_inside_a_zip_is_opened_and_no_deeper(tmp_path: Path) -> None:
    disc = make_iso({"in.zip": make_zip({"a": b"a"})})
    assert one(disc, tmp_path, depth=1).status == "container"
    assert one(make_zip({"a": b"a"}), tmp_path, depth=2).code == "zip_nested"


def test_links_inside_a_mac_program_are_left_out_and_others_refused(tmp_path: Path) -> None:
    def linked(name: str) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("DICOM/IM1", b"image")
            link = zipfile.ZipInfo(name)
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, "Versions/A")
        return out.getvalue()

    result = one(linked("Viewer.app/Contents/Frameworks/X.framework/X"), tmp_path)
    assert (list(labels(result)), result.data["programs"]) == (
        ["DICOM/IM1"],
        ["Viewer.app/Contents/Frameworks/X.framework/X"],
    )
    assert one(linked("DICOM/link"), tmp_path).code == "zip_symlink"


@pytest.mark.parametrize(
    "content",
    [PROGRAM, ICON, b"MSCF" + bytes(99), make_zip({"META-INF/MANIFEST.MF": b"x", "a/B.class": b"y"})],
    ids=["windows", "icon", "cabinet", "java"],
)
def test_programs_are_known_by_their_content(content: bytes, tmp_path: Path) -> None:
    result = one(content, tmp_path)
    assert (result.status, result.code) == ("left_out", "viewer_program")


def sorted_out(**kinds: tuple[str, str]) -> dict[str, str]:
    """Path (`__` for /, `_dot_` for .) to (kind, code): what is left out, as path to code."""
    seen, names = [], {}
    for path, (kind, code) in kinds.items():
        folder, _, name = path.replace("__", "/").replace("_dot_", ".").rpartition("/")
        seen.append(Seen(uuid4(), folder, name, kind, "", code))
        names[seen[-1].key] = f"{folder}/{name}".lstrip("/")
    return {names[key]: code for key, code in left_out(seen).items()}


EXE, IMAGE = ("viewer_program", "viewer_program"), ("dicom", "")


def test_viewer_folder_of_a_disc_goes_and_what_could_be_a_record_stays() -> None:
    found = sorted_out(
        CD__DICOMDIR=("dicom", "dicomdir"),
        CD__DICOM__IM1=IMAGE,
        CD__README_dot_txt=("text", ""),
        CD__letter_dot_pdf=("pdf", ""),
        CD__photo_dot_jpg=("image", ""),
        CD__VIEWER__viewer_dot_exe=EXE,
        CD__VIEWER__help__a_dot_gif=("image", ""),
        CD__VIEWER__report_dot_pdf=("pdf", ""),
        CD__VIEWER__UserGuide_dot_pdf=("pdf", ""),
        CD__REPORTS__run_dot_exe=EXE,
        CD__REPORTS__report_dot_txt=("text", ""),
        CD__Thumbs_dot_db=("office", "kept_not_shown"),
    )
    assert found == {
        "CD/README.txt": "viewer_file",
        "CD/VIEWER/help/a.gif": "viewer_file",
        "CD/VIEWER/UserGuide.pdf": "viewer_file",
        "CD/Thumbs.db": "system_file",
    }


def test_program_in_an_ordinary_folder_makes_no_disc_of_it() -> None:
    assert not sorted_out(Papers__old__setup_dot_exe=EXE, Papers__old__letter_dot_docx=("office", ""))


def test_folder_with_images_is_never_a_viewers() -> None:
    found = sorted_out(DICOMDIR=("dicom", "dicomdir"), A__v_dot_exe=EXE, A__IM1=IMAGE, A__scan_dot_jpg=("image", ""))
    assert not found


@pytest.mark.django_db
def test_disc_with_viewer_is_received_without_errors() -> None:
    """As a folder and as a copy of the disc: the same images, and every program file is left out and counted."""
    disc = {
        "AUTORUN.INF": b"[autorun]\r\nopen=viewer.exe\r\n",
        "DICOM/IM1": files.dicom(instance=1),
        "DICOM/IM2": files.dicom(instance=2),
        "viewer.exe": PROGRAM,
        "VIEWER/lib.dll": PROGRAM + b"2",
        "VIEWER/logo.jpg": files.photo(),
        "VIEWER/empty.dat": b"",
        "VIEWER/settings.txt": b"colour=blue",
        "report.pdf": files.pdf("Impression: nodule of 14 mm"),
    }
    case = make.case()
    batch = uuid4()
    for path, content in disc.items():
        folder, _, name = f"CD/{path}".rpartition("/")
        make.upload(case, content, name, folder=folder, batch=batch)
    make.run_jobs()
    assert [one.title for one in Document.objects.filter(state=RecordState.READY)] == ["report"]
    assert not File.objects.filter(state=RecordState.REJECTED).exists()
    counts = Receipt.objects.get(batch=batch).document["counts"]
    assert (counts["programs"], counts["records"], counts["refused"]) == (6, 3, 0)
    assert sum(counts[name] for name in ("records", "programs")) == len(disc)

    make.upload(case, make_iso(disc), "disc.iso")
    make.run_jobs()
    second = Receipt.objects.exclude(batch=batch).get().document["counts"]
    assert (second["duplicates"], second["programs"], second["packed"]) == (3, 6, 1)


@pytest.mark.django_db
def test_file_left_out_for_its_place_is_a_record_when_sent_by_itself() -> None:
    case, batch = make.case(), uuid4()
    for path, content in {
        "AUTORUN.INF": b"[autorun]\r\nopen=viewer.exe\r\n",
        "viewer.exe": PROGRAM,
        "bin/v.exe": PROGRAM + b"2",
        "bin/scan.jpg": files.photo(),
    }.items():
        folder, _, name = path.rpartition("/")
        make.upload(case, content, name, folder=folder, batch=batch)
    make.run_jobs()
    assert File.objects.get(name="scan.jpg").code == "viewer_file"
    make.upload(case, files.photo(), "scan.jpg")
    make.run_jobs()
    assert Document.objects.filter(state=RecordState.READY).count() == 1


def test_records_beside_a_program_stay_whatever_their_names_begin_with() -> None:
    found = sorted_out(
        CD__DICOMDIR=("dicom", "dicomdir"),
        **{"CD__Notice of discharge_dot_docx": ("office", "")},
        **{"CD__Version 2 pathology_dot_jpg": ("image", "")},
        **{"CD__Version 2_dot_0_dot_txt": ("text", ""), "CD__README_FIRST_dot_txt": ("text", "")},
        CD__v_dot_exe=EXE,
        CD__VIEWER__viewer_dot_exe=EXE,
        CD__VIEWER__letter_dot_docx=("office", ""),
        CD__VIEWER__Handbuch_dot_docx=("office", ""),
    )
    assert set(found) == {"CD/Version 2.0.txt", "CD/README_FIRST.txt", "CD/VIEWER/Handbuch.docx"}


def disc_of(case: Any, **more: bytes) -> None:
    """A program with `more` beside it in its folder, and no images: what lies there looks like the program's."""
    content = {"AUTORUN.INF": b"[autorun]\r\nopen=v.exe\r\n", "viewer.exe": PROGRAM, "bin/v.exe": PROGRAM + b"2"}
    batch = uuid4()
    for path, body in (content | {f"bin/{name}.txt": body for name, body in more.items()}).items():
        folder, _, name = path.rpartition("/")
        make.upload(case, body, name, folder=folder, batch=batch)
    make.run_jobs()


SETTINGS = b"colour blue, window wide, sound off, language english, cache of ten files"


@pytest.mark.django_db
def test_paper_that_names_somebody_is_a_record_wherever_it_lies(case: Any) -> None:
    disc_of(case, a=b"Patient: Testina Example\nDate of birth: 1961-05-04\nDear colleague, she is well.", b=SETTINGS)
    assert dict(File.objects.filter(name__in=["a.txt", "b.txt"]).values_list("name", "code")) == {
        "a.txt": "", "b.txt": "viewer_file",
    }  # fmt: skip


@pytest.mark.django_db
def test_nothing_is_left_out_once_a_specialist_works_with_it(case: Any) -> None:
    type(case).objects.filter(pk=case.pk).update(phase="in_review")
    disc_of(case, b=SETTINGS)
    assert File.objects.get(name="b.txt").code == ""


@pytest.mark.django_db
def test_what_a_person_said_of_a_paper_that_was_left_out_stands_when_it_comes_back(case: Any) -> None:
    """Such a row cannot be deleted: trying to blocked the whole case."""
    disc_of(case, b=SETTINGS)
    file = File.objects.get(name="b.txt")
    document = Document.objects.get(file=file)
    by = {"case": case, "document": document}
    Correction.objects.create(field="author", value="Dr Ada Sample", by=case.opened_by, **by)
    Document.objects.filter(pk=document.pk).update(author="Dr Ada Sample")
    make.upload(case, b"x", "letter.txt")  # the next run looks at every batch anew, and finds it to be a record now
    make.run_jobs()
    file.refresh_from_db()
    document.refresh_from_db()
    assert (file.code, file.state) == ("", RecordState.READY)
    assert (document.state, document.author, document.page_count) == (RecordState.READY, "Dr Ada Sample", 1)
    assert Page.objects.get(document=document).text.startswith("colour blue")
