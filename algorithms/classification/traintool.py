"""Base class of the tools that train a classifier."""

from dataclasses import replace

from ...compute.forest.classify import classify
from ...provider.progress import FeedbackProgress
from . import insight, options, training


class TrainingTool:
    """Mixin with the checks, inputs and run of the tools that train on parcels or a raster of classes."""

    def checkParameterValues(self, parameters, context):
        """Check training data, class field and rasters."""
        message = training.check_training(self, parameters) or insight.check_insight(self, parameters)
        if message:
            return False, message
        ok, message = super().checkParameterValues(parameters, context)
        return ok, message if ok else training.unloadable_inputs(parameters, context) or message

    def prepareAlgorithm(self, parameters, context, feedback):
        """Convert layers to paths and feature sources."""
        self.inputs = training.prepare_training(self, parameters, context)
        return True

    def train(self, parameters, context, feedback, maps):
        """Read the reference data, train, write the requested maps and assess the accuracy.

        Parameters
        ----------
        maps : MapPaths

        Returns
        -------
        dict
            All outputs except the maps.
        """
        progress = FeedbackProgress(feedback)
        task = training.read_task(self, parameters, context, self.inputs, progress.part(0.0, 0.02))
        task = replace(task, insight=insight.requested_diagnostics(self, parameters, context))
        suspect_labels = insight.SuspectLabelWriter(self, parameters, context, self.inputs.rasters[0], progress)
        files = {name: self.parameterAsFileOutput(parameters, name, context)
                 for name in (options.MODEL, options.REPORT)}
        result = classify(task, maps, *files.values(), progress.part(0.02, 1.0), suspect_labels)
        written = {name: path for name, path in files.items() if path}
        return {**written, **suspect_labels.dress(), **training.accuracy_outputs(result)}
