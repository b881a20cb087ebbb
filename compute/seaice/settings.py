"""What may be chosen when sea ice is classified; the dialog takes its defaults from here."""

from dataclasses import dataclass, field

from ..forest.settings import ForestSettings
from ..texture.settings import TextureSettings

TEXTURES = ("compute", "given", "none")
EVALUATIONS = ("date", "none")
WHEN_BROKEN = ("skip", "fail")
DRAFTS = ("none", "polygons", "grid")
# Those that SNAP and the literature use most, without pairs that say the same twice.
TEXTURE_FEATURES = ("contrast", "homogeneity", "energy", "entropy", "mean", "variance", "correlation")


@dataclass(frozen=True)
class IceSettings:
    """How sea ice is classified.

    Parameters
    ----------
    bands : tuple of str
        Bands of backscatter; empty for all that are named by a polarisation.
    incidence : bool
        Whether the incidence angle is a feature.
    textures : {"compute", "given", "none"}
    texture : TextureSettings
        For ``textures="compute"``.
    max_days : float
        A chart serves scenes at most so many days before or after it.
    boundary : float
        Metres from a border between classes within which no pixel trains or judges.
    land_buffer : float
        Metres by which the land of the charts reaches into the sea.
    samples_per_class : int
        At most so many training pixels of each class in each scene.
    judged_per_scene : int
        At most so many pixels of each scene judge.
    evaluation : {"date", "none"}
        Whether each scene is judged by a forest that saw no scene of its date.
    evaluation_trees : int
        At most so many trees in these forests.
    forest : ForestSettings
        Of the forest that makes the maps.
    draft : {"none", "polygons", "grid"}
        What concentration and stage are summed up over.
    cell : float
        Metres; edge of the cells for the ice edge and the draft grid.
    edge_concentration : float
        The ice edge is where the concentration passes this share, 0..1.
    wants_edge, wants_disagreement : bool
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
    judged_per_scene: int = 5000
    evaluation: str = "date"
    evaluation_trees: int = 60
    forest: ForestSettings = field(default_factory=lambda: ForestSettings(trees=300, min_samples_leaf=3))
    draft: str = "none"
    cell: float = 2000.0
    edge_concentration: float = 0.15
    wants_edge: bool = False
    wants_disagreement: bool = True
