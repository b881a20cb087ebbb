"""What is shipped speaks the field's words: private phrases of earlier versions do not come back."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# phrase -> the field's words
PRIVATE = {
    r"shares? of (the )?(parcels|pixels|blocks|dates|cells|classes|sea)": "fraction of",
    r"(parcels|pixels|dates|blocks) (that )?(train|judge)s?\b": "training parcels, validation parcels",
    r"judg(e|es|ed|ing|ement|ment)\b": "validate, assess",
    r"kinds? of forest": "classifier",
    r"bands per branch": "features per split",
    r"contrasts\b": "normalised differences of band pairs",
    r"all classes weigh the same": "balanced class weights",
    r"weights of classes": "class weights",
    r"pixels that lack": "missing values",
    r"rasters of other grids": "resample to common grid",
    r"smallest (cloud|patch|leaf|parcel|segment)": "minimum ...",
    r"widen the cloud mask": "cloud mask buffer",
    r"least (cloud probability|confidence|share)": "minimum confidence, cloud probability threshold",
    r"resampling to (smaller|larger) pixels": "upsampling, downsampling",
    r"masks to larger pixels": "flag downsampling method",
    r"tile of an old product": "tile (multi-tile products)",
    r"labels? that looks? wrong": "suspect labels",
    r"suspicious": "suspect, mislabelled",
    r"looks? (like it|alike)": "spectrally similar",
    r"\balike\b": "similar, equally",
    r"likeness": "similarity",
    r"\btraits?\b": "canonical variates",
    r"\bstrange": "outside the range of the training data",
    r"cut-?off curve": "early-season accuracy",
    r"(nobody|somebody)\b": "cannot be determined from",
    r"what (went in|comes out)\b": "inputs, outputs",
    r"ground truth": "reference data",
    r"stand[- ]ins?\b": "imputation values",
    r"pictures? of the dates": "coverage figure",
    r"so many (pixels|parcels|bands|levels)": "the number of",
    r"\b(file|files|tool|tools|layer|layers|raster|rasters|map|maps|code|codes) (wants?|asks?|knows?|tells?|says?)\b":
        "requires, reports, contains",
    r"good enough": "sufficient",
    r"(took|takes?|taking) no part\b": "not used for training, validation",
    r"how good\b": "accuracy",
    r"word of (any|the) ": "reference",
}

# (file, text as it stands there) -> why
ALLOWED = {
    ("algorithms/insitu/prepareinsitu.py", "ground truth"): "tag: what users of other programs search for",
    ("algorithms/tools/createsampledata.py", "ground truth"): "tag: what users of other programs search for",
}


def shipped_texts():
    """Everything that people or engineers read: code, templates, legends, models, user guide."""
    for layer in ("compute", "vector", "provider", "algorithms", "demo"):
        yield from sorted((ROOT / layer).rglob("*.py"))
    for pattern in ("*.html", "*.xml", "*.csv", "*.model3"):
        yield from sorted((ROOT / "resources").rglob(pattern))
    # docs/renamed.md lists the names of development versions.
    yield from sorted(page for page in (ROOT / "docs").rglob("*.md") if page.name != "renamed.md")
    yield from (ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "metadata.txt")


def test_private_phrases_do_not_come_back():
    found, used = {}, set()
    for path in shipped_texts():
        name = path.relative_to(ROOT).as_posix()
        # Names of code count as words, and phrases may cross the end of a line.
        text = re.sub(r"[\s#]+", " ", path.read_text(encoding="utf-8").replace("_", " "))
        for pattern in PRIVATE:
            for hit in re.finditer(pattern, text, re.IGNORECASE):
                key = (name, hit[0].lower())
                if key in ALLOWED:
                    used.add(key)
                else:
                    found.setdefault(pattern, []).append(f"{name}: …{text[max(0, hit.start() - 40):hit.end() + 40]}…")
    assert not found, "\n".join(f"{pattern} ({len(hits)} times; write: {PRIVATE[pattern]})\n  " + "\n  ".join(hits[:40])
                                for pattern, hits in found.items())
    assert used == set(ALLOWED), f"not needed any more: {set(ALLOWED) - used}"


REFERENCE = re.compile(r":(?:mod|func|class|meth|attr|data|exc):`~?(\.+)([\w.]+)`")


def test_references_in_docstrings_name_what_exists():
    """``:func:`.grid.pixel_area``` resolves from the package of the file that contains it."""
    broken = []
    for layer in ("compute", "vector", "provider", "algorithms"):
        for path in sorted((ROOT / layer).rglob("*.py")):
            for dots, target in REFERENCE.findall(path.read_text(encoding="utf-8")):
                module, *names = target.split(".")
                folder = path.parents[len(dots) - 1]
                while names and (folder / module).is_dir():
                    folder, module, names = folder / module, names[0], names[1:]
                file = folder / f"{module}.py"
                code = file.read_text(encoding="utf-8") if file.exists() else ""
                if not (file.exists() or (folder / module).is_dir()) or not all(
                        re.search(rf"\b{name}\b", code) for name in names):
                    broken.append(f"{path.relative_to(ROOT).as_posix()}: {dots}{target}")
    assert not broken, "\n".join(broken)
