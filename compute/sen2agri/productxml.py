"""XML files of a product (metadata, parameters, quality), with the element names of Sen2-Agri."""

# Used for writing only; nothing is parsed.
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent  # nosec B405

from .task import CROP_MASK


def write_quality(path, is_mask, matrix, codes):
    """Write confusion matrix and accuracy metrics.

    Parameters
    ----------
    path : str
    is_mask : bool
    matrix : ConfusionMatrix or None
    codes : dict of str to str
        Class code by label of the matrix.
    """
    root = Element("CropMask" if is_mask else "CropType")
    if matrix is not None:
        names = [codes[label] for label in matrix.labels]
        confusion = SubElement(root, "ConfusionMatrix")
        _add_all(SubElement(confusion, "ReferenceLabels"), "RowLabel", names)
        _add_all(SubElement(confusion, "ProducedLabels"), "ColumnLabel", names)
        data = SubElement(confusion, "Data")
        for row in matrix.counts.tolist():
            _add_all(SubElement(data, "Row"), "Column", row)
        metrics = SubElement(root, "QualityMetrics")
        for title, scores in (("Precision", matrix.precision), ("Recall", matrix.recall), ("F-score", matrix.f_score)):
            for name, score in zip(names, scores):
                SubElement(metrics, title, {"class": name}).text = f"{score:.10f}"
        _add(metrics, "Kappa", f"{matrix.kappa:.10f}")
        _add(metrics, "Accuracy", f"{matrix.overall_accuracy:.10f}")
    _write(path, root)


def write_parameters(path, task, days, acquisitions):
    """Write inputs and parameters of the product.

    Parameters
    ----------
    path : str
    task : ProductTask
    days, acquisitions : tuple of datetime.date
        Dates of the series, and of the acquisitions it was made from.
    """
    root = Element("Metadata")
    _add(root, "ProductType", "Crop mask" if task.kind == CROP_MASK else "Crop type")
    _add(root, "Level", task.kind)
    _add(root, "SiteId", task.info.site)
    if task.reference:
        _add(root, "ReferenceData", task.reference)
    else:
        _add(root, "ReferencePolygons", task.parcels_path)
    tile = SubElement(SubElement(root, "Tiles"), "Tile")
    _add(tile, "Id", task.info.tile)
    inputs = SubElement(tile, "Inputs")
    _add(inputs, "Input", task.series)
    if task.mask:
        _add(inputs, "Mask", task.mask)
    _add_all(SubElement(tile, "Acquisitions"), "Date", acquisitions)
    _add_all(SubElement(tile, "Dates"), "Date", days)
    forest = task.forest
    parameters = SubElement(root, "Parameters")
    for name, value in (("MainMission", "SENTINEL"), ("SampleRatio", f"{task.split.training_share:g}"),
                        ("Seed", forest.seed), ("IncludeRedEdge", str(task.red_edge).lower())):
        _add(parameters, name, value)
    if task.reference:
        _add(parameters, "ErosionRadius", task.reference_settings.erosion_radius)
        _add(parameters, "TrimmingAlpha", f"{task.reference_settings.trimming_alpha:g}")
    classifier = SubElement(parameters, "Classifier")
    _add(classifier, "TrainingSamplesPerTile", forest.samples_per_class)
    trees = SubElement(classifier, "RF")
    for name, value in (("NbTrees", forest.trees), ("Min", forest.min_samples_leaf), ("Max", forest.max_depth)):
        _add(trees, name, value)
    if task.kind == CROP_MASK:
        segments = SubElement(parameters, "Segmentation")
        for name, value in (("PCAComponents", task.segments.components), ("RangeRadius", task.segments.range_radius),
                            ("MinSize", task.segments.min_size), ("MinCropArea", task.segments.min_crop_area)):
            _add(segments, name, value)
    _write(path, root)


def write_product(path, name, task, created, acquisitions, files):
    """Write name, level, dates and file list of the product."""
    root = Element("Product")
    for element, value in (("Name", name), ("Level", task.kind), ("SiteId", task.info.site),
                           ("CreationDate", created), ("AcquisitionStart", acquisitions[0]),
                           ("AcquisitionEnd", acquisitions[-1])):
        _add(root, element, value)
    _add_all(SubElement(root, "Files"), "File", files)
    _write(path, root)


def write_tile(path, grid, tile, images):
    """Write geocoding and image list of a tile."""
    root = Element("Tile")
    _add(root, "Id", tile)
    geocoding = SubElement(root, "Geocoding")
    for name, value in (("CoordinateSystem", grid.crs_wkt), ("Rows", grid.height), ("Columns", grid.width),
                        ("UpperLeftX", f"{grid.west:.10g}"), ("UpperLeftY", f"{grid.north:.10g}"),
                        ("PixelSizeX", f"{grid.pixel_width:.10g}"), ("PixelSizeY", f"{grid.pixel_height:.10g}")):
        _add(geocoding, name, value)
    _add_all(SubElement(root, "Images"), "Image", images)
    _write(path, root)


def _add(parent, name, value):
    text = "".join(character for character in str(value) if character.isprintable())
    SubElement(parent, name).text = text


def _add_all(parent, name, values):
    for value in values:
        _add(parent, name, value)


def _write(path, root):
    indent(root)
    ElementTree(root).write(path, encoding="UTF-8", xml_declaration=True)
