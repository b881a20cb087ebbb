"""Sentinel-1 GRD product: metadata, and the files of each polarisation.

Metadata is read from the XML files, not from the product name. Files are matched by the polarisation in their content,
so that the short file names of some archives (``ew-hh.xml``) are supported as well as ESA's.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from ..errors import MissingInput, UnreadableInput, UnsuitableInput
from ..file_names import clean_name
from ..safe import SafeKind, SafeProduct, open_safe
from .annotation import Annotation, Document, read_annotation, read_calibration, read_noise

MODES = ("EW", "IW")
# In the manifest of sample data; the manifest of a real product says "Synthetic Aperture Radar".
SYNTHETIC_MARK = "SYNTHETIC DATA made by Floefield"
IN_CALIBRATION = re.compile(r"annotation/calibration/[^/]+\.xml$", re.IGNORECASE)
IN_MEASUREMENT = re.compile(r"measurement/[^/]+\.tiff?$", re.IGNORECASE)
SENTINEL1_SAFE = SafeKind(
    mission="Sentinel-1", metadata=re.compile(r"(^|/)annotation/[^/]+\.xml$", re.IGNORECASE),
    product_name=re.compile(r"S1[A-Z]_(EW|IW)_GRD", re.IGNORECASE), metadata_words="annotation folder",
    entry_file="manifest.safe")


@dataclass(frozen=True)
class Channel:
    """The files of one polarisation.

    Attributes
    ----------
    annotation : Annotation
    measurement : str
        Name of the image file, relative to the product; empty if missing.
    calibration, noise : str
        Names of the calibration and noise files; empty if missing.
    """

    annotation: Annotation
    measurement: str
    calibration: str
    noise: str


@dataclass(frozen=True)
class GrdProduct:
    """A Sentinel-1 GRD product of the EW or IW mode.

    Attributes
    ----------
    safe : SafeProduct
    name : str
        Product name of ESA.
    processor : str
        IPF version, such as "003.52"; empty without a manifest.
    resolution : str
        "GRDM" or "GRDH".
    channels : dict of str to Channel
        By polarisation, co-polarised first.
    is_synthetic : bool
        Whether the manifest marks the product as synthetic (sample data).
    """

    safe: SafeProduct
    name: str
    processor: str
    resolution: str
    channels: dict
    is_synthetic: bool = False

    @property
    def annotation(self):
        """Annotation: of the first polarisation; time, mode and geometry are the same in all polarisations."""
        return next(iter(self.channels.values())).annotation

    @property
    def acquired(self) -> datetime:
        """datetime: start of the acquisition (UTC)."""
        return self.annotation.start

    @property
    def platform(self):
        """str: such as "Sentinel-1A"."""
        return f"Sentinel-{self.annotation.mission.removeprefix('S')}"

    @property
    def label(self):
        """str: short unique name for files and layers, from the metadata."""
        annotation = self.annotation
        return clean_name(f"{annotation.mission}_{annotation.mode}_{self.resolution}_"
                          f"{annotation.start:%Y%m%dT%H%M%S}_{annotation.orbit:06d}")

    def image_path(self, layer: str) -> str:
        """Return the GDAL path of the image of a polarisation.

        Raises
        ------
        MissingInput, UnreadableInput, UnsuitableInput
            If the image does not exist or is empty.
        """
        self.require((layer,), with_noise=False)
        return self.safe.path_of(self.channels[layer].measurement)

    def calibration(self, polarisation, quantity):
        """Read the calibration vectors of a polarisation.

        Parameters
        ----------
        polarisation : str
        quantity : {"sigma0", "beta0", "gamma0"}

        Returns
        -------
        Vectors
        """
        return read_calibration(self._document(self.channels[polarisation].calibration), quantity)

    def noise(self, polarisation):
        """Read the noise vectors of a polarisation.

        Returns
        -------
        Noise
        """
        return read_noise(self._document(self.channels[polarisation].noise))

    def require(self, polarisations, with_noise):
        """Check that all files of the polarisations exist.

        Raises
        ------
        MissingInput
            If files are missing; the message lists them.
        UnreadableInput
            If images are empty.
        UnsuitableInput
            If the product does not contain one of the polarisations.
        """
        unavailable = [polarisation for polarisation in polarisations if polarisation not in self.channels]
        if unavailable:
            raise UnsuitableInput(f"{self.name} has no polarisation {', '.join(unavailable)}; it has "
                                  f"{', '.join(self.channels)}. Choose among these.")
        missing = []
        for polarisation in polarisations:
            channel = self.channels[polarisation]
            missing += [f"the {polarisation} {kind}" for kind, name in (
                ("image (measurement folder)", channel.measurement),
                ("calibration file (annotation/calibration)", channel.calibration),
                ("noise file (annotation/calibration)", channel.noise or not with_noise)) if not name]
        if missing:
            advice = "" if any("image" in file or "calibration file" in file for file in missing) else (
                ", or disable noise removal")
            raise MissingInput(f"{self.name} is incomplete: {', '.join(missing)} missing. Download the product "
                               f"again{advice}.")
        empty = [self.channels[polarisation].measurement for polarisation in polarisations
                 if not self.safe.size(self.channels[polarisation].measurement)]
        if empty:
            raise UnreadableInput(f"{self.name}: {', '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty (0 "
                                  "bytes). Download the product again.")

    def _document(self, name):
        return Document(self.safe.read(name), f"{self.name}, {name}")


def read_product(path):
    """Read the metadata of a Sentinel-1 GRD product.

    Parameters
    ----------
    path : str
        A ``.SAFE`` folder, its ``manifest.safe``, or a zip.

    Returns
    -------
    GrdProduct

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the product does not exist, is damaged, or is not a GRD product of the EW or IW mode.
    """
    safe = open_safe(path, SENTINEL1_SAFE)
    annotations = {}
    for name in safe.metadata_names:
        document = Document(safe.read(name), f"{safe.name}, {name}")
        if document.kind == "product":
            _require_grd(document, safe)
            annotations[name] = read_annotation(document)
    if not annotations:
        raise MissingInput(f"{safe.name} contains no image annotation. Download the product again.")
    tables = _tables(safe)
    channels = {}
    for name, annotation in sorted(annotations.items(), key=lambda item: _co_polarised_first(item[1].polarisation)):
        polarisation = annotation.polarisation
        channels[polarisation] = Channel(annotation, _measurement(safe, name, polarisation),
                                         tables.get(("calibration", polarisation), ""),
                                         tables.get(("noise", polarisation), ""))
    _require_one_image(channels, safe)
    manifest = safe.read("manifest.safe").decode("utf-8", "replace") if "manifest.safe" in safe.names else ""
    versions = re.findall(r'<safe:software name="Sentinel-1 IPF" version="([\d.]+)"', manifest)
    return GrdProduct(safe, safe.name, versions[0] if versions else "",
                      _resolution(safe, next(iter(channels.values()))), channels,
                      is_synthetic=SYNTHETIC_MARK in manifest)


def _require_grd(document, safe):
    mode, kind = document.text("adsHeader/mode"), document.text("adsHeader/productType")
    if kind != "GRD" or mode not in MODES:
        raise UnsuitableInput(f"{safe.name} is a {mode} {kind} product. Choose a ground range detected (GRD) product "
                              "of the EW or IW mode.")


def _require_one_image(channels, safe):
    shapes = {channel.annotation.shape for channel in channels.values()}
    if len(shapes) > 1:
        raise UnreadableInput(f"{safe.name} is damaged: the images of its polarisations differ in size "
                              f"({', '.join(map(str, sorted(shapes)))} lines and pixels). Download it again.")


def _tables(safe):
    """Return the names of the calibration and noise files by kind and polarisation."""
    tables = {}
    for name in filter(IN_CALIBRATION.fullmatch, safe.names):
        # Only the beginning of the file is searched, as parsing a whole file takes a tenth of a second.
        head = safe.read(name)[:4000].decode("utf-8", "replace")
        kind = re.search(r"<(calibration|noise)\b", head)
        polarisation = re.search(r"<polarisation>\s*(\w\w)\s*<", head)
        if kind and polarisation:
            tables[kind[1], polarisation[1].upper()] = name
        elif match := re.search(r"(calibration|noise)-.*?-(hh|hv|vh|vv)\b", name.rsplit("/", 1)[-1].lower()):
            tables[match[1], match[2].upper()] = name
    return tables


def _measurement(safe, annotation, polarisation):
    """Return the image file of an annotation: with the same name, else with the polarisation in its name."""
    stem = annotation.rsplit("/", 1)[-1][:-len(".xml")].lower()
    images = {name.rsplit("/", 1)[-1].rsplit(".", 1)[0].lower(): name
              for name in filter(IN_MEASUREMENT.fullmatch, safe.names)}
    if stem in images:
        return images[stem]
    return next((name for image, name in images.items() if polarisation.lower() in re.split(r"[-_]", image)), "")


def _co_polarised_first(polarisation):
    return polarisation[0] != polarisation[1], polarisation


def _resolution(safe, channel):
    """Return the resolution class (GRDM, GRDH) from the product name, else from the pixel spacing."""
    match = re.search(r"_(GRD[FHM])_", safe.name.upper())
    if match:
        return match[1]
    limit = 30.0 if channel.annotation.mode == "EW" else 20.0
    return "GRDM" if max(channel.annotation.spacing) > limit else "GRDH"
