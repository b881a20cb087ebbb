"""Parameters for Level-1C products: top-of-atmosphere reflectance, or atmospheric correction with Sen2Cor."""

from qgis.core import QgsProcessingParameterFile, QgsProcessingParameterFolderDestination, QgsProcessingUtils

from ...provider.inputs import is_null
from ...provider.settings import sen2cor_path
from .options import choice

LEVEL_1C = "LEVEL_1C"
SEN2COR = "SEN2COR"
L2A_FOLDER = "L2A_FOLDER"
LEVEL_1C_PROCESSING = ("toa", "sen2cor")


def add_level_1c_options(tool):
    """Declare the processing of Level-1C products and the path of Sen2Cor."""
    tool.declare(
        choice(LEVEL_1C, tool.tr("Level-1C processing"), LEVEL_1C_PROCESSING, LEVEL_1C_PROCESSING[0]),
        "Processing of Level-1C products. toa: use top-of-atmosphere reflectance. sen2cor: convert to Level-2A first "
        "(atmospheric correction) with ESA's Sen2Cor, which must be installed. Ignored for Level-2A "
        "products.", advanced=True)
    tool.declare(
        QgsProcessingParameterFile(SEN2COR, tool.tr("Sen2Cor program (L2A_Process)"), optional=True,
                                   fileFilter="Sen2Cor (L2A_Process*);;All files (*)"),
        "Path of L2A_Process. Empty: the path in Settings > Options > Processing > Providers > Floefield, else the "
        "search path of the system.",
        advanced=True)


def add_level_2a_folder(tool):
    """Declare the folder for the Level-2A products of Sen2Cor."""
    tool.declare(
        QgsProcessingParameterFolderDestination(L2A_FOLDER, tool.tr("Folder for Level-2A products"), optional=True,
                                                createByDefault=False),
        "Folder for the Level-2A products made by Sen2Cor. Empty: temporary, deleted when QGIS closes.",
        advanced=True)


def sen2cor_options(tool, parameters, context):
    """Return the Sen2Cor program and output folder.

    Returns
    -------
    tuple of str or None
        Path of the program and folder of its products; None for ``toa``.
    results : dict
        Outputs of the tool: the folder, if one is given.
    """
    if tool.parameterAsEnumString(parameters, LEVEL_1C, context) != "sen2cor":
        return None, {}
    program = tool.parameterAsString(parameters, SEN2COR, context) or sen2cor_path()
    if is_null(parameters.get(L2A_FOLDER)):
        return (program, QgsProcessingUtils.generateTempFilename("l2a")), {}
    folder = tool.parameterAsFileOutput(parameters, L2A_FOLDER, context)
    return (program, folder), {L2A_FOLDER: folder}
