"""Create the figures of the page of ``glcmtextures``: textures of a Sentinel-1 image, and those of other tools.

Usage: ``build/venv/bin/python docs/texturepictures.py``. If the image, Orfeo ToolBox or GRASS is missing it
reports this and creates nothing.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
sys.path[:0] = [str(ROOT), str(ROOT / "build" / "plugins")]

from tests.peers.texturetools import grass_program, grass_textures, otb_program, otb_textures  # noqa: E402
from tests.realdata import DATA  # noqa: E402

VALUE_RANGE, LEVELS, WINDOW = (-20.0, 0.0), 32, 9
SHOWN = ("dissimilarity", "homogeneity", "entropy", "maximum", "mean", "variance", "correlation")
COMPARED = {"contrast": "contrast", "homogeneity": "homogeneity", "entropy": "entropy (nats)"}


def main():
    chips = sorted((DATA / "texture").glob("*.tif"))
    missing = [name for name, found in (("the Sentinel-1 image", chips), ("Orfeo ToolBox", otb_program()),
                                        ("GRASS", grass_program())) if not found]
    if missing:
        print(f"No figures created; missing: {', '.join(missing)}")
        return
    values, grey = read(chips[0])
    plot_features(values, IMAGES / "glcmtextures-features.png")
    plot_comparison(grey, IMAGES / "glcmtextures-peers.png")


def read(path):
    """Return backscatter in dB, NaN as nodata, and the grey levels of the largest part without nodata."""
    import rasterio

    from floefield.compute.texture.grey_levels import EqualDistanceQuantiser

    with rasterio.open(path) as chip:
        values = chip.read(1, masked=True).astype(np.float32).filled(np.nan)
    part = values[40:190, 60:240]
    return values, EqualDistanceQuantiser(*VALUE_RANGE, LEVELS).quantise(part)


def write(path, values, **options):
    """Write a single-band raster at an arbitrary position."""
    import rasterio

    with rasterio.open(path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
                       dtype=values.dtype, transform=rasterio.Affine(20, 0, 0, 0, -20, 0), **options) as raster:
        raster.write(values, 1)


def textures(values, features, angles):
    """Compute texture features with Floefield; return {feature: array}."""
    import rasterio

    from floefield.compute.progress import Progress
    from floefield.compute.texture.texture_raster import write_textures
    from floefield.compute.texture.texture_settings import TextureSettings

    with tempfile.TemporaryDirectory() as folder:
        path, output = Path(folder) / "in.tif", Path(folder) / "out.tif"
        write(path, values.astype(np.float32), nodata=np.nan)
        settings = TextureSettings(window=WINDOW, levels=LEVELS, angles=angles, features=features,
                                   value_range=VALUE_RANGE)
        write_textures(str(path), str(output), (), settings, Progress())
        with rasterio.open(output) as raster:
            return dict(zip(features, raster.read()))


def plot_features(values, target):
    """Plot the image and some of its textures."""
    import matplotlib.pyplot as plt

    planes = textures(values, SHOWN, ("0", "45", "90", "135"))
    figure, axes = plt.subplots(2, 4, figsize=(10, 4.6), layout="constrained")
    show(axes.flat[0], values, "backscatter VV (dB)", "gray")
    for axis, (name, plane) in zip(axes.flat[1:], planes.items()):
        show(axis, plane, name, "viridis")
    save(figure, target)


def plot_comparison(grey, target):
    """Plot textures of a part of the image by three tools, and their differences."""
    import matplotlib.pyplot as plt

    ours = textures((grey + 0.5) / LEVELS * (VALUE_RANGE[1] - VALUE_RANGE[0]) + VALUE_RANGE[0], tuple(COMPARED), ("0",))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grey.tif"
        write(path, grey)
        otb = otb_textures(path, folder, LEVELS, WINDOW)
        grass = {name: plane for (name, angle), plane in grass_textures(
            path, folder, WINDOW, 1, tuple(COMPARED), separate=True).items() if angle == "0"}
    columns = (("Floefield", ours), ("GRASS", grass), ("Orfeo ToolBox", otb))
    figure, axes = plt.subplots(len(COMPARED), 5, figsize=(11, 5.6), layout="constrained")
    half = WINDOW // 2
    for row, (name, title) in zip(axes, COMPARED.items()):
        limits = np.nanpercentile(ours[name], (2, 98))
        for axis, (tool, planes) in zip(row, columns):
            show(axis, planes[name][half:-half, half:-half], f"{tool}: {title}", "viridis", limits)
        spread = limits[1] - limits[0]
        for axis, (tool, planes) in zip(row[3:], columns[1:]):
            difference = (planes[name] - ours[name])[half:-half, half:-half] / spread
            maximum = np.nanmax(np.abs(difference))
            print(f"{name}: maximum difference of {tool} {maximum:.2g} of the spread, "
                  f"mean {np.nanmean(np.abs(difference)):.2g}")
            show(axis, difference, f"{tool} - Floefield", "RdBu", (-0.2, 0.2))
    save(figure, target)


def show(axis, plane, title, colours, limits=None):
    import matplotlib.pyplot as plt

    image = axis.imshow(plane, cmap=colours, interpolation="nearest",
                        **dict(zip(("vmin", "vmax"), np.nanpercentile(plane, (2, 98)) if limits is None else limits)))
    axis.set_title(title, fontsize=9)
    axis.set_xticks([])
    axis.set_yticks([])
    plt.colorbar(image, ax=axis, shrink=0.8).ax.tick_params(labelsize=7)


def save(figure, target):
    from PIL import Image

    figure.savefig(target, dpi=100)
    Image.open(target).convert("RGB").quantize(256).save(target, optimize=True)
    print(f"docs/images/{target.name}  {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
