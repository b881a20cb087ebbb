"""The user guide: links, parameters, commands and page order are valid, and the example tool runs."""

import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import pytest

from floefield.docs import generate

from . import test_architecture, walkthrough

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
TOOL_PAGES = {page.stem: page for page in (ROOT / "docs" / "tools").glob("*.md")}
SECTIONS = ["Example", "Parameters", "Outputs", "Method", "Limits", "Differences", "FAQ"]
FENCED = re.compile(r"^ *(?P<fence>`{3,})(?P<language>\w*)\n(?P<code>.*?)^ *(?P=fence)", re.MULTILINE | re.DOTALL)


def text_of(page):
    return page.read_text(encoding="utf-8")


def prose(page):
    """The text of a page without its code."""
    return re.sub(r"`[^`\n]*`", "", FENCED.sub("", text_of(page)))


def anchors(page):
    """Anchors that GitHub creates for the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", FENCED.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def commands():
    """Yield page and arguments of every qgis_process command in the guide."""
    for page in PAGES:
        for block in FENCED.finditer(text_of(page)):
            if block["language"]:  # an example of a page, as text
                continue
            for line in block["code"].replace("\\\n", " ").splitlines():
                if line.startswith("qgis_process run "):
                    yield str(page.relative_to(ROOT)), shlex.split(line)[2:]


def parameters_of(tool):
    """Parameters of a tool by name, including the outputs of a model."""
    return {parameter.name(): parameter for parameter in tool.parameterDefinitions()}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_link_targets_exist(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name} links to {target}, which does not exist"
        assert not anchor or anchor in anchors(file), f"{page.name} links to {target}: no such heading"


def test_page_of_a_tool_lists_its_parameters_and_outputs(provider):
    for tool in provider.algorithms():
        named = set(re.findall(r"`([^`\n]+)`", text_of(TOOL_PAGES[tool.name()])))
        own = {*parameters_of(tool), *(output.name() for output in tool.outputDefinitions())}
        assert own <= named, f"{tool.name()}.md lacks {own - named}"


def test_generated_pages_are_up_to_date(provider):
    outdated = [path.name for path, text in generate.pages(provider.algorithms()).items() if text_of(path) != text]
    assert not outdated, "Run: make docs"


def test_public_names_hold_still(provider):
    """A released id, parameter, output or enum value is never renamed or removed: models and scripts contain it."""
    present = generate.pages(provider.algorithms())[generate.PUBLIC_NAMES]
    assert not generate.dropped_names(text_of(generate.PUBLIC_NAMES), present)


def test_a_dropped_name_is_noticed():
    recorded = "### `tool`: A tool\n| `SEED` | Random seed | number | 0 | |\n| `BY` | By | enum | a | `a`, `b` |\n"
    assert generate.dropped_names(recorded, recorded.replace("Random seed", "Seed") + "| `NEW` | New |\n") == set()
    assert generate.dropped_names(recorded, recorded.replace("`SEED`", "`START`")) == {("tool", "SEED")}
    assert generate.dropped_names(recorded, recorded.replace(", `b`", "")) == {("tool", "BY: b")}
    assert ("tool", "tool") in generate.dropped_names(recorded, "")


def test_commands_use_existing_tools_and_parameters(provider):
    tools = {tool.id(): parameters_of(tool) for tool in provider.algorithms()}
    used = set()
    for page, (tool, *arguments) in commands():
        assert tool in tools, f"{page}: {tool}"
        for argument in arguments:
            name = re.fullmatch(r"--([\w:]+)=.*", argument)
            assert name and name[1] in tools[tool], f"{page}: {tool} {argument}"
        used.add(tool)
    assert used == set(tools)


def test_guide_and_plugin_have_the_same_version():
    version = re.search(r"^version=(\S+)", text_of(ROOT / "metadata.txt"), re.MULTILINE)[1]
    assert f"version = {{{version}}}" in text_of(ROOT / "README.md")
    assert f"floefield-{version}.zip" in text_of(ROOT / "docs" / "install.md")
    assert f"## [{version}]" in text_of(ROOT / "CHANGELOG.md")


def test_minimum_versions_on_the_page_equal_those_required():
    from floefield.provider.packages import PACKAGES

    rows = re.findall(r"^\| ([\w, -]+) \| ([\d., ]+) \|", text_of(ROOT / "docs" / "install.md"), re.MULTILINE)
    documented = {title: version for titles, versions in rows for title, version in zip(titles.split(", "),
                                                                                        versions.split(", "))}
    assert documented.pop("QGIS") == re.search(r"^qgisMinimumVersion=(\S+)", text_of(ROOT / "metadata.txt"), re.M)[1]
    # numpy is part of QGIS
    assert documented == {package.title: package.minimum for name, package in PACKAGES.items() if name != "numpy"}


@pytest.mark.parametrize("page", TOOL_PAGES.values(), ids=TOOL_PAGES)
def test_pages_of_tools_have_the_same_order(page):
    text = text_of(page)
    titles = [title.partition(" ")[0] for title in re.findall(r"^## (.+)$", FENCED.sub("", text), re.MULTILINE)]
    assert titles == [title for title in SECTIONS if title != "Differences" or title in titles]
    assert text.count("<!-- parameters -->") == text.count("<!-- /parameters -->") == 1
    assert text.index("## Parameters") < text.index("<!-- parameters -->") < text.index("<!-- /parameters -->")


def test_house_of_the_developers_page_is_that_of_the_rules():
    house = text_of(ROOT / "docs" / "developers.md").partition("## The house")[2].partition("```")[0]
    assert tuple(re.findall(r"^\| `([\w/]+)` \|", house, re.MULTILINE)) == test_architecture.PACKAGES


def test_tests_named_on_the_developers_page_exist():
    tests = "".join(text_of(path) for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", text_of(ROOT / "docs" / "developers.md")))
    assert named
    assert not [name for name in named if f"def {name}(" not in tests]


def test_example_tool_of_the_developers_page_follows_every_rule(tmp_path):
    """A stranger who does what the page says has a tool that works, and that no rule finds wanting."""
    checkout = tmp_path / "checkout"
    walkthrough.copy_checkout(checkout)
    for step in walkthrough.steps():
        walkthrough.carry_out(step, checkout)

    generated = walkthrough.make_docs(checkout)
    assert generated.returncode == 0, generated.stderr
    ran = walkthrough.run_rules(checkout)
    assert ran.returncode == 0, ran.stdout
    assert "| `THRESHOLD` | NDVI threshold |" in text_of(checkout / "docs" / "tools" / "ndvimask.md")
    assert "### `ndvimask`: Vegetation mask by NDVI" in text_of(checkout / "docs" / "public-names.md")
