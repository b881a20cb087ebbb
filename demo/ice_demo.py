"""The ice part of the demo: CRYO04 on sample data, from zipped charts and products to ice maps, report and picture."""

import json
import subprocess
import sys
from pathlib import Path

from headless import Problem, clean_environment

# A little quicker than the defaults, and as good on the sample.
CHOICES = {"WINDOW": 15, "TREES": 100, "SAMPLES_PER_SCENE": 300}
CRS = "EPSG:32626"
FOLDER, PICTURE, REPORT = "sea_ice", "ice_map.png", "ice_report.html"


def make_ice(qgis, story, output, home, **sample):
    """Make the ice maps in a folder of the demo.

    Parameters
    ----------
    qgis : QgisProcess
    story : Story
    output : Path
        Folder of the demo.
    home : path
    **sample
        Parameters for the sample data.

    Returns
    -------
    dict
        For summary.json.
    """
    folder = output / FOLDER
    with story.step("Ice sample data") as remarks:
        made = qgis.run("createsampledata", KIND="seaice", OUTPUT_FOLDER=folder / "sample", **sample).results
        remarks.append(f"{made['PRODUCT_COUNT']} synthetic Sentinel-1 products, {made['CHART_COUNT']} ice charts")
    with story.step("Ice charts") as remarks:
        charts = qgis.run("prepareicecharts", CHARTS_FOLDER=made["CHARTS_FOLDER"], STUDY_AREA=made["STUDY_AREA"],
                          CRS=CRS, LEGEND="park3_young", OUTPUT_FOLDER=folder / "charts").results
        remarks.append(f"{charts['CHART_COUNT']} charts decoded, clipped and reprojected")
    with story.step("Sentinel-1 scenes") as remarks:
        scenes = qgis.run("preprocesssentinel1", INPUT_FOLDER=made["PRODUCTS_FOLDER"], CRS=CRS, PIXEL_SIZE=40,
                          OUTPUT_FOLDER=folder / "scenes").results
        remarks.append(f"{scenes['SCENE_COUNT']} scenes calibrated, denoised and geocoded")
    with story.step("Ice maps") as remarks:
        maps = qgis.run("classifyseaice", SCENES_FOLDER=folder / "scenes", CHARTS_FOLDER=folder / "charts",
                        OUTPUT_FOLDER=folder / "maps", REPORT=output / REPORT, MODEL=folder / "ice.ffm",
                        ICE_EDGE="true", **CHOICES).results
        remarks.append(f"agreement with the charts {maps['OVERALL_ACCURACY']:.3f}, kappa {maps['KAPPA']:.3f} on dates "
                       "not used for training")
    facts = {"synthetic": True, "scenes": int(maps["SCENE_COUNT"]), "charts": int(charts["CHART_COUNT"]),
             "agreement": maps["OVERALL_ACCURACY"], "kappa": maps["KAPPA"]}
    with story.step("Ice picture"):
        script = Path(__file__).with_name("ice_figures.py")
        done = subprocess.run([sys.executable, script, folder, output / PICTURE], env=clean_environment(home),
                              input=json.dumps(facts), capture_output=True, text=True)
        if done.returncode:
            raise Problem(f"The picture of the ice could not be made: {done.stderr.strip() or done.returncode}")
    return facts
