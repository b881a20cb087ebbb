"""Egg code of one polygon of an ice chart: total and partial concentrations, stages of development and forms.

The egg-code fields (CT; CA SA FA, CB SB FB, CC SC FC for up to three ice types, the thickest first; CN, CD, CF or FP)
and the fields of the Ice Objects Catalogue of SIGRID-3 version 3.0 (ICEACT, ICEAPC, ICESOD, ICEFLZ) are equivalent.
"""

from collections import namedtuple
from dataclasses import dataclass

from .sigrid_codes import CONCENTRATION, FORM, STAGE, UNKNOWN, code_table, parse_code, split_codes

FIELDS = ("POLY_TYPE", "CT", "CA", "SA", "FA", "CB", "SB", "FB", "CC", "SC", "FC", "CN", "CD", "CF", "FP", "FS",
          "ICEACT", "ICEAPC", "ICESOD", "ICEFLZ")
Row = namedtuple("Row", FIELDS, defaults=[None] * len(FIELDS))
LAND, WATER, ICE, NO_DATA, SHELF = "L", "W", "I", "N", "S"

# Concentrations are tenths: a remainder of the total up to this is rounding.
MIN_REMAINDER = 0.025
ONE_TENTH = 0.1
FAST_ICE = 8


@dataclass(frozen=True)
class IceType:
    """An ice type of a polygon: ice of one stage of development.

    Parameters
    ----------
    concentration : float or None
        Partial concentration, 0..1; None if unknown.
    stage, form : int or None
        SIGRID-3 codes; None if unknown (99 included).
    """

    concentration: float
    stage: int
    form: int


@dataclass(frozen=True)
class IcePolygon:
    """Decoded egg code of a polygon.

    Parameters
    ----------
    poly_type : str
        L, W, I, N, S, or empty.
    total_concentration : float or None
        0..1.
    ice_types : tuple of IceType
        The thickest first, without traces.
    trace : int or None
        Stage of ice thicker than the first type, of less than one tenth.
    form : int or None
        Predominant form of ice.
    unknown_codes : tuple of (str, object)
        (field, code) of codes that are in no table.
    """

    poly_type: str
    total_concentration: float
    ice_types: tuple
    trace: int = None
    form: int = None
    unknown_codes: tuple = ()

    @property
    def dominant(self):
        """IceType or None: the type with the largest concentration; the thickest if equal or unknown."""
        return max(self.ice_types, key=lambda ice: ice.concentration or 0.0, default=None)

    @property
    def is_fast(self):
        """bool: whether the ice is fast ice."""
        dominant = self.dominant
        return FAST_ICE in (self.form, dominant.form if dominant else None)


def read_polygon(row, service=""):
    """Decode the codes of a polygon.

    Parameters
    ----------
    row : Row
        Raw attribute values; None for missing fields.
    service : str
        Service whose code tables apply.

    Returns
    -------
    IcePolygon
    """
    return _PolygonDecoder(row, service).polygon()


class _PolygonDecoder:
    def __init__(self, row, service):
        self._row = row
        self._tables = {kind: code_table(kind, service) for kind in (CONCENTRATION, STAGE, FORM)}
        self._unknown = []

    def polygon(self):
        row = self._row
        poly_type = str(row.POLY_TYPE or "").strip().upper()[:1]
        if poly_type not in (LAND, WATER, ICE, NO_DATA, SHELF):
            poly_type = ""
        total_field = "CT" if parse_code(row.CT) is not None else "ICEACT"
        total = self._concentration(total_field, parse_code(getattr(row, total_field)))
        partials = self._partials()
        if total is None and poly_type == WATER:
            total = 0.0
        if total is None and partials and all(partial is not None for partial in partials):
            total = min(sum(partials), 1.0)
        trace, stages, rest = self._stages(total, partials)
        forms, predominant = self._forms()
        ice_types = self._ice_types(total, partials, stages, forms, rest) if poly_type in (WATER, ICE, "") else ()
        if poly_type in ("", WATER) and total is not None:
            # if polygon type and total concentration contradict each other, the concentration applies
            poly_type = ICE if total >= ONE_TENTH or (total > 0 and not poly_type) else WATER
        return IcePolygon(poly_type, total, ice_types, trace, predominant, tuple(self._unknown))

    def _concentration(self, field, code):
        entry = self._look_up(CONCENTRATION, field, code)
        return entry.value if entry else None

    def _stage(self, field, code):
        return code if self._look_up(STAGE, field, code) and code != UNKNOWN else None

    def _form(self, field, code):
        return code if self._look_up(FORM, field, code) and code != UNKNOWN else None

    def _look_up(self, kind, field, code):
        if code is None:
            return None
        entry = self._tables[kind].get(code)
        if entry is None:
            self._unknown.append((field, code))
        return entry

    def _partials(self):
        """Return the partial concentrations of A, B, C without trailing missing ones; None where unknown."""
        row = self._row
        fields = [(field, parse_code(getattr(row, field))) for field in ("CA", "CB", "CC")]
        if all(code is None for _, code in fields):
            fields = [("ICEAPC", code) for code in split_codes(row.ICEAPC, 3)[0]]
        partials = [self._concentration(field, code) for field, code in fields]
        while partials and partials[-1] is None:
            partials.pop()
        return partials

    def _stages(self, total, partials):
        """Return the stage of a thicker trace, the stages of A, B, C, and the stage of the remainder."""
        row = self._row
        codes = {field: parse_code(getattr(row, field)) for field in ("CN", "SA", "SB", "SC", "CD")}
        if all(code is None for code in codes.values()):
            slots, is_full_width = split_codes(row.ICESOD, 5)
            if not is_full_width and not _begins_with_trace(slots, total, partials):
                slots = [None, *slots]
            codes = dict(zip(codes, [*slots, *[None] * 5]))
            names = dict.fromkeys(codes, "ICESOD")
        else:
            names = {field: field for field in codes}
        # a stage coded as unknown still means that there is such ice
        self._has_stage = [codes[field] is not None for field in ("SA", "SB", "SC")]
        stages = {field: self._stage(names[field], code) for field, code in codes.items()}
        return stages["CN"], [stages["SA"], stages["SB"], stages["SC"]], stages["CD"]

    def _forms(self):
        """Return the forms of A, B, C, and the predominant form."""
        row = self._row
        fields = [(field, parse_code(getattr(row, field))) for field in ("FA", "FB", "FC")]
        if all(code is None for _, code in fields):
            fields = [("ICEFLZ", code) for code in (*split_codes(row.ICEFLZ, 3)[0], None, None, None)][:3]
        field, code = "FP", parse_code(row.FP)
        if code is None:
            field, code = "CF", next(iter(split_codes(row.CF, 2)[0]), None)
        return [self._form(*each) for each in fields], self._form(field, code)

    def _ice_types(self, total, partials, stages, forms, rest):
        partials = [*partials, None, None, None][:3]
        present = [index for index in range(3) if self._has_stage[index] or partials[index] is not None]
        unknown = [index for index in present if partials[index] is None]
        known = sum(partials[index] for index in present if partials[index] is not None)
        if len(unknown) == 1 and total is not None:
            # a single type, or the last of several, has the remainder
            partials[unknown[0]] = max(total - known, 0.0)
            known = total
        ice_types = [IceType(partials[index], stages[index], forms[index]) for index in present]
        if rest is not None and total is not None and len(unknown) < 2 and total - known > MIN_REMAINDER:
            ice_types.append(IceType(total - known, rest, None))
        return tuple(ice_types)


def _begins_with_trace(slots, total, partials):
    """Return whether the first code of an ICESOD field without blanks is that of a thicker trace."""
    count = max(len(partials), 1)
    if len(slots) <= count:
        return False
    has_rest = total is not None and len(partials) == 3 and total - sum(filter(None, partials)) > MIN_REMAINDER
    return len(slots) > count + has_rest
