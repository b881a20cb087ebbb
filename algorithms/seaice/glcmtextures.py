"""Tool ``glcmtextures``: texture features of the grey-level co-occurrence matrix."""

import math
import os

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRange,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ...compute.batch import ON_ERROR
from ...compute.errors import MissingInput, UnsuitableInput
from ...compute.output_files import OutputSet
from ...compute.raster.blocks import MAX_THREADS
from ...compute.seaice.ice_scenes import find_scenes
from ...compute.texture.texture_raster import write_many_textures, write_textures
from ...compute.texture.texture_settings import (
    ANGLE_MODES,
    COMPRESSIONS,
    DIRECTIONS,
    DISTANCE_MODES,
    EDGES,
    FEATURES,
    LEVELS,
    NORMALISATIONS,
    QUANTISATIONS,
    STEPS,
    WINDOWS,
    TextureSettings,
)
from ...provider.base import Algorithm, Group
from ...provider.parameters import choice, choices, is_null
from ...provider.raster_inputs import raster_path
from ...provider.styling import dress, load_on_completion


class GlcmTextures(Algorithm):
    """Compute GLCM textures of one raster, or of all rasters of a folder."""

    INPUT = "INPUT"
    INPUT_FOLDER = "INPUT_FOLDER"
    BANDS = "BANDS"
    WINDOW = "WINDOW"
    LEVELS = "LEVELS"
    DISTANCES = "DISTANCES"
    DISTANCE_MODE = "DISTANCE_MODE"
    ANGLES = "ANGLES"
    ANGLE_MODE = "ANGLE_MODE"
    QUANTISATION = "QUANTISATION"
    RANGE = "RANGE"
    FEATURES = "FEATURES"
    STEP = "STEP"
    NORMALISATION = "NORMALISATION"
    MIN_VALID_FRACTION = "MIN_VALID_FRACTION"
    EDGES = "EDGES"
    COMPRESSION = "COMPRESSION"
    THREADS = "THREADS"
    ON_ERROR = "ON_ERROR"
    LOAD = "LOAD"
    OUTPUT = "OUTPUT"
    OUTPUT_FOLDER = "OUTPUT_FOLDER"
    SCENE_COUNT = "SCENE_COUNT"
    FAILED_COUNT = "FAILED_COUNT"

    NAME = "glcmtextures"
    TITLE = "GLCM textures"
    GROUP = Group.SEAICE
    TAGS = ("texture", "glcm", "grey-level co-occurrence matrix", "gray level", "haralick", "co-occurrence", "features",
            "feature extraction", "sentinel-1", "sar", "backscatter", "sea ice", "entropy", "contrast", "homogeneity",
            "energy", "correlation", "snap", "otb", "batch")
    HELP = ("Computes Haralick texture features of the grey-level co-occurrence matrix (GLCM) in a moving window. "
            "Texture separates surfaces with equal backscatter or reflectance, such as ice types. For any raster: "
            "backscatter in dB, reflectance, elevation; one image, or a folder of images.")
    REQUIRES = ("rasterio", "jinja2")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        defaults = TextureSettings()
        self._declare_inputs()
        self._declare_matrix(defaults)
        self._declare_features(defaults)
        self._declare_outputs()

    def _declare_inputs(self):
        self.declare(
            QgsProcessingParameterRasterLayer(self.INPUT, self.tr("Image (one of these two)"), optional=True),
            "Raster with backscatter in dB, reflectance or any other values. Alternative: INPUT_FOLDER.")
        self.declare(
            QgsProcessingParameterFile(self.INPUT_FOLDER, self.tr("Folder with images (one of these two)"),
                                       optional=True, behavior=QgsProcessingParameterFile.Behavior.Folder),
            "Folder searched, with its subfolders, for GeoTIFFs; all are processed with the same settings. "
            "Alternative: INPUT.")

    def _declare_outputs(self):
        self.declare(
            choice(self.ON_ERROR, self.tr("If an input cannot be used"), ON_ERROR, ON_ERROR[0]),
            "skip: log the error, process the other images of the folder, and succeed. skip_then_fail: likewise, but "
            "end with an error (exit code 1), for scripts that check it. stop: end at once and write nothing.",
            advanced=True)
        self.declare(
            QgsProcessingParameterBoolean(self.LOAD, self.tr("Load results into the project"), True),
            "Load the outputs of INPUT_FOLDER when the run ends (QGIS Desktop only). Switch it off for long series.",
            advanced=True)
        self.declare(
            QgsProcessingParameterRasterDestination(self.OUTPUT, self.tr("Textures"), optional=True),
            "Output of INPUT: GeoTIFF (float32) with one band per image band and feature, such as HH_contrast. NoData "
            "is NaN.")
        self.declare(
            QgsProcessingParameterFolderDestination(self.OUTPUT_FOLDER, self.tr("Output folder"),
                                                    optional=True, createByDefault=False),
            "Output of INPUT_FOLDER: folder for one NAME_textures.tif per NAME.tif, as Classify sea ice expects them. "
            "Files with the same name are overwritten.")
        self.addOutput(QgsProcessingOutputNumber(self.SCENE_COUNT, self.tr("Number of texture rasters")))
        self.addOutput(QgsProcessingOutputNumber(self.FAILED_COUNT, self.tr("Number of images not used")))

    def _declare_matrix(self, defaults):
        self.declare(
            QgsProcessingParameterString(self.BANDS, self.tr("Bands (names or numbers)"), optional=True),
            "Names or numbers of the image bands, separated by commas: HH,HV or 1,2. Empty: all bands (with the "
            "default value ranges: all bands with a polarisation in their name).")
        self._declare_integer(
            self.WINDOW, "Window size (pixels)", defaults.window, WINDOWS,
            "Edge of the moving window, an odd number of pixels. Larger windows give less noisy textures and blur "
            "boundaries.")
        self._declare_integer(
            self.LEVELS, "Grey levels", defaults.levels, LEVELS,
            "Number of grey levels of the quantisation. More levels resolve smaller differences, but require larger "
            "windows.")
        self.declare(
            QgsProcessingParameterString(self.DISTANCES, self.tr("Distances (pixels)"),
                                         ",".join(map(str, defaults.distances))),
            "Distance between the two pixels of a pair, smaller than the window; several separated by commas: 1,2,4. "
            "Default in SNAP: 4.")
        self.declare(
            choice(self.DISTANCE_MODE, self.tr("Combine distances"), DISTANCE_MODES, defaults.distance_mode),
            "Use of several distances. separate: one set of bands per distance. averaged: mean of each feature over "
            "the distances.",
            advanced=True)
        self.declare(
            choice(self.ANGLES, self.tr("Angles (degrees)"), DIRECTIONS, defaults.angles, several=True),
            "Directions of the pixel pairs: 0 right, 45 up right, 90 up, 135 up left. Opposite directions are counted "
            "together (symmetric matrix).")
        self.declare(
            choice(self.ANGLE_MODE, self.tr("Combine angles"), ANGLE_MODES, defaults.angle_mode),
            "Use of several angles. averaged: mean of each feature over the angles. pooled: one matrix for all angles "
            "(ALL in SNAP). separate: one set of bands per angle.")
        self.declare(
            choice(self.QUANTISATION, self.tr("Quantisation"), QUANTISATIONS, defaults.quantisation),
            "Method of quantisation to grey levels. fixed: equal steps over the value range, the same for all scenes; "
            "required for models that are applied to other scenes. equal_distance: equal steps over the range of the "
            "scene. equal_probability: equal number of pixels per grey level.")
        self.declare(
            QgsProcessingParameterRange(self.RANGE, self.tr("Value range"),
                                        QgsProcessingParameterNumber.Type.Double, optional=True),
            "Minimum and maximum value of all bands for the fixed quantisation, such as -25,0; values outside are "
            "assigned to the nearest grey level. Empty: ranges published for sea ice in dB, by the band name: -36 to 2 "
            "for HH and VV, -35 to -7 for HV and VH.")

    def _declare_features(self, defaults):
        self.declare(
            choice(self.FEATURES, self.tr("Texture features"), FEATURES, defaults.features, several=True),
            "Features to compute. The first ten are those of SNAP; the other Haralick features and the cluster "
            "features follow. The page of the tool contains the formulas.")
        self._declare_integer(
            self.STEP, "Output step (pixels)", defaults.step, STEPS,
            "Edge of an output pixel in pixels of the image. 1: texture of every pixel. 25: one value per 25 x 25 "
            "pixels, that is cells of 1 km for pixels of 40 m.")
        self.declare(
            choice(self.NORMALISATION, self.tr("Normalisation"), NORMALISATIONS, defaults.normalisation),
            "Sum of the probabilities of the matrix. standard: they sum to 1, as in the literature and scikit-image. snap: "
            "they sum to 2, with the variance and correlation of SNAP, for models and thresholds made "
            "there.", advanced=True)
        self.declare(
            QgsProcessingParameterNumber(self.MIN_VALID_FRACTION, self.tr("Minimum fraction of valid pixel pairs"),
                                         QgsProcessingParameterNumber.Type.Double, defaults.min_valid_fraction, False, 0.0, 1.0),
            "Minimum fraction (0 to 1) of the pixel pairs of a window without NoData; below it, the output is NoData. "
            "0: one valid pair is enough, as in SNAP.", advanced=True)
        self.declare(
            choice(self.EDGES, self.tr("Image borders"), EDGES, defaults.edges),
            "Windows across the image border. clipped: use the part of the window inside the image, as in SNAP. "
            "nodata: NoData within half a window of the image border.", advanced=True)
        self.declare(
            choice(self.COMPRESSION, self.tr("Compression"), COMPRESSIONS, defaults.compression),
            "Compression of the GeoTIFF. It reduces the size of textures by at most a third, and writing takes several "
            "times as long.", advanced=True)
        self._declare_integer(
            self.THREADS, "Number of threads (0 = automatic)", defaults.threads, (0, 4 * MAX_THREADS),
            "Number of worker threads. 0: all processor cores but one, at most 8. The output does not depend on it.",
            advanced=True)

    def _declare_integer(self, name, title, default, limits, help_text, advanced=False):
        integer = QgsProcessingParameterNumber.Type.Integer
        self.declare(QgsProcessingParameterNumber(name, self.tr(title), integer, default, False, *limits), help_text,
                     advanced)

    def checkParameterValues(self, parameters, context):
        """Check inputs and outputs, and the settings that depend on each other."""
        ok, message = super().checkParameterValues(parameters, context)
        if not ok:
            return ok, message
        try:
            self._check_inputs_and_outputs(parameters, context)
            self._settings(parameters, context).check()
        except UnsuitableInput as error:
            return False, str(error)
        return True, ""

    def _check_inputs_and_outputs(self, parameters, context):
        """Require INPUT and OUTPUT, or both folders; models do not call ``checkParameterValues``."""
        has_image, has_file = (not is_null(parameters.get(name)) for name in (self.INPUT, self.OUTPUT))
        folder, output = (self.parameterAsString(parameters, name, context)
                          for name in (self.INPUT_FOLDER, self.OUTPUT_FOLDER))
        if has_image == bool(folder):
            raise UnsuitableInput("Give either an image (INPUT) or a folder with images (INPUT_FOLDER).")
        if has_image and not has_file:
            raise UnsuitableInput("INPUT requires OUTPUT. Give the path of a GeoTIFF.")
        if has_image and output:
            raise UnsuitableInput("OUTPUT_FOLDER is used with INPUT_FOLDER only. Give OUTPUT for the textures of one "
                                  "image.")
        if folder and not output:
            raise UnsuitableInput("INPUT_FOLDER requires OUTPUT_FOLDER. Choose a folder for the textures.")
        if folder and os.path.realpath(folder) == os.path.realpath(output):
            raise UnsuitableInput("OUTPUT_FOLDER is the folder of the images. Choose another folder, so that the "
                                  "textures are not read as images in the next run.")

    def prepare_inputs(self, parameters, context, feedback):
        """Read the path of the image."""
        self._path = ""
        if not is_null(parameters.get(self.INPUT)):
            layer = self.parameterAsRasterLayer(parameters, self.INPUT, context)
            if layer is None:
                raise MissingInput(f"INPUT {parameters[self.INPUT]} cannot be opened as a raster. Check its path.")
            self._path = raster_path(layer)

    def execute(self, parameters, context, progress):
        """Compute and write the textures."""
        self._check_inputs_and_outputs(parameters, context)
        bands = [band.strip() for band in self.parameterAsString(parameters, self.BANDS, context).split(",")]
        task = [band for band in bands if band], self._settings(parameters, context), progress
        if not self._path:
            return self._process_folder(task, parameters, context)
        output = self.parameterAsOutputLayer(parameters, self.OUTPUT, context)
        write_textures(self._path, output, *task)
        dress(output, self.tr("Textures"), context, group=self.tr("Floefield: sea ice"), algorithm=self)
        return {self.OUTPUT: output}

    def _process_folder(self, task, parameters, context):
        """Process each image of the folder."""
        folder = self.parameterAsString(parameters, self.OUTPUT_FOLDER, context)
        paths = find_scenes(self.parameterAsString(parameters, self.INPUT_FOLDER, context), exclude=folder)
        on_error = self.parameterAsEnumString(parameters, self.ON_ERROR, context)
        with OutputSet() as outputs:
            batch = write_many_textures(paths, outputs.folder(folder), *task, on_error)
            batch.require_success("skip")
        batch.require_success(on_error)
        if self.parameterAsBoolean(parameters, self.LOAD, context):
            for name in batch.results:
                load_on_completion(os.path.join(folder, name), self.OUTPUT_FOLDER, context,
                                   self.tr("Floefield: sea ice"))
        return {self.OUTPUT_FOLDER: folder, self.SCENE_COUNT: len(batch.results),
                self.FAILED_COUNT: len(batch.failures)}

    def _settings(self, parameters, context):
        def integer(name):
            return self.parameterAsInt(parameters, name, context)

        def value(name):
            return self.parameterAsEnumString(parameters, name, context)

        return TextureSettings(
            window=integer(self.WINDOW), levels=integer(self.LEVELS),
            distances=_parse_distances(self.parameterAsString(parameters, self.DISTANCES, context)),
            angles=choices(self, parameters, self.ANGLES, context), angle_mode=value(self.ANGLE_MODE),
            distance_mode=value(self.DISTANCE_MODE), quantisation=value(self.QUANTISATION),
            value_range=self._range(parameters, context), features=choices(self, parameters, self.FEATURES, context),
            step=integer(self.STEP), normalisation=value(self.NORMALISATION),
            min_valid_fraction=self.parameterAsDouble(parameters, self.MIN_VALID_FRACTION, context), edges=value(self.EDGES),
            compression=value(self.COMPRESSION), threads=integer(self.THREADS))

    def _range(self, parameters, context):
        """Return minimum and maximum of RANGE, or None."""
        given = parameters.get(self.RANGE)
        limits = [] if is_null(given) else self.parameterAsRange(parameters, self.RANGE, context)
        if len(limits) == 2 and all(map(math.isfinite, limits)):
            return tuple(limits)
        # The dialog passes "None,None" or "nan,nan" for an empty range.
        if any(character.isdigit() for character in str(given)):
            raise UnsuitableInput(f"RANGE is {given}. Give minimum and maximum, such as -25,0.")
        return None


def _parse_distances(text):
    """Return the integers of a comma-separated list, without duplicates.

    Raises
    ------
    UnsuitableInput
        If the list contains anything else.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise UnsuitableInput(f"DISTANCES is {text}. Give whole numbers of pixels separated by commas, such as 1,2,4.")
    return tuple(dict.fromkeys(int(part) for part in parts))
