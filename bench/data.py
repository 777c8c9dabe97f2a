"""A synthetic CT: 500 slices of 512 x 512 x 16 bits with some 4 kB of header each, 264 MB. No person is in it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

ROOT = "1.2.826.0.1.3680043.8.498.77."
SIDE = 512


@dataclass(frozen=True)
class Volume:
    """A study of one series: UIDs and files."""

    study: str
    series: str
    instances: Sequence[str]
    files: Sequence[bytes]

    @property
    def size(self) -> int:
        return sum(map(len, self.files))


def volume(slices: int, *, number: int = 1) -> Volume:
    """A body-like cylinder with noise as a scanner's: it shrinks by deflate to about half, like real images."""
    noise = np.random.default_rng(number)
    study, series = f"{ROOT}{number}", f"{ROOT}{number}.1"
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    body = np.where(x**2 / 200**2 + y**2 / 140**2 < 1, 40.0, -1000.0)
    grain = noise.normal(0, 12, (16, SIDE, SIDE))
    files, uids = [], []
    for index in range(slices):
        lung = np.where((np.abs(x) - 80) ** 2 / 60**2 + y**2 / (60 + 40 * np.sin(index / 60)) ** 2 < 1, -850.0, body)
        pixels = np.clip(lung + grain[index % 16], -1024, 3000).astype("<i2")
        uids.append(f"{series}.{index + 1}")
        files.append(_slice(study, series, uids[-1], index, pixels))
    return Volume(study, series, uids, files)


def _slice(study: str, series: str, uid: str, index: int, pixels: np.ndarray) -> bytes:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = CTImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = UID(uid)
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.StudyInstanceUID, data.SeriesInstanceUID = study, series
    data.PatientName, data.PatientID, data.PatientBirthDate, data.PatientSex = "EXAMPLE^TESTINA", "B-1", "19610504", "F"
    data.StudyDate, data.StudyTime, data.Modality = "20260312", "101500", "CT"
    data.StudyDescription, data.SeriesDescription, data.BodyPartExamined = "CT CHEST", "Lung 1.0", "CHEST"
    data.SeriesNumber, data.InstanceNumber, data.AccessionNumber, data.StudyID = 1, index + 1, "A-1", "1"
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.Manufacturer, data.InstitutionName, data.StationName = "Sample Scanners", "Example Hospital", "CT1"
    data.KVP, data.ExposureTime, data.XRayTubeCurrent, data.ConvolutionKernel = 120, 500, 200, "B70f"
    data.SliceThickness, data.SliceLocation = 1.0, float(index)
    data.ImagePositionPatient, data.ImageOrientationPatient = [-180.0, -180.0, float(index)], [1, 0, 0, 0, 1, 0]
    data.FrameOfReferenceUID, data.PixelSpacing = f"{series}.0", [0.7, 0.7]
    data.Rows = data.Columns = SIDE
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.RescaleSlope, data.RescaleIntercept, data.WindowCenter, data.WindowWidth = 1, 0, 40, 400
    data.ProtocolName = "an example protocol"
    data.ImageComments = "made for measuring " * 60
    data.PixelData = pixels.tobytes()
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()
