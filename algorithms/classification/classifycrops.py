"""LAND01 in one step: train on parcels, classify, assess."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
)

from ...compute.accuracy.insight import InsightWishes
from ...compute.accuracy.suspicious import suspicious_findings
from ...compute.forest.classify import ClassificationTask, classify
from ...compute.forest.mapping import MapPaths
from ...compute.forest.settings import ForestSettings
from ...compute.insitu.split import SplitSettings
from ...compute.raster.blocks import MOST_THREADS
from ...compute.raster.reader import RasterReader
from ...provider.base import ROOT, Algorithm, Group
from ...provider.findings import layout_and_features
from ...provider.inputs import is_null, layer_source, layers_of, lost_layers, parcels_of, raster_paths
from ...provider.outputs import write_layer
from ...provider.parcels import parcel_source
from ...provider.progress import FeedbackProgress
from ...provider.styling import dress

MODEL_FILTER = "Floefield forest (*.ffrf)"
REPORT_FILTER = "HTML files (*.html)"


class ClassifyCrops(Algorithm):
    """Rasters and parcels in; class map, confidence, accuracy, model and report out."""

    NAME = "classifycrops"
    TITLE = "Classify crops"
    GROUP = Group.CLASSIFICATION
    TAGS = ("random forest", "supervised", "land cover", "crop type", "crop map", "training", "validation", "accuracy",
            "kappa", "confusion matrix", "parcels", "sentinel-2")
    HELP = ("Trains a random forest on parcels whose crop is known, maps the crop of every pixel, and measures how "
            "good the map is on parcels that took no part in training. Feed it one stack of several dates (from the "
            "time series tool) or several rasters of one grid, and a polygon layer with a field that names the crop.")
    REQUIRES = ("rasterio", "sklearn", "jinja2", "matplotlib")

    RASTERS = "RASTERS"
    TRAINING = "TRAINING"
    CLASS_FIELD = "CLASS_FIELD"
    TRAINING_LAYERS = "TRAINING_LAYERS"
    VALIDATION = "VALIDATION"
    TRAINING_SHARE = "TRAINING_SHARE"
    TREES = "TREES"
    SAMPLES_PER_CLASS = "SAMPLES_PER_CLASS"
    MIN_LEAF = "MIN_LEAF"
    MAX_DEPTH = "MAX_DEPTH"
    BALANCED = "BALANCED"
    SEED = "SEED"
    THREADS = "THREADS"
    OUTPUT = "OUTPUT"
    CONFIDENCE = "CONFIDENCE"
    PROBABILITIES = "PROBABILITIES"
    CUTOFF_CURVE = "CUTOFF_CURVE"
    SUSPICIOUS = "SUSPICIOUS"
    MODEL = "MODEL"
    REPORT = "REPORT"
    OVERALL_ACCURACY = "OVERALL_ACCURACY"
    KAPPA = "KAPPA"

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        self._declare_inputs()
        self._declare_settings(ForestSettings(), SplitSettings())
        self._declare_outputs()

    def _declare_inputs(self):
        polygons = QgsProcessing.SourceType.TypeVectorPolygon
        rasters = QgsProcessingParameterMultipleLayers(self.RASTERS, self.tr("Rasters"),
                                                       QgsProcessing.SourceType.TypeRaster)
        rasters.setMinimumNumberInputs(1)
        self.declare(rasters, "one or more rasters of the same grid; every band is a feature. Bands of equal name are "
                              "told apart by the date of their raster.")
        self.declare(
            QgsProcessingParameterFeatureSource(
                self.TRAINING, self.tr("Training parcels (or, under Advanced, one layer for each class)"), [polygons],
                optional=True),
            "polygon layer with a field that names the class, in any coordinate reference system.")
        self.declare(
            QgsProcessingParameterField(self.CLASS_FIELD, self.tr("Class field"), optional=True,
                                        parentLayerParameterName=self.TRAINING),
            "field with the class, text or number. Parcels where it is empty are left out.")
        self.declare(
            QgsProcessingParameterMultipleLayers(
                self.TRAINING_LAYERS, self.tr("Training parcels, one layer for each class"), polygons, optional=True),
            "instead of one layer with a class field: several layers whose names are the classes.", advanced=True)
        self.declare(
            QgsProcessingParameterFeatureSource(self.VALIDATION, self.tr("Validation parcels"), [polygons],
                                                optional=True),
            "parcels that only judge the map, with the same class field. Without them, some of the training parcels of "
            "each class are held back for it.")

    def _declare_settings(self, forest, split):
        self.declare(
            QgsProcessingParameterNumber(self.TRAINING_SHARE, self.tr("Share of parcels that train"),
                                         QgsProcessingParameterNumber.Type.Double, split.training_share, minValue=0.01,
                                         maxValue=1.0),
            "of each class; the other parcels judge the map. Whole parcels are drawn, never single pixels. Not used "
            "with validation parcels of their own.")
        self._declare_whole(self.TREES, "Trees", forest.trees, 1, 10000, "number of trees in the forest.")
        self._declare_whole(
            self.SAMPLES_PER_CLASS, "Training pixels per class", forest.samples_per_class, 0, None,
            "at most so many pixels of each class train, drawn evenly from its training parcels; 0 takes all. More "
            "pixels make a slightly better map and a slower run.")
        self._declare_whole(
            self.MIN_LEAF, "Smallest leaf", forest.min_leaf, 1, None,
            "a leaf of a tree holds at least so many training pixels; 1 grows the trees fully.", advanced=True)
        self._declare_whole(self.MAX_DEPTH, "Depth of a tree", forest.max_depth, 0, None,
                            "at most so many levels; 0 sets no limit.", advanced=True)
        self.declare(
            QgsProcessingParameterBoolean(self.BALANCED, self.tr("All classes weigh the same"), forest.balanced),
            "otherwise a class weighs as much as it has training pixels. Finds more of the rare classes, at the cost "
            "of the frequent ones.", advanced=True)
        self.declare(
            QgsProcessingParameterBoolean(self.CUTOFF_CURVE, self.tr("Measure how early the map is good enough"),
                                          False),
            "the report shows the accuracy with the images up to each date. Takes a small forest for each date, so the "
            "run is longer.", advanced=True)
        self._declare_whole(self.SEED, "Seed", forest.seed, 0, None,
                            "of all random choices: the same seed gives the same result.", advanced=True)
        self._declare_whole(
            self.THREADS, "Threads", forest.threads, 0, 4 * MOST_THREADS,
            "worker threads; 0 lets Floefield choose. The result does not depend on it.", advanced=True)

    def _declare_whole(self, name, title, default, least, most, help_text, advanced=False):
        parameter = QgsProcessingParameterNumber(name, self.tr(title), QgsProcessingParameterNumber.Type.Integer,
                                                 default, minValue=least)
        if most is not None:
            parameter.setMaximum(most)
        self.declare(parameter, help_text, advanced)

    def _declare_outputs(self):
        self.declare(
            QgsProcessingParameterRasterDestination(self.OUTPUT, self.tr("Class map")),
            "GeoTIFF with the values 1 to n, colours and class names inside and beside it; 0 where some band has no "
            "data.")
        self.declare(
            QgsProcessingParameterRasterDestination(self.CONFIDENCE, self.tr("Confidence"), optional=True),
            "mean probability of the mapped class over all trees, 0 to 1 (float32); NaN where there is no class. "
            "Without confidence and probabilities the map is made faster.")
        self.declare(
            QgsProcessingParameterRasterDestination(self.PROBABILITIES, self.tr("Class probabilities"), optional=True,
                                                    createByDefault=False),
            "one band for each class, named by the class, 0 to 1 (float32); NaN where there is no class.")
        self.declare(
            QgsProcessingParameterFileDestination(self.MODEL, self.tr("Model"), MODEL_FILTER, optional=True,
                                                  createByDefault=False),
            "the trained forest in an open format, to be applied elsewhere.")
        self.declare(
            QgsProcessingParameterFileDestination(self.REPORT, self.tr("Report"), REPORT_FILTER, optional=True),
            "what went in, confusion matrix, accuracy of each class, importance of bands and dates, and warnings.")
        self.declare(
            QgsProcessingParameterFeatureSink(self.SUSPICIOUS, self.tr("Labels that look wrong"),
                                              QgsProcessing.SourceType.TypeVectorPolygon, optional=True,
                                              createByDefault=False),
            "parcels whose label the images contradict, the largest first: forests that have not seen the parcel are "
            "sure of another class. Takes five small forests.")
        self.addOutput(QgsProcessingOutputNumber(self.OVERALL_ACCURACY, self.tr("Overall accuracy (0 to 1)")))
        self.addOutput(QgsProcessingOutputNumber(self.KAPPA, self.tr("Kappa")))

    def checkParameterValues(self, parameters, context):
        """One kind of training parcels, and a class field where one is needed."""
        has_source, has_layers = (_is_given(parameters.get(name)) for name in (self.TRAINING, self.TRAINING_LAYERS))
        if has_source and has_layers:
            return False, self.tr("Give either TRAINING (one layer with a class field) or TRAINING_LAYERS (one layer "
                                  "for each class), not both.")
        if not (has_source or has_layers):
            return False, self.tr("Give training parcels: TRAINING (one layer with a class field) or TRAINING_LAYERS "
                                  "(one layer for each class).")
        if not _is_given(parameters.get(self.CLASS_FIELD)):
            if has_source:
                return False, self.tr("Choose CLASS_FIELD: the field of the training parcels that names the class.")
            if _is_given(parameters.get(self.VALIDATION)):
                return False, self.tr("Give CLASS_FIELD: the field of the validation parcels that names the class.")
        ok, message = super().checkParameterValues(parameters, context)
        lost = "" if ok else " ".join(filter(None, (lost_layers(parameters, name, context)
                                                    for name in (self.RASTERS, self.TRAINING_LAYERS))))
        return ok, lost or message

    def prepareAlgorithm(self, parameters, context, feedback):
        """Open layers: rasters become paths, parcels become sources with a name each."""
        self.rasters = raster_paths(self, parameters, self.RASTERS, context)
        self.class_field = self.parameterAsString(parameters, self.CLASS_FIELD, context)
        self.layers = layers_of(self, parameters, self.TRAINING_LAYERS, context)
        if self.layers:
            self.training = [(layer.name(), layer_source(layer, context)) for layer in self.layers]
        else:
            self.training = [("", parcel_source(self, parameters, self.TRAINING, context))]
        self.validation = None
        if _is_given(parameters.get(self.VALIDATION)):
            self.validation = parcel_source(self, parameters, self.VALIDATION, context)
        self.origins = {name: _origin(self, parameters, name, context) for name in (self.TRAINING, self.VALIDATION)}
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Read the parcels, classify, dress the results."""
        progress = FeedbackProgress(feedback)
        with RasterReader(self.rasters[0]) as raster:
            crs_wkt = raster.grid.crs_wkt
        task = self._task(parameters, context, crs_wkt, progress.part(0.0, 0.02))
        maps = MapPaths(*(self.parameterAsOutputLayer(parameters, name, context)
                          for name in (self.OUTPUT, self.CONFIDENCE, self.PROBABILITIES)))
        model, report = (self.parameterAsFileOutput(parameters, name, context) for name in (self.MODEL, self.REPORT))
        written = {}

        def deliver(found):
            if found.insight.suspicious is not None:
                layout, features = layout_and_features(suspicious_findings(found.insight.suspicious), crs_wkt, False)
                written[self.SUSPICIOUS] = write_layer(self, parameters, self.SUSPICIOUS, context, layout, features)

        result = classify(task, maps, model, report, progress.part(0.02, 1.0), deliver)

        group = self.tr("Floefield: crop classification")
        dress(maps.classes, self.tr("Crops"), context, group, algorithm=self)
        dress(maps.confidence, self.tr("Confidence"), context, group, algorithm=self)
        dress(maps.probabilities, self.tr("Class probabilities"), context, group, algorithm=self)
        dress(written.get(self.SUSPICIOUS), self.tr("Labels that look wrong"), context, group,
              ROOT / "styles" / "suspicious.qml", self)
        outputs = {**written, self.OUTPUT: maps.classes, self.CONFIDENCE: maps.confidence,
                   self.PROBABILITIES: maps.probabilities, self.MODEL: model, self.REPORT: report}
        outputs = {name: path for name, path in outputs.items() if path}
        if result.pixel_matrix is not None:
            outputs[self.OVERALL_ACCURACY] = result.pixel_matrix.overall_accuracy
            outputs[self.KAPPA] = result.pixel_matrix.kappa
        return outputs

    def _task(self, parameters, context, crs_wkt, progress):
        found, notes = [], []
        for name, source in self.training:
            read = parcels_of(source, "" if name else self.class_field, crs_wkt, context, progress, name)
            found += read.parcels
            notes += [f"{name}: {note}" if name else note for note in read.notes()]
        validation = None
        if self.validation is not None:
            read = parcels_of(self.validation, self.class_field, crs_wkt, context, progress)
            validation = read.parcels
            notes += [self.tr("Validation: {}").format(note) for note in read.notes()]
        for note in notes:
            progress.say(note)
        seed = self.parameterAsInt(parameters, self.SEED, context)
        return ClassificationTask(
            rasters=self.rasters, parcels=tuple(found), validation=validation,
            forest=ForestSettings(
                trees=self.parameterAsInt(parameters, self.TREES, context),
                samples_per_class=self.parameterAsInt(parameters, self.SAMPLES_PER_CLASS, context),
                min_leaf=self.parameterAsInt(parameters, self.MIN_LEAF, context),
                max_depth=self.parameterAsInt(parameters, self.MAX_DEPTH, context),
                balanced=self.parameterAsBoolean(parameters, self.BALANCED, context),
                seed=seed, threads=self.parameterAsInt(parameters, self.THREADS, context)),
            split=SplitSettings(self.parameterAsDouble(parameters, self.TRAINING_SHARE, context), seed),
            parcels_path=self.origins[self.TRAINING] or ", ".join(layer.source() for layer in self.layers),
            class_field=self.class_field or self.tr("(name of the layer)"),
            validation_path=self.origins[self.VALIDATION], notes=tuple(notes),
            insight=InsightWishes(
                profiles=_is_given(parameters.get(self.REPORT)), suspicious=_is_given(parameters.get(self.SUSPICIOUS)),
                early=self.parameterAsBoolean(parameters, self.CUTOFF_CURVE, context)))


def _is_given(value):
    return not is_null(value) and value != []


def _origin(algorithm, parameters, name, context):
    """Where the parcels of a parameter lie, as far as QGIS can say."""
    value = parameters.get(name)
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        value = value.source.staticValue()
    layer = algorithm.parameterAsVectorLayer({name: value}, name, context)
    return layer.source() if layer is not None else ""
