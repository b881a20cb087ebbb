"""Floefield: crops and sea ice from Sentinel scenes, inside QGIS."""


def classFactory(iface):  # noqa: N802, the name QGIS looks for
    """The plugin object; QGIS calls this once on loading."""
    from .algorithms import ALGORITHMS
    from .provider.plugin import FloefieldPlugin

    return FloefieldPlugin(iface, ALGORITHMS)
