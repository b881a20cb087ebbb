"""Settings of the in-situ tools and their defaults, for dialogs, models and scripts.

The distances and areas are those of the Copernicus training on Sen2-Agri (Louvain-la-Neuve, 2019).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class InnerBufferSettings:
    """Settings of the inner buffer.

    Parameters
    ----------
    distance : float
        Buffer distance in metres; with 15 m the 10 m and 20 m pixels of Sentinel-2 lie inside the parcel.
    segments : int
        Segments per quarter circle at concave corners.
    """

    distance: float = 15.0
    segments: int = 8


@dataclass(frozen=True)
class AreaFilterSettings:
    """Settings of the area filter.

    Parameters
    ----------
    min_area : float
        Minimum area in square metres (inclusive).
    area_field : str
        Output field of the area; shapefiles allow ten characters.
    """

    min_area: float = 5000.0
    area_field: str = "AREA"


@dataclass(frozen=True)
class PreparationSettings:
    """Settings of the preparation of in-situ data for Sen2-Agri.

    Parameters
    ----------
    distance : float
        Inner buffer distance in metres; 0 = none.
    segments : int
        Segments per quarter circle of the buffer.
    min_area : float
        Minimum area after the buffer in square metres.
    sliver_area : float
        Maximum sliver area in square metres, of parcels and parts of parcels. A pixel of 10 m has 100.
    parts : {"largest", "all"}
        Parts kept of a multi-part parcel; Sen2-Agri requires single polygons.
    """

    distance: float = InnerBufferSettings.distance
    segments: int = InnerBufferSettings.segments
    min_area: float = AreaFilterSettings.min_area
    sliver_area: float = 100.0
    parts: str = "largest"


PARTS = ("largest", "all")
