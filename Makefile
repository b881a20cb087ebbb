# Everything a developer runs. Each target installs what this machine lacks (Debian, as root or with sudo).

export VENV ?= build/venv
export QT_QPA_PLATFORM ?= offscreen
export DATA PARCELS FIELD

PYTHON = $(VENV)/bin/python
TESTS ?= tests

.PHONY: help demo test bench docs package lint screenshots test-qgis-3.40 test-qgis-3.44 clean

help:
	@echo "make demo            a crop map from sample data, in build/demo; or with DATA=FOLDER PARCELS=FILE FIELD=NAME from yours"
	@echo "make test            all tests with the QGIS of this machine; TESTS=PATH for some"
	@echo "make test-qgis-3.40  all tests with QGIS 3.40 in a chroot of Debian 13; likewise test-qgis-3.44"
	@echo "make bench           speed and memory against other tools, in build/bench.json"
	@echo "make docs            the pages that follow from the code: public names, parameter tables"
	@echo "make lint            style, security rules of the QGIS plugin repository, secrets"
	@echo "make package         the zip for the QGIS plugin repository, in build"
	@echo "make screenshots     the pictures of the user guide"

demo:
	@.ci/setup.sh test
	$(PYTHON) demo/demo.py $(if $(DATA),--data "$$DATA") $(if $(PARCELS),--parcels "$$PARCELS") $(if $(FIELD),--field "$$FIELD")

test:
	@.ci/setup.sh test
	$(PYTHON) -m pytest $(TESTS)

bench:
	@.ci/setup.sh test bench
	$(PYTHON) tests/bench/run.py

docs:
	@.ci/setup.sh test
	$(PYTHON) docs/generate.py

lint:
	@.ci/setup.sh lint
	$(PYTHON) .ci/lint.py

package: lint
	$(PYTHON) .ci/package.py

screenshots:
	@.ci/setup.sh screenshots
	$(PYTHON) docs/screenshots.py

test-qgis-3.40:
	.ci/chroot.sh trixie test TESTS='$(TESTS)'

test-qgis-3.44:
	.ci/chroot.sh forky test TESTS='$(TESTS)'

clean:
	rm -rf build .pytest_cache .ruff_cache .qgis-settings
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
