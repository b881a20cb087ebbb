"""Requirements of every tool: stable id, help for each parameter, page of the user guide, row in the README."""

import re

import pytest


@pytest.fixture
def tools(provider):
    """The tools by id, without models."""
    return {tool.name(): tool for tool in provider.algorithms() if hasattr(tool, "REQUIRES")}


def test_the_provider_is_registered_once(provider):
    from qgis.core import QgsApplication

    ids = [registered.id() for registered in QgsApplication.processingRegistry().providers()]
    assert ids.count("floefield") == 1
    assert provider.defaultRasterFileExtension() == "tif"


def test_ids_are_lower_case_and_parameter_names_upper_case(tools):
    assert tools
    for name, tool in tools.items():
        assert re.fullmatch(r"[a-z][a-z0-9]+", name)
        for parameter in tool.parameterDefinitions():
            assert re.fullmatch(r"[A-Z][A-Z0-9_]*", parameter.name()), f"{name}: {parameter.name()}"


def test_every_parameter_has_help_which_the_help_of_the_tool_contains(tools):
    for name, tool in tools.items():
        for parameter in tool.parameterDefinitions():
            assert parameter.help(), f"{name}: {parameter.name()} has no help"
            assert parameter.help() in tool.shortHelpString()
        assert tool.HELP in tool.shortHelpString()


def test_every_tool_has_a_title_tags_a_group_and_an_icon(tools):
    for tool in tools.values():
        assert tool.displayName()
        assert tool.group()
        assert tool.tags()
        assert not tool.icon().isNull()


def test_every_declared_default_is_accepted(tools, qgis_new_project):
    for name, tool in tools.items():
        for parameter in tool.parameterDefinitions():
            if parameter.defaultValue() is not None:
                assert parameter.checkValueIsAcceptable(parameter.defaultValue()), f"{name}: {parameter.name()}"


def test_required_packages_are_known(tools):
    from floefield.provider.packages import PACKAGES

    for name, tool in tools.items():
        assert set(tool.REQUIRES) <= set(PACKAGES), name


def test_every_tool_and_model_has_a_page_and_every_page_one_of_them(provider, root):
    pages = {page.stem for page in (root / "docs" / "tools").glob("*.md")}
    assert pages == {tool.name() for tool in provider.algorithms()}
    assert all(tool.helpUrl().endswith(f"/docs/tools/{tool.name()}.md") for tool in provider.algorithms())


def test_every_tool_is_in_the_table_of_the_readme(tools, root):
    rows = [line for line in (root / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    for name in tools:
        assert any(f"`{name}`" in row for row in rows), f"the README's table of tools lacks {name}"


def test_every_shipped_model_is_a_tool_with_outputs(provider, root):
    models = {tool.name(): tool for tool in provider.algorithms() if not hasattr(tool, "REQUIRES")}
    assert len(models) == len(list((root / "resources" / "models").glob("*.model3")))
    for name, model in models.items():
        assert model.outputDefinitions(), name
        assert model.canExecute()[0], name


def test_the_steps_of_the_shipped_models_are_valid(provider):
    from floefield.provider.shipped_models import shipped_models

    problems = [(model.name(), child, messages) for model in shipped_models() for child in model.childAlgorithms()
                for valid, messages in [model.validateChildAlgorithm(child)] if not valid]
    assert problems == []
