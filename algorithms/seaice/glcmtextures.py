"""Tool ``glcmtextures``: texture features of the grey-level co-occurrence matrix."""

import os
from dataclasses import replace

from ...compute.batch import ON_ERROR_PARAMETER, load_parameter
from ...compute.declarations import ParameterDeclaration, with_defaults
from ...compute.errors import MissingInput, UnsuitableInput
from ...compute.output_files import OutputSet
from ...compute.seaice.ice_scenes import find_scenes
from ...compute.texture.texture_raster import write_many_textures, write_textures
from ...compute.texture.texture_settings import TEXTURE_PARAMETERS, TextureSettings
from ...provider.base import Algorithm, Group
from ...provider.parameters import is_null, read, read_settings
from ...provider.raster_inputs import raster_path
from ...provider.styling import dress, load_on_completion

INPUT = ParameterDeclaration(
    "INPUT", "Image (one of these two)",
    "Raster with backscatter in dB, reflectance or any other values. Alternative: INPUT_FOLDER.",
    kind="raster", optional=True)
INPUT_FOLDER = ParameterDeclaration(
    "INPUT_FOLDER", "Folder with images (one of these two)",
    "Folder searched, with its subfolders, for GeoTIFFs; all are processed with the same settings. "
    "Alternative: INPUT.",
    kind="folder", optional=True)
BANDS = ParameterDeclaration(
    "BANDS", "Bands (names or numbers)",
    "Names or numbers of the image bands, separated by commas: HH,HV or 1,2. Empty: all bands (with the "
    "default value ranges: all bands with a polarisation in their name).",
    kind="names", optional=True)
ON_ERROR = replace(ON_ERROR_PARAMETER, help=(
    "skip: log the error, process the other images of the folder, and succeed. skip_then_fail: likewise, but end with "
    "an error (exit code 1), for scripts that check it. stop: end at once and write nothing."))
LOAD = load_parameter("outputs of INPUT_FOLDER")
OUTPUT = ParameterDeclaration(
    "OUTPUT", "Textures",
    "Output of INPUT: GeoTIFF (float32) with one band per image band and feature, such as HH_contrast. NoData "
    "is NaN.",
    kind="raster_destination", optional=True)
OUTPUT_FOLDER = ParameterDeclaration(
    "OUTPUT_FOLDER", "Output folder",
    "Output of INPUT_FOLDER: folder for one NAME_textures.tif per NAME.tif, as Classify sea ice expects them. "
    "Files with the same name are overwritten.",
    kind="folder_destination", optional=True, is_created=False)
SCENE_COUNT = ParameterDeclaration("SCENE_COUNT", "Number of texture rasters", kind="number_result")
FAILED_COUNT = ParameterDeclaration("FAILED_COUNT", "Number of images not used", kind="number_result")


class GlcmTextures(Algorithm):
    """Compute GLCM textures of one raster, or of all rasters of a folder."""

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
    PARAMETERS = (INPUT, INPUT_FOLDER, BANDS, *with_defaults(TEXTURE_PARAMETERS, TextureSettings()), ON_ERROR, LOAD,
                  OUTPUT, OUTPUT_FOLDER, SCENE_COUNT, FAILED_COUNT)

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
        has_image, has_file = (not is_null(parameters.get(each.name)) for each in (INPUT, OUTPUT))
        folder, output = (read(self, each, parameters, context) for each in (INPUT_FOLDER, OUTPUT_FOLDER))
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
        if not is_null(parameters.get(INPUT.name)):
            layer = self.parameterAsRasterLayer(parameters, INPUT.name, context)
            if layer is None:
                raise MissingInput(f"INPUT {parameters[INPUT.name]} cannot be opened as a raster. Check its path.")
            self._path = raster_path(layer)

    def execute(self, parameters, context, progress):
        """Compute and write the textures."""
        self._check_inputs_and_outputs(parameters, context)
        task = read(self, BANDS, parameters, context), self._settings(parameters, context), progress
        if not self._path:
            return self._process_folder(task, parameters, context)
        output = read(self, OUTPUT, parameters, context)
        write_textures(self._path, output, *task)
        dress(output, self.tr("Textures"), context, group=self.tr("Floefield: sea ice"), algorithm=self)
        return {OUTPUT.name: output}

    def _process_folder(self, task, parameters, context):
        """Process each image of the folder."""
        folder = read(self, OUTPUT_FOLDER, parameters, context)
        paths = find_scenes(read(self, INPUT_FOLDER, parameters, context), exclude=folder)
        on_error = read(self, ON_ERROR, parameters, context)
        with OutputSet() as outputs:
            batch = write_many_textures(paths, outputs.folder(folder), *task, on_error)
            batch.require_success("skip")
        batch.require_success(on_error)
        if read(self, LOAD, parameters, context):
            for name in batch.results:
                load_on_completion(os.path.join(folder, name), OUTPUT_FOLDER.name, context,
                                   self.tr("Floefield: sea ice"))
        return {OUTPUT_FOLDER.name: folder, SCENE_COUNT.name: len(batch.results),
                FAILED_COUNT.name: len(batch.failures)}

    def _settings(self, parameters, context):
        return TextureSettings(**read_settings(self, TEXTURE_PARAMETERS, parameters, context))
