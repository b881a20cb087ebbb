"""Names, styles, groups and order of the layers that Processing loads into the project."""

import numpy as np
import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgorithm,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelOutput,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterRasterDestination,
    QgsProcessingProvider,
    QgsProject,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QEventLoop
from qgis.PyQt.QtGui import qGray

from floefield.compute.classmap.class_map import categorical_layout, categorical_side_files
from floefield.compute.classmap.classes import class_table
from floefield.compute.raster.grid import Grid
from floefield.compute.raster.raster_styles import shipped_style, true_colour_qml
from floefield.compute.raster.writer import RasterLayout, create_raster
from floefield.provider.styling import dress, name_outputs

CLASSES = class_table(["winter_rye", "grain_maize", "vineyards"])
COLOURS = {c.label: "#{:02x}{:02x}{:02x}".format(*c.colour) for c in CLASSES}
GRID = Grid("", 0.0, 100.0, 10.0, 10.0, 8, 8)
GROUP = "Floefield: crop map"


class TwoMaps(QgsProcessingAlgorithm):
    """Write a class map and its confidence; QGIS loads them in the order of their paths."""

    def name(self):
        return "twomaps"

    def displayName(self):
        return "Two maps"

    def createInstance(self):
        return TwoMaps()

    def initAlgorithm(self, configuration=None):
        self.addParameter(QgsProcessingParameterRasterDestination("OUTPUT", "Map"))
        self.addParameter(QgsProcessingParameterRasterDestination("CONFIDENCE", "Confidence", optional=True))

    def processAlgorithm(self, parameters, context, feedback):
        output = self.parameterAsOutputLayer(parameters, "OUTPUT", context)
        confidence = self.parameterAsOutputLayer(parameters, "CONFIDENCE", context)
        with create_raster(output, categorical_layout(GRID, CLASSES, "crop"),
                           categorical_side_files(CLASSES, "crop")) as raster:
            raster.write(GRID.window, np.arange(64).reshape(1, 8, 8) % 4)
        if confidence:
            with create_raster(confidence, RasterLayout(GRID, "float32", ("confidence",), nodata=-1.0)) as raster:
                raster.write(GRID.window, np.linspace(0, 1, 64).reshape(1, 8, 8))
        dress(output, "Crops 2018", context, group=GROUP, algorithm=self)
        dress(confidence, "Confidence 2018", context, group=GROUP, style=self.style)
        return {"OUTPUT": output, "CONFIDENCE": confidence}


class StylingProvider(QgsProcessingProvider):
    def id(self):
        return "styling_test"

    name = id

    def loadAlgorithms(self):
        self.addAlgorithm(TwoMaps())


@pytest.fixture
def project(qgis_processing, root, monkeypatch):
    # QGIS 3.44 requires a real layer tree view or none; pytest-qgis provides a mock
    monkeypatch.setattr("processing.gui.Postprocessing.iface", None, raising=False)
    TwoMaps.style = root / "styles" / "confidence.qml"
    provider = StylingProvider()
    QgsApplication.processingRegistry().addProvider(provider)
    QgsProject.instance().clear()
    yield QgsProject.instance()
    QgsProject.instance().clear()
    QgsApplication.processingRegistry().removeProvider(provider)


def run_on_this_thread(parameters):
    import processing

    processing.runAndLoadResults("styling_test:twomaps", parameters)


def run_in_the_background(parameters):
    """Run the tool as its dialog does: in a task; then load the results on the main thread."""
    from processing.gui.Postprocessing import handleAlgorithmResults

    context, feedback, loop, succeeded = QgsProcessingContext(), QgsProcessingFeedback(), QEventLoop(), []
    context.setProject(QgsProject.instance())
    tool = QgsApplication.processingRegistry().createAlgorithmById("styling_test:twomaps")
    parameters = {name: QgsProcessingOutputLayerDefinition(path, QgsProject.instance())
                  for name, path in parameters.items()}
    task = QgsProcessingAlgRunnerTask(tool, parameters, context, feedback)
    task.executed.connect(lambda good, results: (succeeded.append(good), loop.quit()))
    QgsApplication.taskManager().addTask(task)
    loop.exec()
    assert succeeded == [True]
    handleAlgorithmResults(tool, context, feedback, parameters=parameters)


def listed(project):
    """Return the names of the layers of the group, from top to bottom."""
    return [node.name() for node in project.layerTreeRoot().findGroup(GROUP).children()]


@pytest.mark.parametrize("run", [run_on_this_thread, run_in_the_background])
def test_layers_of_two_runs_are_named_styled_and_grouped(project, tmp_path, run):
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        # QGIS loads results in the order of their paths; the class map must be listed first nevertheless.
        run({"OUTPUT": str(folder / "z.tif"), "CONFIDENCE": str(folder / "a.tif")})

        assert listed(project) == ["Crops 2018", "Confidence 2018"] * number
        top = project.layerTreeRoot().findGroup(GROUP).children()
        renderer = top[0].layer().renderer()
        assert {c.label: c.color.name() for c in renderer.classes()} == COLOURS
        assert top[0].layer().source().startswith(str(folder))
        assert top[1].layer().renderer().type() == "singlebandpseudocolor"
    assert [child.name() for child in project.layerTreeRoot().children()] == [GROUP]


@pytest.mark.parametrize("count", [3, 300])
def test_legend_of_a_class_map_has_exactly_its_classes(qgis_app, tmp_path, count):
    codes = ["winter_rye", '<b> & "quoted"', "\u0642\u0645\u062d", *(f"parcel {number}" for number in range(count - 3))]
    classes = class_table(codes)
    path = str(tmp_path / "map.tif")
    with create_raster(path, categorical_layout(GRID, classes, "crop"),
                       categorical_side_files(classes, "crop")) as raster:
        raster.write(GRID.window, np.ones((1, 8, 8)))

    layer = QgsRasterLayer(path, "map")
    shown = [(c.value, c.label, c.color.getRgb()[:3]) for c in layer.renderer().classes()]

    assert shown == [(c.value, c.label, c.colour) for c in classes]


def test_colours_and_names_are_in_the_file_without_its_style(qgis_app, tmp_path):
    path = tmp_path / "map.tif"
    with create_raster(str(path), categorical_layout(GRID, CLASSES, "crop"),
                       categorical_side_files(CLASSES, "crop")) as raster:
        raster.write(GRID.window, np.ones((1, 8, 8)))
    path.with_suffix(".qml").unlink()

    layer = QgsRasterLayer(str(path), "map")
    shown = {c.value: (c.label, c.color.name()) for c in layer.renderer().classes()}

    assert all(shown[c.value] == (c.label, COLOURS[c.label]) for c in CLASSES)


def test_band_stack_opens_in_true_colour(qgis_app, tmp_path):
    path = str(tmp_path / "stack.tif")
    layout = RasterLayout(GRID, "int16", ("B02", "B03", "B04", "B08"), nodata=-32768, scales=(0.0001,) * 4)
    style = true_colour_qml(3, 2, 1, ((0.02, 0.3), (0.03, 0.2), (0.01, 0.15)))
    with create_raster(path, layout, {".qml": style}) as raster:
        raster.write(GRID.window, np.arange(256).reshape(4, 8, 8))

    layer = QgsRasterLayer(path, "stack")
    renderer = layer.renderer()

    assert (renderer.redBand(), renderer.greenBand(), renderer.blueBand()) == (3, 2, 1)
    red, blue = renderer.redContrastEnhancement(), renderer.blueContrastEnhancement()
    assert (red.minimumValue(), red.maximumValue()) == (0.02, 0.3)
    assert (blue.minimumValue(), blue.maximumValue()) == (0.01, 0.15)


@pytest.mark.parametrize("name", ["confidence", "probability"])
def test_colour_ramps_of_shipped_styles_are_monotonic_from_0_to_1(qgis_app, tmp_path, name):
    path = str(tmp_path / "fraction.tif")
    with create_raster(path, RasterLayout(GRID, "float32", ("fraction",)), {".qml": shipped_style(name)}) as raster:
        raster.write(GRID.window, np.zeros((1, 8, 8)))

    layer = QgsRasterLayer(path, "fraction")
    ramp = layer.renderer().shader().rasterShaderFunction().colorRampItemList()

    lightness = [qGray(item.color.rgb()) for item in ramp]
    assert [ramp[0].value, ramp[-1].value] == [0.0, 1.0]
    assert lightness in (sorted(lightness), sorted(lightness, reverse=True))


def test_new_group_is_added_at_the_top(project, tmp_path):
    project.layerTreeRoot().addGroup("Background")

    run_on_this_thread({"OUTPUT": str(tmp_path / "map.tif")})

    assert [child.name() for child in project.layerTreeRoot().children()] == [GROUP, "Background"]
    assert listed(project) == ["Crops 2018"]


def test_name_set_by_the_user_is_kept(project, tmp_path):
    destination = QgsProcessingOutputLayerDefinition(str(tmp_path / "map.tif"), project)
    destination.destinationName = "My fields"

    run_on_this_thread({"OUTPUT": destination})

    assert listed(project) == ["My fields"]


def test_output_name_of_a_model_is_kept(project, tmp_path):
    import processing

    model, step = QgsProcessingModelAlgorithm("model"), QgsProcessingModelChildAlgorithm("styling_test:twomaps")
    step.setChildId("step")
    output = QgsProcessingModelOutput("Map of May")
    output.setChildId("step")
    output.setChildOutputName("OUTPUT")
    step.setModelOutputs({"Map of May": output})
    model.addChildAlgorithm(step)
    model.updateDestinationParameters()

    processing.runAndLoadResults(model, {"step:Map of May": str(tmp_path / "map.tif")})

    assert listed(project) == ["Map of May"]


def test_outputs_that_are_not_loaded_are_ignored(project, tmp_path):
    import processing

    results = processing.run("styling_test:twomaps", {"OUTPUT": str(tmp_path / "map.tif"), "CONFIDENCE": None})

    assert results["OUTPUT"] == str(tmp_path / "map.tif")
    assert not project.mapLayers()


def test_layers_of_a_model_are_named_after_the_titles_of_its_outputs():
    context, project = QgsProcessingContext(), QgsProject()
    for key, name in (("a.tif", "PIXEL_MAP"), ("b.tif", "OBJECT_MAP"), ("c.tif", "SERIES"), ("d.gpkg", "PARCELS")):
        context.addLayerToLoadOnCompletion(key, QgsProcessingContext.LayerDetails(name, project, key))
    for path, name in (("a.tif", "Crops"), ("b.tif", "Crops"), ("c.tif", "Sentinel-2 2023")):
        dress(path, name, context)
    results = {"x:A": "a.tif", "x:B": "b.tif", "x:C": "c.tif", "x:D": "d.gpkg", "x:E": "folder", "x:F": None}

    name_outputs(results, {key: f"Title {key[-1]}" for key in results}, context)

    names = {path: details.name for path, details in context.layersToLoadOnCompletion().items()}
    assert names == {"a.tif": "Title A", "b.tif": "Title B", "c.tif": "Sentinel-2 2023", "d.gpkg": "Title D"}
    layer = QgsRasterLayer("", "any")
    context.layerToLoadOnCompletionDetails("b.tif").postProcessor().postProcessLayer(layer, context, None)
    assert layer.name() == "Title B"
