"""Declarations of the classification tools.

Parameters shared by the classification tools: rasters, training data, classifier settings and outputs.

Optional diagnostics of the training tools: suspect labels and early-season accuracy.
"""

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ...compute.classification.classify import ClassificationTask
from ...compute.classification.prediction import MapRules
from ...compute.classifiers.classifier import KINDS
from ...compute.classifiers.forest_model import MISSING_VALUE_METHODS, SAMPLING_STRATEGIES
from ...compute.insitu.parcel_split import SplitSettings
from ...compute.raster.blocks import MAX_THREADS
from ...compute.raster.resampled_reader import RESAMPLINGS
from ...provider.parameters import add_integer, choice, is_given

RASTERS = "RASTERS"
TRAINING = "TRAINING"
CLASS_FIELD = "CLASS_FIELD"
TRAINING_LAYERS = "TRAINING_LAYERS"
TRAINING_RASTER = "TRAINING_RASTER"
VALIDATION = "VALIDATION"
TRAINING_FRACTION = "TRAINING_FRACTION"
BANDS = "BANDS"
RESAMPLING = "RESAMPLING"
MASK = "MASK"
TREES = "TREES"
SAMPLES_PER_CLASS = "SAMPLES_PER_CLASS"
SAMPLING_STRATEGY = "SAMPLING_STRATEGY"
TOTAL_SAMPLES = "TOTAL_SAMPLES"
SAMPLES_PER_PARCEL = "SAMPLES_PER_PARCEL"
CLASSIFIER = "CLASSIFIER"
MIN_SAMPLES_LEAF = "MIN_SAMPLES_LEAF"
MAX_DEPTH = "MAX_DEPTH"
FEATURES_PER_SPLIT = "FEATURES_PER_SPLIT"
BALANCED_WEIGHTS = "BALANCED_WEIGHTS"
CLASS_WEIGHTS = "CLASS_WEIGHTS"
MISSING_VALUES = "MISSING_VALUES"
TUNE = "TUNE"
OOB_ACCURACY = "OOB_ACCURACY"
PERMUTATION_IMPORTANCE = "PERMUTATION_IMPORTANCE"
BAND_DIFFERENCES = "BAND_DIFFERENCES"
SMOOTHING = "SMOOTHING"
MIN_CONFIDENCE = "MIN_CONFIDENCE"
SEED = "SEED"
THREADS = "THREADS"
OUTPUT = "OUTPUT"
CONFIDENCE = "CONFIDENCE"
PROBABILITIES = "PROBABILITIES"
MODEL = "MODEL"
REPORT = "REPORT"
OVERALL_ACCURACY = "OVERALL_ACCURACY"
KAPPA = "KAPPA"
MODEL_FILTER = "Floefield model (*.ffm)"
REPORT_FILTER = "HTML files (*.html)"


def add_rasters(tool):
    """Declare the rasters of features."""
    rasters = QgsProcessingParameterMultipleLayers(RASTERS, tool.tr("Rasters"), QgsProcessing.SourceType.TypeRaster)
    rasters.setMinimumNumberInputs(1)
    tool.declare(rasters, "Rasters on the same grid, at least one; every band is a feature: reflectance, spectral "
                          "indices, parcel means, coherence, textures. Bands with the same name are distinguished by "
                          "the date of their raster.")


def add_raster_options(tool):
    """Declare resampling and mask."""
    tool.declare(
        choice(RESAMPLING, tool.tr("Resample to common grid"), RESAMPLINGS, ClassificationTask.resampling),
        "Resampling of rasters to the grid of the first raster: none (rasters on another grid are an error), nearest "
        "(classes, flags), bilinear (reflectance, backscatter) or average (from much smaller pixels). Resampled "
        "rasters are listed in the log.", advanced=True)
    tool.declare(
        QgsProcessingParameterRasterLayer(MASK, tool.tr("Mask raster"), optional=True),
        "Raster that is 0 or nodata where pixels are neither classified nor used for training, for instance a cropland "
        "mask. Empty uses all pixels.", advanced=True)


def add_training(tool):
    """Declare training and validation data."""
    polygons = QgsProcessing.SourceType.TypeVectorPolygon
    tool.declare(
        QgsProcessingParameterFeatureSource(
            TRAINING, tool.tr("Training parcels (one of these three)"), [polygons], optional=True),
        "Polygon layer with a class field, in any coordinate reference system.")
    tool.declare(
        QgsProcessingParameterField(CLASS_FIELD, tool.tr("Class field"), optional=True,
                                    parentLayerParameterName=TRAINING),
        "Field with the class of each parcel, text or number. Parcels where it is empty are omitted.")
    tool.declare(
        QgsProcessingParameterMultipleLayers(
            TRAINING_LAYERS, tool.tr("Training parcels, one layer per class (one of these three)"), polygons,
            optional=True),
        "Polygon layers whose names are the classes, instead of one layer with a class field.", advanced=True)
    tool.declare(
        QgsProcessingParameterRasterLayer(TRAINING_RASTER, tool.tr("Training raster (one of these three)"),
                                          optional=True),
        "Integer raster of classes on the grid of the first raster, instead of parcels; nodata pixels are unlabelled. "
        "Class names are read from its attribute table, style or category names. Training and validation pixels are "
        "split by square blocks; adjacent pixels of one class stay together, so that no field is in both.",
        advanced=True)
    tool.declare(
        QgsProcessingParameterFeatureSource(VALIDATION, tool.tr("Validation parcels"), [polygons], optional=True),
        "Parcels used for validation only, with the same class field. If empty, a fraction of the training parcels of "
        "each class is held out.")
    tool.declare(
        QgsProcessingParameterNumber(TRAINING_FRACTION, tool.tr("Training fraction (0 to 1)"),
                                     QgsProcessingParameterNumber.Type.Double, SplitSettings().training_fraction,
                                     minValue=0.01, maxValue=1.0),
        "Fraction of the parcels of each class used for training (0.01 to 1); the rest are held out for validation. "
        "Whole parcels are sampled, never single pixels. 1 uses all parcels for training, without an accuracy "
        "assessment. Ignored when validation parcels are given.")
    tool.declare(
        QgsProcessingParameterString(BANDS, tool.tr("Bands (names or patterns)"), optional=True),
        "Names or patterns (*, ?) of the bands used as features, separated by commas: B04_*, B08_*, NDVI_2018*. Empty "
        "uses all bands.", advanced=True)


def add_forest(tool, defaults):
    """Declare the settings of the classifier.

    Parameters
    ----------
    tool : Algorithm
    defaults : ForestSettings
    """
    add_integer(tool, TREES, "Number of trees", defaults.trees, 1, 10000,
              "Number of trees of the forest. More trees give a more stable map and a longer run; above a few hundred "
              "the accuracy hardly changes.")
    tool.declare(
        QgsProcessingParameterBoolean(BAND_DIFFERENCES, tool.tr("Normalised differences of all band pairs"),
                                      defaults.band_differences),
        "Add the normalised differences (a - b) / (a + b) of all pairs of Sentinel-2 bands of a date as features, NDVI "
        "among them. They improved the accuracy in all our tests. No effect on other rasters.", advanced=True)
    add_integer(tool, SAMPLES_PER_CLASS, "Training pixels per class (maximum)", defaults.samples_per_class, 0, None,
              "Maximum number of training pixels per class, sampled evenly from its training parcels; 0 uses all. More "
              "pixels give a slightly higher accuracy and a longer run.")
    tool.declare(
        choice(SAMPLING_STRATEGY, tool.tr("Sampling strategy"), SAMPLING_STRATEGIES, defaults.sampling_strategy),
        "Number of training pixels per class: equal (the same for all classes, as far as available), smallest (that of "
        "the smallest class), proportional (to class size) or all.", advanced=True)
    add_integer(tool, TOTAL_SAMPLES, "Training pixels in total (maximum)", defaults.total_samples, 0, None,
              "Maximum number of training pixels of all classes together; 0 = unlimited.", True)
    add_integer(tool, SAMPLES_PER_PARCEL, "Training pixels per parcel (maximum)", defaults.samples_per_parcel, 0,
              None, "Maximum number of training pixels per parcel, so that large parcels do not dominate; 0 = "
                    "unlimited.", True)
    tool.declare(
        choice(CLASSIFIER, tool.tr("Classifier"), tuple(KINDS), defaults.classifier),
        "Random forest (Breiman 2001), as in SNAP and Sen2-Agri, or extremely randomised trees (extra trees; Geurts et "
        "al. 2006), which also randomise the thresholds: trained several times faster, with equal or higher accuracy "
        "for many correlated bands.", advanced=True)
    add_integer(tool, MIN_SAMPLES_LEAF, "Minimum samples per leaf", defaults.min_samples_leaf, 1, None,
              "Minimum number of training pixels in a leaf of a tree; 1 gives fully grown trees. Larger values reduce "
              "overfitting.", True)
    add_integer(tool, MAX_DEPTH, "Maximum tree depth (0 = unlimited)", defaults.max_depth, 0, None,
              "Maximum number of levels of a tree; 0 = unlimited.", True)
    add_integer(tool, FEATURES_PER_SPLIT, "Features per split (0 = automatic)", defaults.features_per_split, 0, None,
              "Number of randomly selected features among which each split is chosen; 0 uses the square root of the "
              "number of features, and for extra trees at least an eighth of it.", True)
    tool.declare(
        QgsProcessingParameterBoolean(BALANCED_WEIGHTS, tool.tr("Balanced class weights"), defaults.balanced_weights),
        "Weight classes inversely to their number of training pixels. Raises the recall of rare classes at the cost of "
        "frequent ones.", advanced=True)
    tool.declare(
        QgsProcessingParameterString(CLASS_WEIGHTS, tool.tr("Class weights"), optional=True),
        "Weights by class: wheat=2, maize=0.5. Classes not listed have weight 1.", advanced=True)
    tool.declare(
        choice(MISSING_VALUES, tool.tr("Missing values"), MISSING_VALUE_METHODS, defaults.missing_values),
        "Treatment of pixels with missing values in some bands: exclude them from training and map, impute the median "
        "of the training pixels, or impute a constant far below all values, which the trees can separate. Their number "
        "is in the log.", advanced=True)
    _add_diagnostics(tool, defaults)


def _add_diagnostics(tool, defaults):
    tool.declare(
        QgsProcessingParameterBoolean(TUNE, tool.tr("Tune hyperparameters (cross-validation by parcel)"),
                                      defaults.tune),
        "Select minimum samples per leaf and features per split by cross-validation with folds of whole parcels; the "
        "values given for both are ignored. About doubles the training time.", advanced=True)
    tool.declare(
        QgsProcessingParameterBoolean(OOB_ACCURACY, tool.tr("Out-of-bag accuracy"), defaults.oob_accuracy),
        "Add the out-of-bag accuracy to report and model. It is far too high, since trees are trained on other pixels "
        "of the same parcels.", advanced=True)
    tool.declare(
        QgsProcessingParameterBoolean(PERMUTATION_IMPORTANCE, tool.tr("Permutation importance"), defaults.permutation_importance),
        "Add the permutation importance of each feature to report and model: the loss of accuracy on validation pixels "
        "when its values are permuted.", advanced=True)


def add_seed_and_threads(tool, defaults):
    """Declare random seed and number of threads."""
    add_integer(tool, SEED, "Random seed", defaults.seed, 0, None,
              "Seed of all random sampling; the same seed gives the same result.", True)
    add_threads(tool, defaults)


def add_threads(tool, defaults):
    """Declare the number of threads."""
    add_integer(tool, THREADS, "Number of threads (0 = automatic)", defaults.threads, 0, 4 * MAX_THREADS,
              "Number of worker threads; 0 uses all cores but one. Results do not depend on it.", True)


def add_map_rules(tool):
    """Declare smoothing and minimum confidence."""
    defaults = MapRules()
    tool.declare(
        QgsProcessingParameterBoolean(SMOOTHING, tool.tr("Smooth class probabilities (edge-preserving)"),
                                      defaults.smoothing),
        "Average the class probabilities over spectrally similar pixels within 15 pixels before the class is assigned: "
        "removes salt-and-pepper noise and keeps field borders. Also applies to the confidence and probability "
        "outputs. Switch it off for the fastest run.", advanced=True)
    tool.declare(
        QgsProcessingParameterNumber(MIN_CONFIDENCE, tool.tr("Minimum confidence"),
                                     QgsProcessingParameterNumber.Type.Double, defaults.min_confidence,
                                     minValue=0.0, maxValue=1.0),
        "Minimum confidence (0 to 1) of a mapped pixel; pixels below it get no class (value 0). 0 keeps all pixels; "
        "SNAP hides pixels below 0.5.", advanced=True)


def add_maps(tool):
    """Declare class map, confidence and probabilities."""
    tool.declare(
        QgsProcessingParameterRasterDestination(OUTPUT, tool.tr("Class map")),
        "GeoTIFF with class values 1 to n, class names and colours; 0 is nodata.")
    tool.declare(
        QgsProcessingParameterRasterDestination(CONFIDENCE, tool.tr("Confidence"), optional=True),
        "Mean probability of the mapped class over all trees (0 to 1, float32); NaN is nodata. The run is faster "
        "without confidence and probabilities.")
    tool.declare(
        QgsProcessingParameterRasterDestination(PROBABILITIES, tool.tr("Class probabilities"), optional=True,
                                                createByDefault=False),
        "Probability of each class, one band per class (0 to 1, float32); NaN is nodata.")


def add_model_and_report(tool, is_model_required):
    """Declare the model file, the report and the accuracy outputs."""
    tool.declare(
        QgsProcessingParameterFileDestination(MODEL, tool.tr("Model"), MODEL_FILTER, optional=not is_model_required,
                                              createByDefault=is_model_required),
        "File of the trained classifier in an open format, for use with 'Apply a classifier'.")
    tool.declare(
        QgsProcessingParameterFileDestination(REPORT, tool.tr("Report"), REPORT_FILTER, optional=True),
        "HTML report: inputs, confusion matrix, accuracy by class, importance of bands and dates, and warnings.")
    tool.addOutput(QgsProcessingOutputNumber(OVERALL_ACCURACY, tool.tr("Overall accuracy (0 to 1)")))
    tool.addOutput(QgsProcessingOutputNumber(KAPPA, tool.tr("Kappa")))


EARLY_SEASON = "EARLY_SEASON"
SUSPECT_LABELS = "SUSPECT_LABELS"


def add_early_season(tool):
    """Declare whether the report contains the accuracy by date."""
    tool.declare(
        QgsProcessingParameterBoolean(EARLY_SEASON, tool.tr("Early-season accuracy"), False),
        "Add to the report the accuracy that is reached with the images up to each date. Trains a small forest per "
        "date, so the run takes longer.", advanced=True)


def add_suspect_labels(tool):
    """Declare the layer of suspect labels."""
    tool.declare(
        QgsProcessingParameterFeatureSink(SUSPECT_LABELS, tool.tr("Suspect labels"),
                                          QgsProcessing.SourceType.TypeVectorPolygon, optional=True,
                                          createByDefault=False),
        "Parcels that are probably mislabelled, the largest first: forests trained without the parcel predict another "
        "class with high probability. Trains five small forests (cross-validation by parcel).")


def check_insight(tool, parameters):
    """Return a message if the diagnostics do not fit the training data; empty otherwise."""
    if is_given(parameters.get(SUSPECT_LABELS)) and is_given(parameters.get(TRAINING_RASTER)):
        return tool.tr("Suspect labels (SUSPECT_LABELS) are available for training parcels only, not for a training "
                       "raster (TRAINING_RASTER). Leave the output empty.")
    return ""
