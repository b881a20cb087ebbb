"""Settings of the sea-ice classification; the dialog uses these defaults."""

from dataclasses import dataclass, field

from ..classifiers.forest_model import ForestSettings
from ..texture.texture_settings import TextureSettings

TEXTURES = ("compute", "from_folder", "none")
ASSESSMENTS = ("leave_one_date_out", "none")
DRAFTS = ("none", "polygons", "grid")

# The features most used in SNAP and the literature, without strongly correlated pairs.
TEXTURE_FEATURES = ("contrast", "homogeneity", "energy", "entropy", "mean", "variance", "correlation")


@dataclass(frozen=True)
class IceSettings:
    """Settings of the sea-ice classification.

    Parameters
    ----------
    bands : tuple of str
        Backscatter bands; empty for all with a polarisation in their name.
    incidence : bool
        Whether the incidence angle is used as a feature.
    textures : {"compute", "from_folder", "none"}
    texture : TextureSettings
        For ``textures="compute"``.
    max_days : float
        Maximum number of days between scene and chart.
    boundary : float
        Minimum distance in metres of training and validation pixels from class boundaries.
    land_buffer : float
        Metres by which the land of the charts is buffered.
    samples_per_class : int
        Maximum number of training pixels per class and scene.
    validation_per_scene : int
        Maximum number of validation pixels per scene.
    evaluation : {"leave_one_date_out", "none"}
        Leave-one-date-out assessment, or none.
    evaluation_trees : int
        Maximum number of trees of the forests of the assessment.
    forest : ForestSettings
        Settings of the forest for the maps.
    draft : {"none", "polygons", "grid"}
        Areas of the draft chart.
    cell : float
        Size in metres of the cells for the ice edge and the draft grid.
    edge_concentration : float
        Ice concentration at the ice edge, 0..1.
    write_ice_edge, write_disagreement : bool
        Whether the ice edge and the disagreement maps are computed.
    """

    bands: tuple = ()
    incidence: bool = False
    textures: str = "compute"
    texture: TextureSettings = field(default_factory=lambda: TextureSettings(
        window=21, levels=32, distances=(2,), features=TEXTURE_FEATURES))
    max_days: float = 3.0
    boundary: float = 1000.0
    land_buffer: float = 300.0
    samples_per_class: int = 500
    validation_per_scene: int = 5000
    evaluation: str = "leave_one_date_out"
    evaluation_trees: int = 60
    forest: ForestSettings = field(default_factory=lambda: ForestSettings(trees=300, min_samples_leaf=3))
    draft: str = "none"
    cell: float = 2000.0
    edge_concentration: float = 0.15
    write_ice_edge: bool = False
    write_disagreement: bool = True
