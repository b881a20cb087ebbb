"""What the tools that train a forest share: their checks, their inputs, and the one call that learns."""

from dataclasses import replace

from ...compute.forest.classify import classify
from ...provider.progress import FeedbackProgress
from . import insight, options, training


class TrainingTool:
    """Trains on parcels, or on a raster of classes, and judges by others."""

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

    def learn(self, parameters, context, feedback, maps):
        """Read the ground truth, train, map what is asked for, and judge.

        Parameters
        ----------
        maps : MapPaths

        Returns
        -------
        dict
            All outputs but the maps.
        """
        progress = FeedbackProgress(feedback)
        task = training.read_task(self, parameters, context, self.inputs, progress.part(0.0, 0.02))
        task = replace(task, insight=insight.insight_wishes(self, parameters, context))
        delivery = insight.Delivery(self, parameters, context, self.inputs.rasters[0], progress)
        files = {name: self.parameterAsFileOutput(parameters, name, context)
                 for name in (options.MODEL, options.REPORT)}
        result = classify(task, maps, *files.values(), progress.part(0.02, 1.0), delivery)
        written = {name: path for name, path in files.items() if path}
        return {**written, **delivery.dress(), **training.accuracy_outputs(result)}
