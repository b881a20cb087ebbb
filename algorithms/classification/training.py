"""From the parameters of a tool that trains a forest to plain values: paths, parcels and settings."""

from dataclasses import dataclass

from ...compute.forest.classify import ClassificationTask
from ...compute.forest.mapping import MapPaths, MapRules
from ...compute.forest.settings import ForestSettings, parse_class_weights
from ...compute.insitu.split import SplitSettings
from ...compute.raster.reader import RasterReader
from ...provider.inputs import is_null, layer_source, layers_of, lost_layers, parcels_of, raster_path, raster_paths
from ...provider.insitu import class_names
from ...provider.parcels import layer_origin, parcel_source
from ...provider.reference import legend_of
from ...provider.styling import dress
from . import options

KINDS_OF_TRAINING = (options.TRAINING, options.TRAINING_LAYERS, options.TRAINING_RASTER)


def check_training(tool, parameters):
    """What does not fit together among the kinds of ground truth, as a sentence; empty if all is well."""
    given = [name for name in KINDS_OF_TRAINING if is_given(parameters.get(name))]
    if len(given) > 1:
        return tool.tr("Give one of TRAINING (one layer with a class field), TRAINING_LAYERS (one layer for each "
                       "class) and TRAINING_RASTER (a raster of classes), not both {} and {}.").format(*given[:2])
    if not given:
        return tool.tr("Give training parcels: TRAINING (one layer with a class field), TRAINING_LAYERS (one layer for "
                       "each class) or TRAINING_RASTER (a raster of classes).")
    has_validation = is_given(parameters.get(options.VALIDATION))
    if given == [options.TRAINING_RASTER] and has_validation:
        return tool.tr("VALIDATION belongs to training parcels. With TRAINING_RASTER, leave it out: blocks of the "
                       "raster are held back instead.")
    if not is_given(parameters.get(options.CLASS_FIELD)):
        if given == [options.TRAINING]:
            return tool.tr("Choose CLASS_FIELD: the field of the training parcels that names the class.")
        if has_validation:
            return tool.tr("Give CLASS_FIELD: the field of the validation parcels that names the class.")
    return ""


def lost_inputs(parameters, context):
    """Which layers given cannot be loaded, as a sentence; empty if there are none."""
    return " ".join(filter(None, (lost_layers(parameters, name, context)
                                  for name in (options.RASTERS, options.TRAINING_LAYERS))))


@dataclass(frozen=True)
class TrainingInputs:
    """What ``prepareAlgorithm`` finds: paths and feature sources, no layers."""

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
    """Open layers: rasters become paths, parcels become sources with a name each.

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
    """The path behind a parameter for one raster; empty if none is given."""
    layer = tool.parameterAsRasterLayer(parameters, name, context) if is_given(parameters.get(name)) else None
    return raster_path(layer) if layer is not None else ""


def read_task(tool, parameters, context, inputs, progress):
    """Read the parcels, and everything else that is asked for.

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
    found, validation, notes = [], None, []
    with RasterReader(inputs.rasters[0]) as raster:
        crs_wkt = raster.grid.crs_wkt
    for name, source in inputs.training:
        read = parcels_of(source, "" if name else inputs.class_field, crs_wkt, context, progress, name)
        found += read.parcels
        notes += [f"{name}: {note}" if name else note for note in read.notes()]
    if inputs.validation is not None:
        read = parcels_of(inputs.validation, inputs.class_field, crs_wkt, context, progress)
        validation = read.parcels
        notes += [tool.tr("Validation: {}").format(note) for note in read.notes()]
    for note in notes:
        progress.say(note)
    forest = _forest_settings(tool, parameters, context)
    return ClassificationTask(
        rasters=inputs.rasters, parcels=tuple(found), validation=validation, forest=forest,
        split=SplitSettings(tool.parameterAsDouble(parameters, options.TRAINING_FRACTION, context), forest.seed),
        parcels_path=inputs.origin, class_field=inputs.class_field or tool.tr(
            "(value of the pixel)" if inputs.labels else "(name of the layer)"),
        validation_path=inputs.validation_origin, notes=tuple(notes), training_raster=inputs.labels,
        legend=inputs.legend, band_patterns=tool.parameterAsString(parameters, options.BANDS, context),
        resampling=tool.parameterAsEnumString(parameters, options.RESAMPLING, context), mask=inputs.mask,
        rules=map_rules(tool, parameters, context) if tool.parameterDefinition(options.SMOOTHING) else MapRules())


def _forest_settings(tool, parameters, context):
    def whole(name):
        return tool.parameterAsInt(parameters, name, context)

    def chosen(name):
        return tool.parameterAsEnumString(parameters, name, context)

    def is_wanted(name):
        return tool.parameterAsBoolean(parameters, name, context)

    return ForestSettings(
        trees=whole(options.TREES), samples_per_class=whole(options.SAMPLES_PER_CLASS),
        min_samples_leaf=whole(options.MIN_SAMPLES_LEAF), max_depth=whole(options.MAX_DEPTH),
        balanced_weights=is_wanted(options.BALANCED_WEIGHTS),
        seed=whole(options.SEED), threads=whole(options.THREADS), classifier=chosen(options.CLASSIFIER),
        band_differences=is_wanted(options.BAND_DIFFERENCES),
        sampling_strategy=chosen(options.SAMPLING_STRATEGY), total_samples=whole(options.TOTAL_SAMPLES),
        samples_per_parcel=whole(options.SAMPLES_PER_PARCEL), features_per_split=whole(options.FEATURES_PER_SPLIT),
        class_weights=parse_class_weights(tool.parameterAsString(parameters, options.CLASS_WEIGHTS, context)),
        missing_values=chosen(options.MISSING_VALUES), tune=is_wanted(options.TUNE),
        oob_accuracy=is_wanted(options.OOB_ACCURACY), permutation_importance=is_wanted(options.PERMUTATION_IMPORTANCE))


def is_given(value):
    """Whether a parameter has a value."""
    return not is_null(value) and value != []


def map_rules(tool, parameters, context):
    """How votes become classes.

    Returns
    -------
    MapRules
    """
    return MapRules(tool.parameterAsDouble(parameters, options.MIN_CONFIDENCE, context),
                    tool.parameterAsBoolean(parameters, options.SMOOTHING, context))


def map_paths(tool, parameters, context):
    """Where the rasters of a map go.

    Returns
    -------
    MapPaths
    """
    return MapPaths(*(tool.parameterAsOutputLayer(parameters, name, context)
                      for name in (options.OUTPUT, options.CONFIDENCE, options.PROBABILITIES)))


def dress_maps(tool, maps, context):
    """Have the rasters of a map named and grouped; gives them by output."""
    group = tool.tr("Floefield: crop classification")
    dress(maps.classes, tool.tr("Crops"), context, group, algorithm=tool)
    dress(maps.confidence, tool.tr("Confidence"), context, group, algorithm=tool)
    dress(maps.probabilities, tool.tr("Class probabilities"), context, group, algorithm=tool)
    written = {options.OUTPUT: maps.classes, options.CONFIDENCE: maps.confidence,
               options.PROBABILITIES: maps.probabilities}
    return {name: path for name, path in written.items() if path}


def accuracy_outputs(result):
    """The numbers on the accuracy, by output; none where nothing could be assessed.

    Parameters
    ----------
    result : Classification
    """
    if result.pixel_matrix is None:
        return {}
    return {options.OVERALL_ACCURACY: result.pixel_matrix.overall_accuracy, options.KAPPA: result.pixel_matrix.kappa}
