"""The classification report: content and settings in words."""

from __future__ import annotations

from ..classifiers.classifier import Model
from ..classifiers.forest_model import ForestSettings
from .classification_report import ClassificationReport, RasterSummary

# Kinds of classifier whose value of CLASSIFIER is not their name.
TITLES = {"extra_trees": "extremely randomised trees"}


def describe_classification(task, stack, result):
    """The content of the report.

    Parameters
    ----------
    task : ClassificationTask
    stack : FeatureStack or SeriesStack
    result : Classification

    Returns
    -------
    ClassificationReport
    """
    model = result.model
    return ClassificationReport(
        title="Crop classification",
        rasters=tuple(RasterSummary(reader.path, len(reader.bands), dates)
                      for reader, dates in zip(stack.readers, stack.dates)),
        band_names=model.bands,
        parcels_path=task.training_raster or task.parcels_path,
        class_field=task.class_field, validation_path=task.validation_path, classes=result.summaries,
        pixel_matrix=result.pixel_matrix, parcel_matrix=result.parcel_matrix,
        importances=band_importances(model),
        settings=describe_settings(task, model.settings) | _describe_permutation(model),
        warnings=result.warnings, notes=task.notes, synthetic=stack.is_synthetic, oob_score=model.classifier.oob_score,
        insight=result.insight, interval=result.interval, from_raster=bool(task.training_raster))


def band_importances(model):
    """Impurity importance by band; that of a band difference is divided equally between its two bands.

    Parameters
    ----------
    model : Model

    Returns
    -------
    tuple of (str, float)
        With the same sum as the importances of the features; empty if the classifier has none.
    """
    by_feature = model.classifier.importances
    importances = list(by_feature[:len(model.bands)])
    for pair, importance in zip(model.band_differences, by_feature[len(model.bands):]):
        for index in pair:
            importances[index] += importance / 2
    return tuple(zip(model.bands, importances))


def describe_settings(task, settings):
    """Settings of the training, by name; optional ones only if they differ from the default.

    Parameters
    ----------
    task : ClassificationTask
    settings : ForestSettings
        As used, including tuned values.

    Returns
    -------
    dict of str to str
    """
    described = {
        "Classifier": TITLES.get(settings.classifier, settings.classifier.replace("_", " ")),
        "Number of trees": str(settings.trees),
        "Normalised differences of all band pairs":
            "yes (importance divided between the two bands)" if settings.band_differences else "no",
        "Smoothing of class probabilities":
            "edge-preserving, up to 15 pixels away" if task.rules.smoothing else "none",
        "Training pixels per class": _describe_sampling(settings),
        "Minimum samples per leaf": str(settings.min_samples_leaf),
        "Maximum tree depth": str(settings.max_depth) if settings.max_depth else "unlimited",
        "Balanced class weights": "yes" if settings.balanced_weights else "no",
        "Training fraction": "all parcels (separate validation parcels)" if task.validation is not None
        else f"{task.split.training_fraction:g} of the parcels of each class",
        "Random seed": str(settings.seed)}
    optional = {
        "Bands": task.bands,
        "Features per split": settings.features_per_split and str(settings.features_per_split),
        "Training pixels per parcel": settings.samples_per_parcel and f"maximum {settings.samples_per_parcel}",
        "Class weights": ", ".join(f"{code}: {weight:g}" for code, weight in settings.class_weights.items()),
        "Missing values": {"exclude": "", "median": "imputed by the median of the training pixels",
                           "constant": "imputed by a constant below all values"}[settings.missing_values],
        "Tuned": "minimum samples per leaf and features per split, by cross-validation by parcel"
                 if settings.tune else "",
        "Mask": task.mask,
        "Minimum confidence": task.rules.min_confidence and f"{task.rules.min_confidence:g}"}
    return described | {name: text for name, text in optional.items() if text}


def _describe_sampling(settings: ForestSettings) -> str:
    if settings.sampling_strategy == "all":
        return "all"
    total = f", maximum {settings.total_samples} in total" if settings.total_samples else ""
    maximum = f"maximum {settings.samples_per_class}" if settings.samples_per_class else "all"
    return {"equal": f"{maximum}{total}", "smallest": f"as many as in the smallest class, {maximum}{total}",
            "proportional": f"in proportion to the pixels of the training parcels{total}"}[settings.sampling_strategy]


def _describe_permutation(model: Model) -> dict[str, str]:
    if not model.permutation_importances:
        return {}
    ranked = sorted(zip(model.features, model.permutation_importances), key=lambda pair: -pair[1])
    return {"Permutation importance (accuracy lost on validation pixels when a band is shuffled)":
            ", ".join(f"{name} {100 * loss:.1f} %" for name, loss in ranked[:10])}
