"""Parcels that train and parcels that judge, divided once and for all."""

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
from ...compute.insitu.parcels import Parcel, similar_spellings
from ...compute.insitu.split import METHODS, SEN2AGRI_SPLIT, SMALL_CLASSES, SplitSettings, block_of, split_parcels
from ...provider.base import Algorithm, Group
from ...provider.geometry import Surveyor, polygons_in, sharing_ground
from ...provider.insitu import (
    check_insitu,
    common_fields,
    declare_insitu,
    insitu_layers,
    labelled_parcels,
    transform_between,
    with_fields,
)
from ...provider.outputs import write_layers
from ...provider.parcels import listed
from ...provider.progress import FeedbackProgress
from ..sentinel2.options import choice


class SplitInsitu(Algorithm):
    """Parcels in; two layers of parcels out."""

    NAME = "splitinsitu"
    TITLE = "Split parcels into training and validation"
    GROUP = Group.INSITU
    TAGS = ("training", "validation", "sample", "random", "stratified", "spatial blocks", "cross-validation",
            "sen2-agri")
    HELP = ("Divides parcels into those that train a classifier and those that judge its map: whole parcels, drawn at "
            "random class by class, or whole blocks of land. Never pixels: those of one parcel resemble each other so "
            "much that a map judged by them looks far better than it is.")

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
            QgsProcessingParameterNumber(self.TRAINING_FRACTION, self.tr("Share of parcels that train"), real,
                                         defaults.training_share, minValue=0.01, maxValue=0.99),
            "of each class; the others judge. Three quarters is the share of Sen2-Agri.")
        self.declare(
            choice(self.SPLIT_BY, self.tr("Draw"), METHODS, defaults.method),
            "parcels draws single parcels; blocks draws squares of land with all parcels in them, so that neighbours "
            "of training parcels do not judge. Blocks are sterner, and nearer to the truth where parcels lie dense.")
        self.declare(
            QgsProcessingParameterNumber(self.BLOCK_SIZE, self.tr("Block size (metres)"), real, defaults.block_size,
                                         minValue=10.0),
            "edge of a block, in metres on the ground; a few times the size of a farm. Only used with blocks.")
        self.declare(
            choice(self.SMALL_CLASSES, self.tr("Classes too small to divide"), SMALL_CLASSES,
                   defaults.small_classes),
            "both puts all their parcels into both layers, as Sen2-Agri does; training lets them train only, and of "
            "two parcels spares one to judge. Either way the log names the classes that nothing can judge.",
            advanced=True)
        self.declare(
            QgsProcessingParameterNumber(self.SEED, self.tr("Seed"), QgsProcessingParameterNumber.Type.Integer,
                                         defaults.seed, minValue=0),
            "of the random draw: the same seed gives the same division.", advanced=True)
        self.declare(
            QgsProcessingParameterFeatureSink(self.TRAINING, self.tr("Training parcels"), polygons),
            "the parcels that train, with all their attributes.")
        self.declare(
            QgsProcessingParameterFeatureSink(self.VALIDATION, self.tr("Validation parcels"), polygons),
            "the parcels that judge, with all their attributes.")
        self.addOutput(QgsProcessingOutputNumber(self.TRAINING_COUNT, self.tr("Training parcels written")))
        self.addOutput(QgsProcessingOutputNumber(self.VALIDATION_COUNT, self.tr("Validation parcels written")))
        self.addOutput(QgsProcessingOutputString(self.UNASSESSED_CLASSES, self.tr("Classes that nothing can judge")))

    def checkParameterValues(self, parameters, context):
        """One kind of parcels, and a class field where one is needed."""
        message = check_insitu(self, parameters, context)
        return (False, message) if message else super().checkParameterValues(parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback):
        """Open the parcels."""
        self.layers = insitu_layers(self, parameters, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Read, divide, write."""
        progress = FeedbackProgress(feedback)
        settings = SplitSettings(
            self.parameterAsDouble(parameters, self.TRAINING_FRACTION, context),
            self.parameterAsInt(parameters, self.SEED, context),
            self.parameterAsEnumString(parameters, self.SPLIT_BY, context),
            self.parameterAsDouble(parameters, self.BLOCK_SIZE, context),
            self.parameterAsEnumString(parameters, self.SMALL_CLASSES, context))
        found = labelled_parcels(self.layers, progress.part(0.0, 0.5))
        usable = {parcel.identifier: parcel for parcel in found
                  if parcel.code and not polygons_in(parcel.feature.geometry()).isEmpty()}
        if not usable:
            raise UnsuitableInput("No parcel has both a class and a geometry. Check the layer.")
        self._say_left_out(found, progress)
        blocks = self._blocks(usable, settings.block_size, context, progress) if settings.method == "blocks" else None
        split = split_parcels([Parcel(identifier, parcel.code, {}) for identifier, parcel in usable.items()], settings,
                              blocks, progress)
        self._say_result(split, settings, blocks, progress)
        fields = common_fields(self.layers)
        crs = self.layers[0].source.sourceCrs()
        features = {name: [self._in_crs(usable[parcel.identifier], fields, crs, context, progress) for parcel in part]
                    for name, part in ((self.TRAINING, split.training), (self.VALIDATION, split.validation))}
        self._say_shared(features, split, Surveyor(crs, context.transformContext()), progress)
        progress.step(1.0)
        kind = QgsWkbTypes.multiType(self.layers[0].source.wkbType())
        layers = write_layers(self, parameters, context, (fields, kind, crs), features, progress)
        return {**layers, self.TRAINING_COUNT: len(split.training), self.VALIDATION_COUNT: len(split.validation),
                self.UNASSESSED_CLASSES: ", ".join(split.unassessed)}

    def _say_left_out(self, found, progress):
        unlabelled = sum(not parcel.code for parcel in found)
        shapeless = sum(bool(parcel.code) and polygons_in(parcel.feature.geometry()).isEmpty() for parcel in found)
        if unlabelled:
            progress.warn(f"{unlabelled} parcels have no class (empty class field) and were left out.")
        if shapeless:
            progress.warn(f"{shapeless} parcels have no area and were left out.")
        for sentence in similar_spellings(parcel.code for parcel in found):
            progress.warn(sentence)

    def _say_result(self, split, settings, blocks, progress):
        trains, judges = (Counter(parcel.code for parcel in part) for part in (split.training, split.validation))
        if blocks is not None:
            progress.say(f"Blocks of {settings.block_size:g} m with parcels: {len(set(blocks.values()))}.")
        for code in sorted(trains):
            progress.say(f"{code}: {trains[code]} train, {judges[code]} judge.")
        if split.unassessed:
            names = listed(split.unassessed)
            few = "Too few parcels to be divided" if blocks is None else (
                "Too few blocks to be divided, a smaller BLOCK_SIZE makes more")
            progress.warn(
                f"{few}: {names}. All of them are in both layers, as in Sen2-Agri: figures on "
                "these classes say how well the map repeats its training, not how good it is."
                if settings.small_classes == "both" else
                f"{few}: {names}. They train and none judges: nothing can be said about how "
                "well the map finds these classes.")

    def _say_shared(self, features, split, surveyor, progress):
        """Parcels that judge although others that lie on them train."""
        in_both = {parcel.identifier for parcel in split.training} & {parcel.identifier for parcel in split.validation}
        judging = [feature.geometry() for feature, parcel in zip(features[self.VALIDATION], split.validation)
                   if parcel.identifier not in in_both]
        shared = sharing_ground([feature.geometry() for feature in features[self.TRAINING]], judging, surveyor,
                                progress.part(0.8, 1.0))
        if shared:
            progress.warn(f"{shared} of the parcels that judge share ground with parcels that train: a map judged by "
                          "these pixels looks better than it is. Prepare in-situ data cuts out what several parcels "
                          "claim; run it first.")

    def _blocks(self, usable, size, context, progress):
        """The block of each parcel: the one that its middle lies in."""
        degrees = QgsCoordinateReferenceSystem("EPSG:4326")
        transforms = [transform_between(layer.source, degrees, context) for layer in self.layers]
        blocks = {}
        for number, (identifier, parcel) in enumerate(usable.items()):
            progress.step(0.5 + 0.3 * number / len(usable))
            middle = parcel.feature.geometry().boundingBox().center()
            try:
                place = transforms[parcel.layer].transform(middle)
            except QgsCsException as error:
                raise UnsuitableInput("Some parcels have coordinates that do not exist in the coordinate reference "
                                      "system of their layer. Give it the right one.") from error
            blocks[identifier] = block_of(place.x(), place.y(), size)
        return blocks

    def _in_crs(self, parcel, fields, crs, context, progress):
        """The feature of a parcel as the outputs take it."""
        progress.check()
        feature = with_fields(parcel, fields, self.layers)
        geometry = polygons_in(feature.geometry())
        source = self.layers[parcel.layer].source
        if source.sourceCrs() != crs:
            geometry.transform(transform_between(source, crs, context))
        geometry.convertToMultiType()
        feature.setGeometry(geometry)
        return feature
