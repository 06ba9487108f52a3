"""The command line: arguments in, one call, exit status out.

Exit status: 0 all well, 1 a report failed, 2 bad input (nothing run, nothing written), 130 stopped by Ctrl-C.
Everything heavy is imported inside the command that needs it, so that `aspfin --help` answers at once.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from aspfin.batch.kernels import Kernels
    from aspfin.batch.outcomes import Limits
    from aspfin.batch.runner import Way
    from aspfin.results import Problem

__all__ = ["app", "main"]

BAD_INPUT, FAILED, STOPPED = 2, 1, 130
app = typer.Typer(
    help="Adaptive social protection financing: from a shock to a costed, financed, reported response.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

GO_ON = "finished reports are in place, nothing half-written is left; "


@contextmanager
def _told(stopped: str = "") -> Iterator[None]:
    """Turn bad input into one line per problem, and Ctrl-C into a quiet end."""
    try:
        yield
    except ValueError as error:  # the class of bad input comes with pandas, for which nobody should wait
        from aspfin.results import InputError

        if not isinstance(error, InputError):
            raise
        for problem in error.problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(BAD_INPUT) from None
    except KeyboardInterrupt:
        typer.echo(f"stopped; {stopped}" if stopped else "stopped", err=True)
        raise typer.Exit(STOPPED) from None


Files = Annotated[list[Path], typer.Argument(help="Parameter files, or folders of them.")]
Only = Annotated[
    str | None, typer.Option(help="Only cases whose name matches, such as '*/KH0?'.", metavar="PATTERN")
]
Output = Annotated[Path, typer.Option(help="Folder of the reports.")]
Formats = Annotated[
    str, typer.Option("--to", help="Formats of each report, of html, pdf, docx and xlsx.", metavar="LIST")
]


@app.command("run")
def run_reports(
    files: Files,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Reports made at the same time (1 to 64).")] = 1,
    only: Only = None,
    output: Output = Path("reports"),
    force: Annotated[bool, typer.Option("--force", help="Make also what is there and unchanged.")] = False,
    to: Formats = "html",
    dask: Annotated[
        str | None, typer.Option(help="Let a Dask cluster make them; 'local' starts one.", metavar="ADDRESS")
    ] = None,
    cold: Annotated[
        bool, typer.Option("--cold", help="Start every kernel anew; slower, same results.")
    ] = False,
    timeout: Annotated[int, typer.Option(help="Longest run of one cell, in seconds.", min=1)] = 3_600,
    memory: Annotated[
        float | None,
        typer.Option(
            help="Most memory of one report, in GB; 0 for no limit. Left out: 80 % of the machine's, shared.",
            min=0,
        ),
    ] = None,
) -> None:
    """Make the reports of parameter files; one that fails does not stop the others.

    What is there and unchanged is kept. After Ctrl-C, or if the machine goes down, the same command goes on.
    """
    rest = "without --force it makes the rest" if force else "the same command makes the rest"
    with _told(GO_ON + rest):
        from aspfin.batch.unchanged import split

        formats = _formats(to)
        quick = only is None and not force
        changed, kept = split(files, output, formats) if quick else (files, {})
        if kept and not changed:
            told = _plural(sum(kept.values()), "report")
            typer.echo(f"{told} unchanged, nothing to do; open {output.absolute() / 'index.html'}")
            return
        from aspfin.batch.outcomes import Limits, fair_memory

        limits = Limits(timeout, fair_memory(jobs) if memory is None else round(memory * 1e9))
        known = only is None and dask is None and not cold  # else the reports will show what they need
        with _warming(changed, limits) if known else nullcontext() as source:
            from aspfin.batch.runner import Way

            way = Way(jobs, not cold, limits, dask, source)
            raise typer.Exit(_run(changed, sum(kept.values()), only, output, force, formats, way))


@contextmanager
def _warming(files: list[Path], limits: Limits) -> Iterator[Kernels]:
    """Let the warm parent import while the files are read: their folders tell the kinds of reports."""
    from aspfin.batch.kernels import kernels
    from aspfin.batch.preload import modules_for
    from aspfin.reporting.identity import parameter_files

    inside = [one for path in files for one in (parameter_files(path) if path.is_dir() else [path])]
    kinds = {one.resolve().parent.name for one in inside}
    with kernels(modules=modules_for(kinds), memory=limits.memory_bytes) as source:
        yield source


def _run(
    files: list[Path],
    kept: int,
    only: str | None,
    output: Path,
    force: bool,
    formats: tuple[str, ...],
    way: Way,
) -> int:
    """Run what may have changed; return the exit status."""
    from aspfin.batch.finish import finish
    from aspfin.batch.progress import watched
    from aspfin.batch.runner import run
    from aspfin.batch.unchanged import remember
    from aspfin.reporting.reading import read_files

    cases = read_files(files, only=only)
    with watched() as progress:
        outcomes = run(cases, output=output, force=force, formats=formats, way=way, progress=progress)
    with watched() as progress:
        more, pages, notes = finish(outcomes, output=output, formats=formats, way=way, progress=progress)
    remember(outcomes, output, formats)
    failed = sum(outcome.failure is not None for outcome in outcomes)
    total = len(outcomes) + kept
    kept += sum(outcome.kept for outcome in outcomes)
    lost = [str(one) for one in more if one.failure]  # no case of its own: not counted among the reports
    for note in [*lost, *notes]:
        typer.echo(note, err=True)
    told = f", {kept} of them unchanged" if kept else ""
    typer.echo(f"{total - failed} of {total} reports are there{told}; open {pages[-1]}")
    return FAILED if failed or lost else 0


def _formats(to: str) -> tuple[str, ...]:
    """Return the formats asked for; the page in HTML is always made, because the index links to it."""
    from aspfin.reporting.formats import FORMATS

    names = [name.strip().lower() for name in to.split(",") if name.strip()]
    if unknown := [name for name in names if name not in FORMATS]:
        from aspfin.reporting.wording import did_you_mean
        from aspfin.results import InputError, Problem

        found = [Problem("command line", "--to", name, did_you_mean(name, list(FORMATS))) for name in unknown]
        raise InputError(found)
    return tuple(name for name in FORMATS if name in {"html", *names})


@app.command()
def status(
    files: Files = [Path("parameters")],  # noqa: B006 - typer copies it
    only: Only = None,
    output: Output = Path("reports"),
) -> None:
    """Say which reports are done, stale, failed or missing, and why."""
    with _told():
        from aspfin.batch.progress import state_lines
        from aspfin.batch.runner import plan
        from aspfin.reporting.reading import read_files

        planned = plan(read_files(files, only=only), output=output)
        for line in state_lines(planned):
            typer.echo(line)
        counts = Counter(one.state.status for one in planned)
        known = [f"{counts[name]} {name}" for name in ("done", "stale", "failed", "missing") if counts[name]]
        typer.echo(f"{_plural(len(planned), 'report')}: {', '.join(known)}")


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="Folder of a report, of a batch, or of all reports.")],
    sample: Annotated[int, typer.Option(help="How many reports to make again in cold kernels.", min=0)] = 2,
    seed: Annotated[int | None, typer.Option(help="Seed of that choice.")] = None,
    parameters: Annotated[Path, typer.Option(help="Folder of the parameter files.")] = Path("parameters"),
) -> None:
    """Hash every file of finished reports again, make a few of them again, and say what differs."""
    with _told():
        from aspfin.batch.progress import watched
        from aspfin.batch.verify import verify as check_reports

        with watched() as progress:
            found = check_reports(folder, parameters=parameters, sample=sample, seed=seed, progress=progress)
        typer.echo(str(found))
        if not found.passed:
            raise typer.Exit(FAILED)


@app.command()
def diff(
    first: Annotated[Path, typer.Argument(help="Folder of a batch or report.")],
    second: Annotated[Path, typer.Argument(help="Folder of another, usually made later.")],
    rerun: Annotated[
        bool,
        typer.Option(
            "--rerun",
            help="Where parameters changed together with data or code, make the first one's reports again "
            "today to tell the parts from each other.",
        ),
    ] = False,
) -> None:
    """Say how two batches differ, and whether data, code or parameters made the difference."""
    with _told():
        from aspfin.batch.differences import compare
        from aspfin.batch.differences_text import text

        if rerun:
            from aspfin.batch.counterfactual import headline_today
        typer.echo(text(compare(first, second, counterfactual=headline_today if rerun else None)))


@app.command("archive")
def pack_batch(
    folder: Annotated[Path, typer.Argument(help="Folder of a finished batch.")],
    to: Annotated[
        Path | None, typer.Option(help="The file; left out, beside the folder.", metavar="FILE.zip")
    ] = None,
) -> None:
    """Pack a finished batch into one ZIP file to hand on, without what must not be published."""
    with _told():
        from aspfin.batch.archive import archive

        typer.echo(f"packed: {archive(folder, to)}")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def warm(
    context: typer.Context,
    modules: Annotated[str, typer.Option(help="Modules to import beforehand, by commas.")] = "",
) -> None:
    """Run a command whose Jupyter kernels are forked warm: aspfin warm -- pytest --nbval notebooks/workshop.

    Any tool that starts a kernel named python3 gets one that has imported the report stack already.
    """
    with _told():
        import os
        import subprocess

        from aspfin.batch.kernels import kernels
        from aspfin.batch.preload import EVERY_REPORT

        asked = [name for name in modules.split(",") if name]
        with kernels(modules=(*EVERY_REPORT, *asked)) as source:
            if source.warm and not source.ready():
                typer.echo(f"no warm kernels ({source.problem}); cold ones start instead", err=True)
            path = os.pathsep.join(filter(None, [str(source.runtime), os.environ.get("JUPYTER_PATH")]))
            done = subprocess.run(context.args, env={**os.environ, "JUPYTER_PATH": path}, check=False)
        raise typer.Exit(done.returncode)


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Parameter files, country packs, or folders of them.")],
) -> None:
    """Validate parameter files and country packs; run nothing."""
    with _told():
        from aspfin.results import InputError

        files, packs = _sorted_out(paths)
        problems: list[Problem] = []
        cases = 0
        for pack in packs:
            problems += _pack_problems(pack)
        for file in files:
            try:
                cases += _count(file)
            except InputError as error:
                problems += error.problems
        if problems:
            raise InputError(problems)
        parts = [f"{_plural(len(files), 'parameter file')} ({_plural(cases, 'report')})"] if files else []
        parts += [_plural(len(packs), "country pack")] if packs else []
        typer.echo(f"{' and '.join(parts)}: no problem found")


def _plural(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def _sorted_out(paths: list[Path]) -> tuple[list[Path], list[Path]]:
    """Return the parameter files and the country packs at or below `paths`."""
    from aspfin.reporting.identity import parameter_files
    from aspfin.reporting.reading import find_files

    packs = {
        place.parent
        for path in paths
        if path.is_dir()
        for place in (path / "country.yaml", *path.rglob("country.yaml"))
        if place.is_file()
    }
    others = [path for path in paths if path not in packs]
    alone = [path for path in others if not (path.is_dir() and any(path in pack.parents for pack in packs))]
    files = find_files(alone)
    for path in set(others) - set(alone):  # a folder may hold packs beside parameter files
        files += [one for one in parameter_files(path) if not packs & set(one.parents) and one not in files]
    return files, sorted(packs)


def _pack_problems(pack: Path) -> list[Problem]:
    from aspfin.programmes import check_country
    from aspfin.results import Problem

    return [
        Problem(str(pack / problem.file), problem.field, problem.value, problem.allowed)
        for problem in check_country(str(pack))
    ]


def _count(file: Path) -> int:
    from aspfin.reporting.reading import read_file

    return len(read_file(file))


@app.command("list")
def list_all(
    folder: Annotated[Path, typer.Option(help="Folder of the parameter files.")] = Path("parameters"),
) -> None:
    """List report kinds, parameter files and country packs."""
    with _told():
        from aspfin.programmes import available_countries
        from aspfin.reporting.parameters import KINDS

        typer.echo("Report kinds")
        for kind in KINDS.values():
            typer.echo(f"  {kind.name:12} {kind.title}")
        typer.echo(f"\nParameter files in {folder}")
        found = sorted(one for name in KINDS for one in (folder / name).glob("*.y*ml"))
        for file in found:
            typer.echo(f"  {file}")
        if not found:
            typer.echo("  none")
        typer.echo("\nCountry packs")
        for country in available_countries():
            typer.echo(f"  {country}")


@app.command()
def schema(kind: Annotated[str, typer.Argument(help="Report kind, such as financing.")]) -> None:
    """Print the JSON Schema of a parameter file, for completion in an editor."""
    with _told():
        import json

        from aspfin.reporting.parameters import KINDS, file_schema
        from aspfin.reporting.wording import did_you_mean
        from aspfin.results import InputError, Problem

        if kind not in KINDS:
            raise InputError(Problem("command line", "kind", kind, did_you_mean(kind, list(KINDS))))
        typer.echo(json.dumps(file_schema(kind), indent=2, ensure_ascii=False))


@app.command()
def lab() -> None:
    """Open JupyterLab at the start notebook."""
    with _told():
        import subprocess

        import aspfin

        roots = (Path.cwd(), Path(aspfin.__file__).parents[1])
        places = [root / "notebooks" / "workshop" / "00_start_here.ipynb" for root in roots]
        start = next((place for place in places if place.is_file()), None)
        command = [sys.executable, "-m", "jupyterlab", *([str(start)] if start else [])]
        raise typer.Exit(subprocess.run(command, check=False).returncode)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
