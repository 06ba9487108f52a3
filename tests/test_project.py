"""The shape of the project: dependencies in step, imports pointing one way, a light start."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "aspfin"

# Each package may import those named here, and itself.
MAY_IMPORT = {
    "results": set(),
    "seeds": set(),
    "data": {"results"},
    "indicators": {"results"},
    "evaluation": {"results"},
    "financing": {"results"},
    "programmes": {"results", "data", "indicators", "evaluation", "financing"},
    "registry": {"results", "data", "indicators", "evaluation", "financing"},
    "monitoring": {"results", "data", "indicators", "evaluation", "financing"},
    "reporting": {
        *("results", "data", "indicators", "evaluation", "financing"),
        *("programmes", "registry", "monitoring"),
    },
    "batch": {"results", "evaluation", "indicators", "programmes", "reporting"},
    "cli": {"results", "programmes", "reporting", "batch"},
}
EVERYWHERE = {"seeds"}  # may be imported by all


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports_of(name: str, *, only_at_load: bool = False) -> set[str]:
    """The aspfin modules that `name` imports, anywhere or only when it is loaded."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    deferred = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if only_at_load and node in deferred:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = name.split(".")
                is_package = MODULES[name].name == "__init__.py"
                parents = parents[: len(parents) - node.level + is_package]
                base = ".".join([*parents, base] if base else parents)
            found |= {f"{base}.{alias.name}" for alias in node.names} | {base}
    return {item for item in found if item in MODULES and item != name}


def test_imports_point_one_way():
    wrong = []
    for name in MODULES:
        parts = name.split(".")
        if len(parts) == 1:  # aspfin/__init__.py loads lazily
            continue
        for target in imports_of(name):
            other = target.split(".")
            if len(other) > 1 and other[1] not in {parts[1], *EVERYWHERE, *MAY_IMPORT[parts[1]]}:
                wrong.append(f"{name} imports {target}")
    assert not wrong


def test_no_import_cycle():
    graph = {name: imports_of(name, only_at_load=True) for name in MODULES}
    # A package's __init__ runs before its modules; a module importing a sibling through it would be a cycle.
    done, path = set(), []

    def visit(name):
        if name in path:
            pytest.fail("import cycle: " + " -> ".join([*path[path.index(name) :], name]))
        if name not in done:
            path.append(name)
            for target in sorted(graph[name]):
                visit(target)
            done.add(path.pop())

    for name in sorted(graph):
        visit(name)


def test_environment_files_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {*project["dependencies"], *project["optional-dependencies"]["test"]}
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    conda = {item for item in listed if isinstance(item, str)} - {"pip"}
    by_pip = set(listed[-1]["pip"]) - {"-e ."}
    assert conda | by_pip == wanted | {f"python{project['requires-python']}"}
    assert not conda & by_pip


def test_every_library_imported_is_declared():
    """What the package imports by name must be a dependency by name, not only somebody else's."""
    names = {
        "yaml": "pyyaml",
        "PIL": "pillow",
        "pydantic_core": "pydantic",
        "docx": "python_docx",
        "ipykernel_launcher": "ipykernel",
    }
    imported = set()
    for path in MODULES.values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(str(node.module).split(".")[0])
    outside = imported - set(sys.stdlib_module_names) - {"aspfin"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        declared += extra
    known = {re.split(r"[\[>=<~!]", one)[0].replace("-", "_") for one in declared}
    assert {names.get(one, one) for one in outside} - known == set()


def test_constraints_are_exact_and_cover_every_dependency():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split("\n")
    exact = re.compile(r"^[a-z0-9][a-z0-9.\-]*==[0-9][^\s@/]*( ; .+)?$")
    assert all(exact.match(line) for line in lines if line)
    pinned = {line.split("==")[0] for line in lines if line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    for requirement in [*project["dependencies"], *extras["test"], *extras["docs"]]:
        assert re.split(r"[\[>=<~!]", requirement)[0] in pinned


def test_version_is_stated_once():
    import aspfin

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert aspfin.__version__ == project["version"]
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_import_is_light():
    """`import aspfin` loads no library at all; the command line's help loads no report library."""
    heavy = ["matplotlib", "seaborn", "papermill", "statsmodels", "linearmodels", "nbconvert", "jupyterlab"]
    code = "import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    for module, banned in (("aspfin", [*heavy, "pandas", "scipy"]), ("aspfin.cli", heavy)):
        command = [sys.executable, "-c", code.format(module=module, heavy=banned)]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_no_file_names_a_machine_or_registry_address():
    """Files must work anywhere: no absolute path of a machine, no address of a package registry."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    banned = re.compile(rb"(?<![\w.])/(root|home)/[a-z]|pypi\.org|pythonhosted|file:///")
    offenders = []
    for name in tracked.split():
        path = ROOT / name
        if path.is_file() and path != Path(__file__) and banned.search(path.read_bytes()):
            offenders.append(name)
    assert not offenders


@pytest.mark.parametrize("package", sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py")))
def test_every_public_name_is_there_and_explains_itself(package):
    found = import_module(f"aspfin.{package}")
    for name in found.__all__:
        value = getattr(found, name)
        if isinstance(value, type | FunctionType | ModuleType):
            assert value.__doc__, f"{package}.{name}"
