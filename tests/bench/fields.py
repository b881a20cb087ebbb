"""Pixels of fields through a season, for measuring forests: as alike and as different as those of a real image.

They grow as the synthetic season of ``createsampledata`` does: fields of a crop differ in calendar, vigour, soil and
weeds, pixels of a field in vigour, some are mixed with the next field, and the sensor adds noise. A row of the image
crosses a field in some twenty pixels.
"""

import numpy as np

DAYS = (45, 95, 125, 155, 190, 220, 260)
CLASSES = 12
FEATURES = 12 * len(DAYS)
FIELD_PIXELS = 20
MIXED_SHARE = 0.15


def pixels_of_fields(seed, fields, per_field=FIELD_PIXELS):
    """Seven dates of twelve bands.

    Parameters
    ----------
    seed : int
    fields : int
        How many; they take turns in the twelve classes.
    per_field : int

    Returns
    -------
    features : ndarray of float32, shape (fields * per_field, FEATURES)
        Reflectance, field by field.
    classes : ndarray of int64, shape (fields * per_field,)
    """
    from floefield.compute.sampledata.crop_growth import COVERS, GARDEN, appearance_on, create_stands
    from floefield.compute.sampledata.spectra import EXTINCTION

    rng = np.random.default_rng(seed)
    kinds = [*range(CLASSES - 1), COVERS.index(GARDEN)]
    covers = rng.permutation(np.resize(kinds, fields))
    stands = create_stands(covers, rng.uniform(0.0, 5.0, fields), rng)
    owner = np.repeat(np.arange(fields), per_field)
    vigour = np.exp(0.12 * rng.standard_normal(len(owner)))
    texture = 1.0 + stands.texture[owner] * rng.standard_normal(len(owner))
    neighbour = np.clip(owner + rng.choice([-1, 1], len(owner)), 0, fields - 1)
    foreign = np.where(rng.random(len(owner)) < MIXED_SHARE, rng.uniform(0.0, 0.6, len(owner)), 0.0)[:, None]
    dates = []
    for day in DAYS:
        look = appearance_on(stands, day, rng.random(), rng)
        fade = np.exp(-EXTINCTION * (look.leaf_area[owner] * vigour)[:, None])
        surface = (look.leaves[owner] * (1.0 - fade) + look.ground[owner] * fade) * texture[:, None]
        fade = np.exp(-EXTINCTION * look.leaf_area[neighbour][:, None])
        beside = look.leaves[neighbour] * (1.0 - fade) + look.ground[neighbour] * fade
        surface += foreign * (beside - surface)
        dates.append(surface + (0.002 + 0.01 * surface) * rng.standard_normal(surface.shape))
    classes = np.searchsorted(kinds, covers)[owner]
    return np.concatenate(dates, axis=1).astype(np.float32), classes
