"""What may spoil the figures of an assessment, in plain words."""

import numpy as np

from .matching import listed
from .page import percent

FEW_UNITS = 50
# Narrow parcels beside training fields are common; more of them than this share look like pieces of such fields.
MANY_PIECES = 0.25
OFTEN_NODATA = ("0", "-1", "255", "-9999", "-10000", "-32768", "65535")


def cautions(task, reference, counted, matchings, maps, are_moved, knows_training):
    """Sentences that a user should read before quoting a figure.

    Parameters
    ----------
    task : AssessmentTask
    reference : ParcelReference, PointReference or RasterReference
    counted : Tally
        Without the units that trained the map.
    matchings : sequence of Matching
        One for each map.
    maps : sequence of MapScores
    are_moved : sequence of bool
        Which maps were read on the grid of the first.
    knows_training : bool
        Whether the map or the user says what trained it.

    Returns
    -------
    list of str
    """
    names = maps[0].pixels.labels
    said = [] if knows_training else [
        f"Nobody can tell from the files whether this reference also trained {'a map' if task.others else 'the map'}: "
        "it carries no record of its training, and no TRAINING parcels were given. If it did, even in part, these "
        "figures are far too good."]
    said += [f"These labels of the reference mean no class of {scores.path}, so every pixel of them counts as wrong: "
            f"{listed(matching.unmatched)}." for matching, scores in zip(matchings, maps) if matching.unmatched]
    if reference.kind != "pixels":
        said += _about_units(reference, counted)
    elif counted.trained:
        said.append(f"{sum(counted.trained.values())} pixels trained the map and do not judge. Others of the same "
                    "fields may do, as a raster does not say where a field ends: the figures are then too good, and "
                    "parcels are the better reference.")
    if counted.disputed:
        said.append(f"{counted.disputed} pixels lie in reference parcels of different classes and were left out.")
    if any(are_moved):
        said.append("The maps lie on different grids: the other maps are read at the centres of the pixels of the "
                    "first, and their areas are those within the first.")
    expected = maps[0].pixels.reference_totals
    if np.count_nonzero(expected) == 1:
        said.append(f"The reference holds a single class ({names[int(expected.argmax())]}): it shows how much of it "
                    "was found, but not what is wrongly mapped as it.")
    unseen = [name for name, total, area in zip(names, expected, maps[0].hectares) if area and not total]
    if unseen:
        said.append("The reference holds none of these mapped classes, so nobody knows how good they are: "
                    f"{listed(unseen)}.{_nodata_hint(unseen)}")
    for other in maps[1:]:
        if other.estimates is not None:
            said.append(f"The estimates for {other.path} hold if the sample was drawn from the whole map. If it was "
                        f"drawn in each class of {maps[0].path}, they may be wrong: each map needs a sample of its own "
                        "then.")
    for scores in maps:
        about = _about_strata(scores, names) if scores.estimates is not None else []
        said += [f"{scores.path}: {sentence}" for sentence in about] if len(maps) > 1 else about
    return said


def _about_units(reference, counted):
    kind, count = reference.kind, len(reference.units)
    judged = set(counted.units.tolist())
    outside = int(reference.outside.sum())
    silent = count - outside - len(judged | set(counted.trained))
    said = []
    if outside:
        said.append(f"{outside} of {count} reference {kind} lie outside the map and were left out.")
    if silent:
        reason = "on a pixel without a class" if kind == "points" else "where no pixel has a class, or hold no pixel"
        said.append(f"{silent} of {count} reference {kind} lie {reason}, and were left out.")
    pieces = judged & set(counted.beside)
    if len(pieces) > MANY_PIECES * len(judged):
        said.append(f"{len(pieces)} of {len(judged)} parcels lie for the most part directly beside pixels that trained "
                    "the map. If they are pieces of the same fields (a rim, single pixels, a copy that was moved), the "
                    "figures are far too good.")
    if len(judged) < FEW_UNITS:
        said.append(f"The accuracy rests on only {len(judged)} {kind if len(judged) > 1 else kind[:-1]}: with others, "
                    "taken just as fairly, it may be quite different.")
    return said


def _nodata_hint(names):
    """What to do about classes without a name whose number often means "no data"."""
    suspects = [name for name in names if name in OFTEN_NODATA]
    return f" If {' or '.join(suspects)} means no data, say so: NODATA={','.join(suspects)}." if suspects else ""


def _about_strata(scores, names):
    unsampled = [names[place] for place in np.flatnonzero(scores.estimates.unsampled)]
    loose = [names[place] for place in np.flatnonzero(scores.estimates.loose)]
    said = []
    if unsampled:
        share = scores.hectares[scores.estimates.unsampled].sum() / scores.hectares.sum()
        said.append(f"No sample fell into these mapped classes, so the estimates leave out their {percent(share)} of "
                    f"the area: {listed(unsampled)}.")
    if loose:
        said.append("A single sample fell into these mapped classes, which gives no standard error: "
                    f"{listed(loose)}. Draw at least two, better 50, in each class.")
    sure = np.flatnonzero(scores.estimates.users_error == 0)
    if len(sure):
        fewest = int((scores.parcels or scores.pixels).mapped_totals[sure].min())
        doubt = percent(min(1.0, 3 / fewest), 0)
        said.append("In these mapped classes all samples agree, and the formula then gives a standard error of 0, "
                    f"which is too good to be true: {listed(names[place] for place in sure)}. With {fewest} "
                    f"samples in agreement up to {doubt} of the class may still be otherwise (rule of three).")
    return said
