"""Names, groups and styles of the layers that Processing loads into the project.

Styles that belong to a file are written beside it (see ``compute/classmap/class_map.py``); this module only applies to
QGIS Desktop. Processing owns and deletes the post-processors, but Python must keep a reference to each until then, or
its methods are lost (QGIS issue 47533).
"""

import threading
import uuid
from collections import Counter
from pathlib import Path

from qgis.core import QgsProcessingContext, QgsProcessingLayerPostProcessorInterface
from qgis.PyQt import sip

# Custom properties of layer tree nodes: the run that made a layer, and its position among the layers of that run.
RUN, RANK = "floefield/run", "floefield/rank"
_references = []
_lock = threading.Lock()


def dress(path, name, context, group="", style=None, algorithm=None):
    """Set name, group and style of an output that Processing loads into the project; ignore outputs it does not load.

    Call it at the end of ``processAlgorithm``, once per output, in the order in which the layers should be listed.

    Parameters
    ----------
    path : str
        Path or identifier of the output, as returned to Processing.
    name : str
        Name of the layer.
    context : QgsProcessingContext
    group : str
        Layer group, created at the top of the layer tree if missing. Empty: no group.
    style : str or Path, optional
        QML file. Default: the style beside the file, if any.
    algorithm : QgsProcessingAlgorithm, optional
        The tool; if given, a name that the user or the author of a model set for the output is kept.
    """
    if not path or not context.willLoadLayerOnCompletion(path):
        return
    details = context.layerToLoadOnCompletionDetails(path)
    if details.forceName or _is_renamed(details, algorithm):
        name = details.name or name
    details.name = name
    if group and hasattr(details, "groupName"):
        # QGIS 3.32 and later create the group, and may not have added the layer to the tree when it is styled.
        details.groupName = group
    with _lock:
        _references[:] = [styler for styler in _references if not sip.isdeleted(styler)]
        earlier = _stylers_of(context)
        run = earlier[0].run if earlier else uuid.uuid4().hex
        styler = _LayerStyler(name, group, str(style) if style else "", run, len(earlier), details.project)
        _references.append(styler)
        details.setPostProcessor(styler)


def name_outputs(results, titles, context):
    """Name the layers of a model after the titles of its outputs, where they have no names or equal names.

    Parameters
    ----------
    results : dict
        Results of the model.
    titles : dict of str to str
        Titles of the outputs that may be layers.
    context : QgsProcessingContext
    """
    layers = {output: context.layerToLoadOnCompletionDetails(results[output]) for output in titles
              if isinstance(results.get(output), str) and context.willLoadLayerOnCompletion(results[output])}
    names = Counter(details.name for details in layers.values())
    for output, details in layers.items():
        # A name in upper case is the key of the output.
        if details.name.isupper() or names[details.name] > 1:
            details.name = titles[output]
            styler = details.postProcessor()
            if isinstance(styler, _LayerStyler):
                styler.name = details.name


def load_on_completion(path, output, context, group):
    """Load a file of an output folder into the project when the run ends, named after the file.

    Parameters
    ----------
    path : str
    output : str
        Name of the output of the tool that contains the file.
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
    """Return whether the user or the author of a model set the name.

    Processing uses the title of the destination parameter; a name in upper case is the key of an output of a model.
    """
    parameter = algorithm.parameterDefinition(details.outputName) if algorithm else None
    return parameter is not None and details.name != parameter.description() and not details.name.isupper()


def _stylers_of(context):
    processors = (details.postProcessor() for details in context.layersToLoadOnCompletion().values())
    return [processor for processor in processors if isinstance(processor, _LayerStyler)]


class _LayerStyler(QgsProcessingLayerPostProcessorInterface):
    """Post-processor of one layer; Processing calls it on the main thread after adding the layer to the project."""

    def __init__(self, name, group, style, run, rank, project):
        super().__init__()
        self.name, self._group, self._style = name, group, style
        self.run, self._rank, self._project = run, rank, project

    def postProcessLayer(self, layer, context, feedback):
        """Set name, style and group of the layer."""
        layer.setName(self.name)
        # Processing opens layers without the style file beside them.
        if self._style:
            layer.loadNamedStyle(self._style)
        else:
            layer.loadDefaultStyle()
        layer.triggerRepaint()
        project = self._project or context.project()
        if self._group and project is not None:
            _move_into_group(layer, self._group, self.run, self._rank, project.layerTreeRoot())


def _move_into_group(layer, name, run, rank, root):
    """Move a layer into its group: above the layers of earlier runs, in order among those of its own run."""
    node = root.findLayer(layer.id())
    if node is None:
        return
    group = root.findGroup(name) or _new_group(name, run, rank, root)
    moved = node.clone()
    moved.setCustomProperty(RUN, run)
    moved.setCustomProperty(RANK, rank)
    above = [index for index, child in enumerate(group.children()) if child != node
             and child.customProperty(RUN) == run and int(child.customProperty(RANK)) < rank]
    group.insertChildNode(above[-1] + 1 if above else 0, moved)
    node.parent().removeChildNode(node)
    moved.setExpanded(True)


def _new_group(name, run, rank, root):
    """Add a group at the top, but below the groups of later steps of the same run, so that outputs cover inputs."""
    above = [index for index, child in enumerate(root.children())
             if child.customProperty(RUN) == run and int(child.customProperty(RANK)) > rank]
    group = root.insertGroup(above[-1] + 1 if above else 0, name)
    group.setCustomProperty(RUN, run)
    group.setCustomProperty(RANK, rank)
    return group
