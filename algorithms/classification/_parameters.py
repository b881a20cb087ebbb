"""Layers, destinations and returned values that several classification tools declare."""

from __future__ import annotations

from dataclasses import replace

from ...compute.classification.apply_model import RESAMPLING, ApplyTask
from ...compute.classification.bands import BANDS
from ...compute.classification.prediction import MAP_RULES_PARAMETERS, MapRules
from ...compute.declarations import ParameterDeclaration, with_defaults
from ...compute.insitu import parcel_split
from ...compute.insitu.parcel_split import SplitSettings

MODEL_FILTER = "Floefield model (*.ffm)"
REPORT_FILTER = "HTML files (*.html)"

RASTERS = ParameterDeclaration(
    "RASTERS", "Rasters",
    "Rasters on the same grid, at least one; every band is a feature: reflectance, spectral indices, parcel means, "
    "coherence, textures. Bands with the same name are distinguished by the date of their raster.", kind="rasters")

TRAINING = ParameterDeclaration(
    "TRAINING", "Training parcels (one of these three)",
    "Polygon layer with a class field, in any coordinate reference system.", kind="polygons", optional=True)
CLASS_FIELD = ParameterDeclaration(
    "CLASS_FIELD", "Class field",
    "Field with the class of each parcel, text or number. Parcels where it is empty are omitted.", kind="field",
    parent="TRAINING", optional=True)
TRAINING_LAYERS = ParameterDeclaration(
    "TRAINING_LAYERS", "Training parcels, one layer per class (one of these three)",
    "Polygon layers whose names are the classes, instead of one layer with a class field.", kind="polygon_layers",
    optional=True, advanced=True)
TRAINING_RASTER = ParameterDeclaration(
    "TRAINING_RASTER", "Training raster (one of these three)",
    "Integer raster of classes on the grid of the first raster, instead of parcels; nodata pixels are unlabelled. "
    "Class names are read from its attribute table, style or category names. Training and validation pixels are split "
    "by square blocks; adjacent pixels of one class stay together, so that no field is in both.", kind="raster",
    optional=True, advanced=True)
VALIDATION = ParameterDeclaration(
    "VALIDATION", "Validation parcels",
    "Parcels used for validation only, with the same class field. If empty, a fraction of the training parcels of each "
    "class is held out.", kind="polygons", optional=True)
TRAINING_FRACTION = replace(
    parcel_split.TRAINING_FRACTION, default=SplitSettings.training_fraction, maximum=1.0,
    help="Fraction of the parcels of each class used for training (0.01 to 1); the rest are held out for validation. "
         "Whole parcels are sampled, never single pixels. 1 uses all parcels for training, without an accuracy "
         "assessment. Ignored when validation parcels are given.")
TRAINING_PARAMETERS = (TRAINING, CLASS_FIELD, TRAINING_LAYERS, TRAINING_RASTER, VALIDATION, TRAINING_FRACTION, BANDS)

MASK = ParameterDeclaration(
    "MASK", "Mask raster",
    "Raster that is 0 or nodata where pixels are neither classified nor used for training, for instance a cropland "
    "mask. Empty uses all pixels.", kind="raster", optional=True, advanced=True)
GRID_PARAMETERS = (*with_defaults([RESAMPLING], ApplyTask), MASK)
RULES_PARAMETERS = with_defaults(MAP_RULES_PARAMETERS, MapRules())

OUTPUT = ParameterDeclaration(
    "OUTPUT", "Class map", "GeoTIFF with class values 1 to n, class names and colours; 0 is nodata.",
    kind="raster_destination")
CONFIDENCE = ParameterDeclaration(
    "CONFIDENCE", "Confidence",
    "Mean probability of the mapped class over all trees (0 to 1, float32); NaN is nodata. The run is faster without "
    "confidence and probabilities.", kind="raster_destination", optional=True)
PROBABILITIES = ParameterDeclaration(
    "PROBABILITIES", "Class probabilities",
    "Probability of each class, one band per class (0 to 1, float32); NaN is nodata.", kind="raster_destination",
    optional=True, is_created=False)
MAPS = (OUTPUT, CONFIDENCE, PROBABILITIES)

MODEL = ParameterDeclaration(
    "MODEL", "Model", "File of the trained classifier in an open format, for use with 'Apply a classifier'.",
    kind="file_destination", file_filter=MODEL_FILTER, optional=True, is_created=False)
REPORT = ParameterDeclaration(
    "REPORT", "Report",
    "HTML report: inputs, confusion matrix, accuracy by class, importance of bands and dates, and warnings.",
    kind="file_destination", file_filter=REPORT_FILTER, optional=True)
OVERALL_ACCURACY = ParameterDeclaration("OVERALL_ACCURACY", "Overall accuracy (0 to 1)", kind="number_result")
KAPPA = ParameterDeclaration("KAPPA", "Kappa", kind="number_result")
SUSPECT_LABELS = ParameterDeclaration(
    "SUSPECT_LABELS", "Suspect labels",
    "Parcels that are probably mislabelled, the largest first: forests trained without the parcel predict another "
    "class with high probability. Trains five small forests (cross-validation by parcel).", kind="layer_destination",
    optional=True, is_created=False)
