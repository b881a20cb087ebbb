"""What the in-situ tools assume when the user says nothing: one truth for dialogs, models and scripts.

The distances and areas are those of the Copernicus training on Sen2-Agri (Louvain-la-Neuve, 2019).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class InnerBufferSettings:
    """How parcels are shrunk.

    Parameters
    ----------
    distance : float
        Metres taken off all along the border; 15 m keep the 10 m and 20 m pixels of Sentinel-2 inside the parcel.
    segments : int
        Straight pieces per quarter circle where the new border goes round an inward corner.
    """

    distance: float = 15.0
    segments: int = 8


@dataclass(frozen=True)
class AreaFilterSettings:
    """Which parcels are big enough.

    Parameters
    ----------
    min_area : float
        Square metres; a parcel of exactly this area is kept.
    area_field : str
        Where the area is written; at most ten characters fit a shapefile.
    """

    min_area: float = 5000.0
    area_field: str = "AREA"


@dataclass(frozen=True)
class PreparationSettings:
    """How parcels become in-situ data for Sen2-Agri.

    Parameters
    ----------
    distance : float
        Metres of the inner buffer; 0 leaves it out.
    segments : int
        Straight pieces per quarter circle of the new border.
    min_area : float
        Square metres that a parcel must have after the buffer.
    sliver_area : float
        Square metres; smaller parcels and pieces of parcels are slivers. A pixel of 10 m has 100.
    parts : {"largest", "all"}
        What is kept of a parcel that has several parts in the end: Sen2-Agri takes single polygons.
    """

    distance: float = InnerBufferSettings.distance
    segments: int = InnerBufferSettings.segments
    min_area: float = AreaFilterSettings.min_area
    sliver_area: float = 100.0
    parts: str = "largest"


PARTS = ("largest", "all")
