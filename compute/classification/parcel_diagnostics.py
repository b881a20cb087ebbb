"""Diagnostics of the parcels of a classification: NDVI profiles, suspect labels, early-season accuracy.

Computed from a sample of pixels of every parcel, independent of parcel size, with small forests of their own; the
classifier of the map and its accuracy are not affected.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

from ..classifiers.forest_model import ForestSettings
from ..declarations import ParameterDeclaration
from ..progress import Progress
from .feature_stack import FeatureSource
from .reference import ReferenceData
from .sampling import sample_each_parcel
from .season_analysis import EarlyAccuracy, Profiles, accuracy_by_date, class_profiles
from .suspect_labels import SuspectLabel, find_suspect_labels

# Parcels per class if only profiles are requested, so that large images need not be read completely again.
MAX_PROFILE_PARCELS = 60


@dataclass(frozen=True)
class DiagnosticsSettings:
    """Diagnostics to compute.

    Parameters
    ----------
    profiles : bool
        NDVI profile of each class.
    suspect_labels : bool
        Suspect labels.
    early_season : bool
        Early-season accuracy; trains a forest for each date.
    """

    profiles: bool = False
    suspect_labels: bool = False
    early_season: bool = False


EARLY_SEASON = ParameterDeclaration(
    "EARLY_SEASON", "Early-season accuracy",
    "Add to the report the accuracy that is reached with the images up to each date. Trains a small forest per date, "
    "so the run takes longer.", kind="boolean", default=False, advanced=True, setting="early_season")


@dataclass(frozen=True, eq=False)
class ParcelDiagnostics:
    """Results; empty or None if not requested or not available.

    Parameters
    ----------
    profiles : Profiles or None
    early : tuple of EarlyAccuracy
    suspect_labels : tuple of SuspectLabel or None
        The largest parcel first; None if not requested.
    notes : tuple of str
    """

    profiles: Profiles | None = None
    early: tuple[EarlyAccuracy, ...] = ()
    suspect_labels: tuple[SuspectLabel, ...] | None = None
    notes: tuple[str, ...] = ()


def diagnose_parcels(source: FeatureSource, reference: ReferenceData, requested: DiagnosticsSettings,
                     settings: ForestSettings, executor: Executor, progress: Progress) -> ParcelDiagnostics:
    """Sample pixels of the parcels and compute the requested diagnostics.

    Parameters
    ----------
    source : FeatureSource
    reference : ReferenceData
    requested : DiagnosticsSettings
    settings : ForestSettings
        Seed, threads, and treatment of missing values.
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    ParcelDiagnostics

    Raises
    ------
    UnreadableInput
        If a raster is damaged.
    Cancelled
        If the user cancelled.
    """
    if not (requested.profiles or requested.suspect_labels or requested.early_season):
        return ParcelDiagnostics()
    max_parcels = 0 if requested.suspect_labels or requested.early_season else MAX_PROFILE_PARCELS
    pixels = sample_each_parcel(source, reference, settings, executor, progress.part(0.0, 0.3), max_parcels)
    profiles = class_profiles(pixels, source.names, reference.classes) if requested.profiles else None
    suspect_labels, early, notes = None, (), []
    if requested.suspect_labels:
        progress.say("Looking for suspect labels ...")
        suspect_labels, more_notes = find_suspect_labels(pixels, reference, settings, progress.part(0.3, 0.6))
        notes += more_notes
    if requested.early_season:
        progress.say("Measuring early-season accuracy ...")
        early, more_notes = accuracy_by_date(pixels, source.names, settings, progress.part(0.6, 1.0))
        notes += more_notes
    progress.step(1.0)
    return ParcelDiagnostics(profiles, early, suspect_labels, tuple(notes))
