"""Build the reference pages of the package in build/docs: `make docs`.

Subpackages hand out their names when first used; pdoc only sees names that are there. So every public name is
fetched first, and one that cannot be fetched stops the build.
"""

import sys
import warnings
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pdoc

import aspfin

OUTPUT = Path(__file__).resolve().parents[1] / "build" / "docs"


def fetch_names(package: ModuleType) -> None:
    """Put every public name of a package, and of its subpackages, where pdoc looks."""
    for name in getattr(package, "__all__", ()):
        vars(package)[name] = getattr(package, name)
    for folder in sorted(Path(package.__file__).parent.glob("*/__init__.py")):
        fetch_names(import_module(f"{package.__name__}.{folder.parent.name}"))


def main() -> None:
    """Write the pages to the folder named on the command line, or to build/docs."""
    fetch_names(aspfin)
    warnings.simplefilter("error")
    # Annotations of inherited fields name things of the module they come from; pdoc then shows the text.
    warnings.filterwarnings("ignore", "Error parsing type annotation")
    pdoc.render.configure(docformat="numpy")
    pdoc.pdoc("aspfin", output_directory=Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT)


if __name__ == "__main__":
    main()
