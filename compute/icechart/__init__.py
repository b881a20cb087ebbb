"""Ice charts: SIGRID-3 codes, legends, dates and names, without geometry and QGIS.

Main functions: :func:`.decode.decode` decodes attribute columns to quantities and classes,
:func:`.legend.load_legend` reads the classes, :func:`.dates.chart_date` returns the date of a chart.
"""
