"""How many files of ours a tool runs: counted by ``sys.setprofile`` while it maps a small sample.

Prints the number of Python files of the plugin, and for each tool how many of them had a function called; ``--list``
names them. Modules that are only imported do not count.
"""

import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("algorithms", "provider", "vector", "compute")
sys.path[:0] = [str(ROOT / "build" / "plugins"), str(ROOT), "/usr/share/qgis/python/plugins"]


def main():
    """Count the files of classifycrops and applyclassifier."""
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    application.initQgis()
    from processing.core.Processing import Processing

    Processing.initialize()
    from floefield import classFactory

    plugin = classFactory(None)
    plugin.initProcessing()
    shipped = [path for folder in SHIPPED for path in (ROOT / folder).rglob("*.py")]
    print(f"files: {len(shipped)}, with code: {sum(path.name != '__init__.py' for path in shipped)}")
    with tempfile.TemporaryDirectory() as folder:
        for tool, parameters in sample(Path(folder)):
            files = files_run(f"floefield:{tool}", parameters)
            print(f"{tool}: {len(files)} files")
            if "--list" in sys.argv:
                print("\n".join(f"  {file}" for file in files))
    plugin.unload()


def sample(folder):
    """Tools and their parameters: thirty parcels on a small raster, with all outputs of a first map."""
    from tests import fieldscene
    from tests.parcelfiles import write_geojson

    raster = fieldscene.write(folder / "scene.tif", fieldscene.reflectance(0.15))
    parcels = write_geojson(folder / "parcels.geojson", fieldscene.fields())
    model = str(folder / "model.ffm")
    yield "classifycrops", {
        "RASTERS": [raster], "TRAINING": str(parcels), "CLASS_FIELD": "crop", "TREES": 20,
        "OUTPUT": str(folder / "map.tif"), "CONFIDENCE": str(folder / "confidence.tif"), "MODEL": model,
        "REPORT": str(folder / "report.html")}
    yield "applyclassifier", {
        "RASTERS": [raster], "MODEL": model, "OUTPUT": str(folder / "again.tif"),
        "CONFIDENCE": str(folder / "again_confidence.tif")}


def files_run(tool, parameters):
    """Files of ours with a function that is called while a tool runs, in any thread.

    Returns
    -------
    list of str
        Paths relative to the checkout, sorted.
    """
    import processing

    called = set()

    def note(frame, event, argument):
        if event == "call" and frame.f_code.co_name != "<module>":
            called.add(frame.f_code.co_filename)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        processing.run(tool, parameters)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    ours = {Path(file).resolve() for file in called if not file.startswith("<")}
    return sorted(path.relative_to(ROOT).as_posix() for path in ours
                  if ROOT in path.parents and path.relative_to(ROOT).parts[0] in SHIPPED)


if __name__ == "__main__":
    main()
