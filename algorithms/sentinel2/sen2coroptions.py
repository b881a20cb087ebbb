"""The parameters that say what becomes of Level-1C products: left as they are, or corrected by Sen2Cor."""

from qgis.core import QgsProcessingParameterFile, QgsProcessingParameterFolderDestination, QgsProcessingUtils

from ...provider.inputs import is_null
from ...provider.settings import sen2cor_path
from .options import choice

LEVEL_1C = "LEVEL_1C"
SEN2COR = "SEN2COR"
L2A_FOLDER = "L2A_FOLDER"
WAYS = ("toa", "sen2cor")


def add_level_1c_options(tool):
    """Declare whether and with which program Level-1C products are corrected."""
    tool.declare(
        choice(LEVEL_1C, tool.tr("Level-1C products"), WAYS, WAYS[0]),
        "toa takes the reflectance at the top of the atmosphere as it is; sen2cor first makes a Level-2A product with "
        "ESA's Sen2Cor, which you must have installed.", advanced=True)
    tool.declare(
        QgsProcessingParameterFile(SEN2COR, tool.tr("Sen2Cor"), optional=True,
                                   fileFilter="Sen2Cor (L2A_Process*);;All files (*)"),
        "path of its L2A_Process. Set it once for all in Settings > Options > Processing > Providers > Floefield.",
        advanced=True)


def add_level_2a_folder(tool):
    """Declare where the products of Sen2Cor go."""
    tool.declare(
        QgsProcessingParameterFolderDestination(L2A_FOLDER, tool.tr("Level-2A products of Sen2Cor"), optional=True,
                                                createByDefault=False),
        "folder in which to keep them; without one they are deleted with the other temporary files of QGIS.",
        advanced=True)


def sen2cor_options(tool, parameters, context):
    """Whether Sen2Cor is wanted, and how.

    Returns
    -------
    tuple of str or None
        Path of the program, and folder of its products; None where Level-1C stays as it is.
    results : dict
        What the tool returns of it.
    """
    if tool.parameterAsEnumString(parameters, LEVEL_1C, context) != "sen2cor":
        return None, {}
    program = tool.parameterAsString(parameters, SEN2COR, context) or sen2cor_path()
    if is_null(parameters.get(L2A_FOLDER)):
        return (program, QgsProcessingUtils.generateTempFilename("l2a")), {}
    folder = tool.parameterAsFileOutput(parameters, L2A_FOLDER, context)
    return (program, folder), {L2A_FOLDER: folder}
