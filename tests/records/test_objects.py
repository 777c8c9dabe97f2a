"""Objects that are more or other than images: reports, key images, presentation states, tracings, plans, slides, video."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pypdfium2
import pytest
from django.test import Client
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from records.dicom import ecg, waveforms
from records.models import Document, Instance
from records.queries.studies import studies
from tests.factories import files
from tests.factories import records as make
from tests.records.helpers import one

ROOT = "1.2.840.10008.5.1.4.1.1."
PIXELS = ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel",
          "PhotometricInterpretation", "PixelRepresentation", "WindowCenter", "WindowWidth")  # fmt: skip


def item(**elements: Any) -> Dataset:
    found = Dataset()
    for keyword, value in elements.items():
        setattr(found, keyword, value)
    return found


def code(meaning: str, value: str = "1", scheme: str = "99X") -> Sequence:
    return Sequence([item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)])


def other(sop_class: str, *, instance: int = 9, **elements: Any) -> bytes:
    """An object of another class of Testina Example's study, without pixels."""
    data = pydicom.dcmread(io.BytesIO(files.dicom(instance=instance, series=7)))
    for keyword in PIXELS:
        delattr(data, keyword)
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = sop_class
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


def report() -> bytes:
    finding = item(RelationshipType="CONTAINS", ValueType="TEXT", ConceptNameCodeSequence=code("Finding"),
                   TextValue="No nodule.\nFollow-up in a year.")  # fmt: skip
    measured = item(NumericValue="12.5", MeasurementUnitsCodeSequence=code("millimeter", "mm"))
    size = item(RelationshipType="CONTAINS", ValueType="NUM", ConceptNameCodeSequence=code("Diameter"),
                MeasuredValueSequence=Sequence([measured]))  # fmt: skip
    target = item(ReferencedSOPClassUID=ROOT + "2", ReferencedSOPInstanceUID=files.uid(1, 1, 1))
    image = item(RelationshipType="CONTAINS", ValueType="IMAGE", ReferencedSOPSequence=Sequence([target]))
    section = item(RelationshipType="CONTAINS", ValueType="CONTAINER", ConceptNameCodeSequence=code("Findings"),
                   ContentSequence=Sequence([finding, size, image]))  # fmt: skip
    return other(ROOT + "88.22", instance=21, Modality="SR", ValueType="CONTAINER", ConceptNameCodeSequence=code("Chest CT Report"),
                 CompletionFlag="COMPLETE", VerificationFlag="VERIFIED", ContentSequence=Sequence([section]))  # fmt: skip


def key_objects() -> bytes:
    target = item(ReferencedSOPClassUID=ROOT + "2", ReferencedSOPInstanceUID=files.uid(1, 1, 1))
    series = item(SeriesInstanceUID=files.uid(1, 1), ReferencedSOPSequence=Sequence([target]))
    evidence = item(StudyInstanceUID=files.uid(1), ReferencedSeriesSequence=Sequence([series]))
    marked = item(RelationshipType="CONTAINS", ValueType="IMAGE", ReferencedSOPSequence=Sequence([target]))
    return other(ROOT + "88.59", instance=22, Modality="KO", ValueType="CONTAINER", ConceptNameCodeSequence=code("Of Interest"),
                 CurrentRequestedProcedureEvidenceSequence=Sequence([evidence]), ContentSequence=Sequence([marked]))  # fmt: skip


def presentation() -> bytes:
    target = item(ReferencedSOPClassUID=ROOT + "2", ReferencedSOPInstanceUID=files.uid(1, 1, 1))
    series = item(SeriesInstanceUID=files.uid(1, 1), ReferencedImageSequence=Sequence([target]))
    text = item(AnchorPointAnnotationUnits="PIXEL", UnformattedTextValue="Look here", AnchorPoint=[3.0, 4.0],
                AnchorPointVisibility="Y")  # fmt: skip
    circle = item(GraphicAnnotationUnits="PIXEL", GraphicDimensions=2, NumberOfGraphicPoints=2, GraphicData=[5.0, 5.0, 9.0, 5.0],
                  GraphicType="CIRCLE", GraphicFilled="N")  # fmt: skip
    drawn = item(GraphicLayer="A", TextObjectSequence=Sequence([text]), GraphicObjectSequence=Sequence([circle]))
    window = item(WindowCenter="-600", WindowWidth="1500", ReferencedImageSequence=Sequence([target]))
    return other(ROOT + "11.1", instance=23, Modality="PR", ContentLabel="NODULE", ReferencedSeriesSequence=Sequence([series]),
                 GraphicAnnotationSequence=Sequence([drawn]), SoftcopyVOILUTSequence=Sequence([window]))  # fmt: skip


LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


def tracing(
    *, hz: int = 250, seconds: int = 10, sop_class: str = ROOT + "9.1.1", names: tuple[str, ...] = LEADS
) -> bytes:
    """Each lead a square wave of 1 mV, 1 s up and 1 s down, in steps of 5 µV; the baseline counted from 0.1 mV."""
    ramp = np.where(np.arange(hz * seconds) // hz % 2, 200, 0).astype("<i2")
    channels = [
        item(ChannelSourceSequence=code(f"Lead {name}", name, "SCPECG"), ChannelSensitivity="5", ChannelSensitivityCorrectionFactor="1",
             ChannelBaseline="100", ChannelSensitivityUnitsSequence=code("microvolt", "uV", "UCUM"), WaveformBitsStored=16)
        for name in names
    ]  # fmt: skip
    group = item(WaveformOriginality="ORIGINAL", NumberOfWaveformChannels=len(names), NumberOfWaveformSamples=len(ramp),
                 SamplingFrequency=str(hz), ChannelDefinitionSequence=Sequence(channels), WaveformBitsAllocated=16,
                 WaveformSampleInterpretation="SS", WaveformData=np.repeat(ramp[:, None], len(names), axis=1).tobytes())  # fmt: skip
    return other(sop_class, instance=24, Modality="ECG", WaveformSequence=Sequence([group]))


def test_report_becomes_readable_text(tmp_path: Path) -> None:
    data = one(report(), tmp_path).data
    text = (tmp_path / data["encapsulated"]["file"]).read_text()
    assert data["encapsulated"]["media_type"] == "text/plain"
    assert "Chest CT Report" in text
    assert "Date of report: 2026-03-12" in text
    assert "  Finding:\n    No nodule.\n    Follow-up in a year." in text
    assert "Diameter: 12.5 mm" in text
    assert data["content"]["references"] == [{"instance": files.uid(1, 1, 1), "frames": []}]
    assert data["content"]["verified"]


def test_key_objects_name_the_images_with_their_series(tmp_path: Path) -> None:
    content = one(key_objects(), tmp_path).data["content"]
    assert (content["kind"], content["title"], content["count"]) == ("key_objects", "Of Interest", 1)
    assert content["references"][0] == {
        "study": files.uid(1), "series": files.uid(1, 1), "sop_class": ROOT + "2", "instance": files.uid(1, 1, 1), "frames": [],
    }  # fmt: skip


def test_presentation_state_is_plain_data(tmp_path: Path) -> None:
    content = one(presentation(), tmp_path).data["content"]
    assert content["label"] == "NODULE"
    assert content["references"][0]["instance"] == files.uid(1, 1, 1)
    assert (content["windows"][0]["center"], content["windows"][0]["width"]) == (-600, 1500)
    drawn = content["annotations"][0]
    assert (drawn["texts"][0]["text"], drawn["texts"][0]["anchor"]) == ("Look here", [3, 4])
    assert (drawn["graphics"][0]["type"], drawn["graphics"][0]["points"]) == ("CIRCLE", [5, 5, 9, 5])


def test_radiotherapy_plan_is_listed_with_its_numbers(tmp_path: Path) -> None:
    plan = other(ROOT + "481.5", Modality="RTPLAN", RTPlanLabel="LUNG",
                 FractionGroupSequence=Sequence([item(FractionGroupNumber=1, NumberOfFractionsPlanned=30)]),
                 DoseReferenceSequence=Sequence([item(DoseReferenceNumber=1, TargetPrescriptionDose="60")]))  # fmt: skip
    content = one(plan, tmp_path).data["content"]
    assert (content["label"], content["fractions"], content["dose_gy"]) == ("LUNG", 30, 60)


def test_tracing_is_read_in_millivolt(tmp_path: Path) -> None:
    content = tracing()
    data = one(content, tmp_path).data
    assert data["content"]["label"] == "12-lead ECG"
    from records.dicom.metadata import Values
    from records.dicom.reader import read

    (group,) = waveforms.groups_of(Values(read(io.BytesIO(content), len(content))), io.BytesIO(content))
    assert [channel.name for channel in group.channels] == list(LEADS)
    first = group.channels[0]
    assert (first.unit, float(first.values[0]), float(first.values[300])) == ("mV", 0.1, pytest.approx(1.1))
    leads = ecg.twelve_leads(group)
    assert leads is not None
    assert float(leads["aVR"].values[300]) == pytest.approx(-1.1)
    assert (tmp_path / data["encapsulated"]["file"]).read_bytes().startswith(b"%PDF-")


def test_sheet_is_true_to_scale(tmp_path: Path) -> None:
    """25 mm for a second and 10 mm for a millivolt, measured on the drawn page: the step of the square wave in lead II below."""
    data = one(tracing(), tmp_path).data
    with pypdfium2.PdfDocument(tmp_path / data["encapsulated"]["file"]) as document:
        page = document[0]
        assert [round(side / 72 * 25.4) for side in page.get_size()] == [297, 210]
        text = page.get_textpage().get_text_range()
        dots = 10  # a millimetre
        picture = np.asarray(page.render(scale=25.4 / 72 * dots).to_pil().convert("RGB")).astype(int)
    black = picture.max(axis=2) < 110
    assert all(word in text for word in ("25 mm/s", "10 mm/mV", "aVF", "V6", "TESTINA EXAMPLE"))
    down, up = ecg.TOP + 145 - 1.0, ecg.TOP + 145 - 11.0  # row of lead II; 0.1 mV is 1 mm above its line
    columns = [ecg.START + ecg.SPEED * second for second in (0.5, 1.5)]
    for x, height in zip(columns, (down, up), strict=True):
        rows = np.flatnonzero(black[int((ecg.TOP + 125) * dots) : int((ecg.BOTTOM - 8) * dots), int(x * dots)])
        assert abs((rows.mean() / dots + ecg.TOP + 125) - height) < 0.35
    edge = black[int(((down + up) / 2) * dots), int((ecg.START + 12) * dots) : int((ecg.START + 38) * dots)]
    assert abs(np.flatnonzero(edge).mean() / dots + 12 - 25) < 0.35
    mark = black[:, int((ecg.LEFT + 4.5) * dots)]
    tall = np.flatnonzero(mark[int((ecg.TOP + 130) * dots) : int((ecg.TOP + 150) * dots)])
    assert abs((tall.max() - tall.min()) / dots - 10) < 0.6


def test_other_tracings_are_drawn_plainly(tmp_path: Path) -> None:
    data = one(tracing(sop_class=ROOT + "9.2.1", names=("Aortic pressure",), seconds=3), tmp_path).data
    with pypdfium2.PdfDocument(tmp_path / data["encapsulated"]["file"]) as document:
        assert "Aortic pressure" in document[0].get_textpage().get_text_range()


def test_tracing_cut_short_is_refused(tmp_path: Path) -> None:
    content = tracing().replace(b"\x3a\x00\x10\x00UL\x04\x00" + (2500).to_bytes(4, "little"),
                                b"\x3a\x00\x10\x00UL\x04\x00" + (2_000_000).to_bytes(4, "little"))  # fmt: skip
    result = one(content, tmp_path)
    assert (result.status, result.code) == ("rejected", "dicom_damaged")


def test_annotations_of_a_slide_say_what_they_mark_and_on_what(tmp_path: Path) -> None:
    group = item(
        AnnotationGroupNumber=2, AnnotationGroupLabel="", NumberOfAnnotations=5, GraphicType="POINT",
        AnnotationPropertyTypeCodeSequence=code("Nucleus"),
    )  # fmt: skip
    image = item(ReferencedSOPClassUID=ROOT + "77.1.6", ReferencedSOPInstanceUID="1.2.3")
    content = one(
        other(ROOT + "91.1", Modality="ANN", ContentLabel="CELLS", AnnotationGroupSequence=[group], ReferencedImageSequence=[image]),
        tmp_path,
    ).data["content"]  # fmt: skip
    assert (content["kind"], content["label"], content["names"]) == ("annotations", "CELLS", "Nucleus")
    assert content["segments"] == [{"number": 2, "label": "Nucleus", "type": "Nucleus", "marks": 5}]
    assert [one["instance"] for one in content["references"]] == ["1.2.3"]


def test_slide_says_where_its_tiles_lie(tmp_path: Path) -> None:
    picture = np.zeros((16, 16, 3), np.uint8)
    from PIL import Image
    from pydicom.encaps import encapsulate

    tile = io.BytesIO()
    Image.fromarray(picture).save(tile, "JPEG")
    data = pydicom.dcmread(io.BytesIO(files.dicom(size=16)))
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = ROOT + "77.1.6"
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration = 3, "YBR_FULL_422", 0
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    data.NumberOfFrames = 2
    data.PixelData = encapsulate([tile.getvalue(), tile.getvalue()])
    data["PixelData"].is_undefined_length = True
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    content = one(out.getvalue(), tmp_path).data["content"]
    assert len(content["tiles"]) == 2
    for offset, length in content["tiles"]:
        assert out.getvalue()[offset : offset + 2] == b"\xff\xd8"
        assert out.getvalue()[offset : offset + length].startswith(tile.getvalue())


def film(syntax: str, *arguments: str) -> bytes:
    """A video object with a stream made by ffmpeg."""
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("ffmpeg is not installed")
    done = subprocess.run([program, "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1", "-pix_fmt", "yuv420p",
                           *arguments, "pipe:1"], capture_output=True, check=True)  # fmt: skip
    return filmed(syntax, done.stdout)


def filmed(syntax: str, stream: bytes, **elements: Any) -> bytes:
    from pydicom.encaps import encapsulate

    data = pydicom.dcmread(
        io.BytesIO(files.dicom(series=8, instance=31, size=16, SeriesDescription="Endoscopy", **elements))
    )
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = ROOT + "77.1.4.1"
    data.file_meta.TransferSyntaxUID = syntax
    data.Modality, data.Rows, data.Columns, data.NumberOfFrames, data.FrameTime = "XC", 48, 64, 10, "100"
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration = 3, "YBR_PARTIAL_420", 0
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    data.PixelData = encapsulate([stream + bytes(len(stream) % 2)])
    data["PixelData"].is_undefined_length = True
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


@pytest.mark.parametrize(
    ("syntax", "arguments"),
    [
        ("1.2.840.10008.1.2.4.102", ("-c:v", "libx264", "-f", "h264")),
        ("1.2.840.10008.1.2.4.102", ("-c:v", "libx264", "-f", "mpegts")),
        ("1.2.840.10008.1.2.4.100", ("-c:v", "mpeg2video", "-f", "mpeg2video")),
    ],
)
def test_video_becomes_an_mp4(syntax: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    result = one(film(syntax, *arguments), tmp_path)
    assert (result.status, result.data["content"]["media_type"], result.data["content"]["seconds"]) == (
        "ready",
        "video/mp4",
        1.0,
    )
    made = (tmp_path / result.data["video"]).read_bytes()
    assert made[4:8] == b"ftyp"
    assert b"avc1" in made
    assert [output.name for output in result.outputs] == [result.data["video"]]


def test_video_without_ffmpeg_is_kept_and_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from records import sandbox

    boot = sandbox._BOOT.replace("from records.child.__main__", "from records.child import video; "
                                 "video.ffmpeg = lambda: None; from records.child.__main__")  # fmt: skip
    monkeypatch.setattr(sandbox, "_BOOT", boot)
    result = one(filmed("1.2.840.10008.1.2.4.102", b"\0\0\0\x01\x67" + bytes(400)), tmp_path)
    assert (result.status, result.flags, result.data["video"]) == ("ready", ("video_not_shown",), None)


MP4 = b"\0\0\0\x18ftypisom\0\0\0\0isomavc1" + bytes(range(200))


@pytest.mark.django_db
def test_objects_become_papers_lines_and_a_video_that_plays() -> None:
    """The whole way: a report and an ECG as papers, the rest as lines under the scan, the video in ranges for its patient only."""
    case = make.case(specialties=["cardiology"])
    sent = {"SR": report(), "KO": key_objects(), "ECG": tracing(), "V": filmed("1.2.840.10008.1.2.4.102", MP4)}
    for name, content in sent.items():
        make.upload(case, content, name)
    make.run_jobs()
    papers = {document.title: document.klass for document in Document.objects.filter(case=case)}
    assert papers["12-lead ECG"] == "ecg"
    assert "Chest CT Report" in papers
    lines = [one.words for view in studies(case) for one in view.besides]
    assert "Images somebody marked as important “Of Interest”: 1 image" in lines
    video = Instance.objects.get(content__kind="video")
    client = Client()
    client.force_login(case.opened_by)
    page = client.get(f"/files/{video.file_id}/play/")
    assert f'src="/files/{video.file_id}/video/"' in page.content.decode()
    assert "media-src 'self'" in page["Content-Security-Policy"]
    whole = b"".join(client.get(f"/files/{video.file_id}/video/").streaming_content)  # type: ignore[attr-defined]
    assert whole.startswith(MP4)
    for asked, status, expected in (
        ("bytes=4-7", 206, b"ftyp"),
        ("bytes=10-", 206, whole[10:]),
        ("bytes=-5", 206, whole[-5:]),
        ("bytes=99999-", 416, b""),
        (f"bytes={'9' * 5000}-", 200, whole),
    ):
        answer = client.get(f"/files/{video.file_id}/video/", headers={"Range": asked})
        assert (answer.status_code, b"".join(answer)) == (status, expected)
    stranger = Client()
    stranger.force_login(make.user())
    assert stranger.get(f"/files/{video.file_id}/video/").status_code == 404
