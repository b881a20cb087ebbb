"""The pictures of the user guide: the QGIS desktop in a virtual screen, the report in a browser, and the demo's map.

Everything shown comes from ``make demo``, which is made first where it is missing.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
DEMO = ROOT / "build" / "demo"
LARGEST = 300_000  # bytes
SMALLER = 0.7  # of a radar image, whose speckle cannot be compressed
EXACT = 20  # colours that are kept as they are
REPORT_SIZE = (1100, 1000)

sys.path.insert(0, str(ROOT / "demo"))
from desktop import visit  # noqa: E402


def main():
    """Make all pictures."""
    if not has_sample_demo():
        subprocess.run([sys.executable, ROOT / "demo" / "demo.py"], check=True)
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        visit(ROOT / "docs" / "tour.py", str(DEMO), str(folder), timeout=900)
        shutil.copy(DEMO / "crop_map.png", folder / "crop-map.png")
        shutil.copy(DEMO / "ice_map.png", folder / "ice-map.png")
        photograph_report(DEMO / "report.html", folder / "report.png")
        photograph_report(DEMO / "ice_report.html", folder / "ice-report.png")
        for picture in sorted(folder.glob("*.png")):
            size = shrink(picture, IMAGES / picture.name)
            print(f"docs/images/{picture.name}  {size / 1000:.0f} kB")


def has_sample_demo():
    """Whether the demo was made, from sample data."""
    summary = DEMO / "summary.json"
    return summary.exists() and json.loads(summary.read_text(encoding="utf-8"))["synthetic"]


def photograph_report(report, picture):
    """The top of the report in a browser."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run([browser, "--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu",
                        f"--user-data-dir={profile}", f"--window-size={REPORT_SIZE[0]},{REPORT_SIZE[1]}",
                        f"--screenshot={picture}", report.as_uri()], check=True, capture_output=True, timeout=120)


def shrink(picture, target):
    """Save a picture with as many colours as the size allows, smaller where need be; gives its bytes."""
    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    for share in (1.0, SMALLER):
        shown = image.resize([round(edge * share) for edge in image.size], Image.Resampling.LANCZOS)
        for colours in (256, 128, 96, 80, 64):
            with_palette(shown, colours).save(target, optimize=True)
            if target.stat().st_size <= LARGEST:
                return target.stat().st_size
    raise SystemExit(f"{target.name} does not fit {LARGEST} bytes")


def with_palette(image, colours):
    """The image in few colours: the commonest exactly (legends and letters stay true), the others as near as can be."""
    pixels = np.asarray(image).reshape(-1, 3)
    codes = pixels @ np.array([1 << 16, 1 << 8, 1])
    values, counts = np.unique(codes, return_counts=True)
    common = values[np.argsort(counts)[::-1][:EXACT]]
    rest = pixels[~np.isin(codes, common)]
    palette = [code >> shift & 255 for code in common.tolist() for shift in (16, 8, 0)]
    if len(rest):
        mixed = Image.fromarray(rest[None]).quantize(colours - len(common), kmeans=3, dither=Image.Dither.NONE)
        palette += mixed.getpalette()[:3 * (colours - len(common))]
    key = Image.new("P", (1, 1))
    key.putpalette(palette)
    return image.quantize(palette=key, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
