"""Settings of the sea-ice classification, and the declarations of its parameters.

Charts, textures and forest have the settings of their packages, with the defaults and the help of this application.
"""

from dataclasses import dataclass, field

from ..classifiers.forest_model import ForestSettings
from ..classifiers.forest_parameters import FOREST_PARAMETERS, SEED
from ..declarations import ParameterDeclaration, revise, with_defaults
from ..icechart.chart_settings import CHART_PARAMETERS, ChartSettings
from ..icechart.ice_legend import legend_names
from ..raster.blocks import SCENE_THREADS
from ..texture.texture_settings import TEXTURE_PARAMETERS, TextureSettings

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
    incidence_angle : bool
        Whether the incidence angle is used as a feature.
    textures : {"compute", "from_folder", "none"}
    texture : TextureSettings
        For ``textures="compute"``.
    max_days : float
        Maximum number of days between scene and chart.
    boundary_distance : float
        Minimum distance in metres of training and validation pixels from class boundaries.
    land_buffer : float
        Metres by which the land of the charts is buffered.
    samples_per_scene : int
        Maximum number of training pixels per class and scene.
    validation_per_scene : int
        Maximum number of validation pixels per scene.
    assessment : {"leave_one_date_out", "none"}
        Leave-one-date-out assessment, or none.
    assessment_trees : int
        Maximum number of trees of the forests of the assessment.
    forest : ForestSettings
        Settings of the forest for the maps.
    draft_chart : {"none", "polygons", "grid"}
        Areas of the draft chart.
    draft_cell_size : float
        Size in metres of the cells for the ice edge and the draft grid.
    edge_concentration : float
        Ice concentration at the ice edge, 0..1.
    ice_edge, disagreement : bool
        Whether the ice edge and the disagreement maps are computed.
    """

    bands: tuple = ()
    incidence_angle: bool = False
    textures: str = "compute"
    texture: TextureSettings = field(default_factory=lambda: TextureSettings(
        window=21, levels=32, distances=(2,), features=TEXTURE_FEATURES))
    max_days: float = 3.0
    boundary_distance: float = 1000.0
    land_buffer: float = 300.0
    samples_per_scene: int = 500
    validation_per_scene: int = 5000
    assessment: str = "leave_one_date_out"
    assessment_trees: int = 60
    forest: ForestSettings = field(default_factory=lambda: ForestSettings(trees=300, min_samples_leaf=3))
    draft_chart: str = "none"
    draft_cell_size: float = 2000.0
    edge_concentration: float = 0.15
    ice_edge: bool = False
    disagreement: bool = True


ICE_PARAMETERS = (
    ParameterDeclaration(
        "BANDS", "Bands (names or numbers)",
        "Names of the backscatter bands to use, separated by commas. Empty: all bands with a polarisation in their "
        "name.",
        kind="names", optional=True, advanced=True, setting="bands"),
    ParameterDeclaration(
        "INCIDENCE_ANGLE", "Use the incidence angle",
        "Use the incidence angle band, if present, as a feature: its effect on backscatter depends on the "
        "ice type. Not recommended if all scenes are from one orbit, because the angle then only encodes "
        "the position.",
        kind="boolean", setting="incidence_angle"),
    ParameterDeclaration(
        "MAX_DAYS", "Maximum days between scene and chart",
        "Maximum time difference in days (0 to 30); a scene is paired with the chart of the nearest day. "
        "Lower values reduce the effect of ice drift, but leave more scenes without a chart.",
        minimum=0, maximum=30, setting="max_days"),
    ParameterDeclaration(
        "BOUNDARY_DISTANCE", "Minimum distance from class boundaries (m)",
        "Pixels nearer to a class boundary of the chart, in metres, are used neither for training nor for "
        "validation: chart boundaries are generalised, and the ice drifts. 0: all pixels are used.",
        minimum=0, maximum=100000, setting="boundary_distance"),
    ParameterDeclaration(
        "LAND_BUFFER", "Land mask buffer (m)",
        "Distance in metres by which the land of the charts is extended into the sea. 0: no buffer. The "
        "coastlines of charts are coarse, and land is as bright as old ice.",
        minimum=0, maximum=100000, advanced=True, setting="land_buffer"),
    ParameterDeclaration(
        "TEXTURES", "Textures",
        "Source of the texture features. compute: compute GLCM textures of each band. from_folder: use the "
        "rasters of TEXTURES_FOLDER. none: use backscatter only, which is much less accurate.",
        kind="enum", options=TEXTURES, setting="textures"),
    ParameterDeclaration(
        "ASSESSMENT", "Assessment",
        "Accuracy assessment. leave_one_date_out: leave-one-date-out cross-validation; the scenes of each date are "
        "classified by a forest trained on all other dates and compared with the charts. none: no "
        "assessment, faster.",
        kind="enum", options=ASSESSMENTS, setting="assessment"),
    ParameterDeclaration(
        "SAMPLES_PER_SCENE", "Training pixels per class and scene (maximum)",
        "Maximum number of training pixels of each class in each scene.",
        kind="integer", minimum=1, maximum=1000000, setting="samples_per_scene"),
    ParameterDeclaration(
        "DISAGREEMENT", "Disagreement maps",
        "Write a raster for each scene with a chart: agreement, water classified as ice, ice classified as "
        "water, other ice type.",
        kind="boolean", setting="disagreement"),
    ParameterDeclaration(
        "ICE_EDGE", "Ice edge layer",
        "Write ice_edge.gpkg: lines of 15 % ice concentration, computed on the grid of DRAFT_CELL_SIZE.",
        kind="boolean", setting="ice_edge"),
    ParameterDeclaration(
        "DRAFT_CHART", "Draft chart",
        "Write a draft ice chart for analysts in SIGRID-3 (shapefile), derived from the map. polygons: "
        "with the polygons of the chart. grid: with grid cells. none: no draft chart.",
        kind="enum", options=DRAFTS, setting="draft_chart"),
    ParameterDeclaration(
        "DRAFT_CELL_SIZE", "Draft chart cell size (m)",
        "Edge of the grid cells for the ice edge and the draft chart, in metres.",
        minimum=1, maximum=1000000, advanced=True, setting="draft_cell_size"),
)

ICE_CHART_PARAMETERS = revise(
    with_defaults(CHART_PARAMETERS, ChartSettings(legend="park3_young")),
    LEGEND={"help": f"Legend that assigns ice types to classes: {', '.join(legend_names())}, or the path of a CSV "
                    "file."},
    MIN_CONCENTRATION={"help": "Polygons with a lower total concentration, in per cent, are excluded; those below 10 % "
                               "are open water."},
    MIN_DOMINANCE={"help": "Polygons in which no class has at least this percentage of the ice are mixed and "
                           "excluded."},
    DATE={"help": "Date of charts whose name and metadata contain none. For several charts: name=date pairs separated "
                  "by semicolons."})

ICE_TEXTURE_PARAMETERS = revise(
    with_defaults(TEXTURE_PARAMETERS, IceSettings().texture),
    WINDOW={"help": "Edge of the texture window, an odd number of pixels. Larger windows separate ice types better "
                    "and blur their boundaries."},
    STEP={"help": "Edge of an output pixel in pixels of the scene. 1: every pixel is classified. 5: cells of 200 m "
                  "for pixels of 40 m, 25 times as fast."},
    LEVELS={"help": "Number of grey levels of the co-occurrence matrices.", "advanced": True},
    DISTANCES={"help": "Distances between the two pixels of a pair, separated by commas; each adds a set of features.",
               "advanced": True},
    FEATURES={"help": "Haralick features computed for each band.", "advanced": True})

ICE_FOREST_PARAMETERS = revise(
    with_defaults((*FOREST_PARAMETERS, SEED, SCENE_THREADS), IceSettings().forest),
    TREES={"help": "Number of trees in the forest. More trees are slower and slightly more accurate."},
    MIN_SAMPLES_LEAF={"help": "Minimum number of training pixels in a leaf. Raise it if labels are noisy.",
                      "maximum": 1000},
    MAX_DEPTH={"help": "Maximum depth of the trees. 0: unlimited.", "maximum": 1000},
    BALANCED_WEIGHTS={"help": "Weight classes inversely to their number of training pixels. Off: all pixels have the "
                              "same weight."},
    SEED={"help": "Seed of the random numbers. The same seed results in the same output.", "maximum": 2 ** 31 - 1},
    THREADS={})
