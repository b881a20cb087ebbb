"""The base of all tools.

A tool sets ``NAME``, ``TITLE``, ``GROUP``, ``TAGS``, ``HELP`` and ``REQUIRES`` and then writes the four methods that
the QGIS cookbook teaches (``initAlgorithm``, ``checkParameterValues``, ``prepareAlgorithm``, ``processAlgorithm``),
exactly as it would without this class. The base answers everything else.
"""

import functools
from enum import Enum
from pathlib import Path

from qgis.core import QgsApplication, QgsProcessingAlgorithm, QgsProcessingException, QgsProcessingParameterDefinition
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..compute.errors import Cancelled, PlainError
from . import packages
from .destinations import check_destinations

ROOT = Path(__file__).parents[1]
PAGES = "https://github.com/floefield/floefield/blob/main/docs/tools"


class Group(Enum):
    """The groups of the Toolbox: id, title, icon."""

    INSITU = ("insitu", "In-situ data")
    SENTINEL2 = ("sentinel2", "Sentinel-2")
    SENTINEL1 = ("sentinel1", "Sentinel-1")
    CLASSIFICATION = ("classification", "Classification")
    SEAICE = ("seaice", "Sea ice")
    TOOLS = ("tools", "Tools")


class Algorithm(QgsProcessingAlgorithm):
    """A Floefield tool.

    Attributes
    ----------
    NAME : str
        Lower-case id, stored in people's models and scripts: never change it.
    TITLE : str
        What the Toolbox shows.
    GROUP : Group
    TAGS : tuple of str
        Words people may search for.
    HELP : str
        A short paragraph: what it does and when to use it. The help of each parameter is added by itself.
    REQUIRES : tuple of str
        Import names of the packages it needs; where one is missing the tool stays listed and says what to install.
    ANY_RASTER_FORMAT : bool
        Whether its rasters may have other names than those of GeoTIFFs.
    """

    NAME = ""
    TITLE = ""
    GROUP = Group.TOOLS
    TAGS = ()
    HELP = ""
    REQUIRES = ()
    ANY_RASTER_FORMAT = False

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.prepareAlgorithm = _refusing_later(cls.prepareAlgorithm)
        cls.processAlgorithm = _speaking_plainly(cls.processAlgorithm)

    def name(self):
        """The id."""
        return self.NAME

    def displayName(self):
        """The title, translated."""
        return self.tr(self.TITLE)

    def group(self):
        """The title of the group, translated."""
        return self.tr(self.GROUP.value[1])

    def groupId(self):
        """The id of the group."""
        return self.GROUP.value[0]

    def tags(self):
        """Words to search for."""
        return [self.tr(tag) for tag in self.TAGS]

    def icon(self):
        """The icon of the group."""
        return QIcon(self.svgIconPath())

    def svgIconPath(self):
        """Where the icon of the group is."""
        return str(ROOT / "resources" / "icons" / f"{self.GROUP.value[0]}.svg")

    def shortHelpString(self):
        """HELP and the help of each parameter, one to a line: it reads well in a dialog and on a terminal."""
        lines = [self.tr(self.HELP)]
        for parameter in self.parameterDefinitions():
            if parameter.help():
                lines.append(f"{parameter.description()}: {parameter.help()}")
        return "\n".join(lines)

    def helpUrl(self):
        """The page of this tool in the user guide."""
        return f"{PAGES}/{self.NAME}.md"

    def createInstance(self):
        """A fresh instance: runs share nothing."""
        return type(self)()

    def prepareAlgorithm(self, parameters, context, feedback):
        """Nothing to prepare, unless a tool says otherwise."""
        return True

    def canExecute(self):
        """Whether the needed packages are there, and if not, how to install them."""
        missing = packages.explain_missing(self.REQUIRES)
        in_dialog = QgsApplication.platform() == "desktop"
        return not missing, packages.for_dialog(missing) if in_dialog else missing

    def tr(self, text):
        """`text` in the language of the user."""
        return QCoreApplication.translate("Floefield", text)

    def declare(self, parameter, help_text, advanced=False):
        """Add a parameter (or a destination) together with its help."""
        parameter.setHelp(self.tr(help_text))
        if advanced:
            parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
        self.addParameter(parameter)


def _refusing_later(prepare):
    """`prepare` whose plain errors wait for ``processAlgorithm``: QGIS keeps those of this step from scripts.

    Results that would go where they cannot are found here too: models do not ask ``checkParameterValues``.
    """

    @functools.wraps(prepare)
    def refusing_later(self, parameters, context, feedback):
        self.refusal = packages.explain_missing(self.REQUIRES)
        if not self.refusal:
            try:
                check_destinations(self, parameters, context)
                return prepare(self, parameters, context, feedback)
            except PlainError as error:
                self.refusal = str(error)
        return True

    return refusing_later


def _speaking_plainly(process):
    """`process` whose plain errors reach the user as sentences, and which ends quietly when cancelled.

    Missing packages are reported here as well: ``canExecute`` is only asked by the Toolbox, not by ``qgis_process``,
    models and scripts.
    """

    @functools.wraps(process)
    def speaking_plainly(self, parameters, context, feedback):
        if self.refusal:
            raise QgsProcessingException(self.refusal)
        try:
            if "rasterio" in self.REQUIRES:
                _warn_of_another_gdal(feedback)
            return process(self, parameters, context, feedback)
        except ImportError as error:
            explanation = packages.explain_failure(error)
            if not explanation:
                raise
            raise QgsProcessingException(explanation) from error
        except PlainError as error:
            raise QgsProcessingException(str(error)) from error
        except Cancelled:
            return {}

    return speaking_plainly


def _warn_of_another_gdal(feedback):
    warning = packages.gdal_mismatch()
    if warning:
        feedback.pushWarning(warning)
