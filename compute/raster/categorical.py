"""Layout and side files of class maps: colour table, category names, attribute table and QGIS style.

The colour table is stored in the TIFF (Byte only: GDAL has no useful colour table for wider types), category names and
attribute table in ``.aux.xml`` for GDAL, and a paletted style with the existing classes in ``.qml`` for QGIS.
"""

from html import escape

from ..classes import MAX_BYTE_CLASSES
from .qml import paletted_qml
from .writer import RasterLayout

NODATA = 0

# GDAL's codes of type and usage of an attribute table column (GDALRATFieldType, GDALRATFieldUsage).
_INTEGER, _STRING = (0, "Integer"), (2, "String")
_GENERIC, _NAME, _MIN_MAX = (0, "Generic"), (2, "Name"), (5, "MinMax")
_RED, _GREEN, _BLUE = (6, "Red"), (7, "Green"), (8, "Blue")
_COLUMNS = (("VALUE", _INTEGER, _MIN_MAX), ("CODE", _STRING, _GENERIC), ("LABEL", _STRING, _NAME),
            ("RED", _INTEGER, _RED), ("GREEN", _INTEGER, _GREEN), ("BLUE", _INTEGER, _BLUE))


def categorical_layout(grid, classes, band_name, tags=None):
    """Return the layout of a class map: one band, nodata 0, Byte (UInt16 above 254 classes).

    Parameters
    ----------
    grid : Grid
    classes : tuple of MapClass
    band_name : str
    tags : dict of str to str, optional
        Metadata of the file.

    Returns
    -------
    RasterLayout
    """
    is_byte = max((c.value for c in classes), default=0) <= MAX_BYTE_CLASSES
    table = {NODATA: (0, 0, 0, 0), **{c.value: (*c.colour, 255) for c in classes}} if is_byte else {}
    return RasterLayout(grid=grid, dtype="uint8" if is_byte else "uint16", band_names=(band_name,), nodata=NODATA,
                        tags=dict(tags or {}), colours=table)


def categorical_side_files(classes, band_name):
    """Return the side files of a class map.

    Parameters
    ----------
    classes : tuple of MapClass
    band_name : str

    Returns
    -------
    dict of str to str
        Text of the files by suffix (``.aux.xml`` and ``.qml``), for :func:`~.writer.create_raster`.
    """
    return {".aux.xml": attribute_table_xml(classes, band_name), ".qml": paletted_qml(classes)}


def attribute_table_xml(classes, band_name):
    """Return GDAL's auxiliary XML: category names and a thematic attribute table VALUE, CODE, LABEL, RED, GREEN, BLUE.

    Returns
    -------
    str
    """
    names = {c.value: c.label for c in classes}
    lines = ["<PAMDataset>", '  <PAMRasterBand band="1">', f"    <Description>{_text(band_name)}</Description>",
             "    <CategoryNames>"]
    lines += [f"      <Category>{_text(names.get(value, ''))}</Category>"
              for value in range(max(names, default=0) + 1)]
    lines += ["    </CategoryNames>", '    <GDALRasterAttributeTable tableType="thematic">']
    for index, (name, (kind, kind_name), (usage, usage_name)) in enumerate(_COLUMNS):
        lines.append(f'      <FieldDefn index="{index}"><Name>{name}</Name>'
                     f'<Type typeAsString="{kind_name}">{kind}</Type>'
                     f'<Usage usageAsString="{usage_name}">{usage}</Usage></FieldDefn>')
    for index, c in enumerate(classes):
        cells = "".join(f"<F>{_text(cell)}</F>" for cell in (c.value, c.code, c.label, *c.colour))
        lines.append(f'      <Row index="{index}">{cells}</Row>')
    lines += ["    </GDALRasterAttributeTable>", "  </PAMRasterBand>", "</PAMDataset>", ""]
    return "\n".join(lines)


def _text(value):
    """Escape a text for XML and remove control characters, which XML forbids."""
    return escape("".join(character for character in str(value) if character.isprintable()), quote=False)
