"""Class maps read with GDAL: colour table in the TIFF, category names and attribute table in the auxiliary file."""

from xml.etree import ElementTree

import numpy as np
import pytest

from floefield.compute.classmap.class_map import categorical_layout, categorical_side_files
from floefield.compute.classmap.classes import class_table
from floefield.compute.raster.grid import Grid
from floefield.compute.raster.raster_styles import stretch_range, true_colour_qml
from floefield.compute.raster.writer import create_raster

CODES = ("winter_rye", "12", "<b> & \"quoted\"\x07\n'name'", "\u0642\u0645\u062d")


def written_map(folder, classes):
    path = str(folder / "map.tif")
    grid = Grid("", 0.0, 10.0, 10.0, 10.0, 1, len(classes) + 1)
    with create_raster(path, categorical_layout(grid, classes, "crop", {"SOURCE": "parcels"}),
                       categorical_side_files(classes, "crop")) as raster:
        raster.write(grid.window, np.arange(len(classes) + 1).reshape(1, 1, -1))
    return path


@pytest.fixture
def gdal():
    return pytest.importorskip("osgeo.gdal", reason="GDAL's own Python module checks what rasterio wrote")


def test_the_tiff_has_colours_names_and_an_attribute_table(tmp_path, gdal):
    classes = class_table(CODES)

    dataset = gdal.Open(written_map(tmp_path, classes))
    band = dataset.GetRasterBand(1)

    assert band.DataType == gdal.GDT_Byte and band.GetNoDataValue() == 0
    assert band.GetDescription() == "crop" and dataset.GetMetadataItem("SOURCE") == "parcels"
    colours, names, table = band.GetColorTable(), band.GetCategoryNames(), band.GetDefaultRAT()
    assert [colours.GetColorEntry(c.value)[:3] for c in classes] == [c.colour for c in classes]
    assert names == ["", *(c.label.replace("\x07", "") for c in classes)]
    assert [table.GetNameOfCol(column) for column in range(6)] == ["VALUE", "CODE", "LABEL", "RED", "GREEN", "BLUE"]
    assert table.GetColOfUsage(gdal.GFU_Name) == 2 and table.GetColOfUsage(gdal.GFU_MinMax) == 0
    assert table.GetTableType() == gdal.GRTT_THEMATIC
    rows = [tuple(table.GetValueAsInt(row, column) for column in (0, 3, 4, 5)) for row in range(table.GetRowCount())]
    assert rows == [(c.value, *c.colour) for c in classes]
    assert [table.GetValueAsString(row, 1) for row in (0, 2, 3)] == ["12", "winter_rye", "\u0642\u0645\u062d"]


@pytest.mark.parametrize(("count", "dtype"), [(254, "uint8"), (255, "uint16")])
def test_class_maps_are_byte_up_to_254_classes(count, dtype):
    layout = categorical_layout(None, class_table(str(number) for number in range(count)), "crop")

    assert layout.dtype == dtype and layout.nodata == 0
    assert bool(layout.colours) == (dtype == "uint8")


def test_many_classes_have_names_and_attribute_table_but_no_colour_table(tmp_path, gdal):
    dataset = gdal.Open(written_map(tmp_path, class_table(str(number) for number in range(300))))
    band = dataset.GetRasterBand(1)

    assert band.DataType == gdal.GDT_UInt16 and band.GetColorTable() is None
    assert len(band.GetCategoryNames()) == 301 and band.GetDefaultRAT().GetRowCount() == 300
    assert band.ReadAsArray()[0, -1] == 300


def test_the_style_contains_the_existing_classes_and_no_paths():
    classes = class_table(CODES)

    style = categorical_side_files(classes, "crop")[".qml"]

    entries = ElementTree.fromstring(style.split("\n", 1)[1]).iter("paletteEntry")
    assert [(int(e.get("value")), e.get("color")) for e in entries] == [
        (c.value, "#{:02x}{:02x}{:02x}".format(*c.colour)) for c in classes]
    assert "/tmp" not in style and "source" not in style


def test_true_colour_style_has_bands_and_ranges():
    root = ElementTree.fromstring(true_colour_qml(3, 2, 1, ((0.0, 0.3), (0.0, 0.25), (0.01, 0.2))).split("\n", 1)[1])

    renderer = root.find(".//rasterrenderer")
    assert [renderer.get(f"{colour}Band") for colour in ("red", "green", "blue")] == ["3", "2", "1"]
    assert renderer.findtext("blueContrastEnhancement/minValue") == "0.01"


def test_stretch_ranges_are_percentiles_of_valid_values():
    values = np.append(np.arange(101.0), [np.nan, np.inf, -np.inf])

    assert stretch_range(values) == (2.0, 98.0)


@pytest.mark.parametrize("values", [[0.3, 0.3], [0.0], [-5.0]])
def test_stretch_range_of_a_constant_band_is_not_empty(values):
    lowest, highest = stretch_range(np.array(values))

    assert lowest == values[0] < highest


def test_stretch_range_without_valid_values():
    assert stretch_range(np.array([np.nan])) == (0.0, 1.0)
