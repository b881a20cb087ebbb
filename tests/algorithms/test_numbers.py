"""Numbers that cannot be computed with are refused by every tool, with the name of the parameter."""

import math

import pytest
from qgis.core import QgsProcessingContext, QgsProcessingException, QgsProcessingParameterNumber, QgsVectorLayer


def numeric_parameters(tool):
    return [one for one in tool.parameterDefinitions() if isinstance(one, QgsProcessingParameterNumber)]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, "nan", "inf", 2 ** 63, 10 ** 400])
def test_every_number_of_every_tool_must_be_finite(provider, value):
    accepted = []
    for tool in [one for one in provider.algorithms() if hasattr(one, "REQUIRES")]:
        for parameter in numeric_parameters(tool):
            deferred = tool.create()
            deferred.prepareAlgorithm({parameter.name(): value}, QgsProcessingContext(), None)
            if f"{parameter.name()} (" not in deferred.deferred_error:
                accepted.append((tool.name(), parameter.name()))
    assert not accepted


def test_usual_numbers_are_accepted(provider):
    from floefield.provider.parameters import check_numbers

    for tool in [one for one in provider.algorithms() if hasattr(one, "REQUIRES")]:
        for parameter in numeric_parameters(tool):
            check_numbers(tool, {parameter.name(): parameter.defaultValue()})
            check_numbers(tool, {parameter.name(): str(parameter.defaultValue())})


def test_a_run_with_not_a_number_ends_in_a_sentence(run):
    parcels = QgsVectorLayer("Polygon?crs=EPSG:32631", "parcels", "memory")
    with pytest.raises(QgsProcessingException, match=r"DISTANCE \(Buffer distance \(m\)\) is nan"):
        run("innerbuffer", {"INPUT": parcels, "DISTANCE": math.nan, "OUTPUT": "TEMPORARY_OUTPUT"})


@pytest.mark.parametrize(("name", "hint"), [
    ("SAMPLES_PER_CLASS", "Did you mean SAMPLES_PER_SCENE?"), ("trees", "Did you mean TREES?"),
    ("FOO", "Its parameters are: SCENES, SCENES_FOLDER, ")])
def test_a_value_for_no_parameter_is_refused(run, tmp_path, name, hint):
    parameters = dict.fromkeys(("SCENES_FOLDER", "CHARTS_FOLDER", "OUTPUT_FOLDER"), tmp_path)
    with pytest.raises(QgsProcessingException) as refused:
        run("classifyseaice", {**parameters, name: 1})
    assert f"Classify sea ice has no parameter {name}. {hint}" in str(refused.value)
