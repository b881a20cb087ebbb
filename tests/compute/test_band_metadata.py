"""Names and dates of bands, and the tag of synthetic data."""

from datetime import date

import pytest

from floefield.compute.raster.band_metadata import (
    BandName,
    band_difference_name,
    date_of,
    dated_bands,
    is_synthetic,
    parse_band_name,
    reflectance_band,
    synthetic_tag,
)
from floefield.compute.raster.reader import Band

JUNE, JULY = date(2018, 6, 27), date(2018, 7, 7)


@pytest.mark.parametrize(("name", "band", "day"), [
    ("B04_20180627", "B04", JUNE), ("ND_B04_B08_20180627", "ND_B04_B08", JUNE), ("NDVI", "NDVI", None),
    ("B04_20181345", "B04_20181345", None), ("texture_12345678", "texture_12345678", None), ("_20180627", None, None)])
def test_names_are_parsed_and_written_back(name, band, day):
    parsed = parse_band_name(name)
    assert parsed == BandName(band or name, day)
    assert parsed.text() == name


def test_bands_of_a_series_by_date():
    names = ["B04_20180707", "NDVI_20180627", "SCL_20180627", "B8A_20180627", "B04"]
    assert list(dated_bands(names).items()) == [(JUNE, {"SCL": 2, "B8A": 3}), (JULY, {"B04": 0})]


def test_band_differences_are_named_after_their_bands():
    assert band_difference_name(["B04_20180627", "x", "B08_20180627"], (0, 2)) == "ND_B04_B08_20180627"
    assert band_difference_name(["B04", "B08"], (0, 1)) == "ND_B04_B08"
    assert reflectance_band("B8A_summer") == ("B8A", "_summer")
    assert reflectance_band("B13") is None and reflectance_band("NDVI") is None


def test_the_date_of_a_band_precedes_that_of_the_file_and_of_the_name():
    named = "B04_20180101"
    assert date_of(Band(named, "uint8", tags={"ACQUISITION_DATE": "2018-06-27T10:30:00Z"}),
                   {"ACQUISITION_DATE": "2018-07-07"}) == JUNE
    assert date_of(Band(named, "uint8"), {"ACQUISITION_DATE": "2018-07-07"}) == JULY
    assert date_of(Band(named, "uint8"), {"ACQUISITION_DATE": "2018-13-45"}) == date(2018, 1, 1)
    assert date_of(Band("B04", "uint8"), {}) is None


def test_synthetic_data_are_tagged():
    assert is_synthetic(synthetic_tag(True)) and is_synthetic({"SYNTHETIC": "yes"})
    assert synthetic_tag(False) == {} and not is_synthetic({})
