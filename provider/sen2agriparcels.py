"""Parcels with the attributes of Sen2-Agri: is it a crop (CROP), which one (CODE), and what is it called (LC)."""

from dataclasses import replace

from ..compute.errors import MissingInput, UnsuitableInput
from .inputs import class_code, parcels_of
from .parcels import parcels

YES, NO = ("1", "true", "yes", "t", "y"), ("0", "false", "no", "f", "n")
CROP, NO_CROP = "1", "0"


def crop_or_not(source, field, crs_wkt, context, progress):
    """All parcels, as cropland (``1``) or not (``0``).

    Parameters
    ----------
    source : QgsProcessingFeatureSource
    field : str
        With 0 and 1 (true, yes and so on are understood).
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
        If there is no such field, or it holds something else.
    """
    read = parcels_of(source, field, crs_wkt, context, progress)
    return replace(read, parcels=tuple(replace(parcel, code=_crop(parcel.code, field, source))
                                       for parcel in read.parcels))


def crops_only(source, fields, crs_wkt, context, progress):
    """The parcels on which a crop grows, by its code.

    Parameters
    ----------
    source : QgsProcessingFeatureSource
    fields : tuple of str
        Code of the crop; whether it is one; its name (empty: the code is shown).
    crs_wkt : str
    context : QgsProcessingContext
    progress : Progress

    Returns
    -------
    ReadParcels
    dict of str to str
        Name of each code: that of its first parcel.
    list of str
        What was left out, in words.
    """
    code_field, crop_field, label_field = fields
    read = parcels_of(source, code_field, crs_wkt, context, progress)
    notes = read.notes()
    names = {}
    is_crop = {number: _crop(text, crop_field, source) == CROP
               for number, text in _texts(source, crop_field, progress).items() if text}
    kept = tuple(parcel for parcel in read.parcels if is_crop.get(parcel.identifier[1], False))
    if not kept:
        raise UnsuitableInput(f"No parcel of {source.sourceName()} is a crop: none has 1 in the field "
                              f"{crop_field}.")
    if len(kept) < len(read.parcels):
        notes.append(f"{len(read.parcels) - len(kept)} parcels are no crop ({crop_field} is not 1) and were left "
                     "out.")
    read = replace(read, parcels=kept)
    if label_field:
        texts = _texts(source, label_field, progress)
        for parcel in read.parcels:
            if texts.get(parcel.identifier[1]):
                names.setdefault(parcel.code, texts[parcel.identifier[1]])
    return read, names, notes


def codes_with_cropland(codes, found, layers, field):
    """The codes of classes, each cropland or not as the parcels themselves say.

    Parameters
    ----------
    codes : dict of str to ClassCode or None
        By class.
    found : sequence of LabelledParcel
    layers : sequence of InsituLayer
        Theirs.
    field : str
        With 0 and 1; a class of which it says nothing stays as it is.

    Returns
    -------
    dict of str to ClassCode or None

    Raises
    ------
    MissingInput, UnsuitableInput
        If there is no such field, or it contradicts itself.
    """
    said = {}
    for parcel in found:
        source = layers[parcel.layer].source
        text = class_code(parcel.feature.attributes()[_column(source, field)])
        if text and parcel.code:
            said.setdefault(parcel.code, set()).add(_crop(text, field, source))
    both = sorted(label for label, answers in said.items() if len(answers) > 1)
    if both:
        raise UnsuitableInput(f"The field {field} says of {both[0]} both that it is cropland and that it is not. "
                              "Correct it, or make two classes of it.")
    return {label: replace(code, crop=int(CROP in said[label])) if code and label in said else code
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
        return NO_CROP
    raise UnsuitableInput(f"The field {field} of {source.sourceName()} must say 1 (crop) or 0 (no crop), but it says "
                          f"'{text}'. Choose the right field as CROP_FIELD.")
