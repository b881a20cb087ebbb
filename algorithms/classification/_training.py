"""Their inputs, checks, outputs.

Conversion of the parameters of the training tools to paths, parcels and settings.

Base class of the tools that train a classifier.
"""

from dataclasses import dataclass, replace

from ...compute.classification.class_maps import MapPaths
from ...compute.classification.classify import ClassificationTask, classify
from ...compute.classification.parcel_diagnostics import DiagnosticsSettings
from ...compute.classification.prediction import MapRules
from ...compute.classification.suspect_labels import suspect_label_table
from ...compute.classifiers.forest_model import ForestSettings, parse_class_weights
from ...compute.insitu.parcel_split import SplitSettings
from ...compute.raster.reader import RasterReader
from ...provider.base import ROOT
from ...provider.insitu_inputs import class_names
from ...provider.layer_outputs import layout_and_features, write_layer
from ...provider.parameters import is_given
from ...provider.parcel_inputs import layer_origin, layer_source, parcel_source, parcels_of
from ...provider.raster_inputs import layers_of, raster_path, raster_paths, unloadable_layers
from ...provider.reference_inputs import legend_of
from ...provider.styling import dress
from ..classification import _parameters
from ._parameters import EARLY_SEASON, SUSPECT_LABELS

TRAINING_PARAMETERS = (_parameters.TRAINING, _parameters.TRAINING_LAYERS, _parameters.TRAINING_RASTER)


def check_training(tool, parameters):
    """Return a message if the reference data parameters are inconsistent; empty otherwise."""
    given = [name for name in TRAINING_PARAMETERS if is_given(parameters.get(name))]
    if len(given) > 1:
        return tool.tr("Give the training data in one way: parcels in one layer (TRAINING), parcels in one layer per "
                       "class (TRAINING_LAYERS) or a raster of classes (TRAINING_RASTER), not both {} and "
                       "{}.").format(*given[:2])
    if not given:
        return tool.tr("Training data are missing. Give parcels in one layer (TRAINING), parcels in one layer per "
                       "class (TRAINING_LAYERS) or a raster of classes (TRAINING_RASTER).")
    has_validation = is_given(parameters.get(_parameters.VALIDATION))
    if given == [_parameters.TRAINING_RASTER] and has_validation:
        return tool.tr("Validation parcels (VALIDATION) cannot be combined with a training raster (TRAINING_RASTER). "
                       "Leave them empty: blocks of the raster are held out for validation.")
    if not is_given(parameters.get(_parameters.CLASS_FIELD)):
        if given == [_parameters.TRAINING]:
            return tool.tr("Choose the class field of the training parcels (CLASS_FIELD).")
        if has_validation:
            return tool.tr("Choose the class field of the validation parcels (CLASS_FIELD).")
    return ""


def unloadable_inputs(parameters, context):
    """Return a message about rasters and training layers that cannot be loaded; empty if there are none."""
    return " ".join(filter(None, (unloadable_layers(parameters, name, context)
                                  for name in (_parameters.RASTERS, _parameters.TRAINING_LAYERS))))


@dataclass(frozen=True)
class TrainingInputs:
    """Inputs opened in ``prepareAlgorithm``: paths and feature sources, no layers."""

    rasters: tuple
    class_field: str
    training: tuple
    validation: object
    labels: str
    legend: tuple
    mask: str
    origin: str
    validation_origin: str


def prepare_training(tool, parameters, context):
    """Convert raster layers to paths and parcel layers to named feature sources.

    Returns
    -------
    TrainingInputs
    """
    layers = layers_of(tool, parameters, _parameters.TRAINING_LAYERS, context)
    labels = optional_raster(tool, parameters, _parameters.TRAINING_RASTER, context)
    names = class_names(layers, _parameters.TRAINING_LAYERS)
    training = tuple((name, layer_source(layer, context)) for name, layer in zip(names, layers))
    if not (layers or labels):
        training = (("", parcel_source(tool, parameters, _parameters.TRAINING, context)),)
    has_validation = is_given(parameters.get(_parameters.VALIDATION))
    return TrainingInputs(
        rasters=raster_paths(tool, parameters, _parameters.RASTERS, context),
        class_field=tool.parameterAsString(parameters, _parameters.CLASS_FIELD, context), training=training,
        validation=parcel_source(tool, parameters, _parameters.VALIDATION, context) if has_validation else None,
        labels=labels, legend=legend_of(labels) if labels else (),
        mask=optional_raster(tool, parameters, _parameters.MASK, context),
        origin=(layer_origin(tool, parameters, _parameters.TRAINING, context)
                or ", ".join(layer.publicSource() for layer in layers)),
        validation_origin=layer_origin(tool, parameters, _parameters.VALIDATION, context))


def optional_raster(tool, parameters, name, context):
    """Return the path of a raster parameter; empty if not given."""
    layer = tool.parameterAsRasterLayer(parameters, name, context) if is_given(parameters.get(name)) else None
    return raster_path(layer) if layer is not None else ""


def read_task(tool, parameters, context, inputs, progress):
    """Read parcels and settings.

    Parameters
    ----------
    tool : Algorithm
    parameters : dict
    context : QgsProcessingContext
    inputs : TrainingInputs
    progress : Progress

    Returns
    -------
    ClassificationTask
    """
    labelled, validation, notes = [], None, []
    with RasterReader(inputs.rasters[0]) as raster:
        crs_wkt = raster.grid.crs_wkt
    for name, source in inputs.training:
        read = parcels_of(source, "" if name else inputs.class_field, crs_wkt, context, progress, name)
        labelled += read.parcels
        notes += [f"{name}: {note}" if name else note for note in read.notes()]
    if inputs.validation is not None:
        read = parcels_of(inputs.validation, inputs.class_field, crs_wkt, context, progress)
        validation = read.parcels
        notes += [tool.tr("Validation parcels: {}").format(note) for note in read.notes()]
    for note in notes:
        progress.say(note)
    forest = _forest_settings(tool, parameters, context)
    return ClassificationTask(
        rasters=inputs.rasters, parcels=tuple(labelled), validation=validation, forest=forest,
        split=SplitSettings(tool.parameterAsDouble(parameters, _parameters.TRAINING_FRACTION, context), forest.seed),
        parcels_path=inputs.origin, class_field=inputs.class_field or tool.tr(
            "(pixel value)" if inputs.labels else "(layer name)"),
        validation_path=inputs.validation_origin, notes=tuple(notes), training_raster=inputs.labels,
        legend=inputs.legend, band_patterns=tool.parameterAsString(parameters, _parameters.BANDS, context),
        resampling=tool.parameterAsEnumString(parameters, _parameters.RESAMPLING, context), mask=inputs.mask,
        rules=map_rules(tool, parameters, context) if tool.parameterDefinition(_parameters.SMOOTHING) else MapRules())


def _forest_settings(tool, parameters, context):
    def integer(name):
        return tool.parameterAsInt(parameters, name, context)

    def enum_value(name):
        return tool.parameterAsEnumString(parameters, name, context)

    def boolean(name):
        return tool.parameterAsBoolean(parameters, name, context)

    return ForestSettings(
        trees=integer(_parameters.TREES), samples_per_class=integer(_parameters.SAMPLES_PER_CLASS),
        min_samples_leaf=integer(_parameters.MIN_SAMPLES_LEAF), max_depth=integer(_parameters.MAX_DEPTH),
        balanced_weights=boolean(_parameters.BALANCED_WEIGHTS), seed=integer(_parameters.SEED), threads=integer(_parameters.THREADS),
        classifier=enum_value(_parameters.CLASSIFIER), band_differences=boolean(_parameters.BAND_DIFFERENCES),
        sampling_strategy=enum_value(_parameters.SAMPLING_STRATEGY), total_samples=integer(_parameters.TOTAL_SAMPLES),
        samples_per_parcel=integer(_parameters.SAMPLES_PER_PARCEL), features_per_split=integer(_parameters.FEATURES_PER_SPLIT),
        class_weights=parse_class_weights(tool.parameterAsString(parameters, _parameters.CLASS_WEIGHTS, context)),
        missing_values=enum_value(_parameters.MISSING_VALUES), tune=boolean(_parameters.TUNE), oob_accuracy=boolean(_parameters.OOB_ACCURACY),
        permutation_importance=boolean(_parameters.PERMUTATION_IMPORTANCE))


def map_rules(tool, parameters, context):
    """Return smoothing and minimum confidence.

    Returns
    -------
    MapRules
    """
    return MapRules(tool.parameterAsDouble(parameters, _parameters.MIN_CONFIDENCE, context),
                    tool.parameterAsBoolean(parameters, _parameters.SMOOTHING, context))


def map_paths(tool, parameters, context):
    """Return the output paths of the maps.

    Returns
    -------
    MapPaths
    """
    return MapPaths(*(tool.parameterAsOutputLayer(parameters, name, context)
                      for name in (_parameters.OUTPUT, _parameters.CONFIDENCE, _parameters.PROBABILITIES)))


def dress_maps(tool, maps, context):
    """Name and group the map layers; return their paths by output name."""
    group = tool.tr("Floefield: crop classification")
    dress(maps.classes, tool.tr("Crops"), context, group, algorithm=tool)
    dress(maps.confidence, tool.tr("Confidence"), context, group, algorithm=tool)
    dress(maps.probabilities, tool.tr("Class probabilities"), context, group, algorithm=tool)
    written = {_parameters.OUTPUT: maps.classes, _parameters.CONFIDENCE: maps.confidence,
               _parameters.PROBABILITIES: maps.probabilities}
    return {name: path for name, path in written.items() if path}


def accuracy_outputs(result):
    """Return the accuracy outputs by name; empty where no accuracy was assessed.

    Parameters
    ----------
    result : Classification
    """
    if result.pixel_matrix is None:
        return {}
    return {_parameters.OVERALL_ACCURACY: result.pixel_matrix.overall_accuracy, _parameters.KAPPA: result.pixel_matrix.kappa}


class TrainingTool:
    """Mixin with the checks, inputs and run of the tools that train on parcels or a raster of classes."""

    def checkParameterValues(self, parameters, context):
        """Check training data, class field and rasters."""
        message = check_training(self, parameters) or _parameters.check_insight(self, parameters)
        if message:
            return False, message
        ok, message = super().checkParameterValues(parameters, context)
        return ok, message if ok else unloadable_inputs(parameters, context) or message

    def prepare_inputs(self, parameters, context, feedback):
        """Convert layers to paths and feature sources."""
        self.inputs = prepare_training(self, parameters, context)

    def train(self, parameters, context, progress, maps):
        """Read the reference data, train, write the requested maps and assess the accuracy.

        Parameters
        ----------
        maps : MapPaths

        Returns
        -------
        dict
            All outputs except the maps.
        """
        task = read_task(self, parameters, context, self.inputs, progress.part(0.0, 0.02))
        task = replace(task, insight=requested_diagnostics(self, parameters, context))
        suspect_labels = SuspectLabelWriter(self, parameters, context, self.inputs.rasters[0], progress)
        files = {name: self.parameterAsFileOutput(parameters, name, context)
                 for name in (_parameters.MODEL, _parameters.REPORT)}
        result = classify(task, maps, *files.values(), progress.part(0.02, 1.0), suspect_labels)
        written = {name: path for name, path in files.items() if path}
        return {**written, **suspect_labels.dress(), **accuracy_outputs(result)}


def requested_diagnostics(tool, parameters, context):
    """Return the requested diagnostics of the parcels.

    Returns
    -------
    DiagnosticsSettings
    """
    return DiagnosticsSettings(
        profiles=is_given(parameters.get(_parameters.REPORT)),
        suspect_labels=is_given(parameters.get(SUSPECT_LABELS)),
        early=tool.parameterAsBoolean(parameters, EARLY_SEASON, context))


class SuspectLabelWriter:
    """Writer of the suspect labels, called after all computations and before the other files are completed."""

    def __init__(self, tool, parameters, context, raster_path, progress):
        self._tool, self._parameters, self._context, self._raster_path = tool, parameters, context, raster_path
        self._progress = progress
        self._layer = None

    def __call__(self, result, outputs):
        """Write the layer, if it was requested."""
        if result.insight.suspect_labels is None:
            return
        with RasterReader(self._raster_path) as raster:
            crs_wkt = raster.grid.crs_wkt
        layout, features = layout_and_features(suspect_label_table(result.insight.suspect_labels), crs_wkt, False,
                                               self._progress.check)
        self._layer = write_layer(self._tool, self._parameters, SUSPECT_LABELS, self._context, layout, features,
                                  self._progress, outputs)

    def dress(self):
        """Name, group and style the layer; return it by output name."""
        if self._layer is None:
            return {}
        dress(self._layer, self._tool.tr("Suspect labels"), self._context,
              self._tool.tr("Floefield: crop classification"), ROOT / "styles" / "suspect_labels.qml", self._tool)
        return {SUSPECT_LABELS: self._layer}
