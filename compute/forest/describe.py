"""What the report on a classification says of how the forest was grown."""

from ..accuracy.report import ClassificationReport, RasterSummary


def describe_classification(task, stack, result):
    """The content of the report.

    Parameters
    ----------
    task : ClassificationTask
    stack : FeatureStack
    result : Classification

    Returns
    -------
    ClassificationReport
    """
    forest = result.forest
    return ClassificationReport(
        title="Crop classification",
        rasters=tuple(RasterSummary(reader.path, len(reader.bands), dates)
                      for reader, dates in zip(stack.readers, stack.dates)),
        pixel_area=stack.pixel_area, band_names=result.forest.bands, parcels_path=task.labels or task.parcels_path,
        class_field=task.class_field, validation_path=task.validation_path, classes=result.summaries,
        pixel_matrix=result.pixel_matrix, parcel_matrix=result.parcel_matrix,
        importances=importances_of_bands(forest),
        settings=settings_in_words(task, forest.settings) | _permutation_in_words(forest),
        warnings=result.warnings, notes=task.notes, synthetic=stack.is_synthetic, oob_score=forest.oob_score,
        insight=result.insight, interval=result.interval, from_raster=bool(task.labels))


def importances_of_bands(forest):
    """Impurity importance by band: that of a contrast goes half to each of its two bands.

    Parameters
    ----------
    forest : Forest

    Returns
    -------
    tuple of (str, float)
        Summing to what the importances of the forest sum to.
    """
    shares = list(forest.importances[:len(forest.bands)])
    for pair, share in zip(forest.contrasts, forest.importances[len(forest.bands):]):
        for place in pair:
            shares[place] += share / 2
    return tuple(zip(forest.bands, shares))


def settings_in_words(task, settings):
    """How the forest was grown; what is as usual is left out.

    Parameters
    ----------
    task : ClassificationTask
    settings : ForestSettings
        Those used, tuned ones included.

    Returns
    -------
    dict of str to str
    """
    words = {
        "Classifier": "random forest" if settings.kind == "random" else "extremely randomised trees",
        "Trees": str(settings.trees),
        "Contrasts of bands": "yes (importance shared between the two bands)" if settings.contrasts else "no",
        "Smoothing": "over alike neighbours, 15 pixels around" if task.rules.smoothing else "none",
        "Training pixels per class": _sampling_in_words(settings),
        "Smallest leaf": f"{settings.min_leaf} pixels",
        "Depth of a tree": f"at most {settings.max_depth}" if settings.max_depth else "no limit",
        "Classes weigh": "the same" if settings.balanced else "as much as they have training pixels",
        "Training share": "all parcels (separate validation parcels)" if task.validation is not None
        else f"{task.split.training_share:g} of the parcels of each class",
        "Seed": str(settings.seed)}
    unusual = {
        "Bands that serve": task.features,
        "Bands looked at for a branch": settings.features_per_split and str(settings.features_per_split),
        "Training pixels per parcel": settings.samples_per_parcel and f"at most {settings.samples_per_parcel}",
        "Weights of classes": ", ".join(f"{code}: {weight:g}" for code, weight in settings.weights.items()),
        "Missing values": {"exclude": "", "median": "median of the training pixels",
                           "value": "a value of their own"}[settings.missing],
        "Tuned": "smallest leaf and bands for a branch, by cross-validation over parcels" if settings.tune else "",
        "Mask": task.mask,
        "Least confidence": task.rules.min_confidence and f"{task.rules.min_confidence:g}"}
    return words | {name: text for name, text in unusual.items() if text}


def _sampling_in_words(settings):
    if settings.sampling == "all":
        return "all"
    total = f", {settings.total_samples} in all" if settings.total_samples else ""
    most = f"at most {settings.samples_per_class}" if settings.samples_per_class else "all"
    return {"equal": f"{most}{total}", "smallest": f"as many as the smallest class has, {most}{total}",
            "proportional": f"in proportion to the pixels of the training parcels{total}"}[settings.sampling]


def _permutation_in_words(forest):
    if not forest.permutation_importances:
        return {}
    ranked = sorted(zip(forest.feature_names, forest.permutation_importances), key=lambda pair: -pair[1])
    return {"Permutation importance (accuracy lost on validation pixels when a band is shuffled)":
            ", ".join(f"{name} {100 * loss:.1f} %" for name, loss in ranked[:10])}
