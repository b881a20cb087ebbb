"""Which files of the checkout go into the zip."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def git(*arguments):
    """What git prints for the checkout, as text."""
    # the checkout may belong to somebody else, as in a container
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def shipped_files():
    """Files of the working tree that are not marked export-ignore in .gitattributes; paths relative to the checkout."""
    lines = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    left_out = {line.split()[0] for line in lines if line.endswith("export-ignore")}
    names = git("ls-files", "-co", "--exclude-standard", "-z").split("\0")
    return sorted(name for name in names
                  if name and Path(name).parts[0] not in left_out and (ROOT / name).is_file())
