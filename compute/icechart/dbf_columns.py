"""Raw text columns of a dBASE table, blanks included.

GDAL strips leading and trailing blanks, but in fields of several codes leading blanks are empty slots. Reference: dBASE
III file structure, as used by the ESRI Shapefile Technical Description (1998).
"""

import os
import struct

HEADER_SIZE, DESCRIPTOR_SIZE = 32, 32
END_OF_FIELDS = 0x0D


def raw_columns(path, names):
    """Read text columns of a table without stripping blanks.

    Parameters
    ----------
    path : str
        The ``.dbf``.
    names : iterable of str
        Fields to read; missing fields and fields of other types are omitted.

    Returns
    -------
    dict of str to list of str
        By field name in the file; with deleted records, as GDAL counts them. Empty if the file is not a dBASE table.
    """
    names = {name.upper() for name in names}
    try:
        with open(path, "rb") as file:
            header = file.read(HEADER_SIZE)
            count, start, length = struct.unpack("<IHH", header[4:12])
            fields = list(_fields(file.read(max(start - HEADER_SIZE, 0))))
            if os.path.getsize(path) < start + count * length:
                return {}
            file.seek(start)
            records = [file.read(length) for _ in range(count)]
    except (OSError, struct.error):
        return {}
    return {name: [record[offset:offset + width].decode("latin-1") for record in records]
            for name, kind, offset, width in fields if kind == "C" and name.upper() in names}


def _fields(descriptors):
    offset = 1  # after the deletion flag
    for start in range(0, len(descriptors) - DESCRIPTOR_SIZE + 1, DESCRIPTOR_SIZE):
        descriptor = descriptors[start:start + DESCRIPTOR_SIZE]
        if descriptor[0] == END_OF_FIELDS:
            return
        name = descriptor[:11].partition(b"\0")[0].decode("latin-1").strip()
        yield name, chr(descriptor[11]), offset, descriptor[16]
        offset += descriptor[16]
