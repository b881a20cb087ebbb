"""Parcels rasterised on a grid; overlaps of different classes belong to no parcel."""

import numpy as np
import pytest

from floefield.compute.errors import Cancelled
from floefield.compute.insitu.parcel import Parcel, bounds_of
from floefield.compute.insitu.parcel_raster import DISPUTED, NO_PARCEL, ParcelRaster
from floefield.compute.progress import Progress
from floefield.compute.raster.grid import Grid, Window

GRID = Grid("", 0.0, 10.0, 1.0, 1.0, 10, 10)


def box(west, south, east, north):
    return {"type": "Polygon", "coordinates": [[[west, south], [west, north], [east, north], [east, south],
                                                [west, south]]]}


def test_a_pixel_belongs_to_the_parcel_that_contains_its_centre():
    # Centres lie at .5: the box contains those of columns 2 and 3 and of rows 7 and 8 (y 2.5 and 1.5).
    parcels = ParcelRaster(GRID, [Parcel(1, "wheat", box(1.6, 1.4, 4.4, 2.6))])
    expected = np.zeros((10, 10), int)
    expected[7:9, 2:4] = 1

    np.testing.assert_array_equal(parcels.read(GRID.window), expected)


def test_overlaps_of_two_classes_belong_to_no_parcel():
    parcels = ParcelRaster(GRID, [Parcel(1, "wheat", box(0, 0, 4, 10)), Parcel(2, "maize", box(3, 0, 8, 10))])
    row = parcels.read(GRID.window)[0]

    assert row.tolist() == [1, 1, 1, DISPUTED, 2, 2, 2, 2, NO_PARCEL, NO_PARCEL]


def test_overlaps_stay_disputed_with_a_third_parcel():
    parcels = ParcelRaster(GRID, [Parcel(1, "wheat", box(0, 0, 4, 10)), Parcel(2, "maize", box(3, 0, 8, 10)),
                               Parcel(3, "wheat", box(3, 0, 4, 10))])

    assert parcels.read(GRID.window)[0, 3] == DISPUTED


def test_overlaps_within_one_class_belong_to_the_first_parcel():
    parcels = ParcelRaster(GRID, [Parcel(1, "wheat", box(0, 0, 4, 10)), Parcel(2, "wheat", box(3, 0, 8, 10))])

    assert parcels.read(GRID.window)[0].tolist() == [1, 1, 1, 1, 2, 2, 2, 2, 0, 0]


def test_earlier_sources_have_priority():
    parcels = ParcelRaster(GRID, [Parcel(1, "wheat", box(0, 0, 4, 10))], [Parcel(1, "maize", box(3, 0, 8, 10))])

    assert parcels.read(GRID.window)[0].tolist() == [1, 1, 1, 1, 2, 2, 2, 2, 0, 0]


def test_the_result_does_not_depend_on_windows():
    generator = np.random.default_rng(5)
    parcels = []
    for number in range(30):
        (west, south), (width, height) = generator.uniform(-2, 9, 2), generator.uniform(0.3, 5, 2)
        parcels.append(Parcel(number, "abc"[number % 3], box(west, south, west + width, south + height)))
    rasterised = ParcelRaster(GRID, parcels[:20], parcels[20:])
    together = np.full(GRID.shape, 99)
    for window in GRID.blocks(3, 4):
        together[window.slices] = rasterised.read(window)

    np.testing.assert_array_equal(together, rasterised.read(GRID.window))


def test_holes_and_multi_part_parcels_agree_with_gdal():
    gdal = pytest.importorskip("osgeo.gdal")
    from osgeo import ogr

    parts = [[[[0.2, 0.3], [0.9, 8.8], [6.1, 9.4], [7.3, 1.2], [0.2, 0.3]],
              [[2.2, 3.1], [3.1, 6.7], [5.2, 6.1], [4.4, 2.2], [2.2, 3.1]]],
             [[[8.1, 8.1], [9.9, 8.2], [9.2, 9.9], [8.1, 8.1]]]]
    geometry = {"type": "MultiPolygon", "coordinates": parts}
    raster = gdal.GetDriverByName("MEM").Create("", 10, 10, 1, gdal.GDT_Byte)
    raster.SetGeoTransform((0, 1, 0, 10, 0, -1))
    table = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = table.CreateLayer("parcels", None, ogr.wkbMultiPolygon)
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(ogr.CreateGeometryFromJson(str(geometry).replace("'", '"')))
    layer.CreateFeature(feature)
    gdal.RasterizeLayer(raster, [1], layer, burn_values=[1])

    rasterised = ParcelRaster(GRID, [Parcel(1, "wheat", geometry)]).read(GRID.window)

    np.testing.assert_array_equal(rasterised, raster.ReadAsArray())
    assert rasterised.sum() == ParcelRaster(GRID, [Parcel(1, "wheat", geometry)]).pixel_counts(Progress())[0]


def test_parcels_outside_the_grid_and_too_small_parcels():
    parcels = ParcelRaster(GRID, [Parcel(1, "wheat", box(20, 20, 30, 30)), Parcel(2, "wheat", box(2.6, 2.6, 3.4, 3.4)),
                               Parcel(3, "wheat", box(8, 8, 30, 30))])

    assert parcels.outside.tolist() == [True, False, False]
    assert parcels.pixel_counts(Progress()).tolist() == [0, 0, 4]
    assert not parcels.touches(Window(0, 0, 2, 2))
    assert parcels.touches(Window(0, 8, 2, 2))


def test_a_geometry_without_points_is_outside():
    empty = {"type": "Polygon", "coordinates": []}

    assert bounds_of(empty) is None
    assert ParcelRaster(GRID, [Parcel(1, "wheat", empty)]).outside.tolist() == [True]


def test_parcels_of_one_class_rasterised_together_and_one_by_one():
    corners = np.random.default_rng(1).uniform(-2, 9, (40, 2))
    parcels = [Parcel(number, "wheat", box(west, south, west + 2.3, south + 1.7))
               for number, (west, south) in enumerate(corners.tolist())]
    together = ParcelRaster(GRID, parcels)
    one_by_one = np.zeros((10, 10), int)
    for number, parcel in enumerate(parcels, start=1):
        own = ParcelRaster(GRID, [parcel]).read(GRID.window) > 0
        one_by_one[own & (one_by_one == 0)] = number

    np.testing.assert_array_equal(together.read(GRID.window), one_by_one)
    np.testing.assert_array_equal(together.read(Window(3, 2, 5, 6)), one_by_one[3:8, 2:8])


@pytest.mark.parametrize("classes", ["a", "abc"])
def test_pixel_counts_of_overlapping_parcels(classes):
    corners = np.random.default_rng(3).uniform(-2, 8, (40, 2))
    parcels = [Parcel(number, classes[number % len(classes)], box(west, south, west + 3.4, south + 2.2))
               for number, (west, south) in enumerate(corners.tolist())]
    separately = [np.count_nonzero(ParcelRaster(GRID, [parcel]).read(GRID.window)) for parcel in parcels]

    assert ParcelRaster(GRID, parcels).pixel_counts(Progress()).tolist() == separately


def test_a_parcel_overlapping_two_others_of_another_class():
    parcels = ParcelRaster(GRID, [Parcel(1, "wheat", box(0, 0, 4, 10)), Parcel(2, "maize", box(2, 0, 6, 10)),
                               Parcel(3, "wheat", box(0, 0, 8, 10)), Parcel(4, "rye", box(9, 0, 10, 10))])

    assert parcels.read(GRID.window)[0].tolist() == [1, 1, -1, -1, -1, -1, 3, 3, 0, 4]


def test_rasterising_can_be_cancelled():
    class Stopped(Progress):
        cancelled = True

    with pytest.raises(Cancelled):
        ParcelRaster(GRID, [Parcel(1, "wheat", box(0, 0, 4, 10))], progress=Stopped())
