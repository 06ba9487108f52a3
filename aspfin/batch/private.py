"""Folders that last as long as what they are needed for, even if that is killed.

Whoever makes one holds a lock inside. The next to make one of the same prefix removes those whose lock
nobody holds any more. It takes nothing but the standard library.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["LOCK", "private_folder"]

LOCK = "aspfin.lock"
NEW = ".new" if os.name == "posix" else ""  # Windows renames no folder in which a file is open


@contextmanager
def private_folder(prefix: str, place: str | Path | None = None) -> Iterator[Path]:
    """Give a new folder that only this user may enter, and remove those that killed programs left.

    Parameters
    ----------
    prefix : str
        What its name begins with.
    place : path, optional
        Where it lies; the folder for temporary files if not given.

    Raises
    ------
    OSError
        No folder can be made there.

    Examples
    --------
    >>> with private_folder("aspfin-example-") as folder:
    ...     folder.is_dir(), [one.name for one in folder.iterdir()]
    (True, ['aspfin.lock'])
    >>> folder.exists()
    False
    """
    made = Path(tempfile.mkdtemp(prefix=NEW + prefix, dir=place))
    with (made / LOCK).open("w") as lock:
        _try_lock(lock)
        folder = made.with_name(made.name.removeprefix(NEW))
        made.replace(folder)  # it has its name once it is locked: nobody takes it for forsaken
        _remove_forsaken(folder, prefix)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)  # Windows keeps what is open


def _remove_forsaken(own: Path, prefix: str) -> None:
    """Remove the folders of this user's programs that were killed; those of others are locked or not ours."""
    for place in own.parent.glob(f"{prefix}*"):
        if place == own or place.is_symlink() or not (place / LOCK).is_file():
            continue
        try:
            if place.stat().st_uid != own.stat().st_uid:
                continue
            with (place / LOCK).open("r+") as lock:
                forsaken = _try_lock(lock)
            if forsaken:
                (place / LOCK).unlink()  # Windows refuses that while the program lives
                shutil.rmtree(place, ignore_errors=True)
        except OSError:  # it went away meanwhile, or cannot be entered
            continue


def _try_lock(file: IO[str]) -> bool:
    """Lock a file for this process; False where another one holds it."""
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
