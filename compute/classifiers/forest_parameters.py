"""Parameters of the training of a forest, for the dialogs; the defaults are those of ``ForestSettings``."""

from __future__ import annotations

from ..declarations import ParameterDeclaration
from .forest_model import CLASSIFIERS, MISSING_VALUE_METHODS, SAMPLING_STRATEGIES

TREES = ParameterDeclaration(
    "TREES", "Number of trees",
    "Number of trees of the forest. More trees give a more stable map and a longer run; above a few hundred the "
    "accuracy hardly changes.", kind="integer", minimum=1, maximum=10000, setting="trees")
BAND_DIFFERENCES = ParameterDeclaration(
    "BAND_DIFFERENCES", "Normalised differences of all band pairs",
    "Add the normalised differences (a - b) / (a + b) of all pairs of Sentinel-2 bands of a date as features, NDVI "
    "among them. They improved the accuracy in all our tests. No effect on other rasters.", kind="boolean",
    advanced=True, setting="band_differences")
SAMPLES_PER_CLASS = ParameterDeclaration(
    "SAMPLES_PER_CLASS", "Training pixels per class (maximum)",
    "Maximum number of training pixels per class, sampled evenly from its training parcels; 0 uses all. More pixels "
    "give a slightly higher accuracy and a longer run.", kind="integer", minimum=0, setting="samples_per_class")
SAMPLING_STRATEGY = ParameterDeclaration(
    "SAMPLING_STRATEGY", "Sampling strategy",
    "Number of training pixels per class: equal (the same for all classes, as far as available), smallest (that of the "
    "smallest class), proportional (to class size) or all.", kind="enum", options=SAMPLING_STRATEGIES, advanced=True,
    setting="sampling_strategy")
TOTAL_SAMPLES = ParameterDeclaration(
    "TOTAL_SAMPLES", "Training pixels in total (maximum)",
    "Maximum number of training pixels of all classes together; 0 = unlimited.", kind="integer", minimum=0,
    advanced=True, setting="total_samples")
SAMPLES_PER_PARCEL = ParameterDeclaration(
    "SAMPLES_PER_PARCEL", "Training pixels per parcel (maximum)",
    "Maximum number of training pixels per parcel, so that large parcels do not dominate; 0 = unlimited.",
    kind="integer", minimum=0, advanced=True, setting="samples_per_parcel")
CLASSIFIER = ParameterDeclaration(
    "CLASSIFIER", "Classifier",
    "Random forest (Breiman 2001), as in SNAP and Sen2-Agri, or extremely randomised trees (extra trees; Geurts et al. "
    "2006), which also randomise the thresholds: trained several times faster, with equal or higher accuracy for many "
    "correlated bands.", kind="enum", options=CLASSIFIERS, advanced=True, setting="classifier")
MIN_SAMPLES_LEAF = ParameterDeclaration(
    "MIN_SAMPLES_LEAF", "Minimum samples per leaf",
    "Minimum number of training pixels in a leaf of a tree; 1 gives fully grown trees. Larger values reduce "
    "overfitting.", kind="integer", minimum=1, advanced=True, setting="min_samples_leaf")
MAX_DEPTH = ParameterDeclaration(
    "MAX_DEPTH", "Maximum tree depth (0 = unlimited)", "Maximum number of levels of a tree; 0 = unlimited.",
    kind="integer", minimum=0, advanced=True, setting="max_depth")
FEATURES_PER_SPLIT = ParameterDeclaration(
    "FEATURES_PER_SPLIT", "Features per split (0 = automatic)",
    "Number of randomly selected features among which each split is chosen; 0 uses the square root of the number of "
    "features, and for extra trees at least an eighth of it.", kind="integer", minimum=0, advanced=True,
    setting="features_per_split")
BALANCED_WEIGHTS = ParameterDeclaration(
    "BALANCED_WEIGHTS", "Balanced class weights",
    "Weight classes inversely to their number of training pixels. Raises the recall of rare classes at the cost of "
    "frequent ones.", kind="boolean", advanced=True, setting="balanced_weights")
# A text, which parse_class_weights turns into the field class_weights.
CLASS_WEIGHTS = ParameterDeclaration(
    "CLASS_WEIGHTS", "Class weights", "Weights by class: wheat=2, maize=0.5. Classes not listed have weight 1.",
    kind="text", optional=True, advanced=True)
MISSING_VALUES = ParameterDeclaration(
    "MISSING_VALUES", "Missing values",
    "Treatment of pixels with missing values in some bands: exclude them from training and map, impute the median of "
    "the training pixels, or impute a constant far below all values, which the trees can separate. Their number is in "
    "the log.", kind="enum", options=MISSING_VALUE_METHODS, advanced=True, setting="missing_values")
TUNE = ParameterDeclaration(
    "TUNE", "Tune hyperparameters (cross-validation by parcel)",
    "Select minimum samples per leaf and features per split by cross-validation with folds of whole parcels; the "
    "values given for both are ignored. About doubles the training time.", kind="boolean", advanced=True,
    setting="tune")
OOB_ACCURACY = ParameterDeclaration(
    "OOB_ACCURACY", "Out-of-bag accuracy",
    "Add the out-of-bag accuracy to report and model. It is far too high, since trees are trained on other pixels of "
    "the same parcels.", kind="boolean", advanced=True, setting="oob_accuracy")
PERMUTATION_IMPORTANCE = ParameterDeclaration(
    "PERMUTATION_IMPORTANCE", "Permutation importance",
    "Add the permutation importance of each feature to report and model: the loss of accuracy on validation pixels "
    "when its values are permuted.", kind="boolean", advanced=True, setting="permutation_importance")

FOREST_PARAMETERS = (
    TREES, BAND_DIFFERENCES, SAMPLES_PER_CLASS, SAMPLING_STRATEGY, TOTAL_SAMPLES, SAMPLES_PER_PARCEL, CLASSIFIER,
    MIN_SAMPLES_LEAF, MAX_DEPTH, FEATURES_PER_SPLIT, BALANCED_WEIGHTS, CLASS_WEIGHTS, MISSING_VALUES, TUNE,
    OOB_ACCURACY, PERMUTATION_IMPORTANCE,
)

SEED = ParameterDeclaration(
    "SEED", "Random seed", "Seed of all random sampling; the same seed gives the same result.", kind="integer",
    minimum=0, advanced=True, setting="seed")
