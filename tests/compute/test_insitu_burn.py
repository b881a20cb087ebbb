"""A pixel belongs to the parcel that holds its centre, and to nobody where classes disagree."""

import numpy as np
import pytest

from floefield.compute.errors import Cancelled
from floefield.compute.insitu.burn import DISPUTED, NOBODY, ParcelMap
from floefield.compute.insitu.parcels import Parcel, bounds_of
from floefield.compute.progress import Progress
from floefield.compute.raster.grid import Grid, Window

GRID = Grid("", 0.0, 10.0, 1.0, 1.0, 10, 10)


def box(west, south, east, north):
    return {"type": "Polygon", "coordinates": [[[west, south], [west, north], [east, north], [east, south],
                                                [west, south]]]}


def test_the_pixel_centre_decides():
    # Centres lie at .5: the box holds those of columns 2 and 3 and of rows 7 and 8 (y 2.5 and 1.5), no more.
    parcels = ParcelMap(GRID, [Parcel(1, "wheat", box(1.6, 1.4, 4.4, 2.6))])
    expected = np.zeros((10, 10), int)
    expected[7:9, 2:4] = 1

    np.testing.assert_array_equal(parcels.read(GRID.window), expected)


def test_pixels_claimed_by_two_classes_are_given_to_nobody():
    parcels = ParcelMap(GRID, [Parcel(1, "wheat", box(0, 0, 4, 10)), Parcel(2, "maize", box(3, 0, 8, 10))])
    row = parcels.read(GRID.window)[0]

    assert row.tolist() == [1, 1, 1, DISPUTED, 2, 2, 2, 2, NOBODY, NOBODY]


def test_a_third_parcel_cannot_settle_a_dispute():
    parcels = ParcelMap(GRID, [Parcel(1, "wheat", box(0, 0, 4, 10)), Parcel(2, "maize", box(3, 0, 8, 10)),
                               Parcel(3, "wheat", box(3, 0, 4, 10))])

    assert parcels.read(GRID.window)[0, 3] == DISPUTED


def test_parcels_of_one_class_may_overlap_the_first_owns_the_pixels():
    parcels = ParcelMap(GRID, [Parcel(1, "wheat", box(0, 0, 4, 10)), Parcel(2, "wheat", box(3, 0, 8, 10))])

    assert parcels.read(GRID.window)[0].tolist() == [1, 1, 1, 1, 2, 2, 2, 2, 0, 0]


def test_a_later_source_takes_only_what_the_earlier_left():
    parcels = ParcelMap(GRID, [Parcel(1, "wheat", box(0, 0, 4, 10))], [Parcel(1, "maize", box(3, 0, 8, 10))])

    assert parcels.read(GRID.window)[0].tolist() == [1, 1, 1, 1, 2, 2, 2, 2, 0, 0]


def test_windows_put_together_are_the_whole():
    generator = np.random.default_rng(5)
    parcels = []
    for number in range(30):
        (west, south), (width, height) = generator.uniform(-2, 9, 2), generator.uniform(0.3, 5, 2)
        parcels.append(Parcel(number, "abc"[number % 3], box(west, south, west + width, south + height)))
    drawn = ParcelMap(GRID, parcels[:20], parcels[20:])
    together = np.full(GRID.shape, 99)
    for window in GRID.blocks(3, 4):
        together[window.slices] = drawn.read(window)

    np.testing.assert_array_equal(together, drawn.read(GRID.window))


def test_holes_and_several_parts_as_gdal_draws_them():
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

    drawn = ParcelMap(GRID, [Parcel(1, "wheat", geometry)]).read(GRID.window)

    np.testing.assert_array_equal(drawn, raster.ReadAsArray())
    assert drawn.sum() == ParcelMap(GRID, [Parcel(1, "wheat", geometry)]).pixel_counts(Progress())[0]


def test_parcels_outside_and_parcels_too_small_are_told_apart():
    parcels = ParcelMap(GRID, [Parcel(1, "wheat", box(20, 20, 30, 30)), Parcel(2, "wheat", box(2.6, 2.6, 3.4, 3.4)),
                               Parcel(3, "wheat", box(8, 8, 30, 30))])

    assert parcels.outside.tolist() == [True, False, False]
    assert parcels.pixel_counts(Progress()).tolist() == [0, 0, 4]
    assert not parcels.touches(Window(0, 0, 2, 2))
    assert parcels.touches(Window(0, 8, 2, 2))


def test_a_geometry_without_points_is_nowhere():
    empty = {"type": "Polygon", "coordinates": []}

    assert bounds_of(empty) is None
    assert ParcelMap(GRID, [Parcel(1, "wheat", empty)]).outside.tolist() == [True]


def test_parcels_of_one_class_are_drawn_at_once_as_they_are_one_by_one():
    corners = np.random.default_rng(1).uniform(-2, 9, (40, 2))
    parcels = [Parcel(number, "wheat", box(west, south, west + 2.3, south + 1.7))
               for number, (west, south) in enumerate(corners.tolist())]
    together = ParcelMap(GRID, parcels)
    one_by_one = np.zeros((10, 10), int)
    for number, parcel in enumerate(parcels, start=1):
        own = ParcelMap(GRID, [parcel]).read(GRID.window) > 0
        one_by_one[own & (one_by_one == 0)] = number

    np.testing.assert_array_equal(together.read(GRID.window), one_by_one)
    np.testing.assert_array_equal(together.read(Window(3, 2, 5, 6)), one_by_one[3:8, 2:8])


@pytest.mark.parametrize("classes", ["a", "abc"])
def test_counts_of_parcels_in_heaps_are_those_of_each_alone(classes):
    corners = np.random.default_rng(3).uniform(-2, 8, (40, 2))
    parcels = [Parcel(number, classes[number % len(classes)], box(west, south, west + 3.4, south + 2.2))
               for number, (west, south) in enumerate(corners.tolist())]
    alone = [np.count_nonzero(ParcelMap(GRID, [parcel]).read(GRID.window)) for parcel in parcels]

    assert ParcelMap(GRID, parcels).pixel_counts(Progress()).tolist() == alone


def test_a_class_between_two_others_disputes_with_both():
    parcels = ParcelMap(GRID, [Parcel(1, "wheat", box(0, 0, 4, 10)), Parcel(2, "maize", box(2, 0, 6, 10)),
                               Parcel(3, "wheat", box(0, 0, 8, 10)), Parcel(4, "rye", box(9, 0, 10, 10))])

    assert parcels.read(GRID.window)[0].tolist() == [1, 1, -1, -1, -1, -1, 3, 3, 0, 4]


def test_preparing_parcels_can_be_cancelled():
    class Stopped(Progress):
        cancelled = True

    with pytest.raises(Cancelled):
        ParcelMap(GRID, [Parcel(1, "wheat", box(0, 0, 4, 10))], progress=Stopped())
