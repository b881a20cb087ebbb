"""Models shipped with Floefield, which run from the Toolbox like tools."""

from qgis.core import QgsProcessingModelAlgorithm
from qgis.PyQt.QtGui import QIcon

from ..compute.errors import PlainError
from .base import PAGES, ROOT
from .destinations import check_destinations
from .parameters import is_null
from .styling import name_outputs


class ShippedModel(QgsProcessingModelAlgorithm):
    """Model from a file; the file name is its id, the model name its title.

    Parameters
    ----------
    path : pathlib.Path
    """

    def __init__(self, path):
        super().__init__()
        self._path = path
        self.fromFile(str(path))

    def name(self):
        """Return the id."""
        return self._path.stem

    def svgIconPath(self):
        """Return the path of the SVG icon."""
        return str(ROOT / "resources" / "icons" / "floefield.svg")

    def icon(self):
        """Return the icon in the Toolbox."""
        return QIcon(self.svgIconPath())

    def helpUrl(self):
        """Return the URL of its page in the user guide."""
        return f"{PAGES}/{self.name()}.md"

    def checkParameterValues(self, parameters, context):
        """Check the output destinations before the first step runs."""
        try:
            check_destinations(self, parameters, context)
        except PlainError as error:
            return False, str(error)
        return super().checkParameterValues(self._completed(parameters), context)

    def processAlgorithm(self, parameters, context, feedback):
        """Run the steps; missing parameters get the default of the model, not that of the step as in QGIS."""
        results = super().processAlgorithm(self._completed(parameters), context, feedback)
        titles = {definition.name(): definition.description() for definition in self.destinationParameterDefinitions()}
        name_outputs(results, titles, context)
        return results

    def _completed(self, parameters):
        defaults = {definition.name(): definition.defaultValue() for definition in self.parameterDefinitions()
                    if not definition.isDestination() and is_null(parameters.get(definition.name()))}
        return {**parameters, **{name: value for name, value in defaults.items() if not is_null(value)}}

    def createInstance(self):
        """Return a new instance."""
        return ShippedModel(self._path)


def shipped_models():
    """Return the models shipped in ``resources/models``.

    Returns
    -------
    list of ShippedModel
    """
    return [ShippedModel(path) for path in sorted((ROOT / "resources" / "models").glob("*.model3"))]
