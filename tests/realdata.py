"""Where the real products, parcels and charts are; tests that need them skip where they are absent."""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("FLOEFIELD_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


class _Folder(type(Path())):
    """A folder of real data; looking into it skips the test where it is absent."""

    def glob(self, pattern, **options):
        """Files that fit, or a skipped test."""
        if not self.is_dir():
            pytest.skip(f"the real data are not here ({self.name}); set FLOEFIELD_DATA to their folder")
        return super().glob(pattern, **options)


SENTINEL2 = _Folder(DATA / "sentinel2")
HERAULT = _Folder(DATA / "sentinel2" / "herault_2018")
SENTINEL1 = _Folder(DATA / "sentinel1")
TEXTURE = _Folder(DATA / "texture")
