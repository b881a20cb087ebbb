"""Split of parcels into training and validation parcels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCsException,
    QgsFeature,
    QgsFields,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsWkbTypes,
)

from ...compute.declarations import ParameterDeclaration, with_defaults
from ...compute.errors import UnsuitableInput
from ...compute.insitu.parcel import Parcel, similar_spellings
from ...compute.insitu.parcel_split import (
    SEN2AGRI_SPLIT,
    SPLIT_PARAMETERS,
    Split,
    SplitSettings,
    block_of,
    split_parcels,
)
from ...compute.messages import listed
from ...compute.progress import Progress
from ...provider.base import Algorithm, Group, OutputValue, Parameters
from ...provider.insitu_inputs import (
    INSITU_PARAMETERS,
    LabelledParcel,
    check_insitu,
    common_fields,
    insitu_layers,
    labelled_parcels,
    with_fields,
)
from ...provider.layer_outputs import write_layers
from ...provider.parameters import read_settings
from ...vector.parcel_geometry import MetricGeometry, count_overlapping, polygons_in
from ...vector.transforms import transform_between

TRAINING = ParameterDeclaration(
    "TRAINING", "Training parcels", "Parcels for training, with all their attributes.", kind="layer_destination")
VALIDATION = ParameterDeclaration(
    "VALIDATION", "Validation parcels", "Parcels for validation, with all their attributes.", kind="layer_destination")
TRAINING_COUNT = ParameterDeclaration("TRAINING_COUNT", "Training parcels written", kind="number_result")
VALIDATION_COUNT = ParameterDeclaration("VALIDATION_COUNT", "Validation parcels written", kind="number_result")
UNASSESSED_CLASSES = ParameterDeclaration(
    "UNASSESSED_CLASSES", "Classes without validation parcels", kind="text_result")

# Row and column of the block of each parcel, by its identifier.
Blocks = dict[tuple, tuple[int, int]]


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
    PARAMETERS = (*INSITU_PARAMETERS, *with_defaults(SPLIT_PARAMETERS, SEN2AGRI_SPLIT), TRAINING, VALIDATION,
                  TRAINING_COUNT, VALIDATION_COUNT, UNASSESSED_CLASSES)

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """Check the parcels and the class field."""
        message = check_insitu(self, parameters, context)
        return (False, message) if message else super().checkParameterValues(parameters, context)

    def prepare_inputs(self, parameters: Parameters, context: QgsProcessingContext,
                       feedback: QgsProcessingFeedback) -> None:
        """Open the parcels."""
        self.layers = insitu_layers(self, parameters, context)

    def execute(self, parameters: Parameters, context: QgsProcessingContext,
                progress: Progress) -> dict[str, OutputValue]:
        """Read, split and write the parcels."""
        settings = SplitSettings(**read_settings(self, SPLIT_PARAMETERS, parameters, context))
        labelled = labelled_parcels(self.layers, progress.part(0.0, 0.5))
        usable = {parcel.identifier: parcel for parcel in labelled
                  if parcel.code and not polygons_in(parcel.feature.geometry()).isEmpty()}
        if not usable:
            raise UnsuitableInput("No parcel has both a class and a geometry. Check the class field and the layer.")
        self._report_omitted(labelled, progress)
        blocks = self._blocks(usable, settings.block_size, context, progress) if settings.split_by == "blocks" else None
        split = split_parcels([Parcel(identifier, parcel.code, {}) for identifier, parcel in usable.items()], settings,
                              blocks, progress)
        self._report_split(split, settings, blocks, progress)
        fields = common_fields(self.layers)
        crs = self.layers[0].source.sourceCrs()
        features = {name: [self._in_crs(usable[parcel.identifier], fields, crs, context, progress) for parcel in part]
                    for name, part in ((TRAINING.name, split.training), (VALIDATION.name, split.validation))}
        self._report_overlaps(features, split, MetricGeometry(crs, context.transformContext()), progress)
        progress.step(1.0)
        kind = QgsWkbTypes.multiType(self.layers[0].source.wkbType())
        layers = write_layers(self, parameters, context, (fields, kind, crs), features, progress)
        return {**layers, TRAINING_COUNT.name: len(split.training), VALIDATION_COUNT.name: len(split.validation),
                UNASSESSED_CLASSES.name: ", ".join(split.unassessed)}

    def _report_omitted(self, labelled: Sequence[LabelledParcel], progress: Progress) -> None:
        unlabelled = sum(not parcel.code for parcel in labelled)
        without_area = sum(bool(parcel.code) and polygons_in(parcel.feature.geometry()).isEmpty()
                           for parcel in labelled)
        if unlabelled:
            progress.warn(f"{unlabelled} parcels have no class (empty class field) and were left out.")
        if without_area:
            progress.warn(f"{without_area} parcels have no area and were left out.")
        for sentence in similar_spellings(parcel.code for parcel in labelled):
            progress.warn(sentence)

    def _report_split(self, split: Split, settings: SplitSettings, blocks: Blocks | None, progress: Progress) -> None:
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

    def _report_overlaps(self, features: dict[str, list[QgsFeature]], split: Split, metric: MetricGeometry,
                         progress: Progress) -> None:
        """Warn of validation parcels that overlap training parcels."""
        in_both = {parcel.identifier for parcel in split.training} & {parcel.identifier for parcel in split.validation}
        validation = [feature.geometry() for feature, parcel in zip(features[VALIDATION.name], split.validation)
                      if parcel.identifier not in in_both]
        overlapping = count_overlapping([feature.geometry() for feature in features[TRAINING.name]], validation, metric,
                                        progress.part(0.8, 1.0))
        if overlapping:
            progress.warn(f"{overlapping} of the validation parcels overlap training parcels, so the measured accuracy "
                          "will be too high. Remove overlaps with 'Prepare in-situ data' first.")

    def _blocks(self, usable: dict[tuple, LabelledParcel], size: float, context: QgsProcessingContext,
                progress: Progress) -> Blocks:
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

    def _in_crs(self, parcel: LabelledParcel, fields: QgsFields, crs: QgsCoordinateReferenceSystem,
                context: QgsProcessingContext, progress: Progress) -> QgsFeature:
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
