"""The science of Floefield, free of QGIS: numpy, scikit-learn, scikit-image and rasterio only."""
