"""A finished batch in one file to hand on: all that its description names, nothing that is withheld."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from aspfin.batch.crate import METADATA
from aspfin.batch.finish import is_finished
from aspfin.batch.places import SUMS, checksums
from aspfin.results import InputError, Problem

__all__ = ["archive"]

DAY = (1980, 1, 1, 0, 0, 0)  # the first a ZIP file knows; the records inside tell the times


def archive(folder: str | Path, target: str | Path | None = None) -> Path:
    """Pack a finished batch as a ZIP file: an RO-Crate that can be checked with `sha256sum -c SHA256SUMS`.

    Reports that show what the batch hides for privacy are left out, and so are aspfin's own notes. The same
    batch gives the same bytes.

    Parameters
    ----------
    folder : str or Path
        Of a batch, as `aspfin run` left it.
    target : str or Path, optional
        The file; left out, beside the folder and named after it.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        No finished batch there, or one whose pages or reports have changed since; a target inside the folder
        or in a folder that does not exist.

    Examples
    --------
    >>> archive("reports/nothing")
    Traceback (most recent call last):
    aspfin.results.InputError: archive: folder: got 'reports/nothing'; allowed: the folder of a batch, ...
    """
    folder = Path(folder)
    target = folder.absolute().with_name(f"{folder.absolute().name}.zip") if target is None else Path(target)
    if not (folder / "batch.json").is_file():
        allowed = "the folder of a batch, such as reports/financing/khm_floods_by_province"
        raise InputError(Problem("archive", "folder", str(folder), allowed))
    if not (folder / SUMS).is_file() or not is_finished(folder):
        allowed = "one that nothing has changed since it was finished; give its command `aspfin run` again"
        raise InputError(Problem("archive", "folder", str(folder), allowed))
    if not target.absolute().parent.is_dir() or folder.absolute() in target.absolute().parents:
        allowed = "a file outside of the batch, in a folder that exists"
        raise InputError(Problem("archive", "--to", str(target), allowed))
    files = _files(folder)
    unfinished = target.with_name(f".{target.name}.part")
    try:
        with ZipFile(unfinished, "w", ZIP_DEFLATED) as packed:
            for name, digest in files.items():
                content = (folder / name).read_bytes()
                if digest and sha256(content).hexdigest() != digest:
                    raise InputError(Problem("archive", name, "changed since it was made", "as written"))
                entry = ZipInfo(f"{folder.absolute().name}/{name}", DAY)
                entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
                packed.writestr(entry, content)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target


def _files(folder: Path) -> dict[str, str]:
    """Return the files to pack with their hashes: all that the checksum list names, and records without one.

    The list leaves out reports that must not be published.
    """
    listed = checksums(folder)
    tops = {name.split("/")[0] for name in listed}
    records = [f"{top}/run.json" for top in sorted(tops) if (folder / top / "run.json").is_file()]
    return listed | dict.fromkeys([*records, "batch.json", METADATA, SUMS], "")
