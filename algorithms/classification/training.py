"""Conversion of the parameters of the training tools to paths, parcels and settings."""

from dataclasses import dataclass

from ...compute.forest.classify import ClassificationTask
from ...compute.forest.mapping import MapPaths, MapRules
from ...compute.forest.settings import ForestSettings, parse_class_weights
from ...compute.insitu.split import SplitSettings
from ...compute.raster.reader import RasterReader
from ...provider.inputs import (
    is_null,
    layer_source,
    layers_of,
    parcels_of,
    raster_path,
    raster_paths,
    unloadable_layers,
)
from ...provider.insitu import class_names
from ...provider.parcels import layer_origin, parcel_source
from ...provider.reference import legend_of
from ...provider.styling import dress
from . import options

TRAINING_PARAMETERS = (options.TRAINING, options.TRAINING_LAYERS, options.TRAINING_RASTER)


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
    has_validation = is_given(parameters.get(options.VALIDATION))
    if given == [options.TRAINING_RASTER] and has_validation:
        return tool.tr("Validation parcels (VALIDATION) cannot be combined with a training raster (TRAINING_RASTER). "
                       "Leave them empty: blocks of the raster are held out for validation.")
    if not is_given(parameters.get(options.CLASS_FIELD)):
        if given == [options.TRAINING]:
            return tool.tr("Choose the class field of the training parcels (CLASS_FIELD).")
        if has_validation:
            return tool.tr("Choose the class field of the validation parcels (CLASS_FIELD).")
    return ""


def unloadable_inputs(parameters, context):
    """Return a message about rasters and training layers that cannot be loaded; empty if there are none."""
    return " ".join(filter(None, (unloadable_layers(parameters, name, context)
                                  for name in (options.RASTERS, options.TRAINING_LAYERS))))


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
    layers = layers_of(tool, parameters, options.TRAINING_LAYERS, context)
    labels = optional_raster(tool, parameters, options.TRAINING_RASTER, context)
    names = class_names(layers, options.TRAINING_LAYERS)
    training = tuple((name, layer_source(layer, context)) for name, layer in zip(names, layers))
    if not (layers or labels):
        training = (("", parcel_source(tool, parameters, options.TRAINING, context)),)
    has_validation = is_given(parameters.get(options.VALIDATION))
    return TrainingInputs(
        rasters=raster_paths(tool, parameters, options.RASTERS, context),
        class_field=tool.parameterAsString(parameters, options.CLASS_FIELD, context), training=training,
        validation=parcel_source(tool, parameters, options.VALIDATION, context) if has_validation else None,
        labels=labels, legend=legend_of(labels) if labels else (),
        mask=optional_raster(tool, parameters, options.MASK, context),
        origin=(layer_origin(tool, parameters, options.TRAINING, context)
                or ", ".join(layer.publicSource() for layer in layers)),
        validation_origin=layer_origin(tool, parameters, options.VALIDATION, context))


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
        split=SplitSettings(tool.parameterAsDouble(parameters, options.TRAINING_FRACTION, context), forest.seed),
        parcels_path=inputs.origin, class_field=inputs.class_field or tool.tr(
            "(pixel value)" if inputs.labels else "(layer name)"),
        validation_path=inputs.validation_origin, notes=tuple(notes), training_raster=inputs.labels,
        legend=inputs.legend, band_patterns=tool.parameterAsString(parameters, options.BANDS, context),
        resampling=tool.parameterAsEnumString(parameters, options.RESAMPLING, context), mask=inputs.mask,
        rules=map_rules(tool, parameters, context) if tool.parameterDefinition(options.SMOOTHING) else MapRules())


def _forest_settings(tool, parameters, context):
    def integer(name):
        return tool.parameterAsInt(parameters, name, context)

    def enum_value(name):
        return tool.parameterAsEnumString(parameters, name, context)

    def boolean(name):
        return tool.parameterAsBoolean(parameters, name, context)

    return ForestSettings(
        trees=integer(options.TREES), samples_per_class=integer(options.SAMPLES_PER_CLASS),
        min_samples_leaf=integer(options.MIN_SAMPLES_LEAF), max_depth=integer(options.MAX_DEPTH),
        balanced_weights=boolean(options.BALANCED_WEIGHTS), seed=integer(options.SEED), threads=integer(options.THREADS),
        classifier=enum_value(options.CLASSIFIER), band_differences=boolean(options.BAND_DIFFERENCES),
        sampling_strategy=enum_value(options.SAMPLING_STRATEGY), total_samples=integer(options.TOTAL_SAMPLES),
        samples_per_parcel=integer(options.SAMPLES_PER_PARCEL), features_per_split=integer(options.FEATURES_PER_SPLIT),
        class_weights=parse_class_weights(tool.parameterAsString(parameters, options.CLASS_WEIGHTS, context)),
        missing_values=enum_value(options.MISSING_VALUES), tune=boolean(options.TUNE), oob_accuracy=boolean(options.OOB_ACCURACY),
        permutation_importance=boolean(options.PERMUTATION_IMPORTANCE))


def is_given(value):
    """Whether a parameter has a value."""
    return not is_null(value) and value != []


def map_rules(tool, parameters, context):
    """Return smoothing and minimum confidence.

    Returns
    -------
    MapRules
    """
    return MapRules(tool.parameterAsDouble(parameters, options.MIN_CONFIDENCE, context),
                    tool.parameterAsBoolean(parameters, options.SMOOTHING, context))


def map_paths(tool, parameters, context):
    """Return the output paths of the maps.

    Returns
    -------
    MapPaths
    """
    return MapPaths(*(tool.parameterAsOutputLayer(parameters, name, context)
                      for name in (options.OUTPUT, options.CONFIDENCE, options.PROBABILITIES)))


def dress_maps(tool, maps, context):
    """Name and group the map layers; return their paths by output name."""
    group = tool.tr("Floefield: crop classification")
    dress(maps.classes, tool.tr("Crops"), context, group, algorithm=tool)
    dress(maps.confidence, tool.tr("Confidence"), context, group, algorithm=tool)
    dress(maps.probabilities, tool.tr("Class probabilities"), context, group, algorithm=tool)
    written = {options.OUTPUT: maps.classes, options.CONFIDENCE: maps.confidence,
               options.PROBABILITIES: maps.probabilities}
    return {name: path for name, path in written.items() if path}


def accuracy_outputs(result):
    """Return the accuracy outputs by name; empty where no accuracy was assessed.

    Parameters
    ----------
    result : Classification
    """
    if result.pixel_matrix is None:
        return {}
    return {options.OVERALL_ACCURACY: result.pixel_matrix.overall_accuracy, options.KAPPA: result.pixel_matrix.kappa}
