"""Requirements of every tool: help, page, rows in README, index, changelog and styles, a test, a fault."""

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
        assert tool.HELP, name
        assert tool.HELP in tool.shortHelpString(), name


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


def test_every_tool_and_model_is_in_readme_index_and_changelog(provider, root):
    rows = {name: [line for line in (root / name).read_text(encoding="utf-8").splitlines() if line.startswith("|")]
            for name in ("README.md", "docs/index.md")}
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    for name in (tool.name() for tool in provider.algorithms()):
        assert any(f"`{name}`" in row for row in rows["README.md"]), f"the README's table of tools lacks {name}"
        assert any(f"(tools/{name}.md)" in row for row in rows["docs/index.md"]), f"docs/index.md lacks {name}"
        assert f"`{name}`" in changelog, f"the changelog lacks {name}"


def test_every_tool_is_run_by_its_id_in_a_test(tools, root):
    tests = "".join(path.read_text(encoding="utf-8") for path in (root / "tests" / "algorithms").glob("test_*.py"))
    lacking = [name for name in tools if not re.search(rf'\brun\(\s*"{name}"', tests)]
    assert not lacking


def test_every_tool_meets_bad_input_in_a_test(tools):
    """Good input and at least one fault; see tests/journeys/test_faults.py."""
    from ..journeys.test_faults import FAULTS, GOOD

    assert set(tools) <= set(GOOD)
    assert set(tools) <= {name for name, _, _ in FAULTS}


def test_every_layer_that_a_tool_writes_has_a_style_or_a_reason(tools, root):
    """The table of docs/styles.md; a style in backticks exists."""
    styled = {}
    for row in re.findall(r"^\|(.+)\|(.+)\|(.+)\|$", (root / "docs" / "styles.md").read_text(encoding="utf-8"), re.M):
        names, outputs, style = (cell.strip() for cell in row)
        for name in re.findall(r"`(\w+)`", names):
            for output in re.findall(r"`(\w+)`", outputs):
                styled[name, output] = style
    written = {(name, parameter.name()) for name, tool in tools.items() for parameter in tool.parameterDefinitions()
               if parameter.type() in ("rasterDestination", "sink", "vectorDestination", "folderDestination")}
    assert set(styled) == written
    for (name, output), style in styled.items():
        files = set(re.findall(r"`(\w+)`", style)) - set(tools)
        assert style, f"{name} {output}"
        assert all((root / "styles" / f"{file}.qml").exists() or file.isupper() for file in files), f"{name} {output}"


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
