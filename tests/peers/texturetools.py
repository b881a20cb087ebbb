"""Textures by Orfeo ToolBox and GRASS, as arrays by the names of our features."""

import math
import os
import shutil
import subprocess
from pathlib import Path

# The bands of ``HaralickTextureExtraction -texture simple`` in their order; its "Energy" is the angular second moment,
# and no feature of ours has the formulas of its "Correlation" and "Haralick Correlation".
OTB_SIMPLE = ("asm", "entropy", None, "homogeneity", "contrast", "cluster_shade", "cluster_prominence", None)
# Methods of ``r.texture``, and what it calls their maps.
GRASS_METHODS = {"asm": ("asm", "ASM"), "contrast": ("contrast", "Contr"), "entropy": ("entr", "Entr"),
                 "homogeneity": ("idm", "IDM"), "correlation": ("corr", "Corr"), "variance": ("var", "Var")}
GRASS_SCRIPT = """set -e
r.in.gdal -o --quiet input="$1" output=grey
g.region raster=grey
r.texture $6 --quiet input=grey output=t size="$2" distance="$3" method="$4"
for map in $(g.list type=raster pattern='t_*'); do
    r.out.gdal --quiet --overwrite -c input="$map" output="$5/$map.tif" format=GTiff type=Float64
done
"""
BITS_TO_NATS = math.log(2)


def otb_program():
    """The command, or None."""
    return shutil.which("otbcli_HaralickTextureExtraction")


def otb_command(path, output, levels, window, offset=(0, 1)):
    """The command of Orfeo ToolBox for an image of grey levels and one displacement (rows, columns).

    Its bins are (max - min + 1) / levels wide: with whole numbers from 0 each level is a bin.

    Returns
    -------
    command : list of str
    environment : dict
        For one thread.
    """
    rows, columns = offset
    command = [otb_program(), "-in", path, "-channel", "1", "-texture", "simple", "-parameters.xrad", window // 2,
               "-parameters.yrad", window // 2, "-parameters.xoff", columns, "-parameters.yoff", rows,
               "-parameters.min", 0, "-parameters.max", levels - 1, "-parameters.nbbin", levels, "-out", output,
               "float"]
    return [str(part) for part in command], {**os.environ, "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"}


def otb_textures(path, folder, levels, window, offset=(0, 1)):
    """Run Orfeo ToolBox; {feature: plane}, entropy in nats."""
    import rasterio

    output = Path(folder) / "otb.tif"
    command, environment = otb_command(path, output, levels, window, offset)
    subprocess.run(command, env=environment, check=True, capture_output=True)
    with rasterio.open(output) as raster:
        planes = {name: plane for name, plane in zip(OTB_SIMPLE, raster.read().astype(float)) if name}
    planes["entropy"] *= BITS_TO_NATS
    return planes


def grass_program():
    """The command, or None."""
    return shutil.which("grass")


def grass_command(path, folder, window, distance, features, separate):
    """The command of GRASS for an image of grey levels; the maps are written to `folder`.

    Returns
    -------
    command : list of str
    environment : dict
        For one thread.
    """
    script = Path(folder) / "texture.sh"
    script.write_text(GRASS_SCRIPT, encoding="utf-8")
    methods = ",".join(GRASS_METHODS[name][0] for name in features)
    command = [grass_program(), "--tmp-location", "XY", "--exec", "bash", script, path, window, distance, methods,
               folder, *(["-s"] if separate else [])]
    return [str(part) for part in command], {**os.environ, "OMP_NUM_THREADS": "1"}


def grass_textures(path, folder, window, distance, features=tuple(GRASS_METHODS), separate=False):
    """Run GRASS; {feature: plane}, or {(feature, angle): plane} with `separate`; entropy in nats."""
    import rasterio

    command, environment = grass_command(path, folder, window, distance, features, separate)
    subprocess.run(command, env=environment, check=True, capture_output=True)
    planes = {}
    for name in features:
        for angle in ("0", "45", "90", "135") if separate else (None,):
            suffix = f"_{angle}" if separate else ""
            with rasterio.open(Path(folder) / f"t_{GRASS_METHODS[name][1]}{suffix}.tif") as raster:
                plane = raster.read(1, masked=True).astype(float).filled(float("nan"))
            planes[(name, angle) if separate else name] = plane * (BITS_TO_NATS if name == "entropy" else 1)
    return planes
