"""Create the figures of the user guide: QGIS desktop on a virtual screen, reports in a browser, maps of the demo.

All inputs are outputs of ``make demo``, which is run first if they are missing.
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
MAX_BYTES = 300_000
REDUCED_SCALE = 0.7  # for radar images, whose speckle cannot be compressed
EXACT_COLOURS = 20  # number of colours kept unchanged
REPORT_SIZE = (1100, 1000)

sys.path.insert(0, str(ROOT / "demo"))
from desktop import visit  # noqa: E402


def main():
    """Create all figures."""
    if not has_sample_demo():
        subprocess.run([sys.executable, ROOT / "demo" / "demo.py"], check=True)
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        visit(ROOT / "docs" / "tour.py", str(DEMO), str(folder), timeout=900)
        shutil.copy(DEMO / "crop_map.png", folder / "crop-map.png")
        shutil.copy(DEMO / "ice_map.png", folder / "ice-map.png")
        capture_report(DEMO / "report.html", folder / "report.png")
        capture_report(DEMO / "ice_report.html", folder / "ice-report.png")
        for picture in sorted(folder.glob("*.png")):
            size = shrink(picture, IMAGES / picture.name)
            print(f"docs/images/{picture.name}  {size / 1000:.0f} kB")


def has_sample_demo():
    """Return whether the outputs of the demo exist and are based on sample data."""
    summary = DEMO / "summary.json"
    return summary.exists() and json.loads(summary.read_text(encoding="utf-8"))["synthetic"]


def capture_report(report, picture):
    """Save a screenshot of the top of a report."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run([browser, "--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu",
                        f"--user-data-dir={profile}", f"--window-size={REPORT_SIZE[0]},{REPORT_SIZE[1]}",
                        f"--screenshot={picture}", report.as_uri()], check=True, capture_output=True, timeout=120)


def shrink(picture, target):
    """Save a figure with the largest palette, then scale, that fits the size limit; return its size in bytes."""
    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    for scale in (1.0, REDUCED_SCALE):
        resized = image.resize([round(edge * scale) for edge in image.size], Image.Resampling.LANCZOS)
        for colours in (256, 128, 96, 80, 64):
            with_palette(resized, colours).save(target, optimize=True)
            if target.stat().st_size <= MAX_BYTES:
                return target.stat().st_size
    raise SystemExit(f"{target.name} exceeds {MAX_BYTES} bytes")


def with_palette(image, colours):
    """Reduce the image to a palette: the most frequent colours (legends, letters) exactly, the others by k-means."""
    pixels = np.asarray(image).reshape(-1, 3)
    codes = pixels @ np.array([1 << 16, 1 << 8, 1])
    values, counts = np.unique(codes, return_counts=True)
    frequent = values[np.argsort(counts)[::-1][:EXACT_COLOURS]]
    rest = pixels[~np.isin(codes, frequent)]
    palette = [code >> shift & 255 for code in frequent.tolist() for shift in (16, 8, 0)]
    if len(rest):
        quantised = Image.fromarray(rest[None]).quantize(colours - len(frequent), kmeans=3, dither=Image.Dither.NONE)
        palette += quantised.getpalette()[:3 * (colours - len(frequent))]
    reference = Image.new("P", (1, 1))
    reference.putpalette(palette)
    return image.quantize(palette=reference, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
