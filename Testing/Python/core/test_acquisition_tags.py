"""What a DICOM file says of its acquisition, also where some of it is damaged."""

import numpy as np
import pydicom

from MedProcLib.core.acquisition_tags import acquisition_tags

from .test_dicom import write_series


def test_damaged_values_are_left_out_and_the_others_told(tmp_path):
    write_series(tmp_path, np.arange(1) * 2.5, KVP=120, ImageType=[["DERIVED", "PRIMARY"]])
    (path,) = tmp_path.iterdir()
    whole = acquisition_tags([path])
    assert float(whole["KVP"]) == 120 and whole["ImageType"] == "DERIVED\\PRIMARY" and whole["Modality"] == "MR"
    data = path.read_bytes()
    tag = b"\x18\x00\x60\x00"
    assert data.count(tag + b"DS") == 1
    path.write_bytes(data.replace(tag + b"DS", tag + b"FD"))  # 6 bytes are no double
    assert acquisition_tags([path]) == {keyword: text for keyword, text in whole.items() if keyword != "KVP"}


def test_files_that_cannot_be_read_say_nothing(tmp_path):
    write_series(tmp_path, np.arange(1) * 2.5)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:152])
    assert pydicom.misc.is_dicom(path) and acquisition_tags([path]) == {}
    path.unlink()
    assert acquisition_tags([path]) == acquisition_tags([]) == {}
