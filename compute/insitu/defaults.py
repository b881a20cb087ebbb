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
