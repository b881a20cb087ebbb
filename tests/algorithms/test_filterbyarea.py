"""filterbyarea: ellipsoidal areas in any CRS, written to a field."""

import math

import pytest

X, Y = 545000, 4830000  # Hérault in UTM zone 31


def square(side, x=X, y=Y):
    return f"Polygon(({x} {y}, {x + side} {y}, {x + side} {y + side}, {x} {y + side}, {x} {y}))"


def parcel_layer(geometries, crs="EPSG:32631", kind="Polygon", fields="field=crop:string(20)&field=code:integer"):
    """A layer with one parcel to a geometry (WKT, QgsGeometry or None); crop and code are filled."""
    from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsVectorLayer

    layer = QgsVectorLayer(f"{kind}?{fields}", "parcels", "memory")
    layer.setCrs(QgsCoordinateReferenceSystem(crs) if crs else QgsCoordinateReferenceSystem())
    for number, geometry in enumerate(geometries, start=1):
        parcel = QgsFeature(layer.fields())
        parcel.setAttributes([f"crop {number}", number])
        if geometry is not None:
            parcel.setGeometry(QgsGeometry.fromWkt(geometry) if isinstance(geometry, str) else geometry)
        layer.dataProvider().addFeature(parcel)
    return layer


def rows(layer):
    """The attributes of a layer, or of a file."""
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(layer, "", "ogr") if isinstance(layer, str) else layer
    return [parcel.attributes() for parcel in layer.getFeatures()]


def test_parcels_below_the_minimum_area_are_rejected(run):
    layer = parcel_layer([square(50), square(100), square(60), square(80)])
    result = run("filterbyarea", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT", "REJECTED": "TEMPORARY_OUTPUT"})
    assert [row[:2] for row in rows(result["OUTPUT"])] == [["crop 2", 2], ["crop 4", 4]]
    assert [row[:2] for row in rows(result["REJECTED"])] == [["crop 1", 1], ["crop 3", 3]]
    assert (result["OUTPUT_COUNT"], result["REJECTED_COUNT"]) == (2, 2)
    assert [field.name() for field in result["OUTPUT"].fields()] == ["crop", "code", "AREA"]


def test_rejected_parcels_are_written_on_request_only(run):
    result = run("filterbyarea", {"INPUT": parcel_layer([square(50)]), "OUTPUT": "TEMPORARY_OUTPUT"})
    assert "REJECTED" not in result
    assert result["REJECTED_COUNT"] == 1


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:2154", "EPSG:32631", "EPSG:3035", "EPSG:2229"])
def test_areas_are_ellipsoidal_in_any_crs(run, crs):
    from qgis.core import (
        QgsCoordinateReferenceSystem,
        QgsCoordinateTransform,
        QgsCoordinateTransformContext,
        QgsGeometry,
        QgsPointXY,
    )

    geod = pytest.importorskip("pyproj").Geod(ellps="WGS84")
    longitude, latitude = (-118.0, 34.0) if crs == "EPSG:2229" else (3.5, 43.6)
    corners = [geod.fwd(longitude, latitude, azimuth, 100)[:2] for azimuth in (45, 135, 225, 315)]
    truth = abs(geod.polygon_area_perimeter([x for x, _ in corners], [y for _, y in corners])[0])
    parcel = QgsGeometry.fromPolygonXY([[QgsPointXY(*corner) for corner in [*corners, corners[0]]]])
    source, target = QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateReferenceSystem(crs)
    parcel.transform(QgsCoordinateTransform(source, target, QgsCoordinateTransformContext()))
    result = run("filterbyarea", {"INPUT": parcel_layer([parcel], crs), "OUTPUT": "TEMPORARY_OUTPUT"})
    [[_, _, area]] = rows(result["OUTPUT"])
    assert area == pytest.approx(truth, rel=1e-6)
    assert area == pytest.approx(20000, rel=1e-6)


def test_the_area_equals_the_ellipsoidal_area_of_qgis(run):
    from qgis.core import QgsDistanceArea, QgsProject

    layer = parcel_layer([square(123)])
    measure = QgsDistanceArea()
    measure.setSourceCrs(layer.crs(), QgsProject.instance().transformContext())
    measure.setEllipsoid("WGS84")
    [[_, _, area]] = rows(run("filterbyarea", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"])
    assert area == pytest.approx(measure.measureArea(next(layer.getFeatures()).geometry()), abs=1e-3)
    assert area != pytest.approx(123 ** 2, abs=1)  # the plane of UTM is 0.08 % off in the middle of its zone


@pytest.mark.parametrize("unit, metres", [("m", 1.0), ("us-ft", 1200 / 3937)])
def test_projections_and_ellipsoids_without_a_code_are_supported(run, unit, metres):
    """In an equal-area projection, planar and ellipsoidal areas are equal."""
    crs = f"PROJ:+proj=laea +lat_0=43 +lon_0=3 +a=6378249.145 +b=6356514.87 +units={unit} +type=crs"
    layer = parcel_layer([square(200 / metres, 0, 0)], crs)
    shrunk = run("innerbuffer", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]

    areas = [rows(run("filterbyarea", {"INPUT": each, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"])[0][-1]
             for each in (layer, shrunk)]

    assert areas == pytest.approx([200 ** 2, 170 ** 2], rel=1e-5)


def test_an_existing_numeric_field_is_overwritten_in_its_position(run):
    layer = parcel_layer([square(100)], fields="field=crop:string(20)&field=area:integer&field=code:integer")
    result = run("filterbyarea", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]
    assert [field.name() for field in result.fields()] == ["crop", "area", "code"]
    assert rows(result)[0][1] == pytest.approx(10008, abs=8)
    assert result.fields()[1].typeName() == "double"


def test_an_existing_text_field_is_refused(run):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="field crop of the layer is not numeric"):
        run("filterbyarea", {"INPUT": parcel_layer([square(100)]), "AREA_FIELD": "CROP", "OUTPUT": "TEMPORARY_OUTPUT"})


def test_field_names_of_a_shapefile_have_at_most_ten_characters(run, tmp_path):
    from qgis.core import QgsProcessingException

    layer, output = parcel_layer([square(100)]), str(tmp_path / "big.shp")
    run("filterbyarea", {"INPUT": layer, "AREA_FIELD": "AREA_OF_10", "OUTPUT": output})
    assert rows(output)[0][2] == pytest.approx(10008, abs=8)
    with pytest.raises(QgsProcessingException, match="10 characters"):
        run("filterbyarea", {"INPUT": layer, "AREA_FIELD": "AREA_SQUARE", "OUTPUT": output})


def test_the_area_of_a_very_large_parcel_fits_a_shapefile_field(run, tmp_path):
    output = str(tmp_path / "big.shp")
    run("filterbyarea", {"INPUT": parcel_layer([square(300_000, 300_000)]), "OUTPUT": output})
    assert rows(output)[0][2] == pytest.approx(9e10, rel=2e-3)


def test_invalid_parcels_are_measured_after_repair_and_empty_ones_rejected(run, feedback):
    bow_tie = f"Polygon(({X} {Y}, {X + 200} {Y + 200}, {X + 200} {Y}, {X} {Y + 200}, {X} {Y}))"
    layer = parcel_layer([bow_tie, None, square(100)])
    result = run("filterbyarea", {"INPUT": layer, "MIN_AREA": 0, "OUTPUT": "TEMPORARY_OUTPUT",
                                  "REJECTED": "TEMPORARY_OUTPUT"})
    assert rows(result["OUTPUT"])[0][2] == pytest.approx(2 * 10000, rel=1e-3)
    assert [row[1:] for row in rows(result["REJECTED"])] == [[2, 0.0]]
    assert any("repaired: 1 (ids 1)" in line for line in feedback.said)
    assert any("1 (ids 2)" in line for line in feedback.warned)


def test_z_values_are_kept(run):
    parcel = f"PolygonZ(({X} {Y} 7, {X + 100} {Y} 7, {X + 100} {Y + 100} 7, {X} {Y + 100} 7, {X} {Y} 7))"
    result = run("filterbyarea", {"INPUT": parcel_layer([parcel], kind="PolygonZ"), "OUTPUT": "TEMPORARY_OUTPUT"})
    [kept] = result["OUTPUT"].getFeatures()
    assert {vertex.z() for vertex in kept.geometry().vertices()} == {7.0}


def test_areas_of_parts_are_added_and_of_holes_subtracted(run):
    hole = f"({X + 40} {Y + 40}, {X + 60} {Y + 40}, {X + 60} {Y + 60}, {X + 40} {Y + 60}, {X + 40} {Y + 40})"
    two = f"MultiPolygon({square(100)[len('Polygon'):-1]}, {hole}), {square(50, X + 500)[len('Polygon'):]})"
    result = run("filterbyarea", {"INPUT": parcel_layer([two], kind="MultiPolygon"), "OUTPUT": "TEMPORARY_OUTPUT"})
    assert rows(result["OUTPUT"])[0][2] == pytest.approx(100 ** 2 - 20 ** 2 + 50 ** 2, rel=1e-3)


def test_the_area_of_a_parcel_across_180_degrees_is_correct(run):
    metres = 2 * math.pi * 6378137 / 360  # a degree of longitude on the equator
    layer = parcel_layer(["Polygon((179.999 0, 180.001 0, 180.001 0.001, 179.999 0.001, 179.999 0))",
                          "MultiPolygon(((179.999 0, 180 0, 180 0.001, 179.999 0.001, 179.999 0)), "
                          "((-180 0, -179.999 0, -179.999 0.001, -180 0.001, -180 0)))"], "EPSG:4326", "MultiPolygon")
    areas = [row[2] for row in rows(run("filterbyarea", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"])]
    # A degree of latitude is 1 - e**2 = 0.99331 times as long there.
    assert areas == [pytest.approx(0.002 * metres * 0.001 * metres * 0.9933056, rel=1e-5)] * 2


@pytest.mark.parametrize(("layer", "sentence"), [
    (lambda: parcel_layer([square(100)], crs=None), "no coordinate reference system"),
    (lambda: parcel_layer([f"Point({X} {Y})"], kind="Point"), "must be a polygon layer"),
    (lambda: parcel_layer([square(100)], crs="EPSG:4326"), "wrong coordinate reference system"),
], ids=["no CRS", "points", "metres called degrees"])
def test_unsuitable_layers_are_refused_with_a_message(run, feedback, tmp_path, layer, sentence):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as refusal:
        run("filterbyarea", {"INPUT": layer(), "OUTPUT": str(tmp_path / "big.gpkg")})
    assert sentence in "\n".join([str(refusal.value), *feedback.warned])
    assert not list(tmp_path.iterdir())


def test_a_cancelled_run_leaves_no_file(run, feedback, tmp_path):
    feedback.progressChanged.connect(lambda percent: percent > 40 and feedback.cancel())
    run("filterbyarea", {"INPUT": parcel_layer([square(100)] * 10), "OUTPUT": str(tmp_path / "big.gpkg"),
                         "REJECTED": str(tmp_path / "small.gpkg")})
    assert not list(tmp_path.iterdir())
