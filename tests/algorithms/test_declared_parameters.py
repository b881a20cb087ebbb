"""Declarations become QGIS parameters, and values that users give become plain values."""

from dataclasses import fields

import pytest

from floefield.compute.declarations import INPUT_KINDS, VALUE_KINDS, ParameterDeclaration

from ..fieldscene import reflectance, square, write
from ..parcelfiles import write_geojson


@pytest.fixture
def tool_with():
    """A tool with the declarations given."""
    from floefield.provider.base import Algorithm

    # QGIS deletes the parameters with their tool.
    kept = []

    def make(*declarations):
        class Tool(Algorithm):
            NAME = "tool"
            PARAMETERS = declarations

        tool = Tool()
        tool.initAlgorithm({})
        kept.append(tool)
        return tool

    return make


@pytest.fixture
def context(provider):
    from qgis.core import QgsProcessingContext

    context = QgsProcessingContext()
    yield context
    # Layers that outlive QGIS crash the interpreter at its end.
    context.temporaryLayerStore().removeAllMapLayers()


@pytest.fixture
def value_of(tool_with, context):
    """The value of a parameter as the tool reads it, with the default where nothing is given."""
    from floefield.provider.parameters import read

    def value(declaration, *given):
        parameters = dict(zip([declaration.name], given))
        return read(tool_with(declaration), declaration, parameters, context)

    return value


def declared(kind, **options):
    return ParameterDeclaration("NAME", "Label", "Help.", kind=kind, **options)


CHOICE = declared("enum", options=("a", "b", "c"), default="b")
CHOICES = declared("enum", options=("a", "b", "c"), default=("b",), multiple=True, optional=True)

# The type that QGIS names in models, by kind.
TYPES = {"number": "number", "integer": "number", "boolean": "boolean", "text": "string", "date": "string",
         "field": "field", "crs": "crs", "extent": "extent", "range": "range", "raster": "raster",
         "rasters": "multilayer", "polygons": "source", "points": "source", "polygons_or_points": "source",
         "features": "source", "polygon_layers": "multilayer", "file": "file", "files": "multilayer",
         "folder": "file", "raster_destination": "rasterDestination", "layer_destination": "sink",
         "file_destination": "fileDestination", "folder_destination": "folderDestination"}


@pytest.mark.parametrize(("kind", "expected"), TYPES.items())
def test_each_kind_has_its_type_of_qgis_parameter(tool_with, kind, expected):
    from qgis.core import QgsProcessingParameterDefinition

    flags = QgsProcessingParameterDefinition.Flag
    parameter = tool_with(declared(kind, optional=True, advanced=True)).parameterDefinition("NAME")

    assert (parameter.type(), parameter.description(), parameter.help()) == (expected, "Label", "Help.")
    assert parameter.flags() & flags.FlagOptional and parameter.flags() & flags.FlagAdvanced
    plain = tool_with(declared(kind)).parameterDefinition("NAME").flags()
    assert not (plain & flags.FlagOptional or plain & flags.FlagAdvanced)


def test_the_table_above_has_every_kind_of_value_and_input():
    assert {*VALUE_KINDS, *INPUT_KINDS} - {"enum"} <= set(TYPES)


def test_numbers_have_their_limits_and_type(tool_with):
    from qgis.core import QgsProcessingParameterNumber

    tool = tool_with(ParameterDeclaration("WHOLE", "Whole", kind="integer", default=3, minimum=1, maximum=9),
                     ParameterDeclaration("REAL", "Real", default=0.5, minimum=0.25))
    whole, real = tool.parameterDefinitions()

    assert (whole.dataType(), real.dataType()) == (QgsProcessingParameterNumber.Type.Integer,
                                                   QgsProcessingParameterNumber.Type.Double)
    assert (whole.minimum(), whole.maximum(), whole.defaultValue()) == (1, 9, 3)
    assert (real.minimum(), real.defaultValue()) == (0.25, 0.5) and real.maximum() > 1e300
    assert whole.checkValueIsAcceptable(9) and not whole.checkValueIsAcceptable(10)


def test_options_are_passed_as_words(tool_with):
    parameter = tool_with(CHOICES).parameterDefinition("NAME")

    assert parameter.options() == ["a", "b", "c"] and parameter.usesStaticStrings() and parameter.allowMultiple()
    assert parameter.checkValueIsAcceptable(["a", "c"])
    assert not tool_with(CHOICE).parameterDefinition("NAME").checkValueIsAcceptable("d")


@pytest.mark.parametrize(("kind", "expected"), [
    ("polygons", ["TypeVectorPolygon"]), ("points", ["TypeVectorPoint"]),
    ("polygons_or_points", ["TypeVectorPolygon", "TypeVectorPoint"]), ("features", ["TypeVectorAnyGeometry"])])
def test_layers_have_their_geometry(tool_with, kind, expected):
    from qgis.core import QgsProcessing

    parameter = tool_with(declared(kind)).parameterDefinition("NAME")
    assert parameter.dataTypes() == [int(getattr(QgsProcessing.SourceType, name)) for name in expected]


@pytest.mark.parametrize(("kind", "optional", "minimum"), [("rasters", False, 1), ("rasters", True, 0)])
def test_a_required_list_of_layers_is_not_empty(tool_with, kind, optional, minimum):
    assert tool_with(declared(kind, optional=optional)).parameterDefinition("NAME").minimumNumberInputs() == minimum


def test_a_field_belongs_to_its_layer(tool_with):
    tool = tool_with(ParameterDeclaration("PARCELS", "Parcels", kind="polygons"),
                     ParameterDeclaration("FIELD", "Field", kind="field", default="CROP", parent="PARCELS"))
    field = tool.parameterDefinition("FIELD")
    assert (field.parentLayerParameterName(), field.defaultValue()) == ("PARCELS", "CROP")


def test_optional_destinations_are_created_unless_declared_otherwise(tool_with):
    tool = tool_with(ParameterDeclaration("MAP", "Map", kind="raster_destination", optional=True),
                     ParameterDeclaration("REPORT", "Report", kind="file_destination", file_filter="HTML (*.html)",
                                          optional=True, is_created=False))
    created, omitted = tool.parameterDefinitions()
    assert created.createByDefault() and not omitted.createByDefault()
    assert omitted.fileFilter() == "HTML (*.html)" and omitted.defaultFileExtension() == "html"


@pytest.mark.parametrize(("kind", "expected"), [
    ("number_result", "outputNumber"), ("text_result", "outputString"), ("layer_result", "outputVector"),
    ("folder_result", "outputFolder"), ("layers_result", "outputMultilayer")])
def test_returned_values_are_outputs_without_parameter(tool_with, kind, expected):
    tool = tool_with(declared(kind))
    assert [output.type() for output in tool.outputDefinitions()] == [expected]
    assert not tool.parameterDefinitions()


@pytest.mark.parametrize(("declaration", "given", "expected"), [
    (declared("number", default=0.5), "0.25", 0.25),
    (declared("integer", default=3), "7", 7),
    (declared("boolean", default=False), "true", True),
    (CHOICE, "c", "c"),
    (CHOICES, ["c", "a"], ("c", "a")),
    (CHOICES, "a,c", ("a", "c")),
    (CHOICES, [], ()),
    (CHOICES, "", ()),
    (declared("text", default="x"), " B04_* ", "B04_*"),
    (declared("date", optional=True), " 2018-03-01 ", "2018-03-01"),
    (declared("date", optional=True), "", ""),
    (declared("field"), "crop", "crop"),
    (declared("range", optional=True), "0,1.5", (0.0, 1.5)),
    (declared("crs", optional=True), "", ""),
    (declared("file", optional=True), "/data/codes.csv", "/data/codes.csv"),
    (declared("folder", optional=True), "/data", "/data"),
    (declared("files", optional=True), ["/data/a.csv", "/data/b.csv"], ("/data/a.csv", "/data/b.csv")),
    (declared("raster_destination", optional=True), "/data/map.tif", "/data/map.tif"),
    (declared("file_destination", optional=True), "/data/report.html", "/data/report.html"),
    (declared("folder_destination", optional=True), "/data/product", "/data/product"),
])
def test_values_are_read_as_plain_values(value_of, declaration, given, expected):
    value = value_of(declaration, given)
    assert value == expected and type(value) is type(expected)


@pytest.mark.parametrize(("declaration", "expected"), [
    (declared("number", default=0.5), 0.5), (declared("integer", default=3), 3), (CHOICE, "b"), (CHOICES, ("b",)),
    (declared("text", default="x"), "x"), (declared("range", optional=True), None),
    (declared("raster_destination", optional=True, is_created=False), ""),
    (declared("file_destination", optional=True, is_created=False), ""),
    (declared("folder_destination", optional=True, is_created=False), "")])
def test_without_a_value_the_default_is_read(value_of, declaration, expected):
    assert value_of(declaration) == expected


def test_a_crs_is_read_as_wkt(value_of):
    from osgeo import osr
    from qgis.core import QgsCoordinateReferenceSystem

    declaration = declared("crs", optional=True)
    read, expected = osr.SpatialReference(wkt=value_of(declaration, "EPSG:32631")), osr.SpatialReference()
    expected.ImportFromEPSG(32631)
    assert read.IsSame(expected)
    # What the dialog passes where no CRS is chosen.
    assert value_of(declaration, QgsCoordinateReferenceSystem()) == ""


@pytest.mark.parametrize(("kind", "given", "message"), [
    ("date", "1.3.2018", "NAME: '1.3.2018' is not a date"),
    ("crs", "EPSG:1", "NAME: EPSG:1 is not a coordinate reference system")])
def test_a_value_that_cannot_be_understood_is_refused(value_of, kind, given, message):
    from floefield.compute.errors import UnsuitableInput

    with pytest.raises(UnsuitableInput, match=message):
        value_of(declared(kind, optional=True), given)


@pytest.mark.parametrize(("text", "numbers"), [("", ()), (" 1, 2 ,-4", (1, 2, -4)), ("0,255,", (0, 255))])
def test_lists_of_whole_numbers(text, numbers):
    from floefield.provider.parameters import number_list

    assert number_list(text, "DISTANCES") == numbers


@pytest.mark.parametrize("text", ["1;2", "1.5", "a"])
def test_a_list_of_other_things_than_whole_numbers_is_refused(text):
    from floefield.compute.errors import UnsuitableInput
    from floefield.provider.parameters import number_list

    with pytest.raises(UnsuitableInput, match=f"DISTANCES: '{text}' is not a list of whole numbers"):
        number_list(text, "DISTANCES")


def test_settings_are_read_by_field_without_parameters_that_the_tool_lacks(tool_with, context):
    from floefield.provider.parameters import read_settings

    trees = ParameterDeclaration("TREES", "Trees", kind="integer", default=5, setting="trees")
    depth = ParameterDeclaration("MAX_DEPTH", "Depth", kind="integer", default=0, setting="max_depth")
    layer = ParameterDeclaration("RASTER", "Raster", kind="raster", optional=True)
    tool = tool_with(trees, layer)

    assert read_settings(tool, (trees, depth, layer), {"TREES": 9}, context) == {"trees": 9}


def _settings_of_tools():
    """(tool, declarations, settings that own the defaults)."""
    from floefield.compute.accuracy.assessment import ASSESSMENT_PARAMETERS, AssessmentSettings
    from floefield.compute.classification.prediction import MAP_RULES_PARAMETERS, MapRules
    from floefield.compute.classifiers.forest_model import ForestSettings
    from floefield.compute.classifiers.forest_parameters import FOREST_PARAMETERS, SEED
    from floefield.compute.cleanup.map_smoothing import SMOOTHING_PARAMETERS, SmoothSettings
    from floefield.compute.cleanup.parcel_aggregation import AGGREGATION_PARAMETERS, AggregateSettings
    from floefield.compute.insitu import insitu_preparation as insitu
    from floefield.compute.insitu.parcel_split import SEN2AGRI_SPLIT, SPLIT_PARAMETERS
    from floefield.compute.raster.blocks import THREADS
    from floefield.compute.sen2agri import product_task as sen2agri

    forest = (*FOREST_PARAMETERS, SEED, THREADS)
    return (
        ("classifycrops", forest, ForestSettings()),
        ("trainclassifier", forest, ForestSettings()),
        ("classifycrops", MAP_RULES_PARAMETERS, MapRules()),
        ("applyclassifier", MAP_RULES_PARAMETERS, MapRules()),
        ("aggregatebyparcel", AGGREGATION_PARAMETERS, AggregateSettings()),
        ("smoothclassification", SMOOTHING_PARAMETERS, SmoothSettings()),
        ("assessaccuracy", ASSESSMENT_PARAMETERS, AssessmentSettings()),
        ("cropmask", sen2agri.SEN2AGRI_FOREST_PARAMETERS, sen2agri.sen2agri_forest(sen2agri.CROP_MASK_SAMPLES)),
        ("croptype", sen2agri.SEN2AGRI_FOREST_PARAMETERS, sen2agri.sen2agri_forest(sen2agri.CROP_TYPE_SAMPLES)),
        ("cropmask", sen2agri.SEGMENT_PARAMETERS, sen2agri.SegmentSettings()),
        ("cropmaskfromreference", sen2agri.REFERENCE_PARAMETERS, sen2agri.ReferenceSettings()),
        ("croptype", sen2agri.PRODUCT_INFO_PARAMETERS, sen2agri.ProductInfo()),
        ("innerbuffer", insitu.INNER_BUFFER_PARAMETERS, insitu.InnerBufferSettings()),
        ("filterbyarea", insitu.AREA_FILTER_PARAMETERS, insitu.AreaFilterSettings()),
        ("prepareinsitu", insitu.PREPARATION_PARAMETERS, insitu.PreparationSettings()),
        ("splitinsitu", SPLIT_PARAMETERS, SEN2AGRI_SPLIT),
    )


def test_defaults_of_the_dialogs_are_those_of_the_settings(provider):
    for tool, declarations, settings in _settings_of_tools():
        for declaration in (one for one in declarations if one.setting):
            default = provider.algorithm(tool).parameterDefinition(declaration.name).defaultValue()
            expected = getattr(settings, declaration.setting)
            assert default == (list(expected) if declaration.multiple else expected), f"{tool}: {declaration.name}"


def test_the_declarations_fill_every_field_of_the_settings():
    # The segments of the buffer of prepareinsitu have no parameter; two texts are parsed by their tools.
    without_parameter = {"PreparationSettings": {"segments"}, "ForestSettings": {"class_weights"},
                         "ReferenceSettings": {"crop_classes"}}
    for tool, declarations, settings in _settings_of_tools():
        if tool not in ("cropmask", "croptype") or type(settings).__name__ != "ForestSettings":
            names = {field.name for field in fields(settings)} - without_parameter.get(type(settings).__name__, set())
            assert {one.setting for one in declarations if one.setting} == names, tool


def test_a_field_is_found_or_the_message_lists_those_that_exist(provider, tmp_path):
    from qgis.core import QgsVectorLayer

    from floefield.compute.errors import MissingInput
    from floefield.provider.parcel_inputs import require_field

    path = write_geojson(tmp_path / "parcels.geojson", [(1, "wheat", square(1, 1))])
    source = QgsVectorLayer(str(path), "parcels", "ogr")

    assert (require_field(source, "id"), require_field(source, "crop")) == (0, 1)
    with pytest.raises(MissingInput, match=r"^parcels has no field colour\. Its fields are: id, crop\.$"):
        require_field(source, "colour")


def test_the_path_of_a_raster_is_empty_where_none_is_given(tool_with, context, tmp_path):
    from floefield.provider.raster_inputs import optional_raster_path

    tool = tool_with(declared("raster", optional=True))
    path = write(tmp_path / "scene.tif", reflectance())

    assert optional_raster_path(tool, {"NAME": path}, "NAME", context) == path
    for empty in ({}, {"NAME": None}, {"NAME": ""}):
        assert optional_raster_path(tool, empty, "NAME", context) == ""
