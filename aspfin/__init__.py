"""aspfin: research and evaluation in adaptive social protection financing.

Subpackages load when first used, so that `import aspfin` stays light.

Examples
--------
>>> import aspfin
>>> "financing" in dir(aspfin)
True
"""

from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"
__all__ = ["data", "evaluation", "financing", "indicators", "programmes", "registry", "reporting"]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return import_module(f"aspfin.{name}")
    raise AttributeError(f"module 'aspfin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
