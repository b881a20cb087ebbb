"""Texture bands from grey-level co-occurrence matrices."""

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

from ...compute.errors import MissingInput, UnsuitableInput
from ...compute.icechart.folder import added_files
from ...compute.raster.blocks import MOST_THREADS
from ...compute.seaice.scenes import find_scenes
from ...compute.seaice.settings import WHEN_BROKEN
from ...compute.texture.batch import write_many_textures
from ...compute.texture.settings import (
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
from ...compute.texture.texture import write_textures
from ...provider.base import Algorithm, Group
from ...provider.inputs import is_null, raster_path
from ...provider.progress import FeedbackProgress
from ...provider.styling import dress, load_on_completion
from ..sentinel2.options import choice, choices


class GlcmTextures(Algorithm):
    """A raster in, a raster of textures out; or a folder in, a folder out."""

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
    TAGS = ("texture", "glcm", "haralick", "co-occurrence", "sentinel-1", "sar", "sea ice", "entropy", "contrast")
    HELP = ("Describes how rough, regular or patterned an image is around each pixel, by Haralick's features of the "
            "grey-level co-occurrence matrix. Texture tells ice from water, and old ice from young, where their "
            "backscatter is the same. Works on any raster: backscatter in dB, reflectance, height. One image, or "
            "a folder of them.")
    REQUIRES = ("rasterio",)

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        defaults = TextureSettings()
        self._declare_images()
        self._declare_matrix(defaults)
        self._declare_result(defaults)
        self._declare_outputs()

    def _declare_images(self):
        self.declare(
            QgsProcessingParameterRasterLayer(self.INPUT, self.tr("Image"), optional=True),
            "backscatter in dB, reflectance, or anything else with a texture. Give it or the folder below.")
        self.declare(
            QgsProcessingParameterFile(self.INPUT_FOLDER, self.tr("Folder with images"), optional=True,
                                       behavior=QgsProcessingParameterFile.Behavior.Folder),
            "all GeoTIFFs in it and its subfolders are used, with the same settings.")

    def _declare_outputs(self):
        self.declare(
            choice(self.ON_ERROR, self.tr("If an image of the folder is broken"), WHEN_BROKEN, WHEN_BROKEN[0]),
            "the others are done in any case, and a message names it. skip: that is all. fail: in the end the run is "
            "reported as failed (exit code 1).", advanced=True)
        self.declare(
            QgsProcessingParameterBoolean(self.LOAD, self.tr("Load the textures of the folder into the project"), True),
            "in the desktop only; switch it off for long series.", advanced=True)
        self.declare(
            QgsProcessingParameterRasterDestination(self.OUTPUT, self.tr("Textures"), optional=True),
            "of one image: GeoTIFF (float32) with a band for each band of the image and each feature, such as "
            "HH_contrast; not a number where there is no texture.")
        self.declare(
            QgsProcessingParameterFolderDestination(self.OUTPUT_FOLDER, self.tr("Folder for the textures"),
                                                    optional=True, createByDefault=False),
            "of a folder with images: receives NAME_textures.tif for each NAME.tif, as Classify sea ice looks for "
            "them. Files of the same name are replaced.")
        self.addOutput(QgsProcessingOutputNumber(self.SCENE_COUNT, self.tr("Number of images with textures")))
        self.addOutput(QgsProcessingOutputNumber(self.FAILED_COUNT, self.tr("Number of images that are broken")))

    def _declare_matrix(self, defaults):
        self.declare(
            QgsProcessingParameterString(self.BANDS, self.tr("Bands"), optional=True),
            "names or numbers of its bands, separated by commas: HH,HV or 1,2. All if empty (with the published "
            "ranges: all whose name tells the polarisation).")
        self._declare_whole(
            self.WINDOW, "Window (pixels)", defaults.window, WINDOWS,
            "height and width of the window around each pixel, odd. A larger window gives steadier textures with "
            "blurred borders.")
        self._declare_whole(
            self.LEVELS, "Grey levels", defaults.levels, LEVELS,
            "into so many steps the values are divided. More levels see finer differences, but need larger windows.")
        self.declare(
            QgsProcessingParameterString(self.DISTANCES, self.tr("Distances (pixels)"),
                                         ",".join(map(str, defaults.distances))),
            "from a pixel to its partner, below the window; several separated by commas: 1,2,4. SNAP's default is 4.")
        self.declare(
            choice(self.DISTANCE_MODE, self.tr("Several distances"), DISTANCE_MODES, defaults.distance_mode),
            "separate gives bands for each distance, averaged the mean of each feature over the distances.",
            advanced=True)
        self.declare(
            choice(self.ANGLES, self.tr("Angles (degrees)"), DIRECTIONS, defaults.angles, several=True),
            "in which direction the partner lies: 0 is right, 45 up and right, 90 up, 135 up and left. Opposite "
            "directions count alike.")
        self.declare(
            choice(self.ANGLE_MODE, self.tr("Several angles"), ANGLE_MODES, defaults.angle_mode),
            "averaged gives the mean of each feature over the angles, pooled counts all angles in one matrix (as ALL "
            "in SNAP), separate gives bands for each angle.")
        self.declare(
            choice(self.QUANTISATION, self.tr("Grey levels from"), QUANTISATIONS, defaults.quantisation),
            "fixed divides RANGE into equal steps, the same in every scene, as models need that are used on other "
            "scenes; equal-distance does so with the range of the scene; equal-probability gives each level equally "
            "many pixels.")
        self.declare(
            QgsProcessingParameterRange(self.RANGE, self.tr("Range of values"),
                                        QgsProcessingParameterNumber.Type.Double, optional=True),
            "lowest and highest value, such as -25,0, for all bands; values outside count as the nearest level. If "
            "empty, the ranges published for sea ice in dB: -36 to 2 for HH and VV, -35 to -7 for HV and VH, chosen by "
            "the name of the band. Only for fixed.")

    def _declare_result(self, defaults):
        self.declare(
            choice(self.FEATURES, self.tr("Features"), FEATURES, defaults.features, several=True),
            "the first ten are those of SNAP; the rest of Haralick's set and the cluster features follow. Formulas are "
            "on the page of the tool.")
        self._declare_whole(
            self.STEP, "Step (pixels)", defaults.step, STEPS,
            "1 gives a texture for each pixel. 25 gives one for each cell of 25 x 25 pixels, in a raster with pixels "
            "of that size: with a window of 25, cells of 1 km from pixels of 40 m.")
        self.declare(
            choice(self.NORMALISATION, self.tr("Normalisation"), NORMALISATIONS, defaults.normalisation),
            "one: probabilities add up to 1, as in textbooks and scikit-image. snap: they add up to 2, and variance "
            "and correlation are as odd as in SNAP, to go on with models and thresholds from there.", advanced=True)
        self.declare(
            QgsProcessingParameterNumber(self.MIN_VALID_FRACTION, self.tr("Least share of valid pairs"),
                                         QgsProcessingParameterNumber.Type.Double, defaults.min_valid, False, 0.0, 1.0),
            "where fewer pairs of a window have data the result has none. Pairs with a pixel without data never count. "
            "0 asks for a single pair, as SNAP does.", advanced=True)
        self.declare(
            choice(self.EDGES, self.tr("Edges of the image"), EDGES, defaults.edges),
            "clipped uses the part of the window that lies in the image, as SNAP does; nodata leaves a border of half "
            "a window empty.", advanced=True)
        self.declare(
            choice(self.COMPRESSION, self.tr("Compression"), COMPRESSIONS, defaults.compression),
            "of the file. Textures shrink by a third at most, and writing takes several times as long: none is the "
            "default.", advanced=True)
        self._declare_whole(
            self.THREADS, "Threads", defaults.threads, (0, 4 * MOST_THREADS),
            "worker threads; 0 lets Floefield choose. The result does not depend on it.", advanced=True)

    def _declare_whole(self, name, title, default, ends, help_text, advanced=False):
        kind = QgsProcessingParameterNumber.Type.Integer
        self.declare(QgsProcessingParameterNumber(name, self.tr(title), kind, default, False, *ends), help_text,
                     advanced)

    def checkParameterValues(self, parameters, context):
        """What must fit together: distances and window, the ends of the range."""
        ok, message = super().checkParameterValues(parameters, context)
        if not ok:
            return ok, message
        try:
            self._check_places(parameters, context)
            self._settings(parameters, context).check()
        except UnsuitableInput as error:
            return False, str(error)
        return True, ""

    def _check_places(self, parameters, context):
        """One image and a file, or a folder and a folder; models have nobody else to ask."""
        has_image, has_file = (not is_null(parameters.get(name)) for name in (self.INPUT, self.OUTPUT))
        folder, output = (self.parameterAsString(parameters, name, context)
                          for name in (self.INPUT_FOLDER, self.OUTPUT_FOLDER))
        if has_image == bool(folder):
            raise UnsuitableInput("Give either an image (INPUT) or a folder with images (INPUT_FOLDER).")
        if has_image and not has_file:
            raise UnsuitableInput("Say where the textures go: OUTPUT names a GeoTIFF.")
        if has_image and output:
            raise UnsuitableInput("OUTPUT_FOLDER is for the textures of INPUT_FOLDER. For one image name a file "
                                  "(OUTPUT).")
        if folder and not output:
            raise UnsuitableInput("Choose a folder for the textures of INPUT_FOLDER: OUTPUT_FOLDER.")
        if folder and os.path.realpath(folder) == os.path.realpath(output):
            raise UnsuitableInput("OUTPUT_FOLDER is the folder of the images. Choose another one, or the textures "
                                  "would be images the next time.")

    def prepareAlgorithm(self, parameters, context, feedback):
        """The layer becomes a path."""
        self._path = ""
        if not is_null(parameters.get(self.INPUT)):
            layer = self.parameterAsRasterLayer(parameters, self.INPUT, context)
            if layer is None:
                raise MissingInput(f"{parameters[self.INPUT]} cannot be opened as a raster. Check that it exists.")
            self._path = raster_path(layer)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Compute and write."""
        self._check_places(parameters, context)
        bands = [band.strip() for band in self.parameterAsString(parameters, self.BANDS, context).split(",")]
        task = [band for band in bands if band], self._settings(parameters, context), FeedbackProgress(feedback)
        if not self._path:
            return self._folder(task, parameters, context)
        output = self.parameterAsOutputLayer(parameters, self.OUTPUT, context)
        write_textures(self._path, output, *task)
        dress(output, self.tr("Textures"), context, group=self.tr("Floefield: sea ice"), algorithm=self)
        return {self.OUTPUT: output}

    def _folder(self, task, parameters, context):
        """Every image by itself."""
        folder = self.parameterAsString(parameters, self.OUTPUT_FOLDER, context)
        paths = find_scenes(self.parameterAsString(parameters, self.INPUT_FOLDER, context), without=folder)
        with added_files(folder) as partial:
            batch = write_many_textures(paths, partial, *task)
            if not batch.names:
                raise UnsuitableInput(batch.complaint())
        if batch.failures and self.parameterAsEnumString(parameters, self.ON_ERROR, context) == "fail":
            raise UnsuitableInput(batch.complaint())
        if self.parameterAsBoolean(parameters, self.LOAD, context):
            for name in batch.names:
                load_on_completion(os.path.join(folder, name), self.OUTPUT_FOLDER, context, self.tr("Floefield: sea ice"))
        return {self.OUTPUT_FOLDER: folder, self.SCENE_COUNT: len(batch.names),
                self.FAILED_COUNT: len(batch.failures)}

    def _settings(self, parameters, context):
        def whole(name):
            return self.parameterAsInt(parameters, name, context)

        def chosen(name):
            return self.parameterAsEnumString(parameters, name, context)

        return TextureSettings(
            window=whole(self.WINDOW), levels=whole(self.LEVELS),
            distances=_whole_numbers(self.parameterAsString(parameters, self.DISTANCES, context)),
            angles=choices(self, parameters, self.ANGLES, context), angle_mode=chosen(self.ANGLE_MODE),
            distance_mode=chosen(self.DISTANCE_MODE), quantisation=chosen(self.QUANTISATION),
            value_range=self._range(parameters, context), features=choices(self, parameters, self.FEATURES, context),
            step=whole(self.STEP), normalisation=chosen(self.NORMALISATION),
            min_valid=self.parameterAsDouble(parameters, self.MIN_VALID_FRACTION, context), edges=chosen(self.EDGES),
            compression=chosen(self.COMPRESSION), threads=whole(self.THREADS))

    def _range(self, parameters, context):
        """Both ends of RANGE, or None."""
        given = parameters.get(self.RANGE)
        ends = [] if is_null(given) else self.parameterAsRange(parameters, self.RANGE, context)
        if len(ends) == 2 and all(map(math.isfinite, ends)):
            return tuple(ends)
        # An empty field of the dialog says "None,None" or "nan,nan".
        if any(sign.isdigit() for sign in str(given)):
            raise UnsuitableInput(f"RANGE is {given}; give the lowest and the highest value, such as -25,0.")
        return None


def _whole_numbers(text):
    """The numbers of a comma list.

    Raises
    ------
    UnsuitableInput
        If there is anything else in it.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise UnsuitableInput(f"DISTANCES is {text}; give whole numbers of pixels separated by commas, such as 1,2,4.")
    return tuple(dict.fromkeys(int(part) for part in parts))
