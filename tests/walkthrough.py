"""The steps of *Adding a tool* on the developers' page, carried out in a copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# A file in backticks, then a code block of any length of fence.
STEP = re.compile(r"`([\w./-]+)`:?\n\n(`{3,})(python|markdown|diff)\n(.*?)^\2$", re.MULTILINE | re.DOTALL)

# File, language and text.
Step = tuple[str, str, str]

RULES = ("tests/test_architecture.py", "tests/test_requirements.py", "tests/algorithms/test_provider.py",
         "tests/test_docs.py", "tests/algorithms/test_ndvimask.py")


def steps() -> list[Step]:
    """The steps of the page: (file, language, text), as written there."""
    page = (ROOT / "docs" / "developers.md").read_text(encoding="utf-8")
    return [(file, language, text) for file, _, language, text in STEP.findall(page)]


def copy_checkout(folder: Path) -> None:
    """Copy what is versioned and built from it into a folder, as a checkout of its own."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns("build", ".git", "__pycache__", ".*_cache"),
                    symlinks=True)
    (folder / "build" / "plugins").mkdir(parents=True)
    (folder / "build" / "plugins" / "floefield").symlink_to("../..")


def carry_out(step: Step, folder: Path) -> None:
    """Write the file of a step, or add its lines below those shown."""
    file, language, text = step
    path = folder / file
    if language != "diff":
        path.write_text(text, encoding="utf-8")
        return
    lines, position = path.read_text(encoding="utf-8").splitlines(), 0
    for line in text.splitlines():
        if line.startswith("+"):
            position += 1
            lines.insert(position, line[1:])
        else:
            shown = line[1:].removesuffix(" ...")
            position = next(number for number, present in enumerate(lines) if present.startswith(shown))
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


def make_docs(folder: Path) -> subprocess.CompletedProcess:
    """``make docs`` in a copy."""
    return _python(folder, "docs/generate.py")


def run_rules(folder: Path, *options: str) -> subprocess.CompletedProcess:
    """The tests that hold the rules, and that of the new tool, in a copy."""
    present = [rule for rule in RULES if (folder / rule).exists()]
    return _python(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=0", "-k",
                   "not developers_page and not files_are_short", *options, *present)


def _python(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
