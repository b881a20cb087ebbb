"""Style, and the security scan of the QGIS plugin repository: it refuses versions with findings."""

import json
import os
import subprocess
import sys

from shipped import ROOT, shipped_files


def style():
    """ruff over everything, as pyproject.toml says."""
    return subprocess.run([sys.executable, "-m", "ruff", "check", "."]).returncode == 0


def security(files):
    """bandit with all its rules, skippable ones too; only the rule that the repository itself has off is off."""
    return subprocess.run([sys.executable, "-m", "bandit", "--quiet", "--skip", "B404",
                           *(name for name in files if name.endswith(".py"))]).returncode == 0


def secrets(files):
    """detect-secrets over what is shipped; it always exits with 0, so its report is read."""
    scan = subprocess.run([sys.executable, "-m", "detect_secrets", "scan", *files],
                          check=True, capture_output=True, text=True)
    findings = json.loads(scan.stdout)["results"]
    for name, lines in findings.items():
        for line in lines:
            print(f"{name}:{line['line_number']}: {line['type']}")
    return not findings


if __name__ == "__main__":
    os.chdir(ROOT)
    shipped = shipped_files()
    checks = {"ruff": style(), "bandit": security(shipped), "detect-secrets": secrets(shipped)}
    for check, passed in checks.items():
        print(f"{check}: {'passed' if passed else 'FAILED'}")
    sys.exit(not all(checks.values()))
