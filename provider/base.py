"""``Algorithm``, ``FeedbackProgress``.

Base class of all tools.

A tool sets ``NAME``, ``TITLE``, ``GROUP``, ``TAGS``, ``HELP`` and ``REQUIRES`` and implements the four methods of the
PyQGIS cookbook (``initAlgorithm``, ``checkParameterValues``, ``prepareAlgorithm``, ``processAlgorithm``). The base
class implements the others.

Progress and messages of the computations, passed to Processing.
"""

import functools
from enum import Enum
from pathlib import Path

from qgis.core import QgsApplication, QgsProcessingAlgorithm, QgsProcessingException, QgsProcessingParameterDefinition
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..compute.errors import Cancelled, PlainError
from ..compute.progress import Progress
from ..provider import packages
from .destinations import check_destinations

ROOT = Path(__file__).parents[1]
PAGES = "https://github.com/floefield/floefield/blob/main/docs/tools"


class Group(Enum):
    """Groups of the Toolbox: id (also the name of the icon) and title."""

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
        Lower-case id, stored in models and scripts of users: never change it.
    TITLE : str
        Title in the Toolbox.
    GROUP : Group
    TAGS : tuple of str
        Search terms.
    HELP : str
        A short paragraph: what the tool does and when to use it. The help of each parameter is appended.
    REQUIRES : tuple of str
        Import names of required packages; where one is missing, the tool stays listed and reports how to install it.
    ANY_RASTER_FORMAT : bool
        Whether its raster outputs may have other formats than GeoTIFF.
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
        cls.prepareAlgorithm = _deferring_errors(cls.prepareAlgorithm)
        cls.processAlgorithm = _reporting_errors(cls.processAlgorithm)

    def name(self):
        """Return the id."""
        return self.NAME

    def displayName(self):
        """Return the translated title."""
        return self.tr(self.TITLE)

    def group(self):
        """Return the translated title of the group."""
        return self.tr(self.GROUP.value[1])

    def groupId(self):
        """Return the id of the group."""
        return self.GROUP.value[0]

    def tags(self):
        """Return the translated search terms."""
        return [self.tr(tag) for tag in self.TAGS]

    def icon(self):
        """Return the icon of the group."""
        return QIcon(self.svgIconPath())

    def svgIconPath(self):
        """Return the path of the icon of the group."""
        return str(ROOT / "resources" / "icons" / f"{self.GROUP.value[0]}.svg")

    def shortHelpString(self):
        """Return HELP and the help of each parameter, one per line, for dialog and terminal."""
        lines = [self.tr(self.HELP)]
        for parameter in self.parameterDefinitions():
            if parameter.help():
                lines.append(f"{parameter.description()}: {parameter.help()}")
        return "\n".join(lines)

    def helpUrl(self):
        """Return the URL of the tool in the user guide."""
        return f"{PAGES}/{self.NAME}.md"

    def createInstance(self):
        """Return a new instance."""
        return type(self)()

    def prepareAlgorithm(self, parameters, context, feedback):
        """Do nothing by default."""
        return True

    def canExecute(self):
        """Return whether the required packages are available, and if not, how to install them."""
        missing = packages.explain_missing(self.REQUIRES)
        in_dialog = QgsApplication.platform() == "desktop"
        return not missing, packages.for_dialog(missing) if in_dialog else missing

    def tr(self, text):
        """Translate `text` to the language of the user."""
        return QCoreApplication.translate("Floefield", text)

    def declare(self, parameter, help_text, advanced=False):
        """Add a parameter or destination with its help."""
        parameter.setHelp(self.tr(help_text))
        if advanced:
            parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
        self.addParameter(parameter)


def _deferring_errors(prepare):
    """Defer a ``PlainError`` of `prepare` to ``processAlgorithm``, since QGIS hides errors of this step from scripts.

    Packages and destinations are checked here, since models do not call ``checkParameterValues``.
    """

    @functools.wraps(prepare)
    def deferring_errors(self, parameters, context, feedback):
        self.deferred_error = packages.explain_missing(self.REQUIRES)
        if not self.deferred_error:
            try:
                check_destinations(self, parameters, context)
                return prepare(self, parameters, context, feedback)
            except PlainError as error:
                self.deferred_error = str(error)
        return True

    return deferring_errors


def _reporting_errors(process):
    """Raise each ``PlainError`` and failed import of `process` as ``QgsProcessingException``; return {} when cancelled.

    Missing packages are reported here too, since only the Toolbox calls ``canExecute``, not ``qgis_process``, models or
    scripts.
    """

    @functools.wraps(process)
    def reporting_errors(self, parameters, context, feedback):
        if self.deferred_error:
            raise QgsProcessingException(self.deferred_error)
        try:
            if "rasterio" in self.REQUIRES:
                _warn_of_gdal_mismatch(feedback)
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

    return reporting_errors


def _warn_of_gdal_mismatch(feedback):
    warning = packages.gdal_mismatch()
    if warning:
        feedback.pushWarning(warning)


class FeedbackProgress(Progress):
    """Progress on a ``QgsProcessingFeedback``: progress bar, log and cancel button.

    Parameters
    ----------
    feedback : QgsProcessingFeedback
    """

    def __init__(self, feedback):
        self._feedback = feedback

    @property
    def cancelled(self):
        """bool: whether the cancel button was pressed."""
        return self._feedback.isCanceled()

    def show(self, fraction):
        """Move the progress bar."""
        self._feedback.setProgress(100.0 * fraction)

    def say(self, text):
        """Write a line to the log."""
        self._feedback.pushInfo(text)

    def warn(self, text):
        """Write a warning to the log."""
        self._feedback.pushWarning(text)
