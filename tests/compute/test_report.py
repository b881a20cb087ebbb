"""The report on a classification: complete, escaped and reproducible."""

import dataclasses
import re
import threading
from html.parser import HTMLParser

import numpy as np
import pytest

from floefield.compute.accuracy.confusion_matrix import ConfusionMatrix
from floefield.compute.classification.classification_report import (
    ClassificationReport,
    ClassSummary,
    RasterSummary,
    write_classification_report,
)
from floefield.compute.classmap.classes import class_table
from floefield.compute.errors import OutputError
from floefield.compute.report.page import grouped, percent

CODES = ("winter_rye", "grain_maize", "vineyards")


def example(codes=CODES, **changes):
    """90 of 100 pixels and 7 of 8 parcels are correct."""
    classes = class_table(codes)
    labels = tuple(c.label for c in classes)
    count = len(classes)
    pixels = np.zeros((count, count), np.int64)
    pixels[:3, :3] = [[40, 5, 0], [3, 30, 0], [2, 0, 20]]
    parcels = np.zeros((count, count), np.int64)
    parcels[:3, :3] = [[3, 1, 0], [0, 2, 0], [0, 0, 2]]
    report = ClassificationReport(
        title="Crops of 2018", rasters=(RasterSummary("/data/stack.tif", 4, ("2018-05-01", "2018-06-10")),),
        band_names=("B04_20180501", "B08_20180501", "B04_20180610", "B08_20180610"),
        parcels_path="/data/parcels.gpkg", class_field="crop", validation_path="",
        classes=tuple(ClassSummary(c, 10 + c.value, 2, 1000 * c.value, 33, 5000 * c.value, 500_000.0 * c.value)
                      for c in classes),
        pixel_matrix=ConfusionMatrix(labels, pixels), parcel_matrix=ConfusionMatrix(labels, parcels),
        importances=(("B04_20180501", 0.1), ("B08_20180501", 0.2), ("B04_20180610", 0.3), ("B08_20180610", 0.4)),
        settings={"Number of trees": "500"}, warnings=("Rye has few parcels.",), notes=("Counted by hand.",))
    return dataclasses.replace(report, **changes)


class Reader(HTMLParser):
    """Parsed page: words, tags, addresses and rows of the tables."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.addresses, self.rows = [], [], []
        self._all, self._row, self._is_style = [], [], False
        self.feed(html)
        self.words = plain(self._all)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self._is_style = tag == "style"
        if tag == "tr":
            self._row = []
        self.addresses += [value for name, value in attributes if name in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag):
        self._is_style = False
        if tag == "tr":
            self.rows.append(plain(self._row))

    def handle_data(self, words):
        if not self._is_style:
            self._all.append(words)
            self._row.append(words)


def plain(words):
    """Words with single ordinary spaces between them."""
    return " ".join(" ".join(words).replace("\u200b", "").split())


def read(tmp_path, report):
    path = tmp_path / "report.html"
    write_classification_report(str(path), report)
    return Reader(path.read_text(encoding="utf-8"))


def test_overall_accuracy_and_kappa(tmp_path):
    words = read(tmp_path, example()).words

    assert "90.0 % Overall accuracy 90 of 100 validation pixels" in words
    assert "87.5 % Overall accuracy by parcel 7 of 8 validation parcels are correct" in words
    # Chance: (45*45 + 33*35 + 22*20) / 100^2 = 0.362; kappa = (0.9 - 0.362) / 0.638 = 0.843
    assert "0.84 Kappa" in words


def test_accuracy_by_class(tmp_path):
    rows = read(tmp_path, example()).rows

    # Maize: 40 of 45 mapped pixels and 40 of 45 reference pixels are correct, 3 of 4 parcels
    assert any(row.startswith("1 Grain maize 88.9 % 88.9 % 88.9 % 45 3 of 4 ") for row in rows)
    # Rye: 20 of 20 and 20 of 22; F = 40/42
    assert any(row.startswith("3 Winter rye 100.0 % 90.9 % 95.2 % 22 2 of 2 ") for row in rows)


def test_mapped_areas_in_hectares(tmp_path):
    page = read(tmp_path, example())

    # 15000 pixels of 100 m2 are 150 ha, half of 300 ha
    assert "3 Winter rye 150.0 50.0 %" in page.rows
    assert "300.0 ha were classified" in page.words


def test_inputs_settings_warnings_and_notes(tmp_path):
    words = read(tmp_path, example()).words

    for fact in ("/data/stack.tif", "2018-05-01 , 2018-06-10", "/data/parcels.gpkg", "split from the parcels",
                 "B08_20180610", "Number of trees 500", "Rye has few parcels.", "Counted by hand.", "numpy",
                 "scikit-learn", "With only 6 validation parcels"):
        assert fact in words


def test_validation_data(tmp_path):
    split, separate = read(tmp_path, example()).words, read(tmp_path, example(validation_path="/data/v.gpkg")).words

    assert "not used for training" in split and "not a probability sample" in split
    assert "whole parcels were split" in split and "whole parcels were split" not in separate
    assert "/data/v.gpkg" in separate
    assert "out-of-bag" not in split
    assert "out-of-bag accuracy of the forest is 96.3 %" in read(tmp_path, example(oob_score=0.963)).words


def test_a_reference_raster_has_patches_instead_of_parcels(tmp_path):
    words = read(tmp_path, example(from_raster=True)).words

    assert "6 validation patches not used for training" in words
    assert "Fields that cross a block border are used for both training and validation" in words
    assert "87.5 % Overall accuracy by patch 7 of 8 validation patches are correct" in words
    assert "whole parcels were split" not in words


def test_dated_features_are_summed_by_date_and_band(tmp_path):
    # 2018-06-10: 0.3 + 0.4; B08: 0.2 + 0.4
    assert "Most important are the date 2018-06-10 and the band B08" in read(tmp_path, example()).words


def test_undated_features_are_ranked(tmp_path):
    page = read(tmp_path, example(importances=(("B04", 0.25), ("NDVI", 0.75))))

    assert "1 NDVI 75.0 %" in page.rows and "Most important are" not in page.words


def test_synthetic_data_are_declared(tmp_path):
    assert "Synthetic data" in read(tmp_path, example(synthetic=True)).words
    assert "Synthetic data" not in read(tmp_path, example()).words


def test_without_validation_the_accuracy_is_unknown(tmp_path):
    words = read(tmp_path, example(pixel_matrix=None, parcel_matrix=None, importances=())).words

    assert "Accuracy unknown" in words and "Kappa" not in words and "Winter rye" in words


def test_a_class_without_validation_pixels_has_no_recall(tmp_path):
    page = read(tmp_path, example(codes=(*CODES, "zucchini")))

    assert "4 Zucchini \u2013 \u2013 \u2013 0 \u2013 \u2013" in page.rows
    # It does not pull the mean F1 score down: (40/45 + 60/68 + 40/42) / 3
    assert "90.8 % Mean F1 score" in page.words


NASTY = ("<script>alert(1)</script>", "\"quoted\" & 'single'", "$\\frac{1}{", "\u0642\u0645\u062d",
         "\u51ac\u5c0f\u9ea6", "x" * 300, "--><b>", "{{ 7 * 7 }}", "]]>\x07")


def test_names_from_users_are_escaped(tmp_path):
    page = read(tmp_path, example(codes=NASTY, title="<i>", warnings=("<script>",), settings={"<b>": "<u>"},
                                  importances=(("<svg onload=x>", 0.5), ("$_$", 0.5)), parcels_path="<img src=x>"))

    assert not {"script", "img", "i", "u"} & set(page.tags)
    assert page.tags.count("b") == 4  # the overall accuracies
    for name in NASTY[:-1]:
        assert " ".join(name.split()).casefold() in page.words.casefold()
    assert "<svg onload=x>" in page.words


def test_the_page_is_self_contained(tmp_path):
    page = read(tmp_path, example())

    assert page.tags.count("svg") == 3
    assert all(address.startswith(("#", "data:")) for address in page.addresses)
    assert not {"link", "script", "iframe", "object"} & set(page.tags)


def test_ids_of_figures_are_unique_and_resolved(tmp_path):
    path = tmp_path / "report.html"
    write_classification_report(str(path), example())
    html = path.read_text(encoding="utf-8")

    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids)) > 10
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)


def test_reports_are_reproducible_in_any_thread(tmp_path):
    paths = [tmp_path / f"{number}.html" for number in range(4)]
    threads = [threading.Thread(target=write_classification_report, args=(str(path), example())) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({path.read_bytes() for path in paths}) == 1


def test_matplotlib_settings_are_not_changed(tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    write_classification_report(str(tmp_path / "report.html"), example())

    assert dict(matplotlib.rcParams) == before


def test_a_very_large_matrix_is_plotted_without_counts(tmp_path):
    classes = class_table(f"class {number}" for number in range(60))
    matrix = ConfusionMatrix(tuple(c.label for c in classes), np.eye(60, dtype=np.int64) * 10)

    page = read(tmp_path, example(classes=tuple(ClassSummary(c, 1, 1, 1, 10, 1, 100.0) for c in classes),
                                  pixel_matrix=matrix, parcel_matrix=None))

    assert "100.0 % Overall accuracy" in page.words


def test_an_unwritable_report_is_reported(tmp_path):
    with pytest.raises(OutputError, match="folder"):
        write_classification_report(str(tmp_path), example())


def test_percentages_do_not_round_to_0_or_100():
    assert percent(0.99999) == ">\u00a099.9\u00a0%" and percent(1.0) == "100.0\u00a0%"
    assert percent(0.00001) == "<\u00a00.1\u00a0%" and percent(0.0) == "0.0\u00a0%"
    assert percent(None) == percent(float("nan")) == "\u2013"


def test_long_numbers_are_grouped():
    assert grouped(1234567.89, 1) == "1\u202f234\u202f567.9"


def test_the_matrix_can_be_downloaded_from_the_page(tmp_path):
    import base64

    write_classification_report(str(tmp_path / "report.html"), example())
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    found = re.findall(r'<a download="([^"]+)" href="data:text/csv;charset=utf-8;base64,([^"]+)">', page)
    files = {name: base64.b64decode(text).decode("utf-8-sig").splitlines() for name, text in found}
    assert files["pixels-matrix.csv"][1] == "Grain maize,40,5,0,45,0.888889"
    assert files["pixels-matrix-otb.csv"][:3] == [
        "#Reference labels (rows):1,2,3", "#Produced labels (columns):1,2,3", "40,5,0"]
