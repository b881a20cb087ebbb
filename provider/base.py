"""The base class of all tools: how QGIS sees a Floefield tool.

A tool sets ``NAME``, ``TITLE``, ``GROUP``, ``TAGS``, ``HELP``, ``REQUIRES`` and ``PARAMETERS`` and writes two methods:
``prepare_inputs`` (layers become paths and feature sources) and ``execute`` (one call into ``compute``, outputs). The
base class implements the rest of the interface of a Processing algorithm.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any, Union

from qgis.core import (
    QgsApplication,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..compute.declarations import ParameterDeclaration
from ..compute.errors import Cancelled, PlainError
from ..compute.progress import Progress
from . import packages
from .destinations import check_destinations
from .parameters import check_names, check_numbers, declare

ROOT = Path(__file__).parents[1]
PAGES = "https://github.com/floefield/floefield/blob/main/docs/tools"

Parameters = dict[str, Any]
OutputValue = Union[None, bool, int, float, str, list[str]]


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
    PARAMETERS : tuple of ParameterDeclaration
        Parameters, destinations and returned values, in the order of the dialog.
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
    PARAMETERS: tuple[ParameterDeclaration, ...] = ()
    REQUIRES: tuple[str, ...] = ()
    ANY_RASTER_FORMAT = False

    def initAlgorithm(self, configuration: Any = None) -> None:
        """Declare the parameters."""
        declare(self, *self.PARAMETERS)

    def prepare_inputs(self, parameters: Parameters, context: QgsProcessingContext,
                       feedback: QgsProcessingFeedback) -> None:
        """Open layers: rasters become paths, parcels become feature sources. Called before :meth:`execute`."""

    def execute(self, parameters: Parameters, context: QgsProcessingContext,
                progress: Progress) -> dict[str, OutputValue]:
        """Do the work.

        Returns
        -------
        dict
            Outputs by name.
        """
        raise NotImplementedError

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """Check that names are those of parameters and numbers finite, then what QGIS checks."""
        try:
            check_names(self, parameters)
            check_numbers(self, parameters)
        except PlainError as error:
            return False, str(error)
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(self, parameters: Parameters, context: QgsProcessingContext,
                         feedback: QgsProcessingFeedback) -> bool:
        """Check packages and destinations and call :meth:`prepare_inputs`.

        Errors wait for :meth:`processAlgorithm`, because QGIS hides those of this step from scripts. Destinations are
        checked here because models do not call ``checkParameterValues``.
        """
        self.deferred_error = packages.explain_missing(self.REQUIRES)
        if self.deferred_error:
            return True
        try:
            check_names(self, parameters)
            check_numbers(self, parameters)
            check_destinations(self, parameters, context)
            self.prepare_inputs(parameters, context, feedback)
        except PlainError as error:
            self.deferred_error = str(error)
        except ImportError as error:
            self.deferred_error = packages.explain_failure(error)
            if not self.deferred_error:
                raise
        return True

    def processAlgorithm(self, parameters: Parameters, context: QgsProcessingContext,
                         feedback: QgsProcessingFeedback) -> dict[str, OutputValue]:
        """Call :meth:`execute`; errors a user can act on become ``QgsProcessingException``, cancelling returns {}.

        Missing packages are reported here too, since only the Toolbox calls ``canExecute``, not ``qgis_process``,
        models or scripts.
        """
        if self.deferred_error:
            raise QgsProcessingException(self.deferred_error)
        try:
            if "rasterio" in self.REQUIRES:
                _warn_of_gdal_mismatch(feedback)
            return self.execute(parameters, context, FeedbackProgress(feedback))
        except ImportError as error:
            explanation = packages.explain_failure(error)
            if not explanation:
                raise
            raise QgsProcessingException(explanation) from error
        except PlainError as error:
            raise QgsProcessingException(str(error)) from error
        except Cancelled:
            return {}

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

    def canExecute(self):
        """Return whether the required packages are available, and if not, how to install them."""
        missing = packages.explain_missing(self.REQUIRES)
        in_dialog = QgsApplication.platform() == "desktop"
        return not missing, packages.for_dialog(missing) if in_dialog else missing

    def tr(self, text):
        """Translate `text` to the language of the user."""
        return QCoreApplication.translate("Floefield", text)


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
