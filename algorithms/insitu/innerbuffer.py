"""Inner (negative) buffer of parcels, which removes mixed border pixels from the training data."""

from __future__ import annotations

from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsWkbTypes

from ...compute.declarations import ParameterDeclaration, with_defaults
from ...compute.insitu.insitu_preparation import INNER_BUFFER_PARAMETERS, InnerBufferSettings
from ...compute.messages import listed
from ...compute.progress import Progress
from ...provider.base import Algorithm, Group, OutputValue, Parameters
from ...provider.layer_outputs import write_layer
from ...provider.parameters import read, read_settings
from ...provider.parcel_inputs import parcel_source, parcels
from ...vector.parcel_geometry import MetricGeometry, valid_polygons

INPUT = ParameterDeclaration(
    "INPUT", "Parcels", "Polygon layer in any coordinate reference system.", kind="polygons")
DISTANCE, SEGMENTS = with_defaults(INNER_BUFFER_PARAMETERS, InnerBufferSettings())
OUTPUT = ParameterDeclaration(
    "OUTPUT", "Buffered parcels",
    "Parcels after the buffer, with the same attributes, as multi-part polygons without Z values.",
    kind="layer_destination")
INPUT_COUNT = ParameterDeclaration("INPUT_COUNT", "Parcels read", kind="number_result")
OUTPUT_COUNT = ParameterDeclaration("OUTPUT_COUNT", "Parcels written", kind="number_result")
REMOVED_COUNT = ParameterDeclaration("REMOVED_COUNT", "Parcels removed by the buffer", kind="number_result")


class InnerBuffer(Algorithm):
    """Move the borders of parcels inwards by a distance in metres."""

    NAME = "innerbuffer"
    TITLE = "Inner buffer of parcels"
    GROUP = Group.INSITU
    TAGS = ("negative buffer", "erode", "shrink", "border", "mixed pixels", "edge pixels", "training data", "in-situ",
            "fields", "crops", "sen2-agri")
    HELP = ("Moves the border of each parcel inwards by a distance in metres, so that no mixed border pixels are used "
            "for training. The layer may have any coordinate reference system, also in degrees. Invalid geometries are "
            "repaired, attributes are kept, and parcels too narrow for the buffer are counted and listed.")
    PARAMETERS = (INPUT, DISTANCE, SEGMENTS, OUTPUT, INPUT_COUNT, OUTPUT_COUNT, REMOVED_COUNT)

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """Refuse a distance that is not positive."""
        if read(self, DISTANCE, parameters, context) <= 0:
            return False, self.tr("DISTANCE must be above 0: the border moves inwards by this many metres.")
        return super().checkParameterValues(parameters, context)

    def prepare_inputs(self, parameters: Parameters, context: QgsProcessingContext,
                       feedback: QgsProcessingFeedback) -> None:
        """Open the parcels."""
        self.source = parcel_source(self, parameters, INPUT.name, context)

    def execute(self, parameters: Parameters, context: QgsProcessingContext,
                progress: Progress) -> dict[str, OutputValue]:
        """Buffer the parcels one by one."""
        settings = InnerBufferSettings(**read_settings(self, INNER_BUFFER_PARAMETERS, parameters, context))
        crs = self.source.sourceCrs()
        metric = MetricGeometry(crs, context.transformContext())
        buffered, repaired, empty, vanished = [], [], [], []
        for parcel in parcels(self.source, progress):
            polygons, was_invalid = valid_polygons(parcel.geometry())
            if polygons.isEmpty():
                empty.append(parcel.id())
                continue
            if was_invalid:
                repaired.append(parcel.id())
            polygons = metric.inner_buffer(polygons, settings.distance, settings.segments)
            if polygons.isEmpty():
                vanished.append(parcel.id())
                continue
            parcel.setGeometry(polygons)
            buffered.append(parcel)
        progress.step(1.0)

        if repaired:
            progress.say(f"Parcels with invalid geometry, repaired: {len(repaired)} (ids "
                         f"{listed(repaired, maximum=20)}).")
        if empty:
            progress.warn(f"Parcels without an area, left out: {len(empty)} (ids {listed(empty, maximum=20)}).")
        if vanished:
            progress.warn(f"Parcels removed, because no point in them is {settings.distance:g} m from the border: "
                          f"{len(vanished)} (ids {listed(vanished, maximum=20)}).")
        if not buffered:
            progress.warn("No parcel is left. Choose a smaller DISTANCE.")
        layout = (self.source.fields(), QgsWkbTypes.Type.MultiPolygon, crs)
        removed = len(empty) + len(vanished)
        return {OUTPUT.name: write_layer(self, parameters, OUTPUT.name, context, layout, buffered, progress),
                INPUT_COUNT.name: len(buffered) + removed, OUTPUT_COUNT.name: len(buffered),
                REMOVED_COUNT.name: removed}
