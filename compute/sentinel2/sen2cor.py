"""Level-1C to Level-2A with Sen2Cor, if installed.

Sen2Cor is ESA's processor for atmospheric correction, free to download and not part of this project. It is run by its
documented command line (``L2A_Process --resolution R --output_dir DIR SAFE``, versions 2.8 and later) with a list of
arguments, never through a shell. Its output is found by comparing the folder before and after, since the product name
depends on the version. Source: help text of Sen2Cor, and its Software User Manual.
"""

import contextlib
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
import zipfile
from collections import deque

from ..errors import MissingInput, OutputError, PlainError, UnreadableInput, UnsuitableInput
from ..safe import find_products
from ..scratch import scratch_folder
from .msi_product import SENTINEL2_SAFE, read_granules

PROGRESS = re.compile(r"Progress\[%\]:\s*([0-9.]+)")

# Number of log lines repeated in error messages.
LOG_LINES = 12

# Interval between checks for cancellation, and time allowed for pipes to close.
POLL_SECONDS = 0.2
GRACE_SECONDS = 10
PLATFORM_IS_WINDOWS = os.name == "nt"


class Sen2CorFailed(PlainError):
    """Sen2Cor failed or produced no product; the message contains its last log lines."""


def find_sen2cor(path):
    """Locate Sen2Cor: the file itself, or ``L2A_Process`` in a folder or its bin folder.

    Parameters
    ----------
    path : str
        Empty to search the PATH.

    Returns
    -------
    str

    Raises
    ------
    MissingInput
        If it is not found.
    """
    names = ("L2A_Process.bat", "L2A_Process.exe") if PLATFORM_IS_WINDOWS else ("L2A_Process",)
    if not path:
        found = shutil.which("L2A_Process")
        if found:
            return found
        raise MissingInput("Sen2Cor was not found. Give the path of its L2A_Process, or set it once in Settings > "
                           "Options > Processing > Providers > Floefield. It is free from ESA: "
                           "https://step.esa.int/main/snap-supported-plugins/sen2cor/")
    candidates = [path, *(os.path.join(path, folder, name) for folder in ("", "bin") for name in names)]
    for candidate in candidates:
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    raise MissingInput(f"{path} is not Sen2Cor. Give the path of its L2A_Process, or of the folder that contains it.")


def to_level_2a(products, path, folder, resolution, progress):
    """Convert a Level-1C product to Level-2A; a Level-2A product is returned unchanged.

    Parameters
    ----------
    products : sequence of MsiProduct
        Granules of one product.
    path : str
        Path of Sen2Cor, see :func:`find_sen2cor`.
    folder : str
        Output folder of the Level-2A product; created if it does not exist.
    resolution : float
        Required pixel size in metres.
    progress : Progress

    Returns
    -------
    tuple of MsiProduct

    Raises
    ------
    MissingInput, UnsuitableInput, UnreadableInput, OutputError, Sen2CorFailed
        With a message for the user.
    Cancelled
        If the user cancelled.
    """
    if products[0].level != "L1C":
        progress.say(f"{products[0].uri} is already a Level-2A product; Sen2Cor is not needed.")
        return tuple(products)
    if len(products) > 1:
        raise UnsuitableInput(f"{products[0].location} has several granules. Choose one tile for Sen2Cor.")
    executable = find_sen2cor(path)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be created: {error.strerror}. Choose another folder.") from error
    return read_granules(correct(products[0], executable, folder, resolution, progress))


def all_to_level_2a(products, path, folder, resolution, progress):
    """Convert several products one after the other.

    Parameters and errors as for :func:`to_level_2a`.

    Returns
    -------
    list of MsiProduct
        In the order of `products`.
    """
    results = []
    for index, product in enumerate(products):
        part = progress.part(index / len(products), (index + 1) / len(products))
        results += to_level_2a((product,), path, folder, resolution, part)
    return results


def correct(product, executable, folder, resolution, progress):
    """Run Sen2Cor on a Level-1C product.

    Parameters
    ----------
    product : MsiProduct
    executable : str
        From :func:`find_sen2cor`.
    folder : str
        Output folder of the Level-2A product; must exist.
    resolution : float
        Required pixel size in metres; from 60 m on only the 60 m product is processed, which is faster.
    progress : Progress
        Receives log and progress of Sen2Cor; checked for cancellation.

    Returns
    -------
    str
        Path of the Level-2A product.

    Raises
    ------
    Sen2CorFailed
        If it fails or produces no product.
    Cancelled
        If the user cancelled; Sen2Cor and its child processes have ended.
    """
    with _as_folder(product, folder) as safe:
        arguments = [executable, *(["--resolution", "60"] if resolution >= 60 else []), "--output_dir", folder, safe]
        before = set(_level_2a_products(folder))
        progress.say("Sen2Cor: " + " ".join(arguments))
        last_lines = _run(arguments, folder, progress)
        created = [path for path in _level_2a_products(folder) if path not in before]
    if not created:
        raise Sen2CorFailed(f"Sen2Cor ended without a Level-2A product of {product.uri}. Last log lines:\n"
                            + last_lines)
    return max(created, key=os.path.getmtime)


def _run(arguments, folder, progress):
    """Run a program to its end and return its last log lines."""
    last_lines, pending = deque(maxlen=LOG_LINES), queue.SimpleQueue()
    new_group = ({"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if PLATFORM_IS_WINDOWS
             else {"start_new_session": True})
    try:
        # A list of arguments, no shell; the program is the one configured by the user.
        process = subprocess.Popen(arguments, cwd=folder, stdin=subprocess.DEVNULL,  # nosec B603
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                   **new_group)
    except OSError as error:
        raise Sen2CorFailed(f"{arguments[0]} cannot be started: {error.strerror}. Check the path of "
                            "Sen2Cor.") from error
    reader = threading.Thread(target=lambda: [pending.put(line.rstrip()) for line in process.stdout], daemon=True)
    reader.start()
    try:
        while process.poll() is None or reader.is_alive() or not pending.empty():
            progress.check()
            with contextlib.suppress(queue.Empty):
                _report(pending.get(timeout=POLL_SECONDS), last_lines, progress)
            if process.poll() is not None and pending.empty():
                # A background process left behind may keep the pipe open.
                reader.join(GRACE_SECONDS)
                if pending.empty():
                    break
    except BaseException:
        _terminate(process)
        raise
    finally:
        _kill_group(process)
        reader.join(GRACE_SECONDS)
        process.stdout.close()
    if process.returncode:
        raise Sen2CorFailed(f"Sen2Cor failed (exit code {process.returncode}). Last log lines:\n"
                            + "\n".join(last_lines))
    return "\n".join(last_lines)


def _report(line, last_lines, progress):
    if not line:
        return
    last_lines.append(line)
    progress.say(line)
    found = PROGRESS.search(line)
    if found:
        with contextlib.suppress(ValueError):
            progress.show(min(1.0, float(found.group(1)) / 100))


def _terminate(process):
    """Terminate a process and its children: its process group (on Windows, its process tree)."""
    if PLATFORM_IS_WINDOWS:
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)],  # nosec B603 B607
                       check=False, capture_output=True)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
    _kill_group(process)
    process.wait()


def _kill_group(process):
    if not PLATFORM_IS_WINDOWS:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _level_2a_products(folder):
    """Level-2A products in a folder, which may also contain the Level-1C product."""
    try:
        return [path for path in find_products(folder, SENTINEL2_SAFE) if "MSIL1C" not in os.path.basename(path)]
    except MissingInput:
        return []


@contextlib.contextmanager
def _as_folder(product, folder):
    """Provide the product as a folder under its own name, as Sen2Cor requires; a zip is unpacked temporarily."""
    if product.safe.zip_folder is None:
        yield product.location
        return
    name = os.path.basename(product.safe.zip_folder.rstrip("/")) or product.uri
    with scratch_folder(folder) as work:
        target = os.path.join(work, name)
        try:
            _require_space(product, folder)
            with zipfile.ZipFile(product.location) as archive:
                for entry in product.safe.names:
                    path = os.path.join(target, *entry.split("/"))
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                    with archive.open(product.safe.zip_folder + entry) as source, open(path, "wb") as copy:
                        shutil.copyfileobj(source, copy)
            # Sen2Cor requires these folders, which zips omit if they are empty.
            for part in ("AUX_DATA", "HTML"):
                os.makedirs(os.path.join(target, part), exist_ok=True)
        except zipfile.BadZipFile as error:
            raise UnreadableInput(f"{product.location} is damaged ({error}). Download it again.") from error
        except OSError as error:
            raise OutputError(f"{product.location} cannot be unpacked to {folder}: {error.strerror}. Choose another "
                              "folder.") from error
        yield target


def _require_space(product, folder):
    with zipfile.ZipFile(product.location) as archive:
        needed = sum(entry.file_size for entry in archive.infolist())
    if needed > shutil.disk_usage(folder).free:
        raise OutputError(f"Unpacking {product.location} requires {needed // 2 ** 20} MB, more than is free in "
                          f"{folder}. Free disk space, or choose another folder.")
