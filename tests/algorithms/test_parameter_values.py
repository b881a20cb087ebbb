"""What users write in a dialog or on a command line becomes plain values, by the kind of the declaration."""

import pytest
from osgeo import osr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsVectorLayer,
)

from floefield.compute.declarations import ParameterDeclaration, with_defaults
from floefield.compute.errors import UnsuitableInput
from floefield.compute.raster.area_of_interest import PixelArea
from floefield.compute.texture.texture_settings import TEXTURE_PARAMETERS, TextureSettings
from floefield.provider.area_inputs import check_area, read_area
from floefield.provider.parameters import declare, read, read_settings

DISTANCES = ParameterDeclaration("DISTANCES", "Distances", kind="integers", default=(2, 4))
BANDS = ParameterDeclaration("BANDS", "Bands", kind="names", optional=True)
RANGE = ParameterDeclaration("RANGE", "Range", kind="range", optional=True)
OUTPUT_CRS = ParameterDeclaration("CRS", "CRS", kind="crs", optional=True)
POLARISATIONS = ParameterDeclaration("POLARISATIONS", "Polarisations", kind="enum", options=("HH", "HV"), multiple=True,
                                     optional=True)
SQUARE = "POLYGON((10 50, 11 50, 11 51, 10 51, 10 50))"
AREAS = (
    ParameterDeclaration("AOI", "Area", kind="polygons", optional=True),
    ParameterDeclaration("AOI_EXTENT", "Area", kind="extent", optional=True),
    ParameterDeclaration("AOI_WKT", "Area", kind="text", optional=True),
    ParameterDeclaration("PIXEL_WINDOW", "Area", kind="text", optional=True),
)


class Tool(QgsProcessingAlgorithm):
    """A tool with the given declarations."""

    def __init__(self, *declarations):
        super().__init__()
        declare(self, *declarations)

    def name(self):
        return "tool"

    def displayName(self):
        return "Tool"

    def createInstance(self):
        return Tool()

    def tr(self, text):
        return text


def value(declaration, given):
    parameters = {} if given is None else {declaration.name: given}
    return read(Tool(declaration), declaration, parameters, QgsProcessingContext())


@pytest.mark.parametrize(("declaration", "given", "expected"), [
    (DISTANCES, "1, 2,4", (1, 2, 4)), (DISTANCES, "3,3,1", (3, 1)), (DISTANCES, None, (2, 4)), (DISTANCES, "", ()),
    (BANDS, " HH , HV,", ("HH", "HV")), (BANDS, None, ()),
    (RANGE, "-25,0", (-25.0, 0.0)), (RANGE, None, None), (RANGE, "None,None", None), (RANGE, "nan,nan", None),
    (RANGE, [-36, 2], (-36.0, 2.0)),
    (POLARISATIONS, None, ()), (POLARISATIONS, [], ()), (POLARISATIONS, "", ()), (POLARISATIONS, ["HV"], ("HV",)),
    (OUTPUT_CRS, None, ""), (OUTPUT_CRS, "", ""),
])
def test_values(declaration, given, expected):
    assert value(declaration, given) == expected


@pytest.mark.parametrize(("declaration", "given", "message"), [
    (DISTANCES, "1.5", r"DISTANCES: '1.5' is not a list of whole numbers"),
    (DISTANCES, "one", r"DISTANCES: 'one' is not a list of whole numbers"),
    (RANGE, "5", r"RANGE is 5. Give minimum and maximum"),
    (OUTPUT_CRS, "nonsense", r"CRS: nonsense is not a coordinate reference system"),
])
def test_unreadable_values_are_named(declaration, given, message):
    with pytest.raises(UnsuitableInput, match=message):
        value(declaration, given)


def is_epsg(wkt, code):
    expected = osr.SpatialReference()
    expected.ImportFromEPSG(code)
    return bool(osr.SpatialReference(wkt).IsSame(expected, ["IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES"]))


def test_a_crs_is_read_as_gdal_reads_it_and_an_invalid_one_of_a_dialog_means_none():
    assert is_epsg(value(OUTPUT_CRS, "EPSG:3413"), 3413)
    assert value(OUTPUT_CRS, QgsCoordinateReferenceSystem()) == ""


def test_lists_have_their_default_as_text():
    assert Tool(DISTANCES).parameterDefinition("DISTANCES").defaultValue() == "2,4"


def test_settings_without_values_are_the_defaults_of_their_dataclass():
    settings = TextureSettings(window=15, distances=(1, 3), features=("mean",), angles=("45",), step=2, threads=3)
    tool = Tool(*with_defaults(TEXTURE_PARAMETERS, settings))
    assert TextureSettings(**read_settings(tool, TEXTURE_PARAMETERS, {}, QgsProcessingContext())) == settings


def area(given, tool=None):
    tool, context = tool or Tool(*AREAS), QgsProcessingContext()
    return read_area(tool, tool.parameterAsSource(given, "AOI", context), given, context)


def test_an_area_is_the_same_as_layer_extent_and_wkt():
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326", "area", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt(SQUARE))
    layer.dataProvider().addFeatures([feature])
    for given in ({"AOI": layer}, {"AOI_EXTENT": "10,11,50,51 [EPSG:4326]"}, {"AOI_WKT": SQUARE}):
        found = area(given)
        corners = [point for ring in found.geometries[0]["coordinates"] for point in ring]
        x, y = ([point[axis] for point in corners] for axis in (0, 1))
        assert (min(x), max(x), min(y), max(y)) == (10, 11, 50, 51)
        assert is_epsg(found.crs_wkt, 4326)
    assert area({}) is None
    assert area({"AOI_WKT": "  "}) is None


def test_a_window_of_pixels_is_an_area():
    assert area({"PIXEL_WINDOW": "0;7651;5689;3327"}) == PixelArea(0, 7651, 5689, 3327)
    with pytest.raises(UnsuitableInput, match="Give column, row, width and height"):
        area({"PIXEL_WINDOW": "0,1,0,5"})


@pytest.mark.parametrize(("declarations", "names"), [
    (AREAS, "AOI, AOI_EXTENT, AOI_WKT and PIXEL_WINDOW"), ((AREAS[0], AREAS[2]), "AOI and AOI_WKT")])
def test_two_areas_are_refused(declarations, names):
    tool = Tool(*declarations)
    assert check_area(tool, {"AOI": "parcels.gpkg", "AOI_WKT": ""}) == (True, "")
    ok, message = check_area(tool, {"AOI": "parcels.gpkg", "AOI_WKT": SQUARE})
    assert not ok
    assert message == f"More than one area of interest is given. Use only one of {names}."


def test_reactions_to_a_bad_input_are_explained(provider):
    """A reaction that the help does not name is one that the tool does not have."""
    declared = [tool.parameterDefinition("ON_ERROR") for tool in provider.algorithms()]
    explained = [all(f"{option}: " in parameter.help() for option in parameter.options())
                 for parameter in declared if parameter]
    assert explained == [True] * 4
