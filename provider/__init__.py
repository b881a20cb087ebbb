"""How QGIS sees Floefield: the plugin, its provider, and the base of all tools."""
