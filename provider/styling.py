"""Dressing outputs on their way into the project: a name, a group, and where needed a style.

What a file must look like everywhere is written beside the file (see ``compute/raster/categorical.py``); this is only
the bonus of the desktop. Processing owns and deletes the post-processors; Python must nevertheless keep a reference to
each until then, or its methods are lost (QGIS issue 47533).
"""

import threading
import uuid
from collections import Counter
from pathlib import Path

from qgis.core import QgsProcessingContext, QgsProcessingLayerPostProcessorInterface
from qgis.PyQt import sip

# Node properties that tell which layers of a group came from one run, and in which order they belong.
RUN, RANK = "floefield/run", "floefield/rank"

_alive = []
_lock = threading.Lock()


def dress(path, name, context, group="", style=None, algorithm=None):
    """Have an output named, grouped and styled when Processing loads it; nothing happens if it is not loaded.

    Call it at the end of ``processAlgorithm``, once for each output, in the order in which the layers should be listed.

    Parameters
    ----------
    path : str
        The output, as Processing knows it.
    name : str
        Name of the layer.
    context : QgsProcessingContext
    group : str
        Layer group, made at the top of the layer tree where it is missing. No group where empty.
    style : str or Path, optional
        QML file. Without it the layer takes the style beside its file, if there is one.
    algorithm : QgsProcessingAlgorithm, optional
        The tool; with it, a name that the user or the author of a model gave to the output stays.
    """
    if not path or not context.willLoadLayerOnCompletion(path):
        return
    details = context.layerToLoadOnCompletionDetails(path)
    if details.forceName or _is_renamed(details, algorithm):
        name = details.name or name
    details.name = name
    if group and hasattr(details, "groupName"):
        # QGIS 3.32 and later make the group themselves, and may not have listed the layer when it is dressed.
        details.groupName = group
    with _lock:
        _alive[:] = [dresser for dresser in _alive if not sip.isdeleted(dresser)]
        earlier = _dressers_of(context)
        run = earlier[0].run if earlier else uuid.uuid4().hex
        dresser = _Dresser(name, group, str(style) if style else "", run, len(earlier), details.project)
        _alive.append(dresser)
        details.setPostProcessor(dresser)


def name_outputs(results, titles, context):
    """Call the layers of a model by the titles of its outputs, where they have no names or share one.

    Parameters
    ----------
    results : dict
        Of the model.
    titles : dict of str to str
        Title of each output that may be a layer.
    context : QgsProcessingContext
    """
    layers = {output: context.layerToLoadOnCompletionDetails(results[output]) for output in titles
              if isinstance(results.get(output), str) and context.willLoadLayerOnCompletion(results[output])}
    names = Counter(details.name for details in layers.values())
    for output, details in layers.items():
        # A name in capitals is the key of the output.
        if details.name.isupper() or names[details.name] > 1:
            details.name = titles[output]
            dresser = details.postProcessor()
            if isinstance(dresser, _Dresser):
                dresser.name = details.name


def load_later(path, output, context, group):
    """Have a file of an output folder loaded and dressed when the run ends, named after itself.

    Parameters
    ----------
    path : str
    output : str
        Name of the output of the tool that lists the file.
    context : QgsProcessingContext
    group : str
        Layer group.
    """
    if context.project() is None:
        return
    name = Path(path).stem
    context.addLayerToLoadOnCompletion(path, QgsProcessingContext.LayerDetails(name, context.project(), output))
    dress(path, name, context, group=group)


def _is_renamed(details, algorithm):
    """Whether somebody chose a name.

    Processing itself takes the title of the destination parameter; a name in capitals is the key of a model's output.
    """
    parameter = algorithm.parameterDefinition(details.outputName) if algorithm else None
    return parameter is not None and details.name != parameter.description() and not details.name.isupper()


def _dressers_of(context):
    others = (details.postProcessor() for details in context.layersToLoadOnCompletion().values())
    return [other for other in others if isinstance(other, _Dresser)]


class _Dresser(QgsProcessingLayerPostProcessorInterface):
    """Dresses one layer, on the main thread, once Processing has put it into the project."""

    def __init__(self, name, group, style, run, rank, project):
        super().__init__()
        self.name, self._group, self._style = name, group, style
        self.run, self._rank, self._project = run, rank, project

    def postProcessLayer(self, layer, context, feedback):
        """Called by Processing."""
        layer.setName(self.name)
        # Processing opens layers without the style beside their file.
        if self._style:
            layer.loadNamedStyle(self._style)
        else:
            layer.loadDefaultStyle()
        layer.triggerRepaint()
        project = self._project or context.project()
        if self._group and project is not None:
            _move_into_group(layer, self._group, self.run, self._rank, project.layerTreeRoot())


def _move_into_group(layer, name, run, rank, root):
    """Put a layer into its group: above the layers of earlier runs, in order among those of its own."""
    node = root.findLayer(layer.id())
    if node is None:
        return
    group = root.findGroup(name) or _new_group(name, run, rank, root)
    moved = node.clone()
    moved.setCustomProperty(RUN, run)
    moved.setCustomProperty(RANK, rank)
    above = [place for place, child in enumerate(group.children()) if child != node
             and child.customProperty(RUN) == run and int(child.customProperty(RANK)) < rank]
    group.insertChildNode(above[-1] + 1 if above else 0, moved)
    node.parent().removeChildNode(node)
    moved.setExpanded(True)


def _new_group(name, run, rank, root):
    """A group at the top, but below those that later steps of the same run have made: the result hides its inputs."""
    above = [place for place, child in enumerate(root.children())
             if child.customProperty(RUN) == run and int(child.customProperty(RANK)) > rank]
    group = root.insertGroup(above[-1] + 1 if above else 0, name)
    group.setCustomProperty(RUN, run)
    group.setCustomProperty(RANK, rank)
    return group
