"""Peak memory of the tools on full-size input, against the ceiling that is promised."""

from .measure import THREADS, peak_megabytes
from .products import full_size_product
from .sentinel2 import BANDS, STACK

STACK_CEILING = 1024


def sentinel2_stack(folder, runs):
    """A full tile, twelve bands to 10 m, in megabytes."""
    peak = peak_megabytes(STACK.replace("*bands =", "*bands, _ ="), full_size_product(folder), folder / "stack.tif",
                          THREADS, *BANDS)
    return {"ours": round(peak, 1), "peer": STACK_CEILING, "ratio": round(STACK_CEILING / peak, 3), "unit": "MB",
            "note": "the peer is the ceiling promised"}


ROWS = {"memory-s2-tile": sentinel2_stack}
