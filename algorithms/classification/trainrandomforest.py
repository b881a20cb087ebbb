"""The first half of LAND01: a forest trained on parcels and kept in a file."""

from dataclasses import replace

from ...compute.forest.classify import classify
from ...compute.forest.mapping import MapPaths
from ...compute.forest.settings import ForestSettings
from ...provider.base import Algorithm, Group
from ...provider.progress import FeedbackProgress
from . import insight, options, training


class TrainRandomForest(Algorithm):
    """Rasters and parcels in; a model file and a report on its accuracy out."""

    NAME = "trainrandomforest"
    TITLE = "Train a random forest"
    GROUP = Group.CLASSIFICATION
    TAGS = ("random forest", "extra trees", "supervised", "classifier", "model", "training", "validation", "accuracy",
            "save", "parcels")
    HELP = ("Trains a random forest on parcels whose class is known, keeps it in a model file, and measures how good "
            "it is on parcels that took no part in training. Apply the model to the same or other rasters with Apply a "
            "random forest. To train and map in one run, use Classify crops.")
    REQUIRES = ("rasterio", "sklearn", "jinja2", "matplotlib")

    def initAlgorithm(self, configuration=None):
        """Declare the parameters."""
        options.add_rasters(self)
        options.add_training(self)
        options.add_raster_options(self)
        options.add_forest(self, ForestSettings())
        insight.add_insight(self)
        options.add_seed_and_threads(self, ForestSettings())
        options.add_model_and_report(self, is_model_wanted=True)

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
        """Read the parcels and train."""
        progress = FeedbackProgress(feedback)
        task = training.read_task(self, parameters, context, self.inputs, progress.part(0.0, 0.02))
        task = replace(task, insight=insight.insight_wishes(self, parameters, context))
        delivery = insight.Delivery(self, parameters, context, self.inputs.rasters[0])
        model, report = (self.parameterAsFileOutput(parameters, name, context)
                         for name in (options.MODEL, options.REPORT))
        result = classify(task, MapPaths(), model, report, progress.part(0.02, 1.0), delivery)

        outputs = {options.MODEL: model, **delivery.dress(), **training.accuracy_outputs(result)}
        return {**outputs, options.REPORT: report} if report else outputs
