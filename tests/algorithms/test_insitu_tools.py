"""prepareinsitu and splitinsitu: parcels prepared for training, the archive for Sen2-Agri, and their split."""

import zipfile

import pytest

from ..algorithms.test_filterbyarea import X, Y, rows, square


def layer_of(parcels, crs="EPSG:32631", name="parcels", fields="field=crop:string(200)&field=water:string(10)"):
    """A layer of (class, WKT) or (class, WKT, irrigation)."""
    from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsVectorLayer

    layer = QgsVectorLayer(f"Polygon?{fields}", name, "memory")
    layer.setCrs(QgsCoordinateReferenceSystem(crs) if crs else QgsCoordinateReferenceSystem())
    for crop, wkt, *water in parcels:
        parcel = QgsFeature(layer.fields())
        parcel.setAttributes([crop, *water, *[None] * (layer.fields().count() - 1 - len(water))])
        if wkt:
            parcel.setGeometry(QgsGeometry.fromWkt(wkt))
        layer.dataProvider().addFeature(parcel)
    return layer


def prepared(run, layer, **changes):
    return run("prepareinsitu", {"INPUT": layer, "CLASS_FIELD": "crop", "OUTPUT": "TEMPORARY_OUTPUT",
                                 "REJECTED": "TEMPORARY_OUTPUT", **changes})


def test_parcels_are_buffered_filtered_and_coded(run, feedback):
    layer = layer_of([("Maize", square(200)), ("winter wheat", square(101, X + 500)), ("Maize", square(100, X + 900)),
                      (None, square(200, X + 1300)), ("forest", square(300, X + 1800)), ("Maize", square(25, X + 2500)),
                      ("Maize", square(5, X + 2600)), ("Maize", None)])

    results = prepared(run, layer)

    kept = rows(results["OUTPUT"])
    assert [row[:5] for row in kept] == [[1, 1, "Maize", 12, 0], [2, 1, "Winter wheat", 111, 0],
                                         [3, 0, "Forest", 90001, 0]]
    # 170 m squared; the areas of the plane of UTM and of the ellipsoid differ a little
    assert kept[0][5] == pytest.approx(28900, rel=2e-3)
    assert [row[1] for row in rows(results["REJECTED"])] == [
        "too small", "no class", "vanished in the buffer", "sliver", "no area"]
    assert (results["INPUT_COUNT"], results["OUTPUT_COUNT"]) == (8, 3)
    assert any("fewer than three parcels left" in text and text.endswith("Maize, forest, winter wheat.")
               for text in feedback.warned)


def test_areas_equal_those_of_inner_buffer_and_area_filter(run):
    layer = layer_of([("Maize", square(side, X + 300 * number)) for number, side in enumerate((95, 99, 101, 105, 180))])

    results = prepared(run, layer)

    shrunk = run("innerbuffer", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]
    big = run("filterbyarea", {"INPUT": shrunk, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]
    assert [row[5] for row in rows(results["OUTPUT"])] == pytest.approx([row[-1] for row in rows(big)], abs=1e-3)


def test_overlaps_of_different_classes_are_removed_from_both(run, feedback):
    layer = layer_of([("Maize", square(200)), ("Rye", square(200, X + 150)), ("Rye", square(200, X + 150))])

    results = prepared(run, layer, DISTANCE=0)

    areas = {row[2]: row[5] for row in rows(results["OUTPUT"])}
    assert areas == pytest.approx({"Maize": 150 * 200, "Rye": 150 * 200}, rel=2e-3)
    assert rows(results["REJECTED"])[0][:2] == ["Rye", "overlap"]
    assert any("overlaps with other parcels" in text for text in feedback.warned)


def test_common_borders_are_not_overlaps(run, feedback):
    layer = layer_of([("Maize", square(200)), ("Rye", square(200, X + 200))])

    assert prepared(run, layer, DISTANCE=0)["OUTPUT_COUNT"] == 2
    assert not any("overlaps with other parcels" in text for text in feedback.warned)


def test_a_bow_tie_is_repaired_and_its_largest_part_kept(run):
    tie = f"Polygon(({X} {Y}, {X + 400} {Y + 400}, {X + 400} {Y}, {X} {Y + 300}, {X} {Y}))"
    layer = layer_of([("Maize", tie)])

    largest = prepared(run, layer)["OUTPUT"]
    every = prepared(run, layer, PARTS="all")["OUTPUT"]

    assert [len(list(next(each.getFeatures()).geometry().constParts())) for each in (largest, every)] == [1, 2]
    assert rows(largest)[0][5] < rows(every)[0][5]


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2154"])
def test_results_in_another_crs_have_the_same_areas(run, crs):
    layer = layer_of([("Maize", square(200)), ("Rye", square(300, X + 900))])

    usual, moved = prepared(run, layer)["OUTPUT"], prepared(run, layer, CRS=crs)["OUTPUT"]

    assert moved.crs().authid() == crs
    assert [row[5] for row in rows(moved)] == pytest.approx([row[5] for row in rows(usual)], rel=1e-3)


def test_codes_are_read_from_the_class_code_table(run, tmp_path):
    table = tmp_path / "codes.csv"
    table.write_text("label;code;lc;crop;irrigation\nCorn, late;12345678;Maïs é;1;1\nbush;3;Bush;0;\nx;;;;\n", "utf-8")
    layer = layer_of([("Corn, late", square(200)), ("BUSH", square(200, X + 300)), ("x", square(200, X + 600))])

    results = prepared(run, layer, CODES=str(table))

    assert [row[1:5] for row in rows(results["OUTPUT"])] == [[1, "Maïs é", 12345678, 1], [0, "Bush", 3, 0]]
    assert rows(results["REJECTED"])[0][1] == "class left out"


@pytest.mark.parametrize("content, sentence", [
    ("label;code\nMaïs;12\n".encode("latin-1"), "not UTF-8 text. Save it again as 'CSV UTF-8'"),
    (b"", "must name the columns label and code"),
    (b"label;lc\nMaize;x\n", "must name the columns label and code"),
    (b"label;code\nMaize;12,0\n", "code must be an integer from 1 to 99999999"),
    (b"label;code\nMaize;123456789\n", "code must be an integer from 1 to 99999999"),
    (b"label;code;crop\nMaize;12;perhaps\n", "crop 0 or 1"),
    (b"label;code\nMaize;12\nmaize;13\n", "two rows for the class maize"),
    ("label;code\nRye;16\n".encode("utf-8-sig"), "CODES has no row for 1 of 1 classes: Maize")])
def test_a_table_that_cannot_be_used_is_refused(run, tmp_path, content, sentence):
    from qgis.core import QgsProcessingException

    (tmp_path / "codes.csv").write_bytes(content)
    with pytest.raises(QgsProcessingException, match=sentence):
        prepared(run, layer_of([("Maize", square(200))]), CODES=str(tmp_path / "codes.csv"))


def test_numeric_labels_are_codes_if_they_fit_sen2agri(run):
    labels = ["12", "12345678", "123456789", "9007199254740993", "maize", "0"]
    layer = layer_of([(label, square(200, X + 300 * number)) for number, label in enumerate(labels)])

    codes = {row[6]: row[3] for row in rows(prepared(run, layer)["OUTPUT"])}

    assert (codes["12"], codes["12345678"]) == (12, 12345678)
    assert len(set(codes.values())) == len(labels)
    assert max(codes.values()) < 10 ** 8


def test_the_maximum_code_does_not_block_classes_without_a_code(run):
    layer = layer_of([(label, square(200, X + 300 * number)) for number, label in enumerate((99999999, 90001, -1, 0))],
                     fields="field=crop:int8")

    codes = {row[6]: row[3] for row in rows(prepared(run, layer)["OUTPUT"])}

    assert codes == {"99999999": 99999999, "90001": 90001, "-1": 90002, "0": 90003}


def test_classes_that_differ_in_spelling_only_are_reported(run, feedback):
    labels = ["Winter_wheat", "winter  wheat", "12", "012", "flax"]
    layer = layer_of([(label, square(200, X + 300 * number)) for number, label in enumerate(labels)])
    prepared(run, layer)
    split(run, layer)

    said = [text for text in feedback.warned if "differ in spelling only" in text]
    assert len(said) == 4
    assert "012, 12." in said[0] and "Winter_wheat, winter  wheat." in said[1]


def test_other_geometries_of_a_mixed_layer_have_no_area(run, tmp_path):
    from osgeo import ogr, osr

    path, crs = str(tmp_path / "mixed.gpkg"), osr.SpatialReference()
    crs.ImportFromEPSG(32631)
    source = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    layer = source.CreateLayer("mixed", crs, ogr.wkbUnknown)
    layer.CreateField(ogr.FieldDefn("crop"))
    for wkt in (square(200), f"POINT ({X} {Y})", f"GEOMETRYCOLLECTION (POINT ({X} {Y}), {square(200, X + 900)})"):
        parcel = ogr.Feature(layer.GetLayerDefn())
        parcel["crop"] = "Maize"
        parcel.SetGeometryDirectly(ogr.CreateGeometryFromWkt(wkt))
        layer.CreateFeature(parcel)
    layer = source = None

    results = prepared(run, path)

    assert results["OUTPUT_COUNT"] == 2
    assert [row[1] for row in rows(results["REJECTED"])] == ["no area"]


def test_classes_of_one_crop_get_codes_below_it(run):
    labels = ["winter_durum_hard_wheat", "winter_common_soft_wheat", "maize", "wheat", "spring_barley"]
    layer = layer_of([(label, square(200, X + 300 * number)) for number, label in enumerate(labels)])

    codes = {row[6]: row[3] for row in rows(prepared(run, layer)["OUTPUT"])}

    assert codes == {"winter_common_soft_wheat": 1111, "winter_durum_hard_wheat": 1112, "maize": 12, "wheat": 11,
                     "spring_barley": 152}


def test_a_number_field_is_read_without_decimals(run):
    layer = layer_of([(12.0, square(200)), (41.0, square(200, X + 300))], fields="field=crop:double")

    assert [row[3] for row in rows(prepared(run, layer)["OUTPUT"])] == [12, 41]


def test_irrigation_is_read_from_a_field(run, feedback):
    waters = ("1", "no", None, "Irrigated", "perhaps")
    layer = layer_of([("Maize", square(200, X + 300 * number), water) for number, water in enumerate(waters)])

    results = prepared(run, layer, IRRIGATION_FIELD="water")

    assert [row[4] for row in rows(results["OUTPUT"])] == [1, 2, 0, 1, 0]
    assert any("perhaps" in text for text in feedback.warned)


def test_cropland_is_read_from_a_field(run, feedback):
    crops = ("Maize", "Maize", "Grassland", "Grassland", "Forest")
    layer = layer_of([(crop, square(200, X + 300 * number), is_crop) for number, (crop, is_crop) in enumerate(
        zip(crops, ("0", None, "yes", "1", None)))])

    assert [row[1] for row in rows(prepared(run, layer, CROP_FIELD="water")["OUTPUT"])] == [0, 0, 1, 1, 0]
    assert any("Maize: code 12 (legend), other land" in text for text in feedback.said)


@pytest.mark.parametrize(("values", "words"), [
    (("1", "0"), "both 1 .crop. and 0 .other. for the class Maize"),
    (("1", "maybe"), "must be 1 .crop. or 0")])
def test_an_inconsistent_cropland_field_is_refused(run, values, words):
    from qgis.core import QgsProcessingException

    layer = layer_of([("Maize", square(200, X + 300 * number), value) for number, value in enumerate(values)])
    with pytest.raises(QgsProcessingException, match=words):
        prepared(run, layer, CROP_FIELD="water")


def test_the_archive_has_the_attributes_that_sen2agri_requires(run, tmp_path):
    from osgeo import ogr

    layer = layer_of([("Maïs de la vallée, très tardif " * 4, square(200)), ("Rye", square(300, X + 500))])
    paths = [tmp_path / name / "insitu.zip" for name in ("one", "other")]

    for path in paths:
        prepared(run, layer, ARCHIVE=str(path), REPORT=str(tmp_path / "report.html"))

    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        assert archive.namelist() == [f"insitu{suffix}" for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg")]
    shapefile = ogr.Open(f"/vsizip/{paths[0]}/insitu.shp")
    layer = shapefile.GetLayer()
    defn = layer.GetLayerDefn()
    assert [(f.GetName(), f.GetTypeName(), f.GetWidth()) for f in map(defn.GetFieldDefn, range(5))] == [
        ("ID", "Integer", 6), ("CROP", "Integer", 1), ("LC", "String", 70), ("CODE", "Integer", 8),
        ("IRRIGATION", "Integer", 1)]
    assert defn.GetFieldCount() == 5
    assert layer.GetSpatialRef().GetAuthorityCode(None) == "32631"
    features = list(layer)
    assert [feature.GetField("ID") for feature in features] == [1, 2]
    assert features[0].GetField("LC").startswith("Maïs de la vallée, très")
    assert all(feature.GetGeometryRef().GetGeometryName() == "POLYGON" for feature in features)


@pytest.mark.parametrize("changes, sentence", [
    ({"CRS": "EPSG:99999"}, "EPSG:99999 is unknown to QGIS"),
    ({"ARCHIVE": "insitu.shp"}, "a file name that ends in .zip")])
def test_an_unknown_crs_or_a_wrong_archive_name_is_refused(run, feedback, tmp_path, changes, sentence):
    from qgis.core import QgsProcessingException

    changes = {name: value if name == "CRS" else str(tmp_path / value) for name, value in changes.items()}
    with pytest.raises(QgsProcessingException) as error:
        prepared(run, layer_of([("Maize", square(200))]), **changes)
    assert sentence in f"{error.value} {' '.join(feedback.warned)}"
    assert list(tmp_path.iterdir()) == []


def test_z_values_and_curves_are_removed(run, tmp_path):
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    layer = QgsVectorLayer("CurvePolygonZ?crs=EPSG:32631&field=crop:string", "curves", "memory")
    parcel = QgsFeature(layer.fields())
    parcel.setAttributes(["Maize"])
    parcel.setGeometry(QgsGeometry.fromWkt(
        f"CurvePolygonZ(CircularStringZ({X} {Y} 7, {X + 200} {Y} 8, {X} {Y} 7))"))
    layer.dataProvider().addFeature(parcel)

    results = prepared(run, layer, DISTANCE=0, ARCHIVE=str(tmp_path / "insitu.zip"))

    geometry = next(results["OUTPUT"].getFeatures()).geometry()
    assert not geometry.constGet().is3D()
    assert rows(results["OUTPUT"])[0][5] == pytest.approx(3.14159 * 100 ** 2, rel=3e-3)


def test_the_report_counts_parcels_and_hectares_of_each_class(run, tmp_path):
    maize = [("Maize", square(200, X + 300 * number)) for number in range(4)]
    layer = layer_of([*maize, ("<b>Rye", square(90, X, Y + 900))])

    prepared(run, layer, REPORT=str(tmp_path / "report.html"))

    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "No parcel is left of: <bdi>&lt;b&gt;Rye</bdi>" in text
    assert "4 parcels" not in text and "of 5 that were read" in " ".join(text.split())
    assert "11.5" in text and "&lt;b&gt;Rye" in text and "<svg" in text


def test_layer_names_are_classes(run):
    layers = [layer_of([("?", square(200))], name="Maize"),
              layer_of([(7, square(200, X + 600))], name="Rye", fields="field=crop:integer&field=owner:string")]

    results = run("prepareinsitu", {"INPUT_LAYERS": layers, "OUTPUT": "TEMPORARY_OUTPUT"})
    split_layers = run("splitinsitu", {"INPUT_LAYERS": layers, "SMALL_CLASSES": "training",
                                       "TRAINING": "TEMPORARY_OUTPUT", "VALIDATION": "TEMPORARY_OUTPUT"})

    assert [row[2:4] for row in rows(results["OUTPUT"])] == [["Maize", 12], ["Rye", 16]]
    assert [row[0] for row in rows(split_layers["TRAINING"])] == ["Maize", "Rye"]
    assert [field.name() for field in split_layers["TRAINING"].fields()] == ["class", "crop", "water", "owner"]


def test_names_of_layers_inside_one_file_are_classes(run, tmp_path):
    from osgeo import gdal

    path = str(tmp_path / "fields.gpkg")
    for number, name in enumerate(("Maize", "Rye")):
        polygon = f'{{"type": "Polygon", "coordinates": [[[3, {number}], [3.01, {number}], [3.01, {number}.01], '\
                  f'[3, {number}]]]}}'
        gdal.VectorTranslate(path, polygon, layerName=name, accessMode="update" if number else None, format="GPKG")

    results = run("prepareinsitu", {"INPUT_LAYERS": [f"{path}|layername={name}" for name in ("Maize", "Rye")],
                                    "OUTPUT": "TEMPORARY_OUTPUT"})

    assert [row[2] for row in rows(results["OUTPUT"])] == ["Maize", "Rye"]


def many(crop_counts):
    parcels, number = [], 0
    for crop, count in crop_counts.items():
        for _ in range(count):
            parcels.append((crop, square(100, X + 400 * (number % 12), Y + 400 * (number // 12))))
            number += 1
    return layer_of(parcels)


def split(run, layer, **changes):
    return run("splitinsitu", {"INPUT": layer, "CLASS_FIELD": "crop", "TRAINING": "TEMPORARY_OUTPUT",
                               "VALIDATION": "TEMPORARY_OUTPUT", **changes})


def crops(layer):
    return [row[0] for row in rows(layer)]


def test_three_quarters_of_each_class_are_training_and_small_classes_are_in_both(run, feedback):
    results = split(run, many({"Maize": 20, "Rye": 7, "Flax": 2, "Oats": 1}))

    assert [crops(results["TRAINING"]).count(crop) for crop in ("Maize", "Rye", "Flax", "Oats")] == [15, 5, 2, 1]
    assert [crops(results["VALIDATION"]).count(crop) for crop in ("Maize", "Rye", "Flax", "Oats")] == [5, 2, 2, 1]
    assert results["UNASSESSED_CLASSES"] == "Flax, Oats"
    assert any("is a training accuracy" in text for text in feedback.warned)


def test_small_classes_can_be_used_for_training_only(run, feedback):
    results = split(run, many({"Maize": 4, "Flax": 2, "Oats": 1}), SMALL_CLASSES="training")

    assert sorted(crops(results["VALIDATION"])) == ["Flax", "Maize"]
    assert results["UNASSESSED_CLASSES"] == "Oats"
    assert any("no validation parcels" in text for text in feedback.warned)


def test_the_same_seed_gives_the_same_split(run):
    layer = many({"Maize": 20, "Rye": 8})
    splits = [split(run, layer, SEED=seed)["VALIDATION"] for seed in (1, 1, 2)]
    geometries = [[feature.geometry().asWkt() for feature in part.getFeatures()] for part in splits]

    assert geometries[0] == geometries[1] != geometries[2]


def test_blocks_are_never_split(run):
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsProject

    from floefield.compute.insitu.parcel_split import block_of

    layer = many({"Maize": 60, "Rye": 30, "Flax": 20})
    to_degrees = QgsCoordinateTransform(layer.crs(), QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance())

    results = split(run, layer, SPLIT_BY="blocks", BLOCK_SIZE=900)

    def blocks(part):
        centres = [to_degrees.transform(f.geometry().boundingBox().center()) for f in results[part].getFeatures()]
        return {block_of(centre.x(), centre.y(), 900) for centre in centres}

    assert not blocks("TRAINING") & blocks("VALIDATION")
    assert results["TRAINING_COUNT"] + results["VALIDATION_COUNT"] == 110
    assert 0.6 < results["TRAINING_COUNT"] / 110 < 0.9
    assert set(crops(results["VALIDATION"])) == {"Maize", "Rye", "Flax"}


def test_smaller_blocks_are_suggested_for_a_class_in_one_block(run, feedback):
    split(run, many({"Maize": 20}), SPLIT_BY="blocks", BLOCK_SIZE=1e6)

    assert any("(choose a smaller BLOCK_SIZE): Maize" in text for text in feedback.warned)


def test_validation_parcels_that_overlap_training_parcels_are_counted(run, feedback):
    apart = [("Maize", square(100, X + 300 * number)) for number in range(4)]
    split(run, layer_of(apart), SMALL_CLASSES="training")
    assert not any("overlap training parcels" in text for text in feedback.warned)

    split(run, layer_of([(crop, square(100)) for crop, _ in apart]), SMALL_CLASSES="training")
    assert any(text.startswith("1 of the validation parcels overlap training parcels") for text in feedback.warned)


def test_the_split_equals_that_of_classifycrops(run, tmp_path):
    from .. import fieldscene
    from ..parcelfiles import write_geojson

    raster = fieldscene.write(tmp_path / "scene.tif", fieldscene.reflectance(0.2))
    parcels = str(write_geojson(tmp_path / "parcels.geojson", fieldscene.fields()))
    split_files = {name: str(tmp_path / f"{name}.geojson") for name in ("TRAINING", "VALIDATION")}
    run("splitinsitu", {"INPUT": parcels, "CLASS_FIELD": "crop", **split_files})

    common = {"RASTERS": [raster], "CLASS_FIELD": "crop", "TREES": 20}
    itself = run("classifycrops", {**common, "TRAINING": parcels, "OUTPUT": str(tmp_path / "a.tif")})
    here = run("classifycrops", {**common, **split_files, "OUTPUT": str(tmp_path / "b.tif")})

    assert itself["OVERALL_ACCURACY"] == pytest.approx(here["OVERALL_ACCURACY"], abs=1e-12)


@pytest.mark.parametrize("tool", ["prepareinsitu", "splitinsitu"])
@pytest.mark.parametrize("layer, words", [
    (lambda: layer_of([]), "contains no parcels"),
    (lambda: layer_of([(" ", square(99)), (None, square(99))]), "empty in all 2"),
    (lambda: layer_of([("Maize", square(200))], crs=None), "no coordinate reference system")])
def test_unusable_parcels_are_refused(run, tool, layer, words):
    from qgis.core import QgsProcessingException

    outputs = dict.fromkeys(("OUTPUT",) if tool == "prepareinsitu" else ("TRAINING", "VALIDATION"), "TEMPORARY_OUTPUT")
    with pytest.raises(QgsProcessingException, match=words):
        run(tool, {"INPUT": layer(), "CLASS_FIELD": "crop", **outputs})
