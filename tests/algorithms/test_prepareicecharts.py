"""Tool ``prepareicecharts``: decoded and styled layers from charts of many services and formats."""

import csv
import shutil
import zipfile

import pytest
from qgis.core import QgsProcessingException, QgsVectorLayer

from tests.icecharts import CHARTS, box, read_layer, write_chart, zone_area
from tests.parcelfiles import write_geojson

ICE = {"POLY_TYPE": "I", "CT": "92", "CA": "-9", "SA": "91", "FA": "08"}
WATER = {"POLY_TYPE": "I", "CT": "01"}
SQUARES = [([box(-30, 68, -28, 70)], ICE), ([box(-28, 68, -26, 70)], WATER)]


@pytest.fixture
def chart(tmp_path):
    """A chart of two squares between Greenland and Iceland."""
    return write_chart(tmp_path / "nic_arctic_20201008_pl_a.shp", SQUARES)


@pytest.fixture
def prepare(run, tmp_path):
    """Run the tool; return (results, rows of the summary)."""

    def prepare(*charts, folder=None, **parameters):
        inputs = {"CHARTS_FOLDER": str(folder)} if folder else {"CHARTS": [str(path) for path in charts]}
        results = run("prepareicecharts", {**inputs, "OUTPUT_FOLDER": str(tmp_path / "prepared"), "LOAD": False,
                                           "SUMMARY": str(tmp_path / "summary.csv"), **parameters})
        with open(results["SUMMARY"], encoding="utf-8", newline="") as text:
            return results, list(csv.DictReader(text))

    return prepare


def area_layer(path, *rings, epsg=4326):
    """Write a study area; return its path."""
    return str(write_geojson(path, [(number, "area", {"type": "Polygon", "coordinates": [ring]})
                                    for number, ring in enumerate(rings)], epsg))


def prepared(tmp_path, name):
    return read_layer(tmp_path / "prepared" / f"{name}.gpkg", name)


def test_a_chart_becomes_a_decoded_layer(prepare, chart, tmp_path):
    results, (row,) = prepare(chart, CRS="EPSG:32626")
    assert (results["CHART_COUNT"], results["FAILED_COUNT"]) == (1, 0)
    assert (row["status"], row["output"], row["service"], row["date"], row["date_from"]) == (
        "prepared", "usnic_arctic_20201008.gpkg", "usnic", "2020-10-08", "name")
    (ice, shape), (water, _) = prepared(tmp_path, "usnic_arctic_20201008")
    assert (ice["total_concentration"], ice["stage"], ice["stage_label"], ice["fast_ice"], ice["class_code"]) == (
        1.0, 91, "medium first-year ice", 1, "first_year")
    assert (water["total_concentration"], water["class_value"], water["class_label"]) == (0.05, 1, "Open water")
    assert (ice["CT"], ice["SA"], ice["chart_date"], ice["service"]) == ("92", "91", "2020/10/08", "usnic")
    area = zone_area(68, 70, 2)
    assert ice["area_km2"] == pytest.approx(area / 1e6, rel=1e-6)
    assert shape.GetArea() == pytest.approx(area, rel=2e-3)  # the scale of UTM
    assert shape.GetSpatialReference().GetAuthorityCode(None) == "32626"
    assert float(row["class_first_year_km2"]) == pytest.approx(area / 1e6, rel=1e-5)
    assert float(row["ice_km2"]) == pytest.approx(1.05 * area / 1e6, rel=1e-5)


@pytest.mark.parametrize("suffix", [".gpkg", ".gml", ".geojson"])
def test_outputs_do_not_depend_on_the_format(prepare, chart, tmp_path, suffix):
    other = write_chart(tmp_path / f"nic_arctic_20201008_pl_a{suffix}", SQUARES)
    before = set(tmp_path.iterdir())
    prepare(chart, OUTPUT_FOLDER=str(tmp_path / "one"))
    prepare(other, OUTPUT_FOLDER=str(tmp_path / "two"))
    names = ["usnic_arctic_20201008.gpkg"]
    one, two = (read_layer(tmp_path / folder / names[0]) for folder in ("one", "two"))
    for (attributes, shape), (others, other_shape) in zip(one, two):
        assert attributes.pop("area_km2") == pytest.approx(others.pop("area_km2"), rel=1e-8)
        # GeoJSON omits fields that are always empty
        assert {name: others.get(name) for name in attributes} == attributes
        assert shape.SymDifference(other_shape).GetArea() < 1e-6 * shape.GetArea()
    assert set(tmp_path.iterdir()) - before == {tmp_path / "one", tmp_path / "two", tmp_path / "summary.csv"}


def test_zip_is_read_without_files_written_beside_it(prepare, chart, tmp_path):
    archive = tmp_path / "downloads" / "arctic201015.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w") as zipped:
        for file in tmp_path.glob("nic_arctic*"):
            zipped.write(file, f"weekly/ARCTIC201015{file.suffix}")
        zipped.writestr("__MACOSX/._ARCTIC201015.shp", b"nothing")
        zipped.writestr("readme.txt", b"weekly chart")
    _, (row,) = prepare(folder=archive.parent)
    assert (row["status"], row["date"], row["output"]) == ("prepared", "2020-10-15", "usnic_arctic_20201015.gpkg")
    assert list(archive.parent.iterdir()) == [archive]


def test_same_chart_results_in_the_same_bytes(prepare, chart, tmp_path):
    outputs = []
    for name in ("one", "two"):
        prepare(chart, OUTPUT_FOLDER=str(tmp_path / name))
        outputs.append((tmp_path / name / "usnic_arctic_20201008.gpkg").read_bytes())
    assert outputs[0] == outputs[1]


CAP = [([box(-180, 60, 180, 90)], ICE)]
STUDY_AREAS = {
    "over the pole": ([box(-180, 80, 180, 90)], 4326, zone_area(80, 90)),
    "across 180 degrees": ([box(170, 70, 190, 75)], 4326, zone_area(70, 75, 20)),
    "across 180 degrees in two parts": ([box(170, 70, 180, 75), box(-180, 70, -170, 75)], 4326, zone_area(70, 75, 20)),
    "the whole world": ([box(-180, -90, 180, 90)], 4326, zone_area(60, 90)),
    "a square of 2000 km around the pole": ([box(-1e6, -1e6, 1e6, 1e6)], 3573, 4e12),
}


@pytest.mark.parametrize("name", STUDY_AREAS)
def test_area_in_study_areas_at_the_pole_and_the_antimeridian(prepare, tmp_path, name):
    rings, epsg, area = STUDY_AREAS[name]
    chart = write_chart(tmp_path / "aari_arc_20140211_pl_a.shp", CAP)
    _, (row,) = prepare(chart, STUDY_AREA=area_layer(tmp_path / "area.geojson", *rings, epsg=epsg), CRS="EPSG:3413")
    assert float(row["area_km2"]) == pytest.approx(area / 1e6, rel=1e-5)


def test_a_study_area_in_another_crs_clips(prepare, chart, tmp_path):
    area = area_layer(tmp_path / "area.geojson", box(480000, 7580000, 520000, 7620000), epsg=32626)
    _, (row,) = prepare(chart, STUDY_AREA=area)
    ((_, shape),) = prepared(tmp_path, "usnic_arctic_20201008")
    assert shape.GetEnvelope() == pytest.approx((480000, 520000, 7580000, 7620000), abs=1.0)
    assert shape.GetArea() == pytest.approx(1.6e9, rel=1e-5)
    assert row["kept"] == "1"


def test_a_study_area_of_lines_is_refused(prepare, chart, tmp_path):
    line = write_geojson(tmp_path / "line.geojson", [
        (1, "x", {"type": "LineString", "coordinates": [[-30, 68], [-26, 70]]})], 4326)
    with pytest.raises(QgsProcessingException, match=r"STUDY_AREA must contain polygons.*LineString"):
        prepare(chart, STUDY_AREA=str(line))


def test_study_area_with_a_wide_edge_is_warned_about(prepare, tmp_path, feedback):
    chart = write_chart(tmp_path / "aari_arc_20140211_pl_a.shp", CAP)
    prepare(chart, STUDY_AREA=area_layer(tmp_path / "area.geojson", box(-170, 70, 170, 75)), CRS="EPSG:3413")
    assert any("more than 180 degrees" in text and "170 to 190" in text for text in feedback.warned)


def test_one_broken_chart_and_the_values_of_on_error(prepare, chart, tmp_path, feedback):
    broken = tmp_path / "nic_arctic_20201015_pl_a.shp"
    broken.write_bytes(chart.read_bytes()[:150])
    last = write_chart(tmp_path / "nic_arctic_20201022_pl_a.shp", SQUARES)
    names = {"usnic_arctic_20201008.gpkg", "usnic_arctic_20201022.gpkg"}

    results, rows = prepare(chart, broken, last)
    assert [row["status"] for row in rows] == ["prepared", "failed", "prepared"]
    assert (results["CHART_COUNT"], results["FAILED_COUNT"]) == (2, 1)
    assert any("nic_arctic_20201015_pl_a.shp: it cannot be read" in text for text in feedback.warned)
    assert {path.name for path in (tmp_path / "prepared").iterdir()} == names

    with pytest.raises(QgsProcessingException, match=r"20201015_pl_a.shp: it cannot be read.*other 2 charts"):
        prepare(chart, broken, last, ON_ERROR="skip_then_fail", OUTPUT_FOLDER=str(tmp_path / "failed"))
    assert {path.name for path in (tmp_path / "failed").iterdir()} == names

    with pytest.raises(QgsProcessingException, match=r"20201015_pl_a.shp: it cannot be read.*ON_ERROR=skip continues"):
        prepare(chart, broken, last, ON_ERROR="stop", OUTPUT_FOLDER=str(tmp_path / "stopped"))
    assert not (tmp_path / "stopped").exists()


def test_unknown_codes_are_listed_with_the_number_of_polygons(prepare, tmp_path):
    chart = write_chart(tmp_path / "aari_arc_20140211_pl_a.shp",
                        [*SQUARES, *(([box(west, 70, west + 2, 72)], {**ICE, "SA": "90"}) for west in (0, 4))])
    _, (row,) = prepare(chart)
    assert "SA 90 (2 polygons)" in row["remarks"]


def test_ambiguous_date_requires_the_parameter_date(prepare, tmp_path):
    charts = [write_chart(tmp_path / f"{name}.shp", SQUARES) for name in ("chart_03012022", "chart_04012022")]
    with pytest.raises(QgsProcessingException, match=r"2022-01-03 or 2022-03-01.*DATE"):
        prepare(*charts)
    _, rows = prepare(*charts, DATE="chart_03012022=2022-01-03; chart_04012022=2022-01-04")
    assert [(row["date"], row["date_from"]) for row in rows] == [("2022-01-03", "DATE"), ("2022-01-04", "DATE")]
    _, (row,) = prepare(charts[0], DATE="20220301")
    assert row["output"] == "chart_20220301.gpkg"


def test_date_of_the_metadata_has_priority_over_that_of_the_name(prepare, chart, tmp_path):
    (tmp_path / "nic_arctic_20201008_pl_a.shp.xml").write_text(
        "<metadata><idinfo><timeperd><timeinfo><sngdate><caldate>20201009</caldate></sngdate></timeinfo></timeperd>"
        "</idinfo></metadata>")
    _, (row,) = prepare(chart)
    assert (row["date"], row["date_from"]) == ("2020-10-09", "metadata")
    assert "2020-10-08" in row["remarks"]


def test_charts_of_one_day_and_region_have_different_names(prepare, tmp_path):
    charts = [write_chart(tmp_path / f"2013080{day}{hour}_NorthEast_RIC.shp", SQUARES)
              for day, hour in ((7, "0805"), (7, "1210"), (8, "0805"))]
    copy = tmp_path / "again"
    copy.mkdir()
    write_chart(copy / charts[0].name, SQUARES)
    _, rows = prepare(folder=tmp_path)
    assert sorted(row["output"] for row in rows) == [
        "dmi_northeast-ric_20130807.gpkg", "dmi_northeast-ric_20130807_0805.gpkg",
        "dmi_northeast-ric_20130807_1210.gpkg", "dmi_northeast-ric_20130808.gpkg"]


def test_original_fields_with_the_same_name_are_renamed(prepare, tmp_path):
    chart = write_chart(tmp_path / "aari_arc_20140211_pl_a.shp", [(SQUARES[0][0], {**ICE, "STAGE": "xy", "fid": "7"})],
                        fields=["POLY_TYPE", "CT", "CA", "SA", "FA", "STAGE", "fid"])
    prepare(chart)
    ((row, _),) = prepared(tmp_path, "aari_arc_20140211")
    assert (row["stage"], row["STAGE_1"], row["fid_1"]) == (91, "xy", "7")


def test_fields_with_several_codes_keep_their_blanks(prepare, tmp_path):
    """Leading blanks of ICESOD mean that there is no trace of thicker ice; GDAL strips them."""
    chart = write_chart(tmp_path / "aari_arc_20140211_pl_a.shp",
                        [([box(west, 70, west + 2, 72)], {"POLY_TYPE": "I", "ICEACT": "92", "ICEAPC": "403020",
                                                          "ICESOD": stages})
                         for west, stages in ((0, "  95919384"), (2, "95919384  "))],
                        fields=["POLY_TYPE", "ICEACT", "ICEAPC", "ICESOD"], width=10)
    prepare(chart, LEGEND="stage", MIN_DOMINANCE=0)
    (first, _), (second, _) = prepared(tmp_path, "aari_arc_20140211")
    assert [first[f"stage_{letter}"] for letter in "abc"] == [95, 91, 93]
    assert [second[f"stage_{letter}"] for letter in "abc"] == [91, 93, 84]


@pytest.mark.parametrize(("style", "entry"), [("class", ("First-year ice", "#ffff00")),
                                              ("stage", ("Medium first-year ice", "#00c814")),
                                              ("concentration", ("Fast ice", "#969696"))])
def test_prepared_chart_opens_with_its_style(prepare, chart, tmp_path, style, entry):
    prepare(chart, STYLE=style)
    layer = QgsVectorLayer(f"{tmp_path}/prepared/usnic_arctic_20201008.gpkg|layername=usnic_arctic_20201008", "chart")
    assert layer.isValid()
    assert (layer.renderer().type(), layer.listStylesInDatabase()[0]) == ("RuleRenderer", 3)
    label, colour = entry
    (feature,) = list(layer.getFeatures('"SA" = \'91\''))
    assert _shown_as(layer, feature) == [(label, colour)]


def _shown_as(layer, feature):
    """Return (label, colour) of the rules that apply to a feature."""
    from qgis.core import QgsRenderContext

    context, found = QgsRenderContext(), []
    context.expressionContext().appendScope(layer.createExpressionContextScope())
    renderer = layer.renderer().clone()
    renderer.startRender(context, layer.fields())
    context.expressionContext().setFeature(feature)
    for key in renderer.legendKeysForFeature(feature, context):
        rule = renderer.rootRule().findRuleByKey(key)
        if rule.symbol():
            found.append((rule.label(), rule.symbol().color().name()))
    renderer.stopRender(context)
    return found


def test_stage_style_has_the_wmo_colours_of_the_code_table(root):
    from floefield.compute.icechart.sigrid_codes import STAGE, code_table

    layer = QgsVectorLayer("Polygon?field=stage:integer&field=total_concentration:double&field=poly_type:string"
                           "&field=fast_ice:boolean&field=form:integer", "x", "memory")
    layer.loadNamedStyle(str(root / "styles" / "ice_stage.qml"))
    colours = {child.filterExpression(): child.symbol().color().getRgb()[:3]
               for child in layer.renderer().rootRule().children()}
    table = code_table(STAGE)
    for code in (81, 82, 83, 84, 85, 86, 87, 88, 89, 91, 93, 94, 95, 96, 97):
        assert colours[f'"total_concentration" >= 0.1 AND "stage" = {code}'] == table[code].colour


def test_results_are_loaded_with_name_and_style(chart, provider, tmp_path, monkeypatch, qgis_new_project):
    import processing
    from processing.gui.Postprocessing import handleAlgorithmResults
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback, QgsProject

    monkeypatch.setattr("processing.gui.Postprocessing.iface", None, raising=False)
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    context.setProject(QgsProject.instance())
    parameters = {"CHARTS": [str(chart)], "OUTPUT_FOLDER": str(tmp_path / "prepared")}
    results = processing.run("floefield:prepareicecharts", parameters, context=context, feedback=feedback)
    assert results["CHART_COUNT"] == 1
    tool = QgsApplication.processingRegistry().algorithmById("floefield:prepareicecharts")
    handleAlgorithmResults(tool, context, feedback)
    (layer,) = QgsProject.instance().mapLayers().values()
    assert layer.name() == "USNIC arctic 2020-10-08"
    assert layer.renderer().type() == "RuleRenderer"
    assert QgsProject.instance().layerTreeRoot().findGroup("Floefield: ice charts").findLayer(layer.id())


def test_legend_from_a_csv_file(prepare, chart, tmp_path):
    legend = tmp_path / "fast.csv"
    legend.write_text("value,code,label,red,green,blue,poly_types,concentration,stages,forms\n"
                      "5,fast,Fast ice,150,150,150,,,,8\n")
    prepare(chart, LEGEND=str(legend))
    assert [row["class_value"] for row, _ in prepared(tmp_path, "usnic_arctic_20201008")] == [5, 0]


def test_prepared_charts_can_be_prepared_again(prepare, chart, tmp_path):
    """For another study area or another legend."""
    prepare(chart)
    first = prepared(tmp_path, "usnic_arctic_20201008")
    _, (row,) = prepare(folder=tmp_path / "prepared", OUTPUT_FOLDER=str(tmp_path / "again"), LEGEND="stage")
    assert (row["output"], row["service"], row["date"]) == ("usnic_arctic_20201008.gpkg", "usnic", "2020-10-08")
    again = read_layer(tmp_path / "again" / row["output"], "usnic_arctic_20201008")
    assert list(again[0][0]) == list(first[0][0])
    assert [attributes["class_code"] for attributes, _ in again] == ["medium_first_year", "open_water"]
    for (before, _), (after, _) in zip(first, again):
        assert after["area_km2"] == pytest.approx(before["area_km2"], rel=1e-7)


def test_folder_in_the_list_of_charts(prepare, chart):
    _, (row,) = prepare(chart.parent)
    assert row["chart"] == str(chart)


def test_charts_in_the_output_folder_are_not_inputs(prepare, chart, tmp_path):
    for _ in range(2):
        _, rows = prepare(folder=tmp_path)
        assert len(rows) == 1
    with pytest.raises(QgsProcessingException, match="OUTPUT_FOLDER is the folder of the charts"):
        prepare(folder=tmp_path, OUTPUT_FOLDER=str(tmp_path))


EGG = {"1": 81, "4": 84, "5": 85, "7": 87, "1.": 91, "4.": 93, "7.": 95}
TENTHS = {"9+": 0.95, **{str(tenths): tenths / 10 for tenths in range(1, 11)}}


@pytest.mark.parametrize("name", ["03012022_CEXPRWA", "06092021_CEXPRWA"])
def test_real_charts_of_the_canadian_ice_service_against_their_egg_codes(prepare, tmp_path, name):
    """They contain SIGRID-3 codes and the egg code of the Canadian manual (fields E_...)."""
    source = next(CHARTS.glob(f"{name}.shp"))
    with_crs = next(CHARTS.glob("03012022_CEXPRWA.prj")).read_text()
    prepare(source, SOURCE_CRS=with_crs, CRS="EPSG:3413")
    output = next((tmp_path / "prepared").iterdir())
    compared = 0
    for row, _ in read_layer(output, output.stem):
        if row["E_CT"] is None:
            continue
        assert row["total_concentration"] == TENTHS[row["E_CT"]]
        for letter in "abc":
            stage, concentration = row[f"E_S{letter.upper()}"], row[f"E_C{letter.upper()}"]
            assert row[f"stage_{letter}"] == EGG.get(stage)
            if concentration is not None:
                assert row[f"concentration_{letter}"] == TENTHS[concentration]
        compared += 1
    assert compared > 150


def test_existing_outputs_are_kept_if_no_chart_can_be_used(prepare, chart, tmp_path):
    prepare(chart)
    before = {path: path.read_bytes() for path in (tmp_path / "prepared").iterdir()}
    shutil.copy(chart.with_suffix(".dbf"), tmp_path / "x.shp")
    with pytest.raises(QgsProcessingException, match=r"x.shp"):
        prepare(tmp_path / "x.shp")
    assert {path: path.read_bytes() for path in (tmp_path / "prepared").iterdir()} == before
