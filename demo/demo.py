"""The demo: from Sentinel-2 products and parcels to a crop map, every step through ``qgis_process`` as in a script.

Without arguments it makes sample data first, and ice maps from Sentinel-1 and ice charts too; with all three of them
it does the same for crops on the user's own data.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from headless import ROOT, Problem, QgisProcess, clean_environment
from ice_demo import make_ice

OUTPUT = ROOT / "build" / "demo"
# Inner buffer in metres and smallest area in square metres: the defaults of the tools, then gentler ones.
BUFFERS = ((15, 5000), (5, 1000), (1, 100))
PACKAGES = ("numpy", "scikit-learn", "rasterio", "matplotlib", "jinja2")


@dataclass(frozen=True)
class Season:
    """What goes in."""

    products: Path
    parcels: Path
    field: str
    synthetic: bool


class Story:
    """Tells the user what happens while it happens, and remembers how long each step took."""

    def __init__(self):
        self.seconds = {}

    @contextmanager
    def step(self, title):
        """One step: a line with its title, its time and what the block puts into the list it is given."""
        print(f"{title + ' ':.<32} ", end="", flush=True)
        start, remarks = time.monotonic(), []
        try:
            yield remarks
        except Exception:
            print("failed", flush=True)
            raise
        took = time.monotonic() - start
        self.seconds[title] = round(self.seconds.get(title, 0.0) + took, 1)
        first, *others = [*remarks, ""]
        print(f"{took:5.0f} s   {first}", *(f"{'':44}{line}" for line in others if line), sep="\n", flush=True)


def make_demo(output, season, story, **sample):
    """Fill the folder `output`, emptied first; `season` is None for sample data, whose parameters `sample` may set.

    Returns
    -------
    dict
        What is written to summary.json.
    """
    refuse_to_delete(output, season)
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as home:
        qgis = QgisProcess(home)
        season = season or make_sample(qgis, story, output / "sample", **sample)
        known = parcels_per_class(season.parcels, season.field)
        used, buffer = prepare_parcels(qgis, story, season, known, output)
        series = run_series(qgis, story, season, output)
        classified = run_classification(qgis, story, season, output)
        facts = {"synthetic": season.synthetic,
                 "overall_accuracy": classified.results.get("OVERALL_ACCURACY"),
                 "kappa": classified.results.get("KAPPA"),
                 "dates": int(series.results["DATE_COUNT"]),
                 "parcels": {"given": sum(known.values()), "used": sum(used.values()), "class_field": season.field,
                             "inner_buffer_m": buffer[0], "smallest_area_m2": buffer[1]},
                 "parcels_per_class": dict(sorted(used.items()))}
        with story.step("Project and picture"):
            show(output, facts, home)
        if season.synthetic:
            facts["sea_ice"] = make_ice(qgis, story, output, home, **sample)
    facts["seconds"] = {**story.seconds, "all": round(sum(story.seconds.values()), 1)}
    facts["versions"] = {"floefield": floefield_version(), **classified.versions, **package_versions()}
    facts["files"] = [*files_in(output), "summary.json"]
    (output / "summary.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return facts


def refuse_to_delete(output, season):
    """Refuse inputs inside the output folder, which is emptied."""
    for path in (season.products, season.parcels) if season else ():
        if output == path or output in path.parents:
            raise Problem(f"{path} lies in {output}, which every demo empties. Copy it to another place first.")


def make_sample(qgis, story, folder, **parameters):
    """Products and parcels of a season that never was."""
    with story.step("Sample data") as remarks:
        made = qgis.run("createsampledata", KIND="crops", OUTPUT_FOLDER=folder, **parameters).results
        remarks.append(f"{made['PRODUCT_COUNT']} synthetic Sentinel-2 products, {made['PARCEL_COUNT']} parcels")
    return Season(Path(made["PRODUCTS_FOLDER"]), Path(made["PARCELS"]), "crop", synthetic=True)


def prepare_parcels(qgis, story, season, known, output):
    """Shrink and filter parcels, as gently as it takes to keep every class and half of the parcels.

    Returns
    -------
    used : Counter
        Parcels per class in parcels_used.gpkg.
    buffer : tuple
        Distance and smallest area that were used; zeros where the parcels were taken as they are.
    """
    for distance, area in BUFFERS:
        used = shrink_and_filter(qgis, story, season, output, distance, area)
        lost = sorted(set(known) - set(used))
        if not lost and 2 * sum(used.values()) >= sum(known.values()):
            return used, (distance, area)
        loss = f"no parcel of {listed(lost)}" if lost else "fewer than half of the parcels"
        print(f"  These parcels are small: {distance} m and {area} m² leave {loss}. Something gentler follows.")
    print("  Even that is too much: the parcels are used as they are, with mixed pixels on their borders.")
    copy_vector(season.parcels, output / "parcels_used.gpkg")
    return known, (0, 0)


def listed(names):
    """The first three, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def shrink_and_filter(qgis, story, season, output, distance, area):
    """Inner buffer and area filter; gives the parcels per class that are left."""
    with story.step("Inner buffer") as remarks:
        shrunk = qgis.run("innerbuffer", INPUT=season.parcels, DISTANCE=distance,
                          OUTPUT=output / "parcels_shrunk.gpkg").results
        remarks.append(f"{distance} m: {shrunk['OUTPUT_COUNT']} of {shrunk['INPUT_COUNT']} parcels left")
    with story.step("Area filter") as remarks:
        kept = qgis.run("filterbyarea", INPUT=output / "parcels_shrunk.gpkg", MIN_AREA=area,
                        OUTPUT=output / "parcels_used.gpkg").results
        remarks.append(f"{area} m²: {kept['OUTPUT_COUNT']} of {shrunk['OUTPUT_COUNT']} parcels left")
    return parcels_per_class(output / "parcels_used.gpkg", season.field)


def run_series(qgis, story, season, output):
    """All products become one stack; of the user's own ones, the part where the parcels lie."""
    area = {} if season.synthetic else {"AOI": season.parcels}
    with story.step("Time series") as remarks:
        series = qgis.run("sentinel2timeseries", INPUT_FOLDER=season.products, **area,
                          OUTPUT=output / "time_series.tif")
        remarks += [f"{series.results['DATE_COUNT']} dates, gaps under clouds filled", *series.warnings]
    return series


def run_classification(qgis, story, season, output):
    """Train, map, assess."""
    with story.step("Classification") as remarks:
        classified = qgis.run(
            "classifycrops", RASTERS=output / "time_series.tif", TRAINING=output / "parcels_used.gpkg",
            CLASS_FIELD=season.field, OUTPUT=output / "crop_map.tif", CONFIDENCE=output / "confidence.tif",
            MODEL=output / "forest.ffm", REPORT=output / "report.html")
        remarks += [accuracy_sentence(classified.results), *classified.warnings]
    return classified


def accuracy_sentence(results):
    """Return the accuracy of the map as a sentence."""
    if "OVERALL_ACCURACY" not in results:
        return "no validation parcels"
    return (f"overall accuracy {results['OVERALL_ACCURACY']:.3f}, kappa {results['KAPPA']:.3f} on "
            "validation parcels")


def show(output, facts, home):
    """The project and the picture; drawn by QGIS in a process of its own."""
    script = Path(__file__).with_name("crop_figures.py")
    done = subprocess.run([sys.executable, script, output], env=clean_environment(home), input=json.dumps(facts),
                          capture_output=True, text=True)
    if done.returncode:
        raise Problem(f"The project could not be made: {done.stderr.strip() or done.returncode}")


def parcels_per_class(path, field):
    """How many parcels of each class a layer holds.

    Returns
    -------
    Counter
        By class, as text; parcels without a class are left out.
    """
    from osgeo import ogr

    ogr.UseExceptions()
    try:
        source = ogr.Open(str(path))
        layer = source.GetLayer(0)
    except (RuntimeError, AttributeError):
        raise Problem(f"PARCELS: {path} cannot be opened as a layer of polygons.") from None
    definition = layer.GetLayerDefn()
    names = [definition.GetFieldDefn(index).GetName() for index in range(definition.GetFieldCount())]
    if field not in names:
        raise Problem(f"FIELD: {path} has no field {field}. Its fields are: {', '.join(names)}.")
    return Counter(feature.GetFieldAsString(field) for feature in layer if feature.IsFieldSetAndNotNull(field))


def copy_vector(source, target):
    """The same features as a GeoPackage."""
    from osgeo import gdal

    gdal.UseExceptions()
    gdal.VectorTranslate(str(target), str(source), format="GPKG", layerName=target.stem)


def files_in(folder):
    """Names of the results, those that were made on the way included; folders stand for what is in them."""
    return sorted(f"{path.name}/" if path.is_dir() else path.name for path in folder.iterdir())


def floefield_version():
    """As metadata.txt says."""
    return re.search(r"^version=(.+)$", (ROOT / "metadata.txt").read_text(encoding="utf-8"), re.MULTILINE)[1].strip()


def package_versions():
    """Of the Python packages that did the work."""
    return {name: metadata.version(name) for name in PACKAGES}


def season_of(options):
    """The user's own season; None where nothing was given."""
    given = (options.data, options.parcels, options.field)
    if not any(given):
        return None
    if not all(given):
        raise Problem("Give all three: DATA (a folder with Sentinel-2 products), PARCELS (a file with polygons) and "
                      "FIELD (its field that names the crop); or none of them, for sample data.")
    if not options.data.is_dir():
        raise Problem(f"DATA: there is no folder {options.data}.")
    if not options.parcels.exists():
        raise Problem(f"PARCELS: there is no file {options.parcels}.")
    if not any(re.search(r"\.SAFE$|\.zip$|^MTD_MSI.*\.xml$", name) for _, folders, files in os.walk(options.data)
               for name in (*folders, *files)):
        raise Problem(f"DATA: there are no Sentinel-2 products (.SAFE folders or zips) in {options.data}.")
    parcels_per_class(options.parcels, options.field)
    return Season(options.data.resolve(), options.parcels.resolve(), options.field, synthetic=False)


def main(arguments=None):
    """Make the demo, and say where to look."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="Sentinel-2 L2A products: .SAFE folders or zips")
    parser.add_argument("--parcels", type=Path, metavar="FILE", help="parcels with known crops")
    parser.add_argument("--field", metavar="NAME", help="their field that names the crop")
    options = parser.parse_args(arguments)
    try:
        facts = make_demo(OUTPUT, season_of(options), Story())
    except Problem as problem:
        sys.exit(str(problem))
    print(f"\nDone in {facts['seconds']['all']:.0f} s. Look at {OUTPUT}:",
          "  crop_map.qgz   everything, in QGIS", "  crop_map.png   the map beside the satellite image",
          "  report.html    inputs, and the accuracy of the map",
          *(("  ice_map.png    an ice map beside the radar image",
             "  ice_report.html   all ice maps, and their accuracy")
            if "sea_ice" in facts else ()), "  summary.json   the figures", sep="\n")


if __name__ == "__main__":
    main()
