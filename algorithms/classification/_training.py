"""The tools that train a classifier: checks, inputs, settings and outputs."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ...compute.classification.apply_model import RESAMPLING
from ...compute.classification.bands import BANDS
from ...compute.classification.class_maps import MapPaths
from ...compute.classification.classify import Classification, ClassificationTask, classify
from ...compute.classification.parcel_diagnostics import EARLY_SEASON, DiagnosticsSettings
from ...compute.classification.prediction import MAP_RULES_PARAMETERS, MapRules
from ...compute.classification.suspect_labels import suspect_label_table
from ...compute.classifiers.forest_model import ForestSettings, parse_class_weights
from ...compute.classifiers.forest_parameters import CLASS_WEIGHTS, FOREST_PARAMETERS, SEED
from ...compute.insitu.parcel_split import SplitSettings
from ...compute.output_files import OutputSet
from ...compute.progress import Progress
from ...compute.raster.blocks import THREADS
from ...compute.raster.reader import RasterReader
from ...provider.base import ROOT, Algorithm, OutputValue, Parameters
from ...provider.insitu_inputs import class_names
from ...provider.layer_outputs import layout_and_features, write_layer
from ...provider.parameters import is_given, read, read_settings
from ...provider.parcel_inputs import layer_origin, layer_source, parcel_source, parcels_of
from ...provider.raster_inputs import layers_of, optional_raster_path, raster_paths, unloadable_layers
from ...provider.reference_inputs import legend_of
from ...provider.styling import dress
from ._parameters import (
    CLASS_FIELD,
    CONFIDENCE,
    KAPPA,
    MAPS,
    MASK,
    MODEL,
    OUTPUT,
    OVERALL_ACCURACY,
    PROBABILITIES,
    RASTERS,
    REPORT,
    SUSPECT_LABELS,
    TRAINING,
    TRAINING_FRACTION,
    TRAINING_LAYERS,
    TRAINING_RASTER,
    VALIDATION,
)


def check_training(tool: Algorithm, parameters: Parameters) -> str:
    """Return a message if the reference data parameters are inconsistent; empty otherwise."""
    given = [layers.name for layers in (TRAINING, TRAINING_LAYERS, TRAINING_RASTER)
             if is_given(parameters.get(layers.name))]
    if len(given) > 1:
        return tool.tr("Give the training data in one way: parcels in one layer (TRAINING), parcels in one layer per "
                       "class (TRAINING_LAYERS) or a raster of classes (TRAINING_RASTER), not both {} and "
                       "{}.").format(*given[:2])
    if not given:
        return tool.tr("Training data are missing. Give parcels in one layer (TRAINING), parcels in one layer per "
                       "class (TRAINING_LAYERS) or a raster of classes (TRAINING_RASTER).")
    has_validation = is_given(parameters.get(VALIDATION.name))
    if given == [TRAINING_RASTER.name] and has_validation:
        return tool.tr("Validation parcels (VALIDATION) cannot be combined with a training raster (TRAINING_RASTER). "
                       "Leave them empty: blocks of the raster are held out for validation.")
    if not is_given(parameters.get(CLASS_FIELD.name)):
        if given == [TRAINING.name]:
            return tool.tr("Choose the class field of the training parcels (CLASS_FIELD).")
        if has_validation:
            return tool.tr("Choose the class field of the validation parcels (CLASS_FIELD).")
    if given == [TRAINING_RASTER.name] and is_given(parameters.get(SUSPECT_LABELS.name)):
        return tool.tr("Suspect labels (SUSPECT_LABELS) are available for training parcels only, not for a training "
                       "raster (TRAINING_RASTER). Leave the output empty.")
    return ""


@dataclass(frozen=True)
class TrainingInputs:
    """Inputs opened in ``prepareAlgorithm``: paths and feature sources, no layers.

    Parameters
    ----------
    rasters : tuple of str
    class_field : str
    training : tuple of (str, QgsProcessingFeatureSource)
        Each source with its class; the class is empty where the class field holds it.
    validation : QgsProcessingFeatureSource or None
    training_raster : str
    legend : tuple of LegendEntry
        Classes of the training raster.
    mask : str
    origin, validation_origin : str
        Data sources of the parcels, for the report.
    """

    rasters: tuple[str, ...]
    class_field: str
    training: tuple[tuple[str, QgsProcessingFeatureSource], ...]
    validation: QgsProcessingFeatureSource | None
    training_raster: str
    legend: tuple
    mask: str
    origin: str
    validation_origin: str


def prepare_training(tool: Algorithm, parameters: Parameters, context: QgsProcessingContext) -> TrainingInputs:
    """Convert raster layers to paths and parcel layers to named feature sources."""
    layers = layers_of(tool, parameters, TRAINING_LAYERS.name, context)
    training_raster = optional_raster_path(tool, parameters, TRAINING_RASTER.name, context)
    names = class_names(layers, TRAINING_LAYERS.name)
    training = tuple((name, layer_source(layer, context)) for name, layer in zip(names, layers))
    if not (layers or training_raster):
        training = (("", parcel_source(tool, parameters, TRAINING.name, context)),)
    has_validation = is_given(parameters.get(VALIDATION.name))
    return TrainingInputs(
        rasters=raster_paths(tool, parameters, RASTERS.name, context),
        class_field=read(tool, CLASS_FIELD, parameters, context), training=training,
        validation=parcel_source(tool, parameters, VALIDATION.name, context) if has_validation else None,
        training_raster=training_raster, legend=legend_of(training_raster) if training_raster else (),
        mask=optional_raster_path(tool, parameters, MASK.name, context),
        origin=(layer_origin(tool, parameters, TRAINING.name, context)
                or ", ".join(layer.publicSource() for layer in layers)),
        validation_origin=layer_origin(tool, parameters, VALIDATION.name, context))


def read_task(tool: Algorithm, parameters: Parameters, context: QgsProcessingContext, inputs: TrainingInputs,
              progress: Progress) -> ClassificationTask:
    """Read parcels and settings."""
    labelled, validation, notes = [], None, []
    with RasterReader(inputs.rasters[0]) as raster:
        crs_wkt = raster.grid.crs_wkt
    for name, source in inputs.training:
        found = parcels_of(source, "" if name else inputs.class_field, crs_wkt, context, progress, name)
        labelled += found.parcels
        notes += [f"{name}: {note}" if name else note for note in found.notes()]
    if inputs.validation is not None:
        found = parcels_of(inputs.validation, inputs.class_field, crs_wkt, context, progress)
        validation = found.parcels
        notes += [tool.tr("Validation parcels: {}").format(note) for note in found.notes()]
    for note in notes:
        progress.say(note)
    forest = forest_settings(tool, parameters, context)
    diagnostics = DiagnosticsSettings(
        profiles=is_given(parameters.get(REPORT.name)), suspect_labels=is_given(parameters.get(SUSPECT_LABELS.name)),
        **read_settings(tool, (EARLY_SEASON,), parameters, context))
    return ClassificationTask(
        rasters=inputs.rasters, parcels=tuple(labelled), validation=validation, forest=forest,
        split=SplitSettings(seed=forest.seed, **read_settings(tool, (TRAINING_FRACTION,), parameters, context)),
        parcels_path=inputs.origin, class_field=inputs.class_field or tool.tr(
            "(pixel value)" if inputs.training_raster else "(layer name)"),
        validation_path=inputs.validation_origin, notes=tuple(notes), training_raster=inputs.training_raster,
        legend=inputs.legend, mask=inputs.mask, rules=map_rules(tool, parameters, context), insight=diagnostics,
        **read_settings(tool, (BANDS, RESAMPLING), parameters, context))


def forest_settings(tool: Algorithm, parameters: Parameters, context: QgsProcessingContext) -> ForestSettings:
    """Read the settings of the classifier."""
    return ForestSettings(
        class_weights=parse_class_weights(read(tool, CLASS_WEIGHTS, parameters, context)),
        **read_settings(tool, (*FOREST_PARAMETERS, SEED, THREADS), parameters, context))


def map_rules(tool: Algorithm, parameters: Parameters, context: QgsProcessingContext) -> MapRules:
    """Read smoothing and minimum confidence, where the tool has them."""
    return MapRules(**read_settings(tool, MAP_RULES_PARAMETERS, parameters, context))


def map_paths(tool: Algorithm, parameters: Parameters, context: QgsProcessingContext) -> MapPaths:
    """Read the output paths of the maps."""
    return MapPaths(*(read(tool, output, parameters, context) for output in MAPS))


def dress_maps(tool: Algorithm, maps: MapPaths, context: QgsProcessingContext) -> dict[str, OutputValue]:
    """Name and group the map layers; return their paths by output name."""
    group = tool.tr("Floefield: crop classification")
    dress(maps.classes, tool.tr("Crops"), context, group, algorithm=tool)
    dress(maps.confidence, tool.tr("Confidence"), context, group, algorithm=tool)
    dress(maps.probabilities, tool.tr("Class probabilities"), context, group, algorithm=tool)
    written = {OUTPUT.name: maps.classes, CONFIDENCE.name: maps.confidence, PROBABILITIES.name: maps.probabilities}
    return {name: path for name, path in written.items() if path}


def accuracy_outputs(result: Classification) -> dict[str, OutputValue]:
    """Return the accuracy outputs by name; empty where no accuracy was assessed."""
    if result.pixel_matrix is None:
        return {}
    return {OVERALL_ACCURACY.name: result.pixel_matrix.overall_accuracy, KAPPA.name: result.pixel_matrix.kappa}


class TrainingTool:
    """Mixin with the checks, inputs and run of the tools that train on parcels or a raster of classes."""

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """Check training data, class field and rasters."""
        message = check_training(self, parameters)
        if message:
            return False, message
        ok, message = super().checkParameterValues(parameters, context)
        unloadable = " ".join(filter(None, (unloadable_layers(parameters, layers.name, context)
                                            for layers in (RASTERS, TRAINING_LAYERS))))
        return ok, message if ok else unloadable or message

    def prepare_inputs(self, parameters: Parameters, context: QgsProcessingContext,
                       feedback: QgsProcessingFeedback) -> None:
        """Convert layers to paths and feature sources."""
        self.inputs = prepare_training(self, parameters, context)

    def train(self, parameters: Parameters, context: QgsProcessingContext, progress: Progress,
              maps: MapPaths) -> dict[str, OutputValue]:
        """Read the reference data, train, write the requested maps and assess the accuracy.

        Returns
        -------
        dict
            All outputs except the maps.
        """
        task = read_task(self, parameters, context, self.inputs, progress.part(0.0, 0.02))
        suspect_labels = SuspectLabelWriter(self, parameters, context, self.inputs.rasters[0], progress)
        files = {output.name: read(self, output, parameters, context) for output in (MODEL, REPORT)}
        result = classify(task, maps, *files.values(), progress.part(0.02, 1.0), suspect_labels)
        written = {name: path for name, path in files.items() if path}
        return {**written, **suspect_labels.dress(), **accuracy_outputs(result)}


class SuspectLabelWriter:
    """Writer of the suspect labels, called after all computations and before the other files are completed."""

    def __init__(self, tool: Algorithm, parameters: Parameters, context: QgsProcessingContext, raster_path: str,
                 progress: Progress) -> None:
        self._tool, self._parameters, self._context, self._raster_path = tool, parameters, context, raster_path
        self._progress = progress
        self._layer = None

    def __call__(self, result: Classification, outputs: OutputSet) -> None:
        """Write the layer, if it was requested."""
        if result.insight.suspect_labels is None:
            return
        with RasterReader(self._raster_path) as raster:
            crs_wkt = raster.grid.crs_wkt
        layout, features = layout_and_features(suspect_label_table(result.insight.suspect_labels), crs_wkt, False,
                                               self._progress.check)
        self._layer = write_layer(self._tool, self._parameters, SUSPECT_LABELS.name, self._context, layout, features,
                                  self._progress, outputs)

    def dress(self) -> dict[str, OutputValue]:
        """Name, group and style the layer; return it by output name."""
        if self._layer is None:
            return {}
        dress(self._layer, self._tool.tr("Suspect labels"), self._context,
              self._tool.tr("Floefield: crop classification"), ROOT / "styles" / "suspect_labels.qml", self._tool)
        return {SUSPECT_LABELS.name: self._layer}
