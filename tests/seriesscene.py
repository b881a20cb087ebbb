"""Synthetic series for the Sen2-Agri products: the fields of `fieldscene` with a phenology for each crop."""

import json
from datetime import date, timedelta

import numpy as np

from . import fieldscene

BANDS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B11")
DATES = 13
DAYS = [date(2018, 3, 1) + timedelta(days=15 * number) for number in range(DATES)]
CODES = {"barley": 15, "maize": 12, "wheat": 11, "forest": 800}
# Index of the date of peak greenness; forest is evergreen.
PEAKS = {"barley": 3, "wheat": 6, "maize": 9}


def covers():
    """Number, land cover and geometry of the fields; every fifth is forest."""
    return [(number, "forest" if number % 5 == 0 else crop, geometry)
            for number, crop, geometry in fieldscene.fields()]


def greenness(cover):
    """Greenness of a land cover on each date, 0..1."""
    if cover == "forest":
        return np.full(DATES, 0.8)
    return 0.1 + 0.8 * np.exp(-0.5 * ((np.arange(DATES) - PEAKS[cover]) / 1.5) ** 2)


def reflectance(noise=0.01, seed=1):
    """Reflectance, shape (dates, bands, rows, columns); pixels between the fields are forest."""
    green = np.empty((DATES, fieldscene.ROWS * fieldscene.FIELD, fieldscene.COLUMNS * fieldscene.FIELD))
    green[:] = greenness("forest")[:, None, None]
    for number, cover, _ in covers():
        row, column = divmod(number, fieldscene.COLUMNS)
        row, column = row * fieldscene.FIELD + 1, column * fieldscene.FIELD + 1
        green[:, row:row + 6, column:column + 6] = greenness(cover)[:, None, None]
    soil, leaf = (np.array(levels)[None, :, None, None] for levels in (
        (0.08, 0.1, 0.14, 0.17, 0.2, 0.22, 0.24, 0.3), (0.03, 0.07, 0.03, 0.1, 0.3, 0.38, 0.42, 0.18)))
    values = soil + (leaf - soil) * green[:, None]
    return values + np.random.default_rng(seed).normal(0, noise, values.shape)


def write_series(path, bands=BANDS, dates=DATES, values=None, **options):
    """Write the first dates of the series; return the path."""
    values = (reflectance() if values is None else values)[:dates, [BANDS.index(band) for band in bands]]
    names = [f"{band}_{day:%Y%m%d}" for day in DAYS[:dates] for band in bands]
    return fieldscene.write(path, values.reshape(-1, *values.shape[2:]), names, **options)


def write_parcels(path, codes=CODES, crop=None):
    """Write the fields with the attributes of Sen2-Agri; return the path."""
    features = [{"type": "Feature", "geometry": geometry, "properties": {
        "ID": number, "CROP": int(cover != "forest") if crop is None else crop, "LC": cover.title(),
        "CODE": codes[cover]}} for number, cover, geometry in covers()]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32631"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}), "utf-8")
    return str(path)


def cropland_mask():
    """Cropland mask, shape (rows, columns)."""
    cropland = np.zeros((fieldscene.ROWS * fieldscene.FIELD, fieldscene.COLUMNS * fieldscene.FIELD), bool)
    for number, cover, _ in covers():
        row, column = divmod(number, fieldscene.COLUMNS)
        row, column = row * fieldscene.FIELD + 1, column * fieldscene.FIELD + 1
        cropland[row:row + 6, column:column + 6] = cover != "forest"
    return cropland
