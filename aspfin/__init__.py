"""aspfin: research and evaluation in adaptive social protection financing.

Subpackages load when first used, so that `import aspfin` stays light.

Examples
--------
>>> import aspfin
>>> "financing" in dir(aspfin)
True
"""

import sys
from collections.abc import Collection, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

__version__ = "0.1.0"
__all__ = ["batch", "data", "evaluation", "financing", "indicators", "programmes", "registry", "reporting"]


def load_on_use(
    package: str, *, names: Mapping[str, str] | None = None, modules: Collection[str] = ()
) -> None:
    """Let a package hand out names and modules that are only imported when first asked for.

    Importing `aspfin.evaluation.matching` makes Python set the attribute `matching` of its package to that
    module; where a name is called like the module that holds it, the name wins, whichever comes first.

    Parameters
    ----------
    package : str
        The package's `__name__`.
    names : mapping of str to str
        Public name to the module of the package that holds it.
    modules : collection of str
        Modules of the package used by their own names.
    """
    held = dict(names or {})

    class Package(ModuleType):
        def __getattr__(self, name: str) -> Any:
            if name in held:
                return getattr(import_module(f"{package}.{held[name]}"), name)
            if name in modules:
                return import_module(f"{package}.{name}")
            raise AttributeError(f"module {package!r} has no attribute {name!r}")

        def __setattr__(self, name: str, value: object) -> None:
            if isinstance(value, ModuleType) and name in held:
                value = getattr(value, name, value)
            super().__setattr__(name, value)

        def __dir__(self) -> list[str]:
            return sorted({*vars(self), *held, *modules})

    sys.modules[package].__class__ = Package


load_on_use(__name__, modules=__all__)
