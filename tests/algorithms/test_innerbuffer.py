"""innerbuffer: true metres in any CRS, nothing lost in silence."""

import math
import os
import resource
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("FLOEFIELD_DATA", ROOT.parent / "shared" / "data"))
HERAULT = DATA / "sentinel2" / "herault_2018" / "parcels_2018.shp"

X, Y = 545000, 4830000  # Hérault in UTM zone 31
SQUARE = f"Polygon(({X} {Y}, {X + 100} {Y}, {X + 100} {Y + 100}, {X} {Y + 100}, {X} {Y}))"
BOW_TIE = f"Polygon(({X} {Y}, {X + 100} {Y + 100}, {X + 100} {Y}, {X} {Y + 100}, {X} {Y}))"
STRIP = f"Polygon(({X} {Y}, {X + 29} {Y}, {X + 29} {Y + 500}, {X} {Y + 500}, {X} {Y}))"
LINE = f"Polygon(({X} {Y}, {X + 100} {Y}, {X} {Y}))"
DUMB_BELL = (f"Polygon(({X} {Y}, {X + 80} {Y}, {X + 80} {Y + 30}, {X + 120} {Y + 30}, {X + 120} {Y}, {X + 200} {Y}, "
             f"{X + 200} {Y + 80}, {X + 120} {Y + 80}, {X + 120} {Y + 50}, {X + 80} {Y + 50}, {X + 80} {Y + 80}, "
             f"{X} {Y + 80}, {X} {Y}))")
WITH_HOLE = (f"Polygon(({X} {Y}, {X + 200} {Y}, {X + 200} {Y + 200}, {X} {Y + 200}, {X} {Y}), "
             f"({X + 90} {Y + 90}, {X + 110} {Y + 90}, {X + 110} {Y + 110}, {X + 90} {Y + 110}, {X + 90} {Y + 90}))")
TWO_PARTS = (f"MultiPolygon((({X} {Y}, {X + 100} {Y}, {X + 100} {Y + 100}, {X} {Y + 100}, {X} {Y})), "
             f"(({X + 300} {Y}, {X + 400} {Y}, {X + 300} {Y + 90}, {X + 300} {Y})))")


def parcel_layer(geometries, crs="EPSG:32631", kind="Polygon"):
    """A layer with the fields crop and code, one parcel to a geometry (WKT, QgsGeometry or None)."""
    from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsVectorLayer

    layer = QgsVectorLayer(f"{kind}?field=crop:string(20)&field=code:integer", "parcels", "memory")
    layer.setCrs(QgsCoordinateReferenceSystem(crs) if crs else QgsCoordinateReferenceSystem())
    for number, geometry in enumerate(geometries, start=1):
        parcel = QgsFeature(layer.fields())
        parcel.setAttributes([f"crop {number}", number])
        if geometry is not None:
            parcel.setGeometry(QgsGeometry.fromWkt(geometry) if isinstance(geometry, str) else geometry)
        layer.dataProvider().addFeature(parcel)
    return layer


def geodesic_square(longitude, latitude, side):
    """Corners (longitude, latitude) of a square on the WGS 84 ellipsoid, from an independent geodesic library."""
    geod = pytest.importorskip("pyproj").Geod(ellps="WGS84")
    return [geod.fwd(longitude, latitude, azimuth, side / math.sqrt(2))[:2] for azimuth in (45, 135, 225, 315)]


def geodesic_area(geometry):
    """Square metres of the polygons of a geometry in degrees."""
    geod = pytest.importorskip("pyproj").Geod(ellps="WGS84")
    return sum(abs(geod.polygon_area_perimeter([v.x() for v in part.vertices()], [v.y() for v in part.vertices()])[0])
               for part in geometry.constParts())


def polygon(corners):
    from qgis.core import QgsGeometry, QgsPointXY

    return QgsGeometry.fromPolygonXY([[QgsPointXY(*corner) for corner in [*corners, corners[0]]]])


def reprojected(geometry, source, target):
    from qgis.core import (
        QgsCoordinateReferenceSystem,
        QgsCoordinateTransform,
        QgsCoordinateTransformContext,
        QgsGeometry,
    )

    copy = QgsGeometry(geometry)
    copy.transform(QgsCoordinateTransform(QgsCoordinateReferenceSystem(source), QgsCoordinateReferenceSystem(target),
                                          QgsCoordinateTransformContext()))
    return copy


def geometries_of(layer):
    return [parcel.geometry() for parcel in layer.getFeatures()]


def test_a_square_of_100_m_becomes_a_square_of_70_m(run):
    result = run("innerbuffer", {"INPUT": parcel_layer([SQUARE]), "OUTPUT": "TEMPORARY_OUTPUT"})
    [shrunk] = geometries_of(result["OUTPUT"])
    assert shrunk.boundingBox().width() == shrunk.boundingBox().height() == 70
    assert shrunk.area() == 4900


@pytest.mark.parametrize("parcel", [SQUARE, DUMB_BELL, WITH_HOLE, TWO_PARTS],
                         ids=["square", "dumb-bell", "with hole", "two parts"])
def test_in_utm_it_equals_the_buffer_of_qgis(run, parcel):
    import processing

    layer = parcel_layer([parcel], kind="MultiPolygon")
    ours = run("innerbuffer", {"INPUT": layer, "DISTANCE": 12.5, "SEGMENTS": 5, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]
    theirs = processing.run("native:buffer", {"INPUT": layer, "DISTANCE": -12.5, "SEGMENTS": 5,
                                              "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]
    assert geometries_of(ours)[0].symDifference(geometries_of(theirs)[0]).area() < 1e-6


# In a plane CRS that is true to 0.1 % the 15 m may be 15 mm off, which changes the area by 4e-4 at most.
@pytest.mark.parametrize(("crs", "longitude", "latitude", "tolerance"), [
    ("EPSG:32631", 3.5, 43.6, 4e-4),
    ("EPSG:2154", 3.5, 43.6, 4e-4),
    ("EPSG:2154", 9.0, 41.5, 2e-5),  # Corsica: Lambert-93 is 0.2 % off there
    ("EPSG:2229", -118.0, 34.0, 4e-4),  # California, US survey feet
    ("EPSG:3857", 3.5, 43.6, 2e-5),
    ("EPSG:3857", 25.0, 65.0, 2e-5),
    ("EPSG:3857", 10.0, 0.0, 2e-5),  # its scale is 0.7 % off even at the equator
    ("EPSG:3035", 3.5, 43.6, 2e-5),
    ("EPSG:4326", 3.5, 43.6, 2e-5),
    ("EPSG:4326", 100.24, 0.0, 2e-5),
    ("EPSG:4326", -70.1, -80.2, 2e-5),
    ("EPSG:4326", 180.0, -16.9, 2e-5),
])
def test_the_buffer_distance_is_in_metres_in_any_crs(run, crs, longitude, latitude, tolerance):
    from qgis.core import QgsPointXY

    corners = geodesic_square(longitude, latitude, 200)
    corners = [(x + 360 if longitude - x > 180 else x, y) for x, y in corners]
    layer = parcel_layer([reprojected(polygon(corners), "EPSG:4326", crs)], crs)
    [shrunk] = geometries_of(run("innerbuffer", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"])
    shrunk = reprojected(shrunk, crs, "EPSG:4326")
    assert geodesic_area(shrunk) == pytest.approx(170 ** 2, rel=tolerance)
    geod = pytest.importorskip("pyproj").Geod(ellps="WGS84")
    for x, y in corners:
        moved = shrunk.closestVertex(QgsPointXY(x, y))[0]
        assert geod.inv(x, y, moved.x(), moved.y())[2] == pytest.approx(15 * math.sqrt(2), abs=0.02)


def test_degrees_and_grads_of_paris_agree(run):
    square = polygon(geodesic_square(2.5, 47.0, 200))
    areas = []
    for crs in ("EPSG:4275", "EPSG:4807"):  # the same datum in degrees of Greenwich and grads of Paris
        layer = parcel_layer([reprojected(square, "EPSG:4275", crs)], crs)
        [shrunk] = geometries_of(run("innerbuffer", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"])
        areas.append(geodesic_area(reprojected(shrunk, crs, "EPSG:4275")))
    assert areas[0] == pytest.approx(areas[1], rel=1e-6)
    assert areas[0] == pytest.approx(170 ** 2, rel=2e-4)  # another ellipsoid: Clarke's is 1e-4 off WGS 84


def test_a_parcel_split_at_180_degrees_is_not_buffered_at_the_split(run):
    from qgis.core import QgsGeometry, QgsRectangle

    whole = polygon([(x % 360, y) for x, y in geodesic_square(180.0, -16.9, 200)])
    east = whole.intersection(QgsGeometry.fromRect(QgsRectangle(170, -90, 180, 90)))
    west = whole.intersection(QgsGeometry.fromRect(QgsRectangle(180, -90, 190, 90)))
    west.translate(-360, 0)
    layer = parcel_layer([QgsGeometry.collectGeometry([east, west])], "EPSG:4326", "MultiPolygon")
    [shrunk] = geometries_of(run("innerbuffer", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"])
    halves = sorted(part.boundingBox().center().x() for part in shrunk.constParts())
    assert halves == [pytest.approx(-180, abs=0.01), pytest.approx(180, abs=0.01)]
    assert shrunk.boundingBox().xMinimum() == -180
    assert shrunk.boundingBox().xMaximum() == 180
    assert geodesic_area(shrunk) == pytest.approx(170 ** 2, rel=2e-5)


def test_parts_a_thousand_kilometres_apart_are_each_buffered_exactly(run):
    from qgis.core import QgsGeometry

    parts = [polygon(geodesic_square(longitude, latitude, 200)) for longitude, latitude in ((-4, 48), (7, 43))]
    layer = parcel_layer([QgsGeometry.collectGeometry(parts)], "EPSG:4326", "MultiPolygon")
    [shrunk] = geometries_of(run("innerbuffer", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"])
    assert geodesic_area(shrunk) == pytest.approx(2 * 170 ** 2, rel=2e-5)


def test_attributes_fields_and_crs_are_kept(run):
    layer = parcel_layer([SQUARE, STRIP, DUMB_BELL])
    result = run("innerbuffer", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]
    assert [parcel.attributes() for parcel in result.getFeatures()] == [["crop 1", 1], ["crop 3", 3]]
    assert result.fields() == layer.fields()
    assert result.crs() == layer.crs()


def test_a_parcel_that_falls_apart_stays_one_feature(run):
    result = run("innerbuffer", {"INPUT": parcel_layer([DUMB_BELL]), "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]
    [shrunk] = geometries_of(result)
    assert shrunk.constGet().numGeometries() == 2


def test_z_values_are_dropped(run):
    square = f"PolygonZ(({X} {Y} 7, {X + 100} {Y} 7, {X + 100} {Y + 100} 7, {X} {Y + 100} 7, {X} {Y} 7))"
    layer = parcel_layer([square], kind="PolygonZ")
    result = run("innerbuffer", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]
    assert geometries_of(result)[0].asWkt().startswith("MultiPolygon (")


def test_repaired_and_removed_parcels_are_reported(run, feedback):
    layer = parcel_layer([SQUARE, BOW_TIE, None, LINE, STRIP])
    result = run("innerbuffer", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT"})
    assert (result["INPUT_COUNT"], result["OUTPUT_COUNT"], result["REMOVED_COUNT"]) == (5, 2, 3)
    # Each half of the bow tie is a triangle with sides 100, 71 and 71 m; its incircle has a radius of 20.7 m.
    inradius = 2 * 2500 / (100 + 2 * math.sqrt(5000))
    bow_tie = geometries_of(result["OUTPUT"])[1]
    assert bow_tie.area() == pytest.approx(2 * 2500 * (1 - 15 / inradius) ** 2)
    assert any("repaired: 1 (ids 2)" in line for line in feedback.said)
    assert any("without an area" in line and "2 (ids 3, 4)" in line for line in feedback.warned)
    assert any("Parcels removed" in line and "1 (ids 5)" in line for line in feedback.warned)


def test_at_most_twenty_removed_parcels_are_listed(run, feedback):
    result = run("innerbuffer", {"INPUT": parcel_layer([STRIP] * 23), "OUTPUT": "TEMPORARY_OUTPUT"})
    assert result["REMOVED_COUNT"] == 23
    assert any("23 (ids 1, 2," in line and line.endswith("20 and 3 more).") for line in feedback.warned)
    assert any("No parcel is left" in line for line in feedback.warned)


def test_only_selected_parcels_are_used_on_request(run):
    from qgis.core import QgsProcessingFeatureSourceDefinition, QgsProject

    layer = parcel_layer([SQUARE, DUMB_BELL])
    QgsProject.instance().addMapLayer(layer)
    layer.selectByIds([2])
    selected = QgsProcessingFeatureSourceDefinition(layer.id(), True)
    result = run("innerbuffer", {"INPUT": selected, "OUTPUT": "TEMPORARY_OUTPUT"})
    QgsProject.instance().removeMapLayer(layer.id())
    assert [parcel["code"] for parcel in result["OUTPUT"].getFeatures()] == [2]


def test_real_parcels_in_lambert_93_without_a_code(run, feedback):
    if not HERAULT.exists():
        pytest.skip(f"The real parcels are not there: {HERAULT}")
    import processing

    source = str(HERAULT)
    result = run("innerbuffer", {"INPUT": source, "OUTPUT": "TEMPORARY_OUTPUT"})
    assert (result["INPUT_COUNT"], result["OUTPUT_COUNT"], result["REMOVED_COUNT"]) == (72, 61, 11)
    assert any("(ids 13, 14, 30, 51, 52, 55, 56, 58, 60, 61, 71)" in line for line in feedback.warned)
    theirs = processing.run("native:buffer", {"INPUT": source, "DISTANCE": -15, "SEGMENTS": 8,
                                              "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]
    theirs = [geometry for geometry in geometries_of(theirs) if not geometry.isEmpty()]
    ours = geometries_of(result["OUTPUT"])
    assert max(one.symDifference(other).area() for one, other in zip(ours, theirs)) < 1e-6


@pytest.mark.parametrize(("layer", "sentence"), [
    (lambda: parcel_layer([SQUARE], crs=None), "no coordinate reference system"),
    (lambda: parcel_layer([f"Point({X} {Y})"], kind="Point"), "must be a polygon layer"),
    (lambda: parcel_layer([SQUARE], crs="EPSG:4326"), "wrong coordinate reference system"),
    (lambda: parcel_layer([polygon([(20037400, 0), (20037600, 0), (20037600, 200), (20037400, 200)])], "EPSG:3857"),
     "crosses the boundary"),
], ids=["no CRS", "points", "metres called degrees", "beyond the edge of Web Mercator"])
def test_unsuitable_layers_are_refused_with_a_message(run, feedback, tmp_path, layer, sentence):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as refusal:
        run("innerbuffer", {"INPUT": layer(), "OUTPUT": str(tmp_path / "shrunk.gpkg")})
    assert sentence in "\n".join([str(refusal.value), *feedback.warned])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("distance", [0, -15])
def test_a_distance_that_is_not_positive_is_refused(run, distance):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="DISTANCE must be above 0"):
        run("innerbuffer", {"INPUT": parcel_layer([SQUARE]), "DISTANCE": distance, "OUTPUT": "TEMPORARY_OUTPUT"})


def test_an_output_in_a_missing_folder_is_refused(run, tmp_path):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="cannot be written"):
        run("innerbuffer", {"INPUT": parcel_layer([SQUARE]), "OUTPUT": str(tmp_path / "no folder" / "shrunk.gpkg")})


def test_a_cancelled_run_keeps_the_previous_output(run, feedback, tmp_path):
    output = tmp_path / "shrunk.gpkg"
    run("innerbuffer", {"INPUT": parcel_layer([SQUARE]), "OUTPUT": str(output)})
    before = output.read_bytes()
    feedback.progressChanged.connect(lambda percent: percent > 40 and feedback.cancel())
    run("innerbuffer", {"INPUT": parcel_layer([DUMB_BELL] * 10), "OUTPUT": str(output)})
    assert output.read_bytes() == before
    run("innerbuffer", {"INPUT": parcel_layer([DUMB_BELL] * 10), "OUTPUT": str(tmp_path / "new.shp")})
    assert [path.name for path in tmp_path.iterdir()] == ["shrunk.gpkg"]


@pytest.mark.parametrize("name", ["shrunk.shp", "shrunk.gpkg", "shrunk.geojson"])
def test_a_full_disk_leaves_no_incomplete_file(run, tmp_path, name):
    from qgis.core import QgsProcessingException

    layer = parcel_layer([DUMB_BELL] * 3000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, limits[1]))
    try:
        with pytest.raises(QgsProcessingException, match="cannot be written"):
            run("innerbuffer", {"INPUT": layer, "OUTPUT": str(tmp_path / name)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())


def test_a_failure_keeps_the_other_tables_of_a_geopackage(run, tmp_path):
    from qgis.core import QgsProcessingException, QgsVectorLayer

    package = tmp_path / "parcels.gpkg"
    run("innerbuffer", {"INPUT": parcel_layer([SQUARE]), "OUTPUT": str(package)})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(QgsProcessingException, match="cannot be written"):
            run("innerbuffer", {"INPUT": parcel_layer([DUMB_BELL] * 3000),
                                "OUTPUT": f"ogr:dbname='{package}' table=\"second\" (geom)"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert QgsVectorLayer(f"{package}|layername=parcels", "", "ogr").featureCount() == 1
    assert not QgsVectorLayer(f"{package}|layername=second", "", "ogr").isValid()


def test_repeated_values_of_fid_are_accepted_in_a_geopackage(run, tmp_path):
    from qgis.core import QgsVectorLayer

    layer = parcel_layer([SQUARE, DUMB_BELL])
    layer.dataProvider().renameAttributes({1: "fid"})
    layer.dataProvider().changeAttributeValues({1: {1: 7}, 2: {1: 7}})
    layer.updateFields()
    result = run("innerbuffer", {"INPUT": layer, "OUTPUT": str(tmp_path / "shrunk.gpkg")})
    written = QgsVectorLayer(result["OUTPUT"], "", "ogr")
    assert [parcel["crop"] for parcel in written.getFeatures()] == ["crop 1", "crop 2"]
