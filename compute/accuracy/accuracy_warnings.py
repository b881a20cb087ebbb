"""Warnings about limits of an accuracy assessment, for the user."""

import numpy as np

from ..messages import listed
from ..report.page import percent

FEW_UNITS = 50

# Validation parcels adjacent to training pixels are common; a larger fraction indicates parts of training fields.
MAX_ADJACENT_FRACTION = 0.25
COMMON_NODATA = ("0", "-1", "255", "-9999", "-10000", "-32768", "65535")


def accuracy_warnings(task, reference, counts, matchings, maps, are_resampled, is_training_known):
    """Warnings that apply to an assessment.

    Parameters
    ----------
    task : AssessmentTask
    reference : ParcelReference, PointReference or RasterReference
    counts : PixelCounts
        Without the units used for training.
    matchings : sequence of Matching
        One for each map.
    maps : sequence of MapScores
    are_resampled : sequence of bool
        Which maps were resampled to the grid of the first.
    is_training_known : bool
        Whether the training pixels are known from the map or the TRAINING parcels.

    Returns
    -------
    list of str
    """
    names = maps[0].pixels.labels
    warnings = [] if is_training_known else [
        f"Whether these reference data were also used to train {'a map' if task.others else 'the map'} cannot be "
        "determined from the files: there is no record of training pixels and no TRAINING parcels. If they were, even "
        "in part, the accuracy is strongly overestimated."]
    warnings += [f"These reference labels match no class of {scores.path}, so all their pixels count as errors: "
                 f"{listed(matching.unmatched)}." for matching, scores in zip(matchings, maps) if matching.unmatched]
    if reference.kind != "pixels":
        warnings += _unit_warnings(reference, counts)
    elif counts.training:
        warnings.append(f"{sum(counts.training.values())} training pixels of the map were excluded. Other pixels of "
                        "the same fields may remain, as a raster has no field boundaries: the accuracy is then "
                        "overestimated, and parcels are the better reference.")
    if counts.disputed:
        warnings.append(f"{counts.disputed} pixels lie in overlapping reference parcels of different classes and were "
                        "excluded.")
    if any(are_resampled):
        warnings.append("The grids of the maps differ: other maps were resampled to the first (nearest neighbour), and "
                        "their areas are those within the first.")
    expected = maps[0].pixels.reference_totals
    if np.count_nonzero(expected) == 1:
        warnings.append(f"The reference contains a single class ({names[int(expected.argmax())]}): its producer's "
                        "accuracy (recall) can be measured, its commission errors cannot.")
    unseen = [name for name, total, area in zip(names, expected, maps[0].hectares) if area and not total]
    if unseen:
        warnings.append("The reference contains none of these mapped classes, so their accuracy is unknown: "
                        f"{listed(unseen)}.{_nodata_hint(unseen)}")
    for other in maps[1:]:
        if other.estimates is not None:
            warnings.append(f"The estimates for {other.path} hold if the sample is a simple random sample of the whole "
                            f"map. If it was stratified by the classes of {maps[0].path}, they are biased: use a "
                            "sample stratified by this map.")
    for scores in maps:
        about = _stratum_warnings(scores, names) if scores.estimates is not None else []
        warnings += [f"{scores.path}: {sentence}" for sentence in about] if len(maps) > 1 else about
    return warnings


def _unit_warnings(reference, counts):
    kind, count = reference.kind, len(reference.units)
    compared = set(counts.units.tolist())
    outside = int(reference.outside.sum())
    unclassified = count - outside - len(compared | set(counts.training))
    warnings = []
    if outside:
        warnings.append(f"{outside} of {count} reference {kind} lie outside the map and were excluded.")
    if unclassified:
        reason = ("on a pixel without a class" if kind == "points" else
                  "on pixels without a class, or contain no pixel centre")
        warnings.append(f"{unclassified} of {count} reference {kind} lie {reason}, and were excluded.")
    adjacent = compared & set(counts.adjacent)
    if len(adjacent) > MAX_ADJACENT_FRACTION * len(compared):
        warnings.append(f"{len(adjacent)} of {len(compared)} parcels lie mostly next to training pixels of the map. "
                        "If they are parts of the same fields (a rim, single pixels, a shifted copy), the accuracy is "
                        "strongly overestimated.")
    if len(compared) < FEW_UNITS:
        warnings.append(f"The accuracy is based on only {len(compared)} {kind if len(compared) > 1 else kind[:-1]}; "
                        "its sampling uncertainty is large.")
    return warnings


def _nodata_hint(names):
    """Advice for unnamed classes whose value is commonly used for nodata."""
    candidates = [name for name in names if name in COMMON_NODATA]
    return f" If {' or '.join(candidates)} means no data, set NODATA={','.join(candidates)}." if candidates else ""


def _stratum_warnings(scores, names):
    unsampled = [names[index] for index in np.flatnonzero(scores.estimates.unsampled)]
    single = [names[index] for index in np.flatnonzero(scores.estimates.single_sample)]
    warnings = []
    if unsampled:
        fraction = scores.hectares[scores.estimates.unsampled].sum() / scores.hectares.sum()
        warnings.append(f"These mapped classes have no samples, so the estimates exclude their {percent(fraction)} of "
                        f"the area: {listed(unsampled)}.")
    if single:
        warnings.append("These mapped classes have a single sample, so their standard error is unknown: "
                        f"{listed(single)}. Use at least two, better 50, samples in each class.")
    certain = np.flatnonzero(scores.estimates.users_error == 0)
    if len(certain):
        fewest = int((scores.parcels or scores.pixels).mapped_totals[certain].min())
        doubt = percent(min(1.0, 3 / fewest), 0)
        warnings.append("In these mapped classes all samples agree, so the estimated standard error is 0, which is too "
                        f"optimistic: {listed(names[index] for index in certain)}. With {fewest} samples in agreement, "
                        f"up to {doubt} of the class may still be wrong (rule of three).")
    return warnings
