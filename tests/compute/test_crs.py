"""Coordinate reference systems: comparison, names, transformation of points and bounds."""

import numpy as np
import pytest
from rasterio.crs import CRS

from floefield.compute.errors import UnreadableInput, UnsuitableInput
from floefield.compute.raster.crs import (
    bounds_in,
    crs_code,
    crs_name,
    crs_wkt_of,
    is_geographic,
    is_projected,
    is_same_crs,
    metres_per_unit,
    parse_crs,
    transform_points,
)
from floefield.compute.raster.gdal_errors import gdal_errors
from floefield.compute.raster.grid import Grid, require_crs

UTM31, UTM32, MERCATOR, DEGREES = (CRS.from_epsg(code).to_wkt() for code in (32631, 32632, 3857, 4326))


def test_crs_are_compared_by_meaning():
    other_text = CRS.from_proj4("+proj=utm +zone=31 +datum=WGS84 +units=m +no_defs").to_wkt()
    assert other_text != UTM31
    for missing_is_same in (True, False):
        assert is_same_crs(UTM31, other_text, missing_is_same=missing_is_same)
        assert not is_same_crs(UTM31, UTM32, missing_is_same=missing_is_same)


@pytest.mark.parametrize("missing_is_same", [True, False])
def test_the_caller_decides_what_a_missing_crs_means(missing_is_same):
    assert is_same_crs(UTM31, "", missing_is_same=missing_is_same) is missing_is_same
    assert is_same_crs("", UTM31, missing_is_same=missing_is_same) is missing_is_same
    # Two rasters without a CRS are in the same one.
    assert is_same_crs("", "", missing_is_same=missing_is_same)


def test_names_and_kinds():
    assert crs_name(UTM31) == "WGS 84 / UTM zone 31N" and crs_name("") == "unknown"
    assert crs_code(UTM31) == "EPSG:32631"
    assert [is_projected(wkt) for wkt in (UTM31, DEGREES, "")] == [True, False, False]
    assert [is_geographic(wkt) for wkt in (UTM31, DEGREES, "")] == [False, True, False]
    # A US survey foot; a degree of the equator: 2 pi 6378137 m / 360.
    assert metres_per_unit(crs_wkt_of("EPSG:2263")) == pytest.approx(1200 / 3937)
    assert metres_per_unit(DEGREES) == pytest.approx(2 * np.pi * 6378137 / 360)


def test_wkt_that_contains_a_proj_string_is_read_as_wkt():
    assert "+proj=merc" in MERCATOR
    assert parse_crs(MERCATOR).to_epsg() == 3857
    with pytest.raises(UnsuitableInput, match="is not supported"):
        parse_crs("EPSG:999999")


def test_points_outside_the_domain_are_infinite_and_do_not_harm_others():
    # The central meridian of UTM has the easting 500 km; the pole has no Mercator coordinate.
    x, y = transform_points(DEGREES, UTM31, [3.0, 3.0], [0.0, 45.0])
    np.testing.assert_allclose(x, 500000, atol=1e-6)
    assert y[0] == pytest.approx(0, abs=1e-6)
    x, y = transform_points(DEGREES, "+proj=gnom +lat_0=90", [0.0, 10.0], [-90.0, 80.0])
    assert not np.isfinite([x[0], y[0]]).all() and np.isfinite([x[1], y[1]]).all()


def test_bounds_in_another_crs():
    west, _, east, north = bounds_in((400000, 4790000, 600000, 4810000), UTM31, DEGREES)
    # Symmetric around the central meridian; the northern edge is farthest north in the middle.
    assert (west + east) / 2 == pytest.approx(3)
    _, middle = transform_points(UTM31, DEGREES, [500000], [4810000])
    assert north == pytest.approx(middle[0], abs=1e-6)


def test_a_raster_needs_a_crs():
    require_crs(Grid(UTM31, 0, 0, 10, 10, 1, 1), "map.tif")
    with pytest.raises(UnsuitableInput, match=r"map\.tif has no coordinate reference system\. Assign"):
        require_crs(Grid("", 0, 0, 10, 10, 1, 1), "map.tif")


def test_errors_of_gdal_become_errors_for_the_user():
    import rasterio

    with pytest.raises(UnreadableInput, match=r"^It is damaged: .*absent") as caught, \
            gdal_errors("It is damaged: {reason}", UnreadableInput):
        rasterio.open("/absent.tif")
    assert isinstance(caught.value.__cause__, rasterio.errors.RasterioIOError)
    with pytest.raises(KeyError), gdal_errors("", UnreadableInput):
        raise KeyError("a bug keeps its traceback")
