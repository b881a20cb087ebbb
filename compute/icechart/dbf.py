"""Text columns of a dBASE table with all their blanks.

GDAL strips the blanks around texts, but in fields that hold several codes a blank slot in front tells which code comes
next. Source: the file structure of dBASE III, as ESRI's shapefile description (1998) refers to it.
"""

import os
import struct

HEADER, DESCRIPTOR = 32, 32
END_OF_FIELDS = 0x0D


def raw_columns(path, wanted):
    """Some columns of a table.

    Parameters
    ----------
    path : str
        The ``.dbf``.
    wanted : iterable of str
        Names of text fields; others, and those that are not there, are left out.

    Returns
    -------
    dict of str to list of str
        By the name in the file; deleted records included, as GDAL counts them. Empty if the file is no such table.
    """
    wanted = {name.upper() for name in wanted}
    try:
        with open(path, "rb") as file:
            header = file.read(HEADER)
            count, start, length = struct.unpack("<IHH", header[4:12])
            fields = list(_fields(file.read(max(start - HEADER, 0))))
            if os.path.getsize(path) < start + count * length:
                return {}
            file.seek(start)
            records = [file.read(length) for _ in range(count)]
    except (OSError, struct.error):
        return {}
    return {name: [record[offset:offset + width].decode("latin-1") for record in records]
            for name, kind, offset, width in fields if kind == "C" and name.upper() in wanted}


def _fields(descriptors):
    offset = 1  # behind the mark of deleted records
    for start in range(0, len(descriptors) - DESCRIPTOR + 1, DESCRIPTOR):
        descriptor = descriptors[start:start + DESCRIPTOR]
        if descriptor[0] == END_OF_FIELDS:
            return
        name = descriptor[:11].partition(b"\0")[0].decode("latin-1").strip()
        yield name, chr(descriptor[11]), offset, descriptor[16]
        offset += descriptor[16]
