"""The parameters that the tools with a random forest share: what it is trained on, and how it grows."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ...compute.forest.classify import ClassificationTask
from ...compute.forest.mapping import MapRules
from ...compute.forest.regrid import RESAMPLINGS
from ...compute.forest.settings import CLASSIFIERS, MISSING_VALUE_METHODS, SAMPLING_STRATEGIES
from ...compute.insitu.split import SplitSettings
from ...compute.raster.blocks import MOST_THREADS
from ..sentinel2.options import choice

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
MODEL_FILTER = "Floefield forest (*.ffrf)"
REPORT_FILTER = "HTML files (*.html)"


def add_rasters(tool):
    """Declare the rasters whose bands are the features."""
    rasters = QgsProcessingParameterMultipleLayers(RASTERS, tool.tr("Rasters"), QgsProcessing.SourceType.TypeRaster)
    rasters.setMinimumNumberInputs(1)
    tool.declare(rasters, "one or more rasters of the same grid; every band is a feature: reflectance, indices, parcel "
                          "means, coherence ... Bands of equal name are told apart by the date of their raster.")


def add_raster_options(tool):
    """Declare what is done to the rasters before they are used."""
    tool.declare(
        choice(RESAMPLING, tool.tr("Rasters of other grids"), RESAMPLINGS, ClassificationTask.resampling),
        "none refuses rasters whose pixels do not coincide with those of the first one; the others bring them to its "
        "grid, and the log says so: nearest (classes, flags), bilinear (reflectance, backscatter), average (from much "
        "smaller pixels).", advanced=True)
    tool.declare(
        QgsProcessingParameterRasterLayer(MASK, tool.tr("Mask"), optional=True),
        "raster that is 0 or without data where nothing is to be classified, for instance a cropland mask. No pixel "
        "outside it trains either.", advanced=True)


def add_training(tool):
    """Declare parcels and the other kinds of ground truth."""
    polygons = QgsProcessing.SourceType.TypeVectorPolygon
    tool.declare(
        QgsProcessingParameterFeatureSource(
            TRAINING, tool.tr("Training parcels (or, under Advanced, one layer for each class or a raster)"),
            [polygons], optional=True),
        "polygon layer with a field that names the class, in any coordinate reference system.")
    tool.declare(
        QgsProcessingParameterField(CLASS_FIELD, tool.tr("Class field"), optional=True,
                                    parentLayerParameterName=TRAINING),
        "field with the class, text or number. Parcels where it is empty are left out.")
    tool.declare(
        QgsProcessingParameterMultipleLayers(TRAINING_LAYERS, tool.tr("Training parcels, one layer for each class"),
                                             polygons, optional=True),
        "instead of one layer with a class field: several layers whose names are the classes.", advanced=True)
    tool.declare(
        QgsProcessingParameterRasterLayer(TRAINING_RASTER, tool.tr("Training raster"), optional=True),
        "instead of parcels: a raster of whole numbers on the grid of the first raster; each number is a class, nodata "
        "is none. Its attribute table, style or category names name the classes, if there are any. Training and "
        "validation are divided by square blocks; what touches across their border stays together, so that no field is "
        "in both.", advanced=True)
    tool.declare(
        QgsProcessingParameterFeatureSource(VALIDATION, tool.tr("Validation parcels"), [polygons], optional=True),
        "parcels that only judge the map, with the same class field. Without them, some of the training parcels of "
        "each class are held back for it.")
    share = SplitSettings().training_share
    real = QgsProcessingParameterNumber.Type.Double
    tool.declare(
        QgsProcessingParameterNumber(TRAINING_FRACTION, tool.tr("Share of parcels that train"), real, share,
                                     minValue=0.01, maxValue=1.0),
        "of each class; the other parcels judge the map. Whole parcels are drawn, never single pixels. 1 trains with "
        "all and judges nothing. Not used with validation parcels of their own.")
    tool.declare(
        QgsProcessingParameterString(BANDS, tool.tr("Bands to use"), optional=True),
        "names of bands, separated by commas, with * and ?: B04_*, B08_*, NDVI_2018*. Empty uses all.", advanced=True)


def add_forest(tool, defaults):
    """Declare how the forest grows.

    Parameters
    ----------
    tool : Algorithm
    defaults : ForestSettings
    """
    add_whole(tool, TREES, "Trees", defaults.trees, 1, 10000,
              "number of trees in the forest. More make a steadier map and a slower run; above some hundred little "
              "changes.")
    tool.declare(
        QgsProcessingParameterBoolean(BAND_DIFFERENCES, tool.tr("Contrasts of bands"), defaults.band_differences),
        "the normalised differences (a - b) / (a + b) of all pairs of Sentinel-2 bands of a day are features too; NDVI "
        "is one of them. They made maps better wherever we tried; other rasters have none.", advanced=True)
    add_whole(tool, SAMPLES_PER_CLASS, "Training pixels per class", defaults.samples_per_class, 0, None,
              "at most so many pixels of each class train, drawn evenly from its training parcels; 0 takes all. More "
              "pixels make a slightly better map and a slower run.")
    tool.declare(
        choice(SAMPLING_STRATEGY, tool.tr("Sampling"), SAMPLING_STRATEGIES, defaults.sampling_strategy),
        "equal takes as many pixels of each class, as far as there are; smallest as many as the smallest class has; "
        "proportional keeps the shares of the classes; all takes every pixel.", advanced=True)
    add_whole(tool, TOTAL_SAMPLES, "Training pixels in all", defaults.total_samples, 0, None,
              "at most so many pixels of all classes together; 0 sets no limit.", True)
    add_whole(tool, SAMPLES_PER_PARCEL, "Training pixels per parcel", defaults.samples_per_parcel, 0, None,
              "at most so many pixels of each parcel, so that large parcels do not drown small ones; 0 sets no limit.",
              True)
    tool.declare(
        choice(CLASSIFIER, tool.tr("Kind of forest"), CLASSIFIERS, defaults.classifier),
        "random is Breiman's random forest, as in SNAP and Sen2-Agri; extra draws the thresholds too (extremely "
        "randomised trees), which grows several times faster and is as good or better with many similar bands.",
        advanced=True)
    add_whole(tool, MIN_SAMPLES_LEAF, "Smallest leaf", defaults.min_samples_leaf, 1, None,
              "a leaf of a tree holds at least so many training pixels; 1 grows the trees fully.", True)
    add_whole(tool, MAX_DEPTH, "Depth of a tree", defaults.max_depth, 0, None,
              "at most so many levels; 0 sets no limit.", True)
    add_whole(tool, FEATURES_PER_SPLIT, "Bands per branch", defaults.features_per_split, 0, None,
              "among so many bands, drawn anew, each branch looks for the best; 0 takes the square root of their "
              "number, and of extra trees an eighth of it if that is more.", True)
    tool.declare(
        QgsProcessingParameterBoolean(BALANCED_WEIGHTS, tool.tr("All classes weigh the same"), defaults.balanced_weights),
        "otherwise a class weighs as much as it has training pixels. Finds more of the rare classes, at the cost "
        "of the frequent ones.", advanced=True)
    tool.declare(
        QgsProcessingParameterString(CLASS_WEIGHTS, tool.tr("Weights of classes"), optional=True),
        "weights of your own, by class: wheat=2, maize=0.5. Classes not named weigh 1.", advanced=True)
    tool.declare(
        choice(MISSING_VALUES, tool.tr("Pixels that lack some bands"), MISSING_VALUE_METHODS, defaults.missing_values),
        "exclude leaves them out of training and map; median takes the median of the training pixels where a value is "
        "missing; value takes a number far below all others, so that the trees can tell. The log counts them.",
        advanced=True)
    _add_trials(tool, defaults)


def _add_trials(tool, defaults):
    tool.declare(
        QgsProcessingParameterBoolean(TUNE, tool.tr("Tune by cross-validation over parcels"), defaults.tune),
        "tries several smallest leaves and bands per branch, and takes what does best on parcels not seen; MIN_SAMPLES_LEAF "
        "and FEATURES_PER_SPLIT are then not used. Takes about as long again as the training.", advanced=True)
    tool.declare(
        QgsProcessingParameterBoolean(OOB_ACCURACY, tool.tr("Out-of-bag accuracy"), defaults.oob_accuracy),
        "adds to report and model how many training pixels the trees that did not see them get right. It is far too "
        "good: these trees know other pixels of the same parcels.", advanced=True)
    tool.declare(
        QgsProcessingParameterBoolean(PERMUTATION_IMPORTANCE, tool.tr("Permutation importance"), defaults.permutation_importance),
        "adds to report and model how much accuracy is lost when a band is shuffled, on pixels of the validation "
        "parcels.", advanced=True)


def add_seed_and_threads(tool, defaults):
    """Declare what no result depends on, and what all of it does."""
    add_whole(tool, SEED, "Seed", defaults.seed, 0, None,
              "of all random choices: the same seed gives the same result.", True)
    add_threads(tool, defaults)


def add_threads(tool, defaults):
    """Declare the number of threads."""
    add_whole(tool, THREADS, "Threads", defaults.threads, 0, 4 * MOST_THREADS,
              "worker threads; 0 lets Floefield choose. The result does not depend on it.", True)


def add_map_rules(tool):
    """Declare how votes become classes."""
    defaults = MapRules()
    tool.declare(
        QgsProcessingParameterBoolean(SMOOTHING, tool.tr("Smooth the probabilities"), defaults.smoothing),
        "each pixel takes the mean over the pixels around it (up to 15 away) that look like it over all bands, before "
        "its class is decided: noisy pixels follow their field, and borders stay where they are. Confidence and "
        "probabilities are smoothed too. Switch it off for the fastest map.", advanced=True)
    tool.declare(
        QgsProcessingParameterNumber(MIN_CONFIDENCE, tool.tr("Least confidence"),
                                     QgsProcessingParameterNumber.Type.Double, defaults.min_confidence,
                                     minValue=0.0, maxValue=1.0),
        "pixels of which the forest is less sure get no class (0); 0 keeps all. SNAP hides those below 0.5 when it "
        "shows a map.", advanced=True)


def add_whole(tool, name, title, default, least, most, help_text, advanced=False):
    """Declare a whole number."""
    parameter = QgsProcessingParameterNumber(name, tool.tr(title), QgsProcessingParameterNumber.Type.Integer, default,
                                             minValue=least)
    if most is not None:
        parameter.setMaximum(most)
    tool.declare(parameter, help_text, advanced)


def add_maps(tool):
    """Declare class map, confidence and probabilities."""
    tool.declare(
        QgsProcessingParameterRasterDestination(OUTPUT, tool.tr("Class map")),
        "GeoTIFF with the values 1 to n, colours and class names inside and beside it; 0 where there is no data.")
    tool.declare(
        QgsProcessingParameterRasterDestination(CONFIDENCE, tool.tr("Confidence"), optional=True),
        "mean probability of the mapped class over all trees, 0 to 1 (float32); NaN where there is no data. "
        "Without confidence and probabilities the map is made faster.")
    tool.declare(
        QgsProcessingParameterRasterDestination(PROBABILITIES, tool.tr("Class probabilities"), optional=True,
                                                createByDefault=False),
        "one band for each class, named by the class, 0 to 1 (float32); NaN where there is no data.")


def add_model_and_report(tool, is_model_wanted):
    """Declare the model file, the report, and the numbers on the accuracy."""
    tool.declare(
        QgsProcessingParameterFileDestination(MODEL, tool.tr("Model"), MODEL_FILTER, optional=not is_model_wanted,
                                              createByDefault=is_model_wanted),
        "the trained forest in an open format, to be applied to other rasters.")
    tool.declare(
        QgsProcessingParameterFileDestination(REPORT, tool.tr("Report"), REPORT_FILTER, optional=True),
        "what went in, confusion matrix, accuracy of each class, importance of bands and dates, and warnings.")
    tool.addOutput(QgsProcessingOutputNumber(OVERALL_ACCURACY, tool.tr("Overall accuracy (0 to 1)")))
    tool.addOutput(QgsProcessingOutputNumber(KAPPA, tool.tr("Kappa")))
