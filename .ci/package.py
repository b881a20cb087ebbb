"""The zip for the QGIS plugin repository, made from the last commit and held against the repository's rules.

The rules: https://plugins.qgis.org/docs/publish
"""

import argparse
import configparser
import re
import sys
import zipfile
from pathlib import Path, PurePosixPath

from shipped import ROOT, git

NAME = "floefield"
LARGEST = 25 * 2**20
NEEDED = ("__init__.py", "metadata.txt", "LICENSE")
REQUIRED_METADATA = ("name", "description", "about", "version", "qgisMinimumVersion", "author", "email", "tracker",
                     "repository")
UNWANTED = re.compile(r"(\.pyc|\.so|\.dll|\.exe)$|__pycache__|__MACOSX|\.\.|\\|/ui_\w+\.py$|/resources_rc\.py$|/\.")


def make_zip(folder):
    """Write floefield-VERSION.zip into `folder` and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}-{metadata(git('show', 'HEAD:metadata.txt'))['version']}.zip"
    git("archive", "--format=zip", f"--prefix={NAME}/", f"--output={path}", "HEAD")
    return path


def metadata(text):
    """The [general] section of a metadata.txt."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read_string(text)
    return parser["general"]


def violations(path):
    """The repository's rules that the zip breaks, as sentences."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        about = metadata(archive.read(f"{NAME}/metadata.txt").decode())
    if path.stat().st_size > LARGEST:
        yield f"it is {path.stat().st_size / 2**20:.0f} MB large"
    if {PurePosixPath(name).parts[0] for name in names} != {NAME}:
        yield f"it has more than the folder {NAME} at the top"
    yield from (f"{name} is missing" for name in NEEDED if f"{NAME}/{name}" not in names)
    yield from (f"{name} does not belong in it" for name in names if UNWANTED.search(name))
    yield from (f"metadata.txt lacks {key}" for key in REQUIRED_METADATA if not about.get(key))
    if "supportsQt6" in about:
        yield "metadata.txt has supportsQt6, which QGIS no longer knows"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build")
    path = make_zip(parser.parse_args().folder)
    if git("status", "--porcelain"):
        print("WARNING: the zip holds the last commit; changes since then are not in it.", file=sys.stderr)
    broken = list(violations(path))
    for sentence in broken:
        print(f"{path.name}: {sentence}")
    if not broken:
        print(f"{path} ({path.stat().st_size / 1024:.0f} KiB) obeys the rules of the QGIS plugin repository.")
    sys.exit(bool(broken))
