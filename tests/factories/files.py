"""Files as hospitals send them, made by the suite itself. The people in them are invented."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

ROOT = "1.2.826.0.1.3680043.8.498."


def uid(*numbers: int) -> str:
    return ROOT + ".".join(str(n) for n in numbers)


def dicom(*, study: int = 1, series: int = 1, instance: int = 1, size: int = 32, **elements: Any) -> bytes:
    """A CT slice of Testina Example's chest; `elements` by DICOM keyword override."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.SOPClassUID = elements.pop("SOPClassUID", CTImageStorage)
    data.SOPInstanceUID = uid(study, series, instance)
    data.StudyInstanceUID, data.SeriesInstanceUID = uid(study), uid(study, series)
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.ImplementationClassUID = generate_uid(entropy_srcs=["consilium tests"])
    data.PatientName, data.PatientID, data.PatientBirthDate, data.PatientSex = "EXAMPLE^TESTINA", "T-1", "19610504", "F"
    data.StudyDate, data.StudyTime, data.Modality = "20260312", "101500", "CT"
    data.StudyDescription, data.SeriesDescription, data.BodyPartExamined = "CT CHEST", "Lung 1.0", "CHEST"
    data.SeriesNumber, data.InstanceNumber = series, instance
    data.SliceThickness, data.ImagePositionPatient = 1.0, [0.0, 0.0, float(instance)]
    data.ImageOrientationPatient, data.PixelSpacing = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], [0.7, 0.7]
    data.Rows = data.Columns = size
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.RescaleSlope, data.RescaleIntercept, data.WindowCenter, data.WindowWidth = 1, 0, 40, 400
    picture = np.fromfunction(lambda y, x: (x * 7 + y * 3 + instance * 11) % 400 - 200, (size, size)).astype("<i2")
    data.PixelData = picture.tobytes()
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


def pdf(*lines: str, password: str | None = None) -> bytes:
    """A PDF of one page with a text layer."""
    import pikepdf

    shown = " ".join(f"({line.translate(str.maketrans('()', '[]'))}) Tj T*" for line in lines)
    with pikepdf.new() as document:
        page = document.add_blank_page(page_size=(595, 842))
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=document.make_indirect(font)))
        page.Contents = document.make_stream(f"BT /F1 12 Tf 14 TL 50 780 Td {shown} ET".encode("latin-1"))
        out = io.BytesIO()
        if password:
            document.save(out, encryption=pikepdf.Encryption(owner=password, user=password))
        else:
            document.save(out, deterministic_id=True)
    return out.getvalue()


def photo(width: int = 60, height: int = 40) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def packed(**members: bytes) -> bytes:
    """A ZIP; `__` in a name stands for a folder, `_dot_` for a dot."""
    return packed_names({name.replace("__", "/").replace("_dot_", "."): body for name, body in members.items()})


def packed_names(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()
