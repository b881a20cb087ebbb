"""The workflows that come with Floefield: models that run from the Toolbox like any tool."""

from qgis.core import QgsProcessingModelAlgorithm
from qgis.PyQt.QtGui import QIcon

from ..compute.errors import PlainError
from .base import PAGES, ROOT
from .destinations import check_destinations
from .inputs import is_null
from .styling import name_outputs


class ShippedModel(QgsProcessingModelAlgorithm):
    """A model file; its id is the name of the file, its title the name of the model.

    Parameters
    ----------
    path : pathlib.Path
    """

    def __init__(self, path):
        super().__init__()
        self._path = path
        self.fromFile(str(path))

    def name(self):
        """The id."""
        return self._path.stem

    def svgIconPath(self):
        """Where the icon is."""
        return str(ROOT / "resources" / "icons" / "floefield.svg")

    def icon(self):
        """The icon in the Toolbox."""
        return QIcon(self.svgIconPath())

    def helpUrl(self):
        """The page of this model in the user guide."""
        return f"{PAGES}/{self.name()}.md"

    def checkParameterValues(self, parameters, context):
        """Refuse results that would go where they cannot, before the first of the steps begins."""
        try:
            check_destinations(self, parameters, context)
        except PlainError as error:
            return False, str(error)
        return super().checkParameterValues(self._completed(parameters), context)

    def processAlgorithm(self, parameters, context, feedback):
        """Run the steps; what was left out has the default of the model, where QGIS would take that of each step."""
        results = super().processAlgorithm(self._completed(parameters), context, feedback)
        titles = {definition.name(): definition.description() for definition in self.destinationParameterDefinitions()}
        name_outputs(results, titles, context)
        return results

    def _completed(self, parameters):
        defaults = {definition.name(): definition.defaultValue() for definition in self.parameterDefinitions()
                    if not definition.isDestination() and is_null(parameters.get(definition.name()))}
        return {**parameters, **{name: value for name, value in defaults.items() if not is_null(value)}}

    def createInstance(self):
        """A fresh instance: runs share nothing."""
        return ShippedModel(self._path)


def shipped_models():
    """All of them.

    Returns
    -------
    list of ShippedModel
    """
    return [ShippedModel(path) for path in sorted((ROOT / "resources" / "models").glob("*.model3"))]
