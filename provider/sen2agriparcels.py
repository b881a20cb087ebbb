"""Parcels with the attributes of Sen2-Agri: cropland (CROP), crop code (CODE) and crop name (LC)."""

from dataclasses import replace

from ..compute.errors import MissingInput, UnsuitableInput
from .inputs import class_code, parcels_of
from .parcels import parcels

YES, NO = ("1", "true", "yes", "t", "y"), ("0", "false", "no", "f", "n")
CROP, OTHER = "1", "0"


def cropland_parcels(source, field, crs_wkt, context, progress):
    """Read all parcels with the class cropland (``1``) or other land (``0``).

    Parameters
    ----------
    source : QgsProcessingFeatureSource
    field : str
        Field with 0 and 1 (or true, yes and so on).
    crs_wkt : str
        CRS of the rasters.
    context : QgsProcessingContext
    progress : Progress

    Returns
    -------
    ReadParcels

    Raises
    ------
    MissingInput, UnsuitableInput
        If the field does not exist or has other values.
    """
    read = parcels_of(source, field, crs_wkt, context, progress)
    return replace(read, parcels=tuple(replace(parcel, code=_crop(parcel.code, field, source))
                                       for parcel in read.parcels))


def crop_parcels(source, fields, crs_wkt, context, progress):
    """Read the parcels that are cropland, with their crop code as class.

    Parameters
    ----------
    source : QgsProcessingFeatureSource
    fields : tuple of str
        Crop code field, cropland field and crop name field (empty: the code is shown).
    crs_wkt : str
    context : QgsProcessingContext
    progress : Progress

    Returns
    -------
    ReadParcels
    dict of str to str
        Name of each code, from its first parcel.
    list of str
        Messages about omitted parcels.
    """
    code_field, crop_field, label_field = fields
    read = parcels_of(source, code_field, crs_wkt, context, progress)
    notes = read.notes()
    names = {}
    is_crop = {number: _crop(text, crop_field, source) == CROP
               for number, text in _texts(source, crop_field, progress).items() if text}
    kept = tuple(parcel for parcel in read.parcels if is_crop.get(parcel.identifier[1], False))
    if not kept:
        raise UnsuitableInput(f"No parcel of {source.sourceName()} is cropland: none has 1 in the field {crop_field}. "
                              "Choose the right field as CROP_FIELD.")
    if len(kept) < len(read.parcels):
        notes.append(f"{len(read.parcels) - len(kept)} parcels are not cropland ({crop_field} is not 1) and were left "
                     "out.")
    read = replace(read, parcels=kept)
    if label_field:
        texts = _texts(source, label_field, progress)
        for parcel in read.parcels:
            if texts.get(parcel.identifier[1]):
                names.setdefault(parcel.code, texts[parcel.identifier[1]])
    return read, names, notes


def codes_with_cropland(codes, labelled, layers, field):
    """Return class codes with the cropland attribute set from a field of the parcels.

    Parameters
    ----------
    codes : dict of str to ClassCode or None
        By class.
    labelled : sequence of LabelledParcel
    layers : sequence of InsituLayer
        Layers of the parcels.
    field : str
        Field with 0 and 1; classes without a value keep their attribute.

    Returns
    -------
    dict of str to ClassCode or None

    Raises
    ------
    MissingInput, UnsuitableInput
        If the field does not exist, or has both values for one class.
    """
    by_class = {}
    for parcel in labelled:
        source = layers[parcel.layer].source
        text = class_code(parcel.feature.attributes()[_column(source, field)])
        if text and parcel.code:
            by_class.setdefault(parcel.code, set()).add(_crop(text, field, source))
    ambiguous = sorted(label for label, values in by_class.items() if len(values) > 1)
    if ambiguous:
        raise UnsuitableInput(f"The field {field} has both 1 (crop) and 0 (other) for the class {ambiguous[0]}. "
                              "Correct it, or split the class in two.")
    return {label: replace(code, crop=int(CROP in by_class[label])) if code and label in by_class else code
            for label, code in codes.items()}


def _texts(source, field, progress):
    column = _column(source, field)
    return {feature.id(): class_code(feature.attributes()[column]) for feature in parcels(source, progress)}


def _column(source, field):
    column = source.fields().lookupField(field)
    if column < 0:
        raise MissingInput(f"{source.sourceName()} has no field {field}. Its fields are: "
                           f"{', '.join(source.fields().names())}.")
    return column


def _crop(text, field, source):
    if text.casefold() in YES:
        return CROP
    if text.casefold() in NO:
        return OTHER
    raise UnsuitableInput(f"The field {field} of {source.sourceName()} must be 1 (crop) or 0 (other), but it is "
                          f"'{text}' in a parcel. Choose the right field as CROP_FIELD.")
