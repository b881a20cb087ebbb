"""Ice charts: SIGRID-3 codes, legends, dates and names, without geometry and QGIS.

Main functions: :func:`.decoding.decode` decodes attribute columns to quantities and classes,
:func:`.ice_legend.load_legend` reads the classes, :func:`.chart_identity.chart_date` returns the date of a chart.
"""
