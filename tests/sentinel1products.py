"""Sentinel-1 products for tests, with pixels simulated from a given backscatter.

``make_product`` writes all files; ``make_real_product`` copies the annotation, calibration and noise of a real product.
Digital numbers are simulated according to ESA, DN**2 = sigma nought * A**2 + noise, with look-up tables interpolated by
scipy, independently of the tested code.
"""

import shutil
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import numpy as np
import rasterio
from rasterio.control import GroundControlPoint
from scipy.interpolate import RegularGridInterpolator, interp1d

EARTH = 6371000.0
START = "2022-01-15T07:30:00"

HEADER = """<adsHeader><missionId>{mission}</missionId><productType>{kind}</productType>
<polarisation>{polarisation}</polarisation><mode>{mode}</mode><swath>{mode}</swath><startTime>{start}.000000</startTime>
<stopTime>{start}.500000</stopTime><absoluteOrbitNumber>{orbit}</absoluteOrbitNumber></adsHeader>"""
MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:safe="http://www.esa.int/safe/sentinel-1.0">
<safe:software name="Sentinel-1 IPF" version="{processor}"/></xfdu:XFDU>"""


def ground(lines, pixels, corner, heading, spacing):
    """Return longitudes and latitudes of image positions on a sphere, for a right-looking instrument."""
    longitude, latitude = np.radians(corner)
    up = np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])
    east = np.array([-np.sin(longitude), np.cos(longitude), 0.0])
    north = np.cross(up, east)
    azimuth = np.radians(heading)
    ahead = np.cos(azimuth) * north + np.sin(azimuth) * east
    aside = np.cross(ahead, up)
    along, across = (np.asarray(positions, float)[..., None] * spacing / EARTH for positions in (lines, pixels))
    track = np.cos(along) * up + np.sin(along) * ahead
    x, y, z = np.moveaxis(np.cos(across) * track + np.sin(across) * aside, -1, 0)
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arcsin(z))


def make_product(folder, sigma0=None, shape=(240, 320), mode="EW", resolution="GRDM", mission="S1A",
                 polarisations=("HH", "HV"), start=START, corner=(-10.0, 80.0), heading=-160.0, spacing=40.0,
                 old_noise=False, numbers=None, image_options=None, processor="003.52", orbit=41500, nodes=6,
                 has_control_points=True):
    """Write a product.

    Parameters
    ----------
    folder : path
        Parent of the ``.SAFE`` folder.
    sigma0 : dict of str to ndarray, optional
        Linear backscatter by polarisation; a smooth pattern by default.
    numbers : dict of str to ndarray, optional
        Digital numbers, in place of `sigma0`.

    Returns
    -------
    pathlib.Path
        The ``.SAFE`` folder.
    """
    stamp = start.replace("-", "").replace(":", "")
    safe = Path(folder) / (f"{mission}_{mode}_{resolution}_1S{'D' if len(polarisations) > 1 else 'S'}"
                           f"{polarisations[0][0]}_{stamp}_{stamp}_{orbit:06}_0500A1_ABCD.SAFE")
    for name in ("annotation/calibration", "measurement"):
        (safe / name).mkdir(parents=True)
    (safe / "manifest.safe").write_text(MANIFEST.format(processor=processor))
    for number, polarisation in enumerate(polarisations, start=1):
        stem = (f"{mission}-{mode}-grd-{polarisation}-{stamp}-{stamp}-{orbit:06}-0500a1-{number:03}").lower()
        header = HEADER.format(mission=mission, kind="GRD", polarisation=polarisation, mode=mode, start=start,
                               orbit=orbit)
        tables = {"calibration": calibration_xml(shape, header), "noise": noise_xml(
            shape, header, mode, 9e3 if polarisation[0] == polarisation[1] else 7e3, old_noise)}
        for kind, text in tables.items():
            (safe / f"annotation/calibration/{kind}-{stem}.xml").write_text(text)
        (safe / f"annotation/{stem}.xml").write_text(
            annotation_xml(shape, header, mode, corner, heading, spacing, nodes))
        if numbers is not None:
            values = numbers[polarisation]
        else:
            field = default_sigma0(shape, polarisation) if sigma0 is None else sigma0[polarisation]
            values = simulated(field, tables["calibration"], tables["noise"], shape)
        write_image(safe / f"measurement/{stem}.tiff", values,
                    control_points(shape, corner, heading, spacing, nodes) if has_control_points else [],
                    image_options)
    return safe


def default_sigma0(shape, polarisation):
    """Return a pattern between -20 and -8 dB in co-polarisation, 4 dB less in cross-polarisation."""
    lines, pixels = np.indices(shape)
    decibels = -14 + 6 * np.sin(lines / 17) * np.cos(pixels / 23)
    return 10 ** ((decibels - 4 * (polarisation[0] != polarisation[1])) / 10)


def make_real_product(folder, source, windows=(), sigma0=None):
    """Copy a real product, with simulated pixels in some windows (slices of lines and pixels).

    Parameters
    ----------
    source : path
        Real annotation, calibration and noise.
    sigma0 : callable
        Called with polarisation, lines and pixels (arrays), returns linear backscatter.

    Returns
    -------
    pathlib.Path
    """
    safe = Path(folder) / source.name
    shutil.copytree(source, safe, ignore=shutil.ignore_patterns("*.tiff", "preview", "rfi"))
    for path in [safe, *safe.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    for annotation in sorted((safe / "annotation").glob("*.xml")):
        root = ElementTree.parse(annotation).getroot()
        information = root.find("imageAnnotation/imageInformation")
        shape = int(information.findtext("numberOfLines")), int(information.findtext("numberOfSamples"))
        polarisation = root.findtext("adsHeader/polarisation")
        calibration, noise = (next((safe / "annotation/calibration").glob(f"{kind}-*{annotation.stem}*")).read_text()
                              for kind in ("calibration", "noise"))
        image = safe / "measurement" / f"{annotation.stem}.tiff"
        image.parent.mkdir(exist_ok=True)
        with rasterio.open(image, "w", driver="GTiff", height=shape[0], width=shape[1], count=1, dtype="uint16",
                           tiled=True, sparse_ok=True) as file:
            for lines, pixels in windows:
                field = sigma0(polarisation, *np.ogrid[lines, pixels])
                values = simulated(field, calibration, noise, shape, (lines, pixels))
                file.write(values, 1, window=((lines.start, lines.stop), (pixels.start, pixels.stop)))
    return safe


def simulated(sigma0, calibration, noise, shape, part=None):
    """Return the digital numbers of a backscatter."""
    part = part or (slice(0, shape[0]), slice(0, shape[1]))
    power = sigma0 * surface(calibration, "calibrationVector", "sigmaNought", part) ** 2 + noise_power(noise, part)
    return np.clip(np.rint(np.sqrt(power)), 1, 65535).astype(np.uint16)


def noise_power(text, part):
    """Interpolate the noise of a noise file in a part of the image, with scipy."""
    if "<noiseVectorList" in text:
        return surface(text, "noiseVector", "noiseLut", part)
    power = surface(text, "noiseRangeVector", "noiseRangeLut", part)
    lines, pixels = (np.arange(axis.start, axis.stop) for axis in part)
    for vector in ElementTree.fromstring(text).iter("noiseAzimuthVector"):
        top, bottom, left, right = (int(vector.findtext(name)) for name in (
            "firstAzimuthLine", "lastAzimuthLine", "firstRangeSample", "lastRangeSample"))
        rows, columns = (lines >= top) & (lines <= bottom), (pixels >= left) & (pixels <= right)
        nodes, values = (np.array(vector.findtext(name).split(), float) for name in ("line", "noiseAzimuthLut"))
        factor = interp1d(nodes, values, bounds_error=False, fill_value=(values[0], values[-1]))(lines[rows]) \
            if len(nodes) > 1 else np.full(rows.sum(), values[0])
        power[np.ix_(rows, columns)] *= factor[:, None]
    return power


def surface(text, element, name, part):
    """Interpolate vectors bilinearly in a part of the image, with scipy."""
    vectors = list(ElementTree.fromstring(text).iter(element))
    lines = np.array([int(vector.findtext("line")) for vector in vectors])
    last = max(int(vector.findtext("pixel").split()[-1]) for vector in vectors)
    columns = np.arange(max(last + 1, part[1].stop))
    rows = np.stack([interp1d(*(np.array(vector.findtext(child).split(), float) for child in ("pixel", name)),
                              bounds_error=False, fill_value="extrapolate")(columns) for vector in vectors])
    image_lines, image_pixels = (np.arange(axis.start, axis.stop) for axis in part)
    interpolated = RegularGridInterpolator((lines, columns), rows, bounds_error=False, fill_value=None)
    return interpolated(tuple(np.meshgrid(np.minimum(image_lines, lines[-1]), image_pixels, indexing="ij")))


def write_image(path, values, points=(), options=None):
    """Write a measurement TIFF: uint16, strips, control points in degrees."""
    values = np.asarray(values, np.uint16)
    referenced = {"gcps": points, "crs": "EPSG:4326"} if points else {}
    with rasterio.open(path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
                       dtype="uint16", **referenced, **(options or {"blockysize": 1})) as image:
        image.write(values, 1)


def control_points(shape, corner, heading, spacing, nodes=6):
    """Return the geolocation grid as GDAL control points: the centre of the first pixel is at (0.5, 0.5)."""
    points = []
    for line, pixel in _nodes(shape, nodes):
        longitude, latitude = ground(line, pixel, corner, heading, spacing)
        points.append(GroundControlPoint(row=line + 0.5, col=pixel + 0.5, x=float(longitude), y=float(latitude), z=0.0))
    return points


def _nodes(shape, nodes):
    lines, pixels = (np.unique(np.linspace(0, size - 1, nodes).astype(int)) for size in shape)
    return [(line, pixel) for line in lines for pixel in pixels]


def incidence_angle(pixels, width):
    """Return incidence angles from near to far range, as in EW."""
    return 19.0 + 28.0 * np.asarray(pixels, float) / width


def annotation_xml(shape, header, mode, corner, heading, spacing, nodes):
    points = []
    for line, pixel in _nodes(shape, nodes):
        longitude, latitude = ground(line, pixel, corner, heading, spacing)
        points.append(f"<geolocationGridPoint><line>{line}</line><pixel>{pixel}</pixel>"
                      f"<latitude>{latitude:.15e}</latitude><longitude>{longitude:.15e}</longitude>"
                      f"<height>0</height><incidenceAngle>{incidence_angle(pixel, shape[1]):.15e}</incidenceAngle>"
                      "</geolocationGridPoint>")
    swaths = "".join(
        f"<swathMerge><swath>{swath}</swath><swathBoundsList><swathBounds><firstAzimuthLine>0</firstAzimuthLine>"
        f"<firstRangeSample>{first}</firstRangeSample><lastAzimuthLine>{shape[0] - 1}</lastAzimuthLine>"
        f"<lastRangeSample>{last}</lastRangeSample></swathBounds></swathBoundsList></swathMerge>"
        for swath, first, last in swath_bounds(mode, shape[1]))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<product>{header}<generalAnnotation><productInformation><pass>Descending</pass></productInformation></generalAnnotation>
<imageAnnotation><imageInformation><rangePixelSpacing>{spacing:e}</rangePixelSpacing>
<azimuthPixelSpacing>{spacing:e}</azimuthPixelSpacing><numberOfSamples>{shape[1]}</numberOfSamples>
<numberOfLines>{shape[0]}</numberOfLines></imageInformation></imageAnnotation>
<geolocationGrid><geolocationGridPointList>{''.join(points)}</geolocationGridPointList></geolocationGrid>
<swathMerging><swathMergeList>{swaths}</swathMergeList></swathMerging></product>"""


def swath_bounds(mode, width):
    """Return (sub-swath, first pixel, last pixel) of all sub-swaths."""
    count = 5 if mode == "EW" else 3
    edges = np.linspace(0, width, count + 1).astype(int)
    return [(f"{mode}{number + 1}", edges[number], edges[number + 1] - 1) for number in range(count)]


def calibration_xml(shape, header):
    pixels, lines = _sampled(shape[1]), _sampled(shape[0], 160)
    angles = np.radians(incidence_angle(pixels, shape[1]))
    beta = np.full(len(pixels), 1087.0)
    tables = {"sigmaNought": beta / np.sqrt(np.sin(angles)), "betaNought": beta,
              "gamma": beta / np.sqrt(np.tan(angles)), "dn": beta}
    vectors = "".join(
        f"<calibrationVector><line>{line}</line><pixel>{_text(pixels)}</pixel>" + "".join(
            f"<{name}>{_text(values * (1 + 1e-5 * line), '.6e')}</{name}>" for name, values in tables.items())
        + "</calibrationVector>" for line in lines)
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<calibration>{header}<calibrationVectorList>{vectors}'
            "</calibrationVectorList></calibration>")


def noise_xml(shape, header, mode, level, old):
    """Return a noise file with steps between the sub-swaths and scalloping along azimuth, as in real products."""
    pixels, lines = _sampled(shape[1]), _sampled(shape[0], 160)
    bounds = swath_bounds(mode, shape[1])
    pixels = np.unique([*pixels, *(edge for _, first, last in bounds for edge in (first, last))])
    noise = np.zeros(len(pixels))
    for number, (_, first, last) in enumerate(bounds):
        inside = (pixels >= first) & (pixels <= last)
        fraction = (pixels[inside] - first) / max(last - first, 1)
        noise[inside] = level * (0.5 + 0.5 / (number + 1)) * (0.7 + 1.2 * (fraction - 0.5) ** 2)
    name, vector = ("noiseLut", "noiseVector") if old else ("noiseRangeLut", "noiseRangeVector")
    vectors = "".join(f"<{vector}><line>{line}</line><pixel>{_text(pixels)}</pixel><{name}>"
                      f"{_text(noise * (1 + 1e-4 * line), '.6e')}</{name}></{vector}>" for line in lines)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<noise>{header}<{vector}List>{vectors}</{vector}List>'
    if not old:
        along = _sampled(shape[0], 10)
        factor = _text(1.1 + 0.1 * np.cos(along / 25), ".6e")
        text += "<noiseAzimuthVectorList>" + "".join(
            f"<noiseAzimuthVector><swath>{swath}</swath><firstAzimuthLine>0</firstAzimuthLine><firstRangeSample>{first}"
            f"</firstRangeSample><lastAzimuthLine>{shape[0] - 1}</lastAzimuthLine><lastRangeSample>{last}"
            f"</lastRangeSample><line>{_text(along)}</line><noiseAzimuthLut>{factor}</noiseAzimuthLut>"
            "</noiseAzimuthVector>" for swath, first, last in bounds) + "</noiseAzimuthVectorList>"
    return text + "</noise>"


def _sampled(size, step=40):
    return np.unique([*range(0, size, step), size - 1])


def _text(values, form="g"):
    return " ".join(format(value, form) for value in values)


def zipped(safe, path):
    """Write a product as zip, as downloaded."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(safe.rglob("*")):
            archive.write(file, file.relative_to(safe.parent))
    return path
