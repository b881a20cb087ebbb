"""Ice charts: SIGRID-3 codes, legends, dates and names, without geometry and without QGIS.

The three calls others need: :func:`.decode.decode` turns attribute columns into plain quantities and classes,
:func:`.legend.load_legend` gives the classes, :func:`.dates.chart_date` tells of which day a chart is.
"""
