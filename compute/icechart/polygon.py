"""One polygon of an ice chart: from the codes of its fields to shares of ice types.

Old fields (CT; CA SA FA, CB SB FB, CC SC FC for up to three ice types, the thickest first; CN, CD, CF or FP) and those
of the Ice Objects Catalogue that SIGRID-3 version 3.0 allows (ICEACT, ICEAPC, ICESOD, ICEFLZ) mean the same.
"""

from collections import namedtuple
from dataclasses import dataclass

from .codes import CONCENTRATION, FORM, STAGE, UNKNOWN, code_table, parse_code, split_codes

FIELDS = ("POLY_TYPE", "CT", "CA", "SA", "FA", "CB", "SB", "FB", "CC", "SC", "FC", "CN", "CD", "CF", "FP", "FS",
          "ICEACT", "ICEAPC", "ICESOD", "ICEFLZ")
Row = namedtuple("Row", FIELDS, defaults=[None] * len(FIELDS))

LAND, WATER, ICE, NO_DATA, SHELF = "L", "W", "I", "N", "S"
# Tenths are coarse: what is left of the total must be more than this to be ice of its own.
TRACE = 0.025
A_TENTH = 0.1
FAST = 8


@dataclass(frozen=True)
class IceType:
    """Ice of one stage of development in a polygon.

    Parameters
    ----------
    share : float or None
        Of the surface of the polygon, 0..1; None if the chart does not tell.
    stage, form : int or None
        Codes of SIGRID-3; None if the chart does not tell (99 included).
    """

    share: float
    stage: int
    form: int


@dataclass(frozen=True)
class IcePolygon:
    """What a chart says of one polygon.

    Parameters
    ----------
    poly_type : str
        L, W, I, N, S, or empty.
    total : float or None
        Share of the surface covered by ice, 0..1.
    types : tuple of IceType
        The thickest first, without traces.
    trace : int or None
        Stage of ice thicker than the first type that covers less than a tenth.
    form : int or None
        Predominant form.
    unknown_codes : tuple of (str, object)
        (field, code) of codes that are in no table.
    """

    poly_type: str
    total: float
    types: tuple
    trace: int = None
    form: int = None
    unknown_codes: tuple = ()

    @property
    def dominant(self):
        """IceType or None: the type with the largest share; the thickest where shares are equal or not known."""
        return max(self.types, key=lambda ice: ice.share or 0.0, default=None)

    @property
    def is_fast(self):
        """bool: whether the ice is fast ice."""
        dominant = self.dominant
        return FAST in (self.form, dominant.form if dominant else None)


def read_polygon(row, service=""):
    """Translate the codes of a polygon.

    Parameters
    ----------
    row : Row
        Raw attribute values; None for fields the chart does not have.
    service : str
        Whose code tables apply.

    Returns
    -------
    IcePolygon
    """
    return _Reading(row, service).polygon()


class _Reading:
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
        if total is None and partials and all(share is not None for share in partials):
            total = min(sum(partials), 1.0)
        trace, stages, rest = self._stages(total, partials)
        forms, predominant = self._forms()
        types = self._types(total, partials, stages, forms, rest) if poly_type in (WATER, ICE, "") else ()
        if poly_type in ("", WATER) and total is not None:
            # where type and concentration contradict each other, the number is what somebody estimated
            poly_type = ICE if total >= A_TENTH or (total > 0 and not poly_type) else WATER
        return IcePolygon(poly_type, total, types, trace, predominant, tuple(self._unknown))

    def _concentration(self, field, code):
        known = self._look_up(CONCENTRATION, field, code)
        return known.value if known else None

    def _stage(self, field, code):
        return code if self._look_up(STAGE, field, code) and code != UNKNOWN else None

    def _form(self, field, code):
        return code if self._look_up(FORM, field, code) and code != UNKNOWN else None

    def _look_up(self, kind, field, code):
        if code is None:
            return None
        known = self._tables[kind].get(code)
        if known is None:
            self._unknown.append((field, code))
        return known

    def _partials(self):
        """Shares of the types A, B, C, without the last ones if they are not there; None where one is not told."""
        row = self._row
        fields = [(field, parse_code(getattr(row, field))) for field in ("CA", "CB", "CC")]
        if all(code is None for _, code in fields):
            fields = [("ICEAPC", code) for code in split_codes(row.ICEAPC, 3)[0]]
        shares = [self._concentration(field, code) for field, code in fields]
        while shares and shares[-1] is None:
            shares.pop()
        return shares

    def _stages(self, total, partials):
        """(stage of a thicker trace, stages of A, B, C, stage of the remainder)."""
        row = self._row
        codes = {field: parse_code(getattr(row, field)) for field in ("CN", "SA", "SB", "SC", "CD")}
        if all(code is None for code in codes.values()):
            slots, whole = split_codes(row.ICESOD, 5)
            if not whole and not _begins_with_trace(slots, total, partials):
                slots = [None, *slots]
            codes = dict(zip(codes, [*slots, *[None] * 5]))
            names = dict.fromkeys(codes, "ICESOD")
        else:
            names = {field: field for field in codes}
        # a stage that is given as unknown still says that there is such ice
        self._given = [codes[field] is not None for field in ("SA", "SB", "SC")]
        stages = {field: self._stage(names[field], code) for field, code in codes.items()}
        return stages["CN"], [stages["SA"], stages["SB"], stages["SC"]], stages["CD"]

    def _forms(self):
        """(forms of A, B, C, predominant form)."""
        row = self._row
        fields = [(field, parse_code(getattr(row, field))) for field in ("FA", "FB", "FC")]
        if all(code is None for _, code in fields):
            fields = [("ICEFLZ", code) for code in (*split_codes(row.ICEFLZ, 3)[0], None, None, None)][:3]
        field, code = "FP", parse_code(row.FP)
        if code is None:
            field, code = "CF", next(iter(split_codes(row.CF, 2)[0]), None)
        return [self._form(*each) for each in fields], self._form(field, code)

    def _types(self, total, partials, stages, forms, rest):
        shares = (*partials, None, None, None)[:3]
        there = [place for place in range(3) if self._given[place] or shares[place] is not None]
        unknown = [place for place in there if shares[place] is None]
        told = sum(shares[place] for place in there if shares[place] is not None)
        shares = list(shares)
        if len(unknown) == 1 and total is not None:
            # one type alone, or the last one of several, takes what is left
            shares[unknown[0]] = max(total - told, 0.0)
            told = total
        types = [IceType(shares[place], stages[place], forms[place]) for place in there]
        if rest is not None and total is not None and len(unknown) < 2 and total - told > TRACE:
            types.append(IceType(total - told, rest, None))
        return tuple(types)


def _begins_with_trace(slots, total, partials):
    """Whether the first code of an ICESOD field that lost its blanks is that of a thicker trace."""
    count = max(len(partials), 1)
    if len(slots) <= count:
        return False
    has_rest = total is not None and len(partials) == 3 and total - sum(filter(None, partials)) > TRACE
    return len(slots) > count + has_rest
