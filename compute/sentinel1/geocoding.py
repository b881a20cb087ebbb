"""Geocoding of Sentinel-1 products to rasters of backscatter, one per product, block by block.

For each output block: image positions of its pixels, the required part of the radar image (from cached tiles that are
calibrated once), bilinear interpolation of linear power, conversion to decibels, and the incidence angle correction.
"""

import contextlib
import os
from dataclasses import dataclass, replace

import numpy as np

from ..batch import run_batch
from ..errors import OutputError, UnsuitableInput
from ..raster.area_of_interest import window_of
from ..raster.band_metadata import DATE_TAG, synthetic_tag
from ..raster.blocks import make_executor, nested_blocks, run_blocks
from ..raster.crs import crs_wkt_of, is_geographic, is_projected, metres_per_unit
from ..raster.grid import Window
from ..raster.masks import LandMask
from ..raster.raster_styles import GreyStretch
from ..raster.writer import RasterLayout, create_raster
from .geolocation_grid import Geolocation, at_sea_level
from .grd_product import read_product
from .interpolation import interpolate
from .projected_image import ProjectedImage
from .radar_image import RadarImage
from .subswath_balance import read_noise_table

BLOCK = 512
REGION = 4 * BLOCK

# Latitude from which polar stereographic projections are used instead of UTM.
POLAR_LATITUDE = 60.0

# First IPF version with reliable noise vectors (s1denoise of NERSC rejects older ones).
FIRST_RELIABLE_NOISE = (2, 43)
ANGLE_BAND = "incidence_angle"

# Substitute for power that is not positive, for the conversion to decibels; far below any minimum backscatter.
MIN_POWER = 1e-12
DECIBELS = np.float32(10 / np.log(10))


@dataclass(frozen=True)
class WrittenScene:
    """A geocoded scene.

    Attributes
    ----------
    path : str
    valid_fraction : float
        Fraction of valid pixels, 0..1.
    balance : dict
        Noise scaling and offset by polarisation and sub-swath; empty without sub-swath balance.
    """

    path: str
    valid_fraction: float
    balance: dict


def write_scene(product, output, settings, progress, area=None, land=None):
    """Write the backscatter of one product as one GeoTIFF.

    Parameters
    ----------
    product : GrdProduct
    output : str
        GeoTIFF to write: float32, nodata NaN, bands such as ``sigma0_HH_dB``.
    settings : BackscatterSettings
    progress : Progress
    area : Area, optional
        The output is limited to its bounding box; the whole scene by default.
    land : callable, optional
        Called with the :class:`~.projected_image.ProjectedImage`, returns GeoJSON-like land polygons in its CRS; their
        pixels are set to nodata.

    Returns
    -------
    WrittenScene

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput, OutputError
        If the product, the settings or the output cannot be used; the message is for the user.
    Cancelled
        If the user has cancelled; the output is removed.
    """
    settings = _applicable_settings(settings, product, progress)
    polarisations = settings.polarisations or tuple(product.channels)
    product.require(polarisations, settings.noise_removal != "none")
    annotation = product.annotation
    points = at_sea_level(annotation.grid) if settings.surface == "sea_level" else annotation.grid
    geolocation = Geolocation(points)
    centre = (float(degrees) for degrees in geolocation.to_lonlat(annotation.shape[0] / 2, annotation.shape[1] / 2))
    projected = ProjectedImage(geolocation, annotation.shape, settings.crs or default_crs(*centre))
    pixel_size = settings.pixel_size or _native_size(annotation, projected)
    grid = projected.grid(pixel_size)
    grid = grid.part(window_of(area, grid))
    folder = os.path.dirname(os.path.abspath(output))
    with contextlib.ExitStack() as stack:
        os.makedirs(folder, exist_ok=True)
        names = {polarisation: product.channels[polarisation].measurement for polarisation in polarisations}
        paths = stack.enter_context(product.safe.local_files(sorted(names.values()), folder, progress))
        executor = stack.enter_context(make_executor(settings.threads))
        image = stack.enter_context(contextlib.closing(RadarImage(
            product, {polarisation: paths[name] for polarisation, name in names.items()}, settings,
            pixel_size * metres_per_unit(projected.crs_wkt), executor, progress.part(0.0, 0.1))))
        mask = LandMask(land(projected), grid, progress) if land else None
        work = _BlockGeocoder(projected, grid, image, settings, mask)
        layout = RasterLayout(grid=grid, dtype="float32", nodata=float("nan"), band_names=work.band_names,
                              tags=scene_tags(product, settings, image), band_tags=work.band_tags, compression="zstd")
        side_files = {}
        display = GreyStretch()
        counts = [0]

        def finish(window, values):
            if values is None:
                return
            raster.write(window, values)
            display.add(values[0])
            counts[0] += int(np.isfinite(values[0]).sum())

        with create_raster(output, layout, side_files) as raster:
            run_blocks(nested_blocks(grid, BLOCK, REGION), work, finish, executor, progress.part(0.1, 1.0))
            side_files[".qml"] = display.style()
    if not counts[0]:
        progress.warn(f"{product.name}: the output has no valid pixel. Check the area of interest, and disable the "
                      "land mask if the scene is over land.")
    return WrittenScene(output, counts[0] / (grid.height * grid.width), image.balance)


def _applicable_settings(settings, product, progress):
    """Return the settings without steps that do not apply to the product."""
    if settings.noise_removal == "none":
        return settings
    if product.annotation.is_denoised:
        progress.say(f"{product.name}: thermal noise was already removed by the IPF; it is not removed again.")
        return replace(settings, noise_removal="none", swath_balance="none")
    version = tuple(int(part) for part in product.processor.split(".") if part)
    if version and version < FIRST_RELIABLE_NOISE:
        progress.warn(f"{product.name} was created by IPF {product.processor}; noise vectors before IPF 2.43 are not "
                      "reliable. If the backscatter is uneven, disable noise removal.")
    return settings


def _native_size(annotation, projected):
    """Return the pixel spacing of the product in units of the CRS."""
    return max(annotation.spacing) / metres_per_unit(projected.crs_wkt)


def scene_tags(product, settings, image):
    """Return the metadata of the output: product, acquisition and processing.

    Returns
    -------
    dict of str to str
    """
    annotation = product.annotation
    tags = {DATE_TAG: annotation.start.date().isoformat(),
            "ACQUISITION_START": annotation.start.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "ACQUISITION_STOP": annotation.stop.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "PLATFORM": product.platform, "MODE": annotation.mode, "PRODUCT_TYPE": product.resolution,
            "PRODUCT_URI": product.name, "PROCESSOR_VERSION": product.processor, "ORBIT": str(annotation.orbit),
            "PASS": annotation.orbit_pass, "NOISE_REMOVAL": settings.noise_removal,
            "SWATH_BALANCE": settings.swath_balance, "CALIBRATION": settings.calibration,
            **_balance_tags(image.balance), "MULTILOOK": str(image.looks), "SPECKLE_FILTER": settings.speckle_filter,
            "ANGLE_CORRECTION": (f"to {settings.reference_angle:g} degrees" if settings.angle_correction else "none")}
    return {**tags, **synthetic_tag(product.is_synthetic)}


def _balance_tags(balance):
    """Return the applied noise scaling and offset by polarisation: "EW1 1.02 1.0e-05, EW2 ..."."""
    return {f"SWATH_NOISE_{polarisation}": ", ".join(
        f"{swath} {scaling:.4f} {offset:.3e}" for swath, (scaling, offset) in sorted(by_swath.items()))
        for polarisation, by_swath in balance.items() if by_swath}


class _BlockGeocoder:
    """Computes output blocks; thread-safe."""

    def __init__(self, projected, grid, image, settings, land):
        self._projected, self._grid, self._image, self._settings = projected, grid, image, settings
        self._land = land
        unit = "dB" if settings.scale == "db" else "1"
        suffix = "_dB" if settings.scale == "db" else ""
        self.band_names = tuple(f"{settings.calibration}_{polarisation}{suffix}"
                                for polarisation in image.polarisations)
        self.band_tags = tuple({"POLARISATION": polarisation, "QUANTITY": settings.calibration, "UNIT": unit}
                               for polarisation in image.polarisations)
        if settings.incidence_band:
            self.band_names += (ANGLE_BAND,)
            self.band_tags += ({"QUANTITY": ANGLE_BAND, "UNIT": "degrees"},)

    def __call__(self, window):
        """Compute the bands of a block.

        Returns
        -------
        ndarray of float32, shape (bands, height, width)
            NaN outside the image.
        """
        settings = self._settings
        positions = self._projected.positions(self._grid, window)
        if positions is None:
            return np.full((len(self.band_names), *window.shape), np.nan, np.float32)
        lines, pixels, angles = positions
        height, width = self._image.full_shape
        with np.errstate(invalid="ignore"):
            inside = (lines >= -0.5) & (lines < height - 0.5) & (pixels >= -0.5) & (pixels < width - 0.5)
        values = np.full((len(self.band_names), *window.shape), np.nan, np.float32)
        land = self._land.read(window) if self._land else None
        if land is not None:
            inside &= ~land
        if not inside.any():
            return values
        power = self._power(lines, pixels, inside)
        angles = angles.astype(np.float32)
        for band, polarisation in enumerate(self._image.polarisations):
            values[band] = self._to_output_scale(power[band], angles, settings.slope(polarisation))
        if settings.incidence_band:
            values[-1] = np.where(np.isnan(values[0]), np.nan, angles)
        return values

    def _power(self, lines, pixels, inside):
        looks = self._image.looks
        lines, pixels = ((positions[inside] - (looks - 1) / 2) / looks for positions in (lines, pixels))
        top, left = (max(int(np.floor(positions.min())), 0) for positions in (lines, pixels))
        bottom, right = (min(int(np.floor(positions.max())) + 2, size)
                         for positions, size in zip((lines, pixels), self._image.shape))
        part = Window(min(top, self._image.shape[0] - 1), min(left, self._image.shape[1] - 1),
                      max(bottom - top, 1), max(right - left, 1))
        planes = self._image.read(part)
        rows, columns = (lines - part.row).astype(np.float32), (pixels - part.col).astype(np.float32)
        power = np.full((len(planes), *inside.shape), np.nan, np.float32)
        power[:, inside] = interpolate(planes, rows, columns)
        return power

    def _to_output_scale(self, power, angles, slope):
        """Convert to the output scale and normalise to the reference incidence angle."""
        settings = self._settings
        correction = None
        if settings.angle_correction and slope:
            correction = np.float32(slope) * (angles - np.float32(settings.reference_angle))
        if settings.scale == "linear":
            return power if correction is None else power * np.exp(correction / -DECIBELS)
        decibels = np.log(np.maximum(power, np.float32(MIN_POWER)))
        decibels *= DECIBELS
        if correction is not None:
            decibels -= correction
        return np.maximum(decibels, np.float32(settings.min_backscatter))


def _require_output_crs(crs_wkt):
    """Raise :class:`UnsuitableInput` unless a CRS is projected or geographic; empty means automatic selection."""
    with contextlib.suppress(UnsuitableInput):
        if not crs_wkt or is_projected(crs_wkt) or is_geographic(crs_wkt):
            return
    raise UnsuitableInput("The output CRS is neither projected nor geographic. Choose a CRS such as EPSG:3413 "
                          "(Arctic), EPSG:3031 (Antarctic) or EPSG:32626 (UTM zone 26 north).")


def default_crs(longitude, latitude):
    """Return the default CRS at a position: NSIDC polar stereographic or the UTM zone.

    Returns
    -------
    str
        WKT.
    """
    if abs(latitude) >= POLAR_LATITUDE:
        return crs_wkt_of("EPSG:3413" if latitude > 0 else "EPSG:3976")
    zone = int((longitude + 180) % 360 // 6) + 1
    return crs_wkt_of(f"EPSG:{(32600 if latitude > 0 else 32700) + zone}")


def write_scenes(paths, folder, settings, progress, area=None, land=None, on_error="skip"):
    """Preprocess products one after the other.

    Parameters
    ----------
    paths : sequence of str
        Products: ``.SAFE`` folders, ``manifest.safe`` files, zips.
    folder : str
        Output folder, for one ``S1A_EW_GRDM_<start>_<orbit>.tif`` per product.
    settings : BackscatterSettings
    progress : Progress
    area : Area, optional
    land : callable, optional
        See :func:`write_scene`.
    on_error : str
        One of :data:`~..batch.ON_ERROR`.

    Returns
    -------
    BatchResult
        With a WrittenScene per product.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the output CRS or the sub-swath noise table is unsuitable for any product.
    OutputError
        If the output cannot be written; this stops the batch.
    Cancelled
        If the user has cancelled; completed scenes are kept.
    """
    _require_output_crs(settings.crs)
    if settings.swath_balance == "table":
        read_noise_table(settings.swath_table)
    labels = set()

    def work(path, part):
        product = read_product(path)
        if product.label in labels:
            raise UnsuitableInput(f"{product.name} occurs twice in the inputs.")
        output = os.path.join(folder, f"{product.label}.tif")
        scene = write_scene(product, output, settings, part, area, land)
        labels.add(product.label)
        progress.say(f"{product.name}: {os.path.basename(output)}, {scene.valid_fraction:.0%} valid pixels.")
        return scene

    with _output_folder(folder):
        return run_batch(paths, work, on_error, progress, "products")


@contextlib.contextmanager
def _output_folder(folder):
    """Context manager that creates the output folder, and removes it again if it was created and is empty."""
    existed = os.path.isdir(folder)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        reason = "is a file, not a folder" if os.path.isfile(folder) else "cannot be created or written to"
        raise OutputError(f"{folder} {reason}. Choose another output folder.") from error
    try:
        yield
    finally:
        if not existed:
            with contextlib.suppress(OSError):
                os.rmdir(folder)
