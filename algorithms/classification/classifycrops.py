"""LAND01 in one step: train on parcels, classify, assess."""

from dataclasses import replace

from ...compute.forest.classify import classify
from ...compute.forest.settings import ForestSettings
from ...provider.base import Algorithm, Group
from ...provider.progress import FeedbackProgress
from . import insight, options, training


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

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        options.add_rasters(self)
        options.add_training(self)
        options.add_raster_options(self)
        options.add_forest(self, ForestSettings())
        options.add_map_rules(self)
        insight.add_insight(self)
        options.add_seed_and_threads(self, ForestSettings())
        options.add_maps(self)
        options.add_model_and_report(self, is_model_wanted=False)

    def checkParameterValues(self, parameters, context):
        """One kind of training parcels, and a class field where one is needed."""
        message = training.check_training(self, parameters) or insight.check_insight(self, parameters)
        if message:
            return False, message
        ok, message = super().checkParameterValues(parameters, context)
        return ok, message if ok else training.lost_inputs(parameters, context) or message

    def prepareAlgorithm(self, parameters, context, feedback):
        """Layers become paths and sources."""
        self.inputs = training.prepare_training(self, parameters, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Read the parcels, classify, dress the results."""
        progress = FeedbackProgress(feedback)
        task = training.read_task(self, parameters, context, self.inputs, progress.part(0.0, 0.02))
        task = replace(task, insight=insight.insight_wishes(self, parameters, context))
        delivery = insight.Delivery(self, parameters, context, self.inputs.rasters[0])
        maps = training.map_paths(self, parameters, context)
        model, report = (self.parameterAsFileOutput(parameters, name, context)
                         for name in (options.MODEL, options.REPORT))
        result = classify(task, maps, model, report, progress.part(0.02, 1.0), delivery)

        files = {name: path for name, path in ((options.MODEL, model), (options.REPORT, report)) if path}
        return {**training.dress_maps(self, maps, context), **delivery.dress(), **files,
                **training.accuracy_outputs(result)}
