"""Level-1C to Level-2A by Sen2Cor, where the user has it.

Sen2Cor is ESA's own program for atmospheric correction, free to download and not part of this project. It is called by
its documented command line (``L2A_Process --resolution R --output_dir DIR SAFE``, versions 2.8 and later) with a list
of arguments, never through a shell. What it makes is found by looking, since the name of the product depends on the
version. Source: the help text of Sen2Cor, and its Software User Manual.
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
from .product import read_granules
from .safe import find_products

PROGRESS = re.compile(r"Progress\[%\]:\s*([0-9.]+)")
# How much of the log is repeated when Sen2Cor fails.
LAST_LINES = 12
SECONDS_BETWEEN_CHECKS = 0.2
SECONDS_TO_END = 10
PLATFORM_IS_WINDOWS = os.name == "nt"


class Sen2CorFailed(PlainError):
    """Sen2Cor ended without a product; the message holds its last lines."""


def find_sen2cor(path):
    """The program that a path means: the file itself, or ``L2A_Process`` in (the bin folder of) a folder.

    Parameters
    ----------
    path : str

    Returns
    -------
    str

    Raises
    ------
    MissingInput
        If there is none.
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
    raise MissingInput(f"{path} is not Sen2Cor: it is no program called L2A_Process, nor a folder with one.")


def level_2a_of(products, path, folder, resolution, progress):
    """Level-2A products of Level-1C ones; what is Level-2A already stays as it is.

    Parameters
    ----------
    products : sequence of Product
        Granules of one product.
    path : str
        Of Sen2Cor, see :func:`find_sen2cor`.
    folder : str
        Where the Level-2A product goes; made if it does not exist.
    resolution : float
        Pixel size of what is wanted from it, in metres.
    progress : Progress

    Returns
    -------
    tuple of Product

    Raises
    ------
    MissingInput, UnsuitableInput, UnreadableInput, OutputError, Sen2CorFailed
        With a sentence for the user.
    Cancelled
        If the user asked to stop.
    """
    if products[0].level != "L1C":
        progress.say(f"{products[0].uri} is a Level-2A product already; Sen2Cor is not needed.")
        return tuple(products)
    if len(products) > 1:
        raise UnsuitableInput(f"{products[0].location} has several granules. Choose one tile for Sen2Cor.")
    executable = find_sen2cor(path)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror}. Choose another folder.") from error
    return read_granules(correct(products[0], executable, folder, resolution, progress))


def each_level_2a_of(products, path, folder, resolution, progress):
    """The same for many products, one after the other.

    Parameters and errors as for :func:`level_2a_of`.

    Returns
    -------
    list of Product
        In the order of `products`.
    """
    results = []
    for index, product in enumerate(products):
        part = progress.part(index / len(products), (index + 1) / len(products))
        results += level_2a_of((product,), path, folder, resolution, part)
    return results


def correct(product, executable, folder, resolution, progress):
    """Run Sen2Cor on a Level-1C product.

    Parameters
    ----------
    product : Product
    executable : str
        From :func:`find_sen2cor`.
    folder : str
        Where the Level-2A product goes; it exists.
    resolution : float
        Pixel size of what is wanted from it, in metres: at 60 m and above only the quick 60 m products are made.
    progress : Progress
        Shown the log and the progress; asked whether to stop.

    Returns
    -------
    str
        Path of the Level-2A product.

    Raises
    ------
    Sen2CorFailed
        If it fails or makes no product.
    Cancelled
        If the user asked to stop; Sen2Cor and all it started have ended.
    """
    with _unpacked(product, folder) as safe:
        arguments = [executable, *(["--resolution", "60"] if resolution >= 60 else []), "--output_dir", folder, safe]
        before = set(_level_2a(folder))
        progress.say("Sen2Cor: " + " ".join(arguments))
        last_lines = _run(arguments, folder, progress)
        made = [path for path in _level_2a(folder) if path not in before]
    if not made:
        raise Sen2CorFailed(f"Sen2Cor ended without a Level-2A product of {product.uri}. It said:\n" + last_lines)
    return max(made, key=os.path.getmtime)


def _run(arguments, folder, progress):
    """Run a program to its end; its last lines."""
    last_lines, heard = deque(maxlen=LAST_LINES), queue.SimpleQueue()
    apart = ({"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if PLATFORM_IS_WINDOWS
             else {"start_new_session": True})
    try:
        # A list of arguments, no shell; the program is the one that the user named.
        process = subprocess.Popen(arguments, cwd=folder, stdin=subprocess.DEVNULL,  # nosec B603
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                   **apart)
    except OSError as error:
        raise Sen2CorFailed(f"{arguments[0]} cannot be started: {error.strerror}. Check the path of "
                            "Sen2Cor.") from error
    listener = threading.Thread(target=lambda: [heard.put(line.rstrip()) for line in process.stdout], daemon=True)
    listener.start()
    try:
        while process.poll() is None or listener.is_alive() or not heard.empty():
            progress.check()
            with contextlib.suppress(queue.Empty):
                _report(heard.get(timeout=SECONDS_BETWEEN_CHECKS), last_lines, progress)
            if process.poll() is not None and heard.empty():
                # What it left running in the background may keep the pipe open for ever.
                listener.join(SECONDS_TO_END)
                if heard.empty():
                    break
    except BaseException:
        _end(process)
        raise
    finally:
        _end_children(process)
        listener.join(SECONDS_TO_END)
        process.stdout.close()
    if process.returncode:
        raise Sen2CorFailed(f"Sen2Cor failed (exit code {process.returncode}). It said:\n" + "\n".join(last_lines))
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


def _end(process):
    """End a process with all its children: they share its group (on Windows, its tree)."""
    if PLATFORM_IS_WINDOWS:
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)],  # nosec B603 B607
                       check=False, capture_output=True)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
    _end_children(process)
    process.wait()


def _end_children(process):
    if not PLATFORM_IS_WINDOWS:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _level_2a(folder):
    """The Level-2A products in a folder; the Level-1C product may lie beside them."""
    try:
        return [path for path in find_products(folder) if "MSIL1C" not in os.path.basename(path)]
    except MissingInput:
        return []


@contextlib.contextmanager
def _unpacked(product, folder):
    """The product as a folder under its own name, which is what Sen2Cor reads; unpacked from its zip meanwhile."""
    if product.safe.zip_folder is None:
        yield product.location
        return
    name = os.path.basename(product.safe.zip_folder.rstrip("/")) or product.uri
    work = os.path.join(folder, f".floefield-{os.getpid()}")
    target = os.path.join(work, name)
    try:
        _require_space(product, folder)
        with zipfile.ZipFile(product.location) as archive:
            for entry in product.safe.names:
                path = os.path.join(target, *entry.split("/"))
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with archive.open(product.safe.zip_folder + entry) as source, open(path, "wb") as copy:
                    shutil.copyfileobj(source, copy)
        # Empty folders of a product (AUX_DATA, HTML) are missed when they are not there.
        for part in ("AUX_DATA", "HTML"):
            os.makedirs(os.path.join(target, part), exist_ok=True)
        yield target
    except zipfile.BadZipFile as error:
        raise UnreadableInput(f"{product.location} is damaged ({error}). Download it again.") from error
    except OSError as error:
        raise OutputError(f"{product.location} cannot be unpacked to {folder}: {error.strerror}.") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _require_space(product, folder):
    with zipfile.ZipFile(product.location) as archive:
        needed = sum(entry.file_size for entry in archive.infolist())
    if needed > shutil.disk_usage(folder).free:
        raise OutputError(f"{product.location} needs {needed // 2 ** 20} MB to be unpacked, more than is free in "
                          f"{folder}.")
