"""NDVI profiles of the classes over the season, early-season accuracy, and their figures.

A profile consists of percentiles over the parcels of a class. The early-season accuracy is the accuracy of a
classification with the images up to each date: a small forest is trained on the training parcels and assessed on the
validation parcels, with the features up to that date (and undated features). The split is that of the map.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from ..classifiers.imputation import imputation_values, impute
from ..classifiers.random_forest import class_probabilities, small_forest
from ..raster.band_metadata import parse_band_name
from ..report.figures import FONT, GREY, TEXT, figure_of, one_line, rgb, space_labels, svg_of, write

PERCENTILES = (10, 25, 50, 75, 90)
NDVI, RED, INFRARED = "NDVI", "B04", ("B08", "B8A")

# Dates for which the accuracy is measured.
MAX_DATES = 12

# Accuracies that differ by less are considered equal.
TOLERANCE = 0.02

# Layout of the figures.
COLUMNS = 3
MAX_PANELS = 24
MAX_TITLE = 31
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, eq=False)
class Profiles:
    """NDVI of parcels (means over their pixels), by class.

    Parameters
    ----------
    dates : tuple of str
        ISO, at least two, ascending.
    classes : tuple of MapClass
    parcels : tuple of int
        Number of parcels of each class.
    percentiles : ndarray of float64, shape (classes, 5, dates)
        10th, 25th, 50th, 75th and 90th percentile over the parcels; NaN if no parcel has data.
    """

    dates: tuple
    classes: tuple
    parcels: tuple
    percentiles: np.ndarray


def class_profiles(pixels, names, classes):
    """Profiles from sampled pixels of each parcel.

    Parameters
    ----------
    pixels : ParcelPixels
    names : sequence of str
        Names of the features.
    classes : sequence of MapClass

    Returns
    -------
    Profiles or None
        None without NDVI (or red and near infrared) on at least two dates.
    """
    series = _ndvi(pixels.features, names)
    dates = tuple(sorted(series))
    if len(dates) < 2:
        return None
    means = np.stack([_means(series[day], pixels) for day in dates], axis=1)
    profiles = [(map_class, means[pixels.classes == index]) for index, map_class in enumerate(classes)
                if (pixels.classes == index).any()]
    return Profiles(dates, tuple(map_class for map_class, _ in profiles), tuple(len(rows) for _, rows in profiles),
                    np.stack([_percentiles(rows) for _, rows in profiles]))


def _ndvi(features, names):
    """NDVI of the pixels by date."""
    columns = {}
    for index, name in enumerate(names):
        parsed = parse_band_name(name)
        if parsed.date:
            columns[parsed.band.upper(), parsed.date.isoformat()] = features[:, index].astype(np.float64)
    series = {}
    for day in {day for _, day in columns}:
        red = columns.get((RED, day))
        infrared = next((columns[band, day] for band in INFRARED if (band, day) in columns), None)
        if (NDVI, day) in columns:
            series[day] = columns[NDVI, day]
        elif red is not None and infrared is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                series[day] = (infrared - red) / (infrared + red)
    return series


def _means(values, pixels):
    valid = np.isfinite(values)
    count = len(pixels.parcel_numbers)
    total = np.bincount(pixels.parcels[valid], values[valid], count)
    counts = np.bincount(pixels.parcels[valid], minlength=count)
    return np.divide(total, counts, out=np.full(count, np.nan), where=counts > 0)


def _percentiles(rows):
    """Percentiles of the columns, ignoring NaN."""
    percentiles = np.full((len(PERCENTILES), rows.shape[1]), np.nan)
    for column in range(rows.shape[1]):
        valid = rows[np.isfinite(rows[:, column]), column]
        if len(valid):
            percentiles[:, column] = np.percentile(valid, PERCENTILES)
    return percentiles


@dataclass(frozen=True)
class EarlyAccuracy:
    """Accuracy with the images up to a date.

    Parameters
    ----------
    date : str
        ISO.
    date_count : int
        Number of dates used.
    pixel_accuracy : float
        Proportion of the validation pixels that are correct.
    parcel_accuracy : float
        Proportion of the validation parcels that are correct by the majority of their pixels.
    """

    date: str
    date_count: int
    pixel_accuracy: float
    parcel_accuracy: float


def accuracy_by_date(pixels, names, settings, progress):
    """Accuracy with the images up to each of at most twelve dates.

    Parameters
    ----------
    pixels : ParcelPixels
    names : sequence of str
        Names of the features.
    settings : ForestSettings
    progress : Progress

    Returns
    -------
    accuracies : tuple of EarlyAccuracy
        By date; empty if it cannot be measured.
    notes : list of str
    """
    days = (parse_band_name(name).date for name in names)
    dates = np.array([day.isoformat() if day else "" for day in days])
    all_dates = sorted(set(dates.tolist()) - {""})
    is_training = pixels.is_training[pixels.parcels]
    classes = pixels.classes[pixels.parcels]
    if len(all_dates) < 2 or is_training.all() or len(np.unique(classes[is_training])) < 2:
        return (), ["Early-season accuracy was not measured: it needs bands of several dates, and validation parcels."]
    features = pixels.features.copy()
    impute(features, imputation_values(features, "median"))
    # Each pixel is weighted by the number of valid pixels it represents, as in the forest of the map.
    sampled = np.bincount(pixels.parcels, minlength=len(pixels.parcel_numbers))
    weights = (pixels.available / sampled)[pixels.parcels[is_training]]
    chosen = sorted({all_dates[index] for index in np.linspace(0, len(all_dates) - 1, MAX_DATES).round().astype(int)})
    accuracies = []
    for index, last in enumerate(chosen):
        columns = np.flatnonzero(dates <= last)
        votes = class_probabilities(features[is_training][:, columns], classes[is_training],
                                    features[~is_training][:, columns], int(pixels.classes.max()) + 1,
                                    small_forest(settings),
                                    progress.part(index / len(chosen), (index + 1) / len(chosen)), weights)
        accuracies.append(EarlyAccuracy(last, sum(day <= last for day in all_dates),
                                        *_accuracies(votes.argmax(axis=1), pixels, ~is_training)))
    return tuple(accuracies), []


def earliest_sufficient(accuracies):
    """The first date from which on the pixel accuracy stays within ``TOLERANCE`` of that of all images.

    Parameters
    ----------
    accuracies : sequence of EarlyAccuracy
        By date, at least one.

    Returns
    -------
    EarlyAccuracy
    """
    sufficient = accuracies[-1]
    for accuracy in reversed(accuracies):
        if accuracy.pixel_accuracy < accuracies[-1].pixel_accuracy - TOLERANCE:
            break
        sufficient = accuracy
    return sufficient


def _accuracies(mapped, pixels, is_validation):
    """Pixel accuracy, parcels weighted by their valid pixels, and parcel accuracy by majority."""
    parcels, classes = pixels.parcels[is_validation], pixels.classes
    counts = np.zeros((len(pixels.parcel_numbers), classes.max() + 1))
    np.add.at(counts, (parcels, mapped), 1)
    present = np.flatnonzero(counts.any(axis=1))
    correct = counts[present, classes[present]] / counts[present].sum(axis=1)
    weights = pixels.available[present]
    is_correct = counts[present].argmax(axis=1) == classes[present]
    return float((correct * weights).sum() / weights.sum()), float(is_correct.mean())


def profiles_picture(profiles):
    """A panel for each class: median and percentiles of the NDVI of its parcels.

    Parameters
    ----------
    profiles : Profiles

    Returns
    -------
    str
        SVG.
    """
    days = [_day(text) for text in profiles.dates]
    shown = list(range(min(len(profiles.classes), MAX_PANELS)))
    rows = -(-len(shown) // COLUMNS)
    figure, frame = figure_of(7.6, 1.7 * rows)
    frame.set_axis_off()
    low, high = np.nanmin(profiles.percentiles), np.nanmax(profiles.percentiles)
    low, high = min(0.0, np.floor(low * 10) / 10), max(0.6, np.ceil(high * 10) / 10)
    for index in shown:
        row, column = divmod(index, COLUMNS)
        axes = figure.add_axes((column / COLUMNS + 0.012, 1 - (row + 0.86) / rows, 0.9 / COLUMNS, 0.66 / rows))
        axes.patch.set_visible(False)
        for other in range(len(profiles.classes)):
            axes.plot(days, profiles.percentiles[other, 2], color=GREY, alpha=0.35, linewidth=0.7)
        _plot_percentiles(axes, days, profiles.percentiles[index], profiles.classes[index].colour)
        axes.set_ylim(low, high)
        axes.set_xlim(days[0] - 4, days[-1] + 4)
        _label_dates(axes, days, with_values=column == 0)
        if column == 0:
            axes.set_ylabel("NDVI", fontsize=7.5, color=TEXT, fontfamily=FONT, labelpad=2)
        map_class = profiles.classes[index]
        name = one_line(map_class.value, map_class.label)
        name = name if len(name) <= MAX_TITLE else name[:MAX_TITLE - 1].rstrip() + "…"
        axes.set_title(f"{name} ({profiles.parcels[index]})", fontsize=8, color=TEXT, fontfamily=FONT, loc="left",
                       pad=3, parse_math=False)
    return svg_of(figure, "NDVI of each class over the season: median and percentiles of its parcels", "profiles")


def _plot_percentiles(axes, days, percentiles, colour):
    colour = rgb(colour)
    valid = np.isfinite(percentiles[2])
    days = np.array(days)[valid]
    lowest, lower, middle, upper, highest = percentiles[:, valid]
    axes.fill_between(days, lowest, highest, facecolor=(*colour, 0.35), edgecolor=GREY, linewidth=0.3)
    axes.fill_between(days, lower, upper, facecolor=(*colour, 0.8), edgecolor=GREY, linewidth=0.3)
    axes.plot(days, middle, color=TEXT, linewidth=1.5, marker="o", markersize=2.2)


def early_picture(accuracies):
    """Early-season accuracy: by pixel (solid line) and by parcel (dashed line).

    Parameters
    ----------
    accuracies : sequence of EarlyAccuracy

    Returns
    -------
    str
        SVG.
    """
    figure, axes = figure_of(5.6, 2.7)
    days = [_day(accuracy.date) for accuracy in accuracies]
    for values, style, colour, label in (
            ([100 * accuracy.pixel_accuracy for accuracy in accuracies], {"marker": "o"}, (0.08, 0.58, 0.70),
             "pixel accuracy"),
            ([100 * accuracy.parcel_accuracy for accuracy in accuracies],
             {"marker": "o", "markerfacecolor": "none", "linestyle": "--"}, (0.78, 0.42, 0.08), "parcel accuracy")):
        axes.plot(days, values, color=colour, linewidth=1.8, markersize=5, label=label, **style)
    ends = sorted((100 * accuracies[-1].pixel_accuracy, 100 * accuracies[-1].parcel_accuracy), reverse=True)
    for end, height in zip(ends, space_labels(ends, 4.0)):
        write(axes, days[-1] + 3, height, f"{end:.0f} %", 8.5, TEXT, ha="left")
    floor = 100 * min(min(accuracy.pixel_accuracy, accuracy.parcel_accuracy) for accuracy in accuracies)
    axes.set_ylim(max(0, 10 * int(floor / 10 - 0.5)), 101)
    axes.set_xlim(days[0] - 3, days[-1] + 3)
    _label_dates(axes, days, with_values=True)
    axes.set_ylabel("Overall accuracy, in %", fontsize=8.5, color=TEXT, fontfamily=FONT)
    axes.set_xlabel(years([accuracy.date for accuracy in accuracies]), fontsize=8.5, color=TEXT, fontfamily=FONT)
    legend = axes.legend(frameon=False, fontsize=8.5, loc="lower right", labelcolor=TEXT,
                         prop={"family": FONT, "size": 8.5})
    for text in legend.get_texts():
        text.set_color(TEXT)
    return svg_of(figure, "Early-season accuracy by date, by pixel and by parcel", "early")


def years(dates):
    """The year or range of years of ascending ISO dates."""
    first, last = dates[0][:4], dates[-1][:4]
    return first if first == last else f"{first}\u2013{last}"


def _label_dates(axes, days, with_values):
    """Label the months, draw a light grid, and label the values if requested."""
    first, last = date.fromordinal(days[0]), date.fromordinal(days[-1])
    months = [date(year, month, 1) for year in range(first.year, last.year + 1) for month in range(1, 13)]
    months = [month for month in months if first <= month <= last]
    step = max(1, len(months) // 6 + (len(months) > 6))
    ticks = [month.toordinal() for month in months[::step]] or days[:1]
    axes.set_xticks(ticks)
    axes.set_xticklabels([MONTHS[date.fromordinal(tick).month - 1] for tick in ticks], fontsize=7, color=TEXT,
                         fontfamily=FONT)
    axes.tick_params(axis="both", length=2, color=GREY, labelsize=7, labelcolor=TEXT, pad=2)
    if not with_values:
        axes.set_yticklabels([])
    axes.grid(color=GREY, alpha=0.22, linewidth=0.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GREY)


def _day(text):
    return date.fromisoformat(text).toordinal()
