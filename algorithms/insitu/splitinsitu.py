"""Split of parcels into training and validation parcels."""

from collections import Counter

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCsException,
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

from ...compute.errors import UnsuitableInput
from ...compute.insitu.parcel import Parcel, similar_spellings
from ...compute.insitu.parcel_split import (
    METHODS,
    SEN2AGRI_SPLIT,
    SMALL_CLASSES,
    SplitSettings,
    block_of,
    split_parcels,
)
from ...compute.messages import listed
from ...provider.base import Algorithm, Group
from ...provider.insitu_inputs import (
    check_insitu,
    common_fields,
    declare_insitu,
    insitu_layers,
    labelled_parcels,
    with_fields,
)
from ...provider.layer_outputs import write_layers
from ...provider.parameters import choice
from ...vector.parcel_geometry import MetricGeometry, count_overlapping, polygons_in
from ...vector.transforms import transform_between


class SplitInsitu(Algorithm):
    """Assign each parcel to training or validation."""

    NAME = "splitinsitu"
    TITLE = "Split parcels into training and validation"
    GROUP = Group.INSITU
    TAGS = ("training data", "validation data", "train test split", "hold-out", "random sample", "stratified",
            "spatial blocks", "spatial autocorrelation", "cross-validation", "in-situ", "sen2-agri")
    HELP = ("Splits parcels into training and validation parcels, at random within each class (stratified), by whole "
            "parcels or by whole spatial blocks. Pixels are never split: pixels of one parcel are so similar that "
            "accuracy measured on them is far too high.")

    TRAINING_FRACTION = "TRAINING_FRACTION"
    SPLIT_BY = "SPLIT_BY"
    BLOCK_SIZE = "BLOCK_SIZE"
    SMALL_CLASSES = "SMALL_CLASSES"
    SEED = "SEED"
    TRAINING = "TRAINING"
    VALIDATION = "VALIDATION"
    TRAINING_COUNT = "TRAINING_COUNT"
    VALIDATION_COUNT = "VALIDATION_COUNT"
    UNASSESSED_CLASSES = "UNASSESSED_CLASSES"

    def initAlgorithm(self, config=None):
        """Declare the parameters."""
        defaults = SEN2AGRI_SPLIT
        real = QgsProcessingParameterNumber.Type.Double
        polygons = QgsProcessing.SourceType.TypeVectorPolygon
        declare_insitu(self)
        self.declare(
            QgsProcessingParameterNumber(self.TRAINING_FRACTION, self.tr("Training fraction (0 to 1)"), real,
                                         defaults.training_fraction, minValue=0.01, maxValue=0.99),
            "Fraction of the parcels of each class used for training; the rest are used for validation. Sen2-Agri uses "
            "0.75.")
        self.declare(
            choice(self.SPLIT_BY, self.tr("Split by"), METHODS, defaults.method),
            "Sampling unit: single parcels (parcels), or square blocks with all parcels in them (blocks), so that "
            "neighbours of training parcels are not used for validation. Choose blocks where parcels are dense: the "
            "accuracy is then less optimistic.")
        self.declare(
            QgsProcessingParameterNumber(self.BLOCK_SIZE, self.tr("Block size (m)"), real, defaults.block_size,
                                         minValue=10.0),
            "Side length of a block, in metres on the ground (10 or more); a few times the size of a farm. Only used "
            "with blocks.")
        self.declare(
            choice(self.SMALL_CLASSES, self.tr("Classes with too few parcels to split"), SMALL_CLASSES,
                   defaults.small_classes),
            "Treatment of these classes: both writes all their parcels to both layers, as Sen2-Agri does; training "
            "writes them to the training layer only, except that one of two parcels is used for validation. The log "
            "lists classes without independent validation parcels.",
            advanced=True)
        self.declare(
            QgsProcessingParameterNumber(self.SEED, self.tr("Random seed"),
                                         QgsProcessingParameterNumber.Type.Integer, defaults.seed, minValue=0),
            "Seed of the random sampling; the same seed gives the same split.", advanced=True)
        self.declare(
            QgsProcessingParameterFeatureSink(self.TRAINING, self.tr("Training parcels"), polygons),
            "Parcels for training, with all their attributes.")
        self.declare(
            QgsProcessingParameterFeatureSink(self.VALIDATION, self.tr("Validation parcels"), polygons),
            "Parcels for validation, with all their attributes.")
        self.addOutput(QgsProcessingOutputNumber(self.TRAINING_COUNT, self.tr("Training parcels written")))
        self.addOutput(QgsProcessingOutputNumber(self.VALIDATION_COUNT, self.tr("Validation parcels written")))
        self.addOutput(QgsProcessingOutputString(self.UNASSESSED_CLASSES,
                                                 self.tr("Classes without validation parcels")))

    def checkParameterValues(self, parameters, context):
        """Check the parcels and the class field."""
        message = check_insitu(self, parameters, context)
        return (False, message) if message else super().checkParameterValues(parameters, context)

    def prepare_inputs(self, parameters, context, feedback):
        """Open the parcels."""
        self.layers = insitu_layers(self, parameters, context)

    def execute(self, parameters, context, progress):
        """Read, split and write the parcels."""
        settings = SplitSettings(
            self.parameterAsDouble(parameters, self.TRAINING_FRACTION, context),
            self.parameterAsInt(parameters, self.SEED, context),
            self.parameterAsEnumString(parameters, self.SPLIT_BY, context),
            self.parameterAsDouble(parameters, self.BLOCK_SIZE, context),
            self.parameterAsEnumString(parameters, self.SMALL_CLASSES, context))
        labelled = labelled_parcels(self.layers, progress.part(0.0, 0.5))
        usable = {parcel.identifier: parcel for parcel in labelled
                  if parcel.code and not polygons_in(parcel.feature.geometry()).isEmpty()}
        if not usable:
            raise UnsuitableInput("No parcel has both a class and a geometry. Check the class field and the layer.")
        self._report_omitted(labelled, progress)
        blocks = self._blocks(usable, settings.block_size, context, progress) if settings.method == "blocks" else None
        split = split_parcels([Parcel(identifier, parcel.code, {}) for identifier, parcel in usable.items()], settings,
                              blocks, progress)
        self._report_split(split, settings, blocks, progress)
        fields = common_fields(self.layers)
        crs = self.layers[0].source.sourceCrs()
        features = {name: [self._in_crs(usable[parcel.identifier], fields, crs, context, progress) for parcel in part]
                    for name, part in ((self.TRAINING, split.training), (self.VALIDATION, split.validation))}
        self._report_overlaps(features, split, MetricGeometry(crs, context.transformContext()), progress)
        progress.step(1.0)
        kind = QgsWkbTypes.multiType(self.layers[0].source.wkbType())
        layers = write_layers(self, parameters, context, (fields, kind, crs), features, progress)
        return {**layers, self.TRAINING_COUNT: len(split.training), self.VALIDATION_COUNT: len(split.validation),
                self.UNASSESSED_CLASSES: ", ".join(split.unassessed)}

    def _report_omitted(self, labelled, progress):
        unlabelled = sum(not parcel.code for parcel in labelled)
        without_area = sum(bool(parcel.code) and polygons_in(parcel.feature.geometry()).isEmpty()
                           for parcel in labelled)
        if unlabelled:
            progress.warn(f"{unlabelled} parcels have no class (empty class field) and were left out.")
        if without_area:
            progress.warn(f"{without_area} parcels have no area and were left out.")
        for sentence in similar_spellings(parcel.code for parcel in labelled):
            progress.warn(sentence)

    def _report_split(self, split, settings, blocks, progress):
        training, validation = (Counter(parcel.code for parcel in part) for part in (split.training, split.validation))
        if blocks is not None:
            progress.say(f"Blocks of {settings.block_size:g} m with parcels: {len(set(blocks.values()))}.")
        for code in sorted(training):
            progress.say(f"{code}: {training[code]} for training, {validation[code]} for validation.")
        if split.unassessed:
            names = listed(split.unassessed)
            few = "Classes with too few parcels to split" if blocks is None else (
                "Classes in too few blocks to split (choose a smaller BLOCK_SIZE)")
            progress.warn(
                f"{few}: {names}. All their parcels are in both layers, as in Sen2-Agri: the accuracy of these classes "
                "is a training accuracy, which is too high."
                if settings.small_classes == "both" else
                f"{few}: {names}. They have training but no validation parcels, so their accuracy cannot be measured.")

    def _report_overlaps(self, features, split, metric, progress):
        """Warn of validation parcels that overlap training parcels."""
        in_both = {parcel.identifier for parcel in split.training} & {parcel.identifier for parcel in split.validation}
        validation = [feature.geometry() for feature, parcel in zip(features[self.VALIDATION], split.validation)
                      if parcel.identifier not in in_both]
        overlapping = count_overlapping([feature.geometry() for feature in features[self.TRAINING]], validation, metric,
                                        progress.part(0.8, 1.0))
        if overlapping:
            progress.warn(f"{overlapping} of the validation parcels overlap training parcels, so the measured accuracy "
                          "will be too high. Remove overlaps with 'Prepare in-situ data' first.")

    def _blocks(self, usable, size, context, progress):
        """Return the block of each parcel: the one that contains the centre of its bounding box."""
        degrees = QgsCoordinateReferenceSystem("EPSG:4326")
        transforms = [transform_between(layer.source, degrees, context) for layer in self.layers]
        blocks = {}
        for number, (identifier, parcel) in enumerate(usable.items()):
            progress.step(0.5 + 0.3 * number / len(usable))
            centre = parcel.feature.geometry().boundingBox().center()
            try:
                point = transforms[parcel.layer].transform(centre)
            except QgsCsException as error:
                raise UnsuitableInput("Some parcels have coordinates outside the validity of the coordinate reference "
                                      "system of their layer. Assign the right one.") from error
            blocks[identifier] = block_of(point.x(), point.y(), size)
        return blocks

    def _in_crs(self, parcel, fields, crs, context, progress):
        """Return the feature of a parcel with the fields and in the CRS of the outputs."""
        progress.check()
        feature = with_fields(parcel, fields, self.layers)
        geometry = polygons_in(feature.geometry())
        source = self.layers[parcel.layer].source
        if source.sourceCrs() != crs:
            geometry.transform(transform_between(source, crs, context))
        geometry.convertToMultiType()
        feature.setGeometry(geometry)
        return feature
