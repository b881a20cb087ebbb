"""Reflectance spectra of materials in the bands of Sentinel-2.

The values are typical bottom-of-atmosphere reflectances, rounded, not measured at a site.
"""

import numpy as np

# Band, native pixel size in metres, `band_id` of the metadata, wavelengths in nm: minimum, centre, maximum.
BANDS = (
    ("B01", 60, 0, (433, 443, 453)), ("B02", 10, 1, (458, 490, 523)), ("B03", 10, 2, (543, 560, 578)),
    ("B04", 10, 3, (650, 665, 680)), ("B05", 20, 4, (698, 705, 713)), ("B06", 20, 5, (733, 740, 748)),
    ("B07", 20, 6, (773, 783, 793)), ("B08", 10, 7, (785, 842, 900)), ("B8A", 20, 8, (855, 865, 875)),
    ("B09", 60, 9, (935, 945, 955)), ("B11", 20, 11, (1565, 1610, 1655)), ("B12", 20, 12, (2100, 2190, 2280)))
BAND_NAMES = tuple(band[0] for band in BANDS)
NATIVE_SIZE = {band[0]: band[1] for band in BANDS}

# Extinction coefficient by band (K of Baret and Guyot 1991), per unit of leaf area index.
EXTINCTION = np.array([0.75, 0.75, 0.75, 0.75, 0.65, 0.5, 0.42, 0.42, 0.42, 0.42, 0.6, 0.6])

# Fraction of direct sunlight by band; the remainder is diffuse and brightens shadows.
DIRECT_FRACTION = np.array([0.62, 0.66, 0.72, 0.78, 0.8, 0.82, 0.84, 0.86, 0.87, 0.88, 0.93, 0.95])

# Cloud of unit brightness, and residual haze of unit amount, by band.
CLOUD = np.array([1.0, 0.99, 0.97, 0.96, 0.96, 0.95, 0.94, 0.93, 0.92, 0.85, 0.62, 0.5])
HAZE = np.array([1.25, 1.0, 0.72, 0.5, 0.45, 0.38, 0.32, 0.27, 0.25, 0.2, 0.06, 0.03])
GROUNDS = {
    "soil": np.array([.085, .10, .135, .175, .195, .21, .222, .235, .245, .25, .32, .28]),
    "straw": np.array([.10, .125, .175, .225, .25, .28, .30, .32, .335, .345, .37, .26]),
    "litter": np.array([.04, .05, .07, .09, .11, .14, .16, .18, .19, .20, .24, .17]),
    "gravel": np.array([.14, .16, .20, .235, .25, .26, .27, .28, .285, .29, .34, .31]),
    "asphalt": np.array([.08, .09, .10, .11, .115, .12, .125, .13, .135, .14, .16, .15]),
    "tiles": np.array([.07, .08, .11, .19, .21, .225, .235, .245, .25, .26, .31, .29]),
    "concrete": np.array([.23, .26, .28, .295, .30, .305, .31, .315, .32, .32, .33, .30]),
    "water": np.array([.026, .030, .034, .022, .016, .011, .010, .009, .008, .007, .004, .003]),
}
CANOPIES = {
    "wheat": np.array([.018, .024, .050, .024, .086, .28, .375, .415, .435, .435, .155, .070]),
    "barley": np.array([.018, .025, .054, .026, .092, .285, .38, .42, .44, .44, .162, .074]),
    "rapeseed": np.array([.020, .027, .060, .030, .100, .32, .415, .45, .47, .47, .185, .088]),
    "maize": np.array([.018, .024, .053, .025, .090, .30, .395, .43, .45, .45, .172, .076]),
    "sunflower": np.array([.020, .026, .057, .027, .098, .32, .415, .45, .47, .47, .188, .088]),
    "soybean": np.array([.019, .025, .061, .025, .102, .365, .475, .51, .53, .53, .19, .082]),
    "alfalfa": np.array([.019, .025, .055, .025, .092, .315, .42, .455, .475, .475, .182, .082]),
    "grass": np.array([.020, .027, .058, .029, .095, .295, .385, .42, .44, .44, .184, .086]),
    "broadleaf": np.array([.015, .019, .040, .020, .070, .23, .31, .335, .35, .35, .13, .058]),
    "conifer": np.array([.014, .017, .030, .019, .052, .15, .195, .21, .22, .22, .085, .04]),
}

# Reflectance added by full flowering.
FLOWERS = {
    "rapeseed": np.array([-.004, -.006, .062, .055, .05, .01, .0, .0, .0, .0, .0, .0]),
    "sunflower": np.array([-.002, -.003, .014, .016, .014, .0, .0, .0, .0, .0, .0, .0]),
    "": np.zeros(len(BANDS)),
}
