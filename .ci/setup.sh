#!/usr/bin/env bash
# Installs what this machine lacks for the named purposes, and leaves alone what is there.
# Usage: .ci/setup.sh test|bench|lint|screenshots|chroot ...
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=${VENV:-build/venv}
PYTHON=/usr/bin/python3 # the interpreter that Debian's QGIS is linked to, whichever comes first on PATH

QGIS="qgis python3-qgis qgis-providers gdal-bin python3-gdal fonts-dejavu-core"
LIBRARIES="python3-rasterio python3-sklearn python3-skimage python3-matplotlib python3-jinja2 python3-defusedxml"
TOOLS="python3 python3-venv git"

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@"
}

# Says nothing as long as all goes well.
quietly() {
    local log
    log=$(mktemp)
    "$@" >"$log" 2>&1 || { cat "$log" >&2 && rm "$log" && return 1; }
    rm "$log"
}

install_packages() {
    local package missing=()
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null)" = "ii " ] || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return
    echo "Installing ${missing[*]} (this takes some minutes)"
    quietly as_root dpkg --configure -a # an installation may have been interrupted
    quietly apt_get update
    quietly apt_get install --no-install-recommends "${missing[@]}"
}

# pytest-qgis 3 and later declare QGIS 3.34 as their minimum.
pytest_qgis() {
    local qgis
    qgis=$(dpkg-query -W -f '${Version}' python3-qgis 2>/dev/null) || return 0
    if dpkg --compare-versions "$qgis" lt 3.34; then echo "pytest-qgis==2.1.0"; else echo "pytest-qgis>=5.0"; fi
}

install_python_tools() {
    local wanted stamp="$VENV/floefield-tools.txt"
    wanted="$("$PYTHON" --version) $(cat .ci/requirements.txt) $(pytest_qgis)"
    [ -x "$VENV/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
    "$PYTHON" -m venv --system-site-packages "$VENV"
    "$VENV/bin/python" -m pip install -q -q --disable-pip-version-check -r .ci/requirements.txt $(pytest_qgis)
    echo "$wanted" >"$stamp"
}

# In this folder the checkout is called floefield, whatever its own name; tests, demo and benchmarks import it from there.
mkdir -p build/plugins
[ -e build/plugins/floefield ] || ln -sfn ../.. build/plugins/floefield

for purpose in "$@"; do
    case $purpose in
        test) install_packages $TOOLS $QGIS $LIBRARIES xvfb python3-pyproj && install_python_tools ;;
        lint) install_packages $TOOLS && install_python_tools ;;
        bench) install_packages python3-numba otb-bin grass-core ;;
        screenshots) install_packages $TOOLS $QGIS $LIBRARIES xvfb python3-pil chromium && install_python_tools ;;
        chroot) install_packages debootstrap ;;
        *) echo "unknown purpose $purpose" >&2 && exit 2 ;;
    esac
done
