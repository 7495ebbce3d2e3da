"""The laws of the architecture, each a plain function from a file's syntax tree to the lines that break it.

A new file of the package is listed here, in ``ORDER``, at its place in the river.
"""

from __future__ import annotations

import ast
import io
import re
import statistics
import sys
import tokenize
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "evalkit"

FIRST = ("errors", "formats", "lists", "later", "given", "patience")
SPRINGS = (
    "tickets", "selection", "inclusion", "allocation", "sizing", "acceptance", "calibration", "variances",
    "replication", "streams", "intervals", "exact", "nonresponse", "quantiles", "inequality", "chisquares", "smallareas",
    "reliability", "ranking", "suppression", "scoring", "composites",
)  # fmt: skip
RIVER = (
    "figures", "showing", "codes", "privacy", "sheets", "engines", "ledger", "screening", "intake", "ceremony",
    "synthetic", "frame", "design", "certificate", "sample", "verification",
    "verifiers", "plans", "fieldwork",
    "responses", "forms", "findings", "casework", "weights",
    "survey", "estimates", "clustering", "models", "satisfaction", "combined", "rates",
    "areas", "verdict", "leeway", "quality",
    "indicators", "filledin", "problems", "delivery", "clues", "tiers", "tasks", "mandatory", "trials",
)  # fmt: skip  # satisfaction stands before rates: 群众认可度 is one of them
MOUTH = ("tables", "charts", "report")
LAST = ("evaluation", "cli")
ORDER = (*FIRST, *SPRINGS, *RIVER, *MOUTH, *LAST)

# The one-line methods that may reach downstream files, as "file.Class.method".
UPSTREAM: frozenset[str] = frozenset(
    {"areas.SmallAreas.plot", "casework.log.Cases.plot", "findings.found.Findings.plot",
     "estimates.estimate.Estimate.plot", "models.outcome.Test.plot",
     "sample.samples.Sample.plot", "responses.collecting.Responses.plot", "fieldwork.assignment.Assignment.plot",
     "models.regression.Model.plot", "satisfaction.priorities.Priorities.plot", "survey.surveys.Survey.plot",
     "quality.askers.Interviewers.plot", "quality.plausible.Plausibility.plot",
     "indicators.scorecard.Scorecard.plot", "ranking.RankSets.plot",
     "trials.outcomes.Trials.plot", "verdict.judging.Verdict.plot"}
)  # fmt: skip
# Where a seed may be left out: a step in a folder falls back on the ceremony's seed, then on the specimen's.
SEED_MAY_BE_ABSENT = frozenset({"evaluation.specimen.run", "evaluation.steps.Evaluation.draw"})
# Functions that may bear a file's name: `later` is bound nowhere but in later.py, commands are called by nobody.
NAMED_AS_FILES = ("later.later", "cli.")
# The one dataclass that is written to after it is made: the collector of faults.
WRITABLE = frozenset({"errors.Faults"})
# Heavy libraries a file may import plainly, because it cannot do without them when it is loaded.
PLAIN = frozenset({("design", "pydantic"), ("indicators", "pydantic")})

HEAVY = (
    "statsmodels", "matplotlib", "pydantic", "duckdb", "typst", "docx", "xlsxwriter", "openpyxl", "python_calamine",
    "jinja2", "scipy.stats", "scipy.optimize",
)  # fmt: skip
TABLES = ("pandas", "narwhals", "pydantic", "polars", "pyarrow", "duckdb")
CLOCK_AND_CHANCE = ("random", "time", "secrets", "uuid", "numpy.random")
# A party's secret and a key have to be ones that nobody can make again: the only places where chance is asked for.
SECRET = (("ceremony", "secrets"), ("privacy.keys", "secrets"))
CLOCK_CALLS = ("now", "today", "utcnow")
ROUNDED_SUMS = ("sum", "nansum", "dot", "matmul", "einsum", "inner", "vdot", "linalg", "mean", "average", "cumsum", "add.reduce")
SPREADS = ("var", "std", "cov", "corrcoef", "nanvar", "nanstd")
VARIANCES = ("variances", "replication")
QUOTAS = ("allocation.rounding", "allocation.methods", "allocation.optimum", "allocation.fitting")
DRAW = ("tickets", "selection", "inclusion", *QUOTAS, "sample")
# Chances of pairs, true chances and measures of spread: asked for after a draw, never by it.
AFTER_A_DRAW = ("inclusion.exact", "inclusion.approximate", "inclusion.pareto", "selection.spread")
SHARED_STATE = ("seterr", "set_option", "set_printoptions")
# A program that is handed to the evaluated county as one file, and read there by itself.
HANDED_OUT = ("verifiers.verify_draw",)
MAX_FILE, MAX_FUNCTION, MAX_MEDIAN = 400, 40, 10

Function = ast.FunctionDef | ast.AsyncFunctionDef


# -- finding one's way in a file ---------------------------------------------------------------------------------


@cache
def files() -> dict[str, Path]:
    """Return the files of the package by dotted name without ``evalkit``: ``design.reading``, ``design`` for a package."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def nodes(module: ast.Module) -> list[ast.AST]:
    """Return every node of a file; the laws go through the same ones again and again."""
    return list(ast.walk(module))


def at(node: ast.AST, text: str) -> str:
    return f"line {getattr(node, 'lineno', 0)}: {text}"


def running(module: ast.Module) -> Iterator[ast.AST]:
    """Walk everything but the blocks under ``if TYPE_CHECKING:``."""
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.If) and dotted(node.test).endswith("TYPE_CHECKING"):
            waiting.extend(node.orelse)
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def dotted(node: ast.AST) -> str:
    """Return ``np.random.default_rng`` for the node that reads so, or an empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def imported(node: ast.AST, name: str, package: bool = False) -> list[str]:
    """Return the full names that an import statement of file `name` asks for."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        here = f"evalkit.{name}".rstrip(".").split(".")
        kept = here[: len(here) - node.level + package]
        base = ".".join([*kept, *base.split(".")] if base else kept)
    return [f"{base}.{alias.name}" for alias in node.names]


def laters(module: ast.Module) -> dict[str, str]:
    """Return the names bound through ``later``, with the modules they stand for."""
    return {
        target.id: node.value.args[0].value
        for node in nodes(module)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and dotted(node.value.func) == "later"
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.args[0], ast.Constant)
    }


def functions(module: ast.Module) -> Iterator[tuple[str, Function]]:
    """Yield every function with its name as ``Class.method``."""
    waiting: list[tuple[str, ast.AST]] = [("", module)]
    while waiting:
        before, node = waiting.pop(0)
        for child in ast.iter_child_nodes(node):
            inner = f"{before}{child.name}." if isinstance(child, (*Function.__args__, ast.ClassDef)) else before
            if isinstance(child, Function):
                yield inner[:-1], child
            waiting.append((inner, child))


def length(function: Function) -> int:
    """Return the lines of a function from ``def`` to its end, docstring not counted."""
    first = function.body[0]
    told = ast.get_docstring(function, clean=False) is not None
    return function.end_lineno - function.lineno + 1 - (first.end_lineno - first.lineno + 1 if told else 0)


def rank(name: str) -> int:
    """Return where a file stands: springs share one rank, everything else has its own."""
    top = name.partition(".")[0]
    if top not in ORDER:
        return -1
    place = ORDER.index(top)
    return len(FIRST) if top in SPRINGS else place


def edges(module: ast.Module, name: str, package: bool = False) -> list[tuple[ast.AST, str]]:
    """Return the files of evalkit that a file imports, as dotted names without ``evalkit``."""
    return [
        (node, asked.removeprefix("evalkit").lstrip("."))
        for node in running(module)
        for asked in imported(node, name, package)
        if asked == "evalkit" or asked.startswith("evalkit.")
    ]


def resolve(asked: str, known: dict[str, Path]) -> str:
    """Return the file that a dotted name lies in: ``design.reading`` for ``design.reading.read_design``."""
    while asked and asked not in known:
        asked = asked.rpartition(".")[0]
    return asked


# -- law 1: imports run one way, and in the open ------------------------------------------------------------------


def unlisted(module: ast.Module, name: str) -> list[str]:
    if not name or rank(name) >= 0:
        return []
    return [f"{name.partition('.')[0]} has no place in the river yet: list it in ORDER of tests/architecture_rules.py"]


def upstream_imports(module: ast.Module, name: str) -> list[str]:
    if not name:
        return []
    return [
        at(node, f"{name} imports {asked or 'evalkit'}, which does not lie before it in the river")
        for node, asked in edges(module, name)
        if not _may_import(name, asked)
    ]


def _may_import(name: str, asked: str) -> bool:
    mine, theirs = name.partition(".")[0], asked.partition(".")[0]
    if mine == theirs:
        return True
    if rank(theirs) < 0:  # a public name or a stranger: import from the file that makes it
        return theirs == "__version__"
    return rank(theirs) < rank(mine) or (mine in SPRINGS and theirs in SPRINGS)


def upstream_later(module: ast.Module, name: str) -> list[str]:
    """A file bound later may lie downstream only for the one-line methods listed in UPSTREAM."""
    bound = {
        alias: full for alias, full in laters(module).items()
        if full.startswith("evalkit") and not _may_import(name, full.removeprefix("evalkit."))
    }  # fmt: skip
    allowed = set()
    for own, function in functions(module):
        if f"{name}.{own}" in UPSTREAM and len(function.body) - (ast.get_docstring(function) is not None) == 1:
            allowed |= {id(node) for node in ast.walk(function)}
    return [
        at(node, f"{name} reaches downstream to {bound[node.id]} outside a one-line method listed in UPSTREAM")
        for node in nodes(module)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in bound and id(node) not in allowed
    ]


def hidden_imports(module: ast.Module, name: str) -> list[str]:
    return [
        at(node, "an import inside a function: bind it at the top, heavy libraries through later()")
        for _, function in functions(module)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def import_machinery(module: ast.Module, name: str) -> list[str]:
    if name in ("", "later"):
        return []
    open_parts = ("importlib.resources", "importlib.metadata")
    found = [
        at(node, f"{asked} outside later.py")
        for node in nodes(module)
        for asked in imported(node, name)
        if asked.split(".")[0] == "importlib" and not asked.startswith(open_parts)
    ]
    calls = [node for node in nodes(module) if isinstance(node, ast.Call) and dotted(node.func) in ("__import__", "exec", "eval")]
    return found + [at(node, f"{dotted(node.func)}() hides what is imported") for node in calls]


def heavy_imports(module: ast.Module, name: str) -> list[str]:
    top = name.partition(".")[0]
    return [
        at(node, f"{asked} is heavy: bind it at the top through later()")
        for node in running(module)
        for asked in imported(node, name)
        if (asked == "scipy" or _within(asked, HEAVY)) and (top, asked.split(".")[0]) not in PLAIN
    ]


def _within(asked: str, packages: tuple[str, ...]) -> bool:
    return any(asked == package or asked.startswith(f"{package}.") for package in packages)


def circles(trees: dict[str, ast.Module], known: dict[str, Path]) -> list[str]:
    """Name every circle of imports between files, a package's own files included."""
    asks = {name: _asked_files(name, module, known) for name, module in trees.items() if name}
    done: set[str] = set()
    found: list[str] = []

    def follow(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            found.append(" → ".join([*trail[trail.index(name) :], name]))
        elif name not in done:
            for other in sorted(asks.get(name, ())):
                follow(other, (*trail, name))
            done.add(name)

    for name in sorted(asks):
        follow(name, ())
    return found


def _asked_files(name: str, module: ast.Module, known: dict[str, Path]) -> set[str]:
    package = known.get(name, Path()).name == "__init__.py"
    return {resolve(asked, known) for _, asked in edges(module, name, package)} - {name, ""}


# -- law 2: springs take numbers and give numbers -----------------------------------------------------------------


def tables_in_springs(module: ast.Module, name: str) -> list[str]:
    if name.partition(".")[0] not in (*SPRINGS, *FIRST):
        return []
    asked = [(node, each) for node in nodes(module) for each in imported(node, name)]
    bound = [(module, full) for full in laters(module).values()]
    return [at(node, f"a spring imports {each}") for node, each in asked + bound if _within(each, TABLES)]


def printing(module: ast.Module, name: str) -> list[str]:
    if name == "cli":
        return []
    calls = (node for node in nodes(module) if isinstance(node, ast.Call))
    return [at(node, "prints; only the command line speaks") for node in calls if dotted(node.func) in ("print", "sys.stdout.write")]


# -- names ----------------------------------------------------------------------------------------------------------


def functions_named_as_files(module: ast.Module, name: str) -> list[str]:
    here = name.rpartition(".")[0] if "." in name else ""
    beside = {each.rpartition(".")[2] for each in files() if each.rpartition(".")[0] == here} if here else set()
    taken = {each for each in (*ORDER, *beside) if each}
    return [
        at(node, f"{node.name}() bears a file's name; Python would bind the module over it")
        for node in module.body
        if isinstance(node, Function) and node.name in taken and not f"{name}.{node.name}".startswith(NAMED_AS_FILES)
    ]


def names_only(module: ast.Module, name: str) -> list[str]:
    """``__init__`` holds its docstring, imports, tables of names and the two hooks of PEP 562."""
    kinds = (ast.Import, ast.ImportFrom, ast.If, ast.Assign, ast.AnnAssign)
    return [
        at(node, "__init__ holds names only")
        for node in module.body
        if not isinstance(node, kinds)
        and not (isinstance(node, Function) and node.name in ("__getattr__", "__dir__"))
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]


def public_names(module: ast.Module) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Return (file, name) as the table of ``__init__`` says, and as its TYPE_CHECKING block says."""
    values = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    table = {(file, name) for file, names in ast.literal_eval(values["_FILES"]).items() for name in names}
    table |= {(file, "") for file in ast.literal_eval(values["_SPRINGS"])}
    block = next(node for node in module.body if isinstance(node, ast.If) and dotted(node.test).endswith("TYPE_CHECKING"))
    editors = set()
    for node in block.body:
        if isinstance(node, ast.ImportFrom) and node.module == "evalkit":
            editors |= {(alias.name, "") for alias in node.names if alias.asname == alias.name}
        elif isinstance(node, ast.ImportFrom) and node.module:
            editors |= {(node.module.removeprefix("evalkit."), alias.name) for alias in node.names if alias.asname == alias.name}
    return table, editors


def public_names_disagree(module: ast.Module, name: str) -> list[str]:
    table, editors = public_names(module)
    only_table = [f"{file}.{each} stands in the table, not under TYPE_CHECKING" for file, each in sorted(table - editors)]
    return only_table + [f"{file}.{each} stands under TYPE_CHECKING, not in the table" for file, each in sorted(editors - table)]


def public_names_undefined(module: ast.Module, name: str) -> list[str]:
    known = files()
    faults = []
    for file, each in sorted(public_names(module)[0]):
        if file not in known:
            faults.append(f"the table names evalkit/{file}.py, which does not exist")
        elif each and each not in defined(tree(known[file])):
            faults.append(f"evalkit/{file} does not define {each}")
    return faults


def defined(module: ast.Module) -> set[str]:
    """Return the names a file binds at its top level, imports included for a package's ``__init__``."""
    names = set()
    for node in module.body:
        if isinstance(node, (*Function.__args__, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


# -- laws 3 and 7: frozen values, seeds, and draws that are pure functions -------------------------------------------


def default_seeds(module: ast.Module, name: str) -> list[str]:
    found = []
    for own, function in functions(module):
        if f"{name}.{own}" in SEED_MAY_BE_ABSENT:
            continue
        given = function.args.posonlyargs + function.args.args
        with_default = given[len(given) - len(function.args.defaults) :]
        with_default += [arg for arg, value in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True) if value is not None]
        found += [at(function, f"{own}: {arg.arg} has a default") for arg in with_default if _is_seed(arg.arg)]
    for node in nodes(module):
        if isinstance(node, ast.ClassDef):
            fields = [field for field in node.body if isinstance(field, ast.AnnAssign) and field.value is not None]
            found += [at(field, f"{node.name}.{dotted(field.target)} has a default") for field in fields if _is_seed(dotted(field.target))]
    return found


def _is_seed(name: str) -> bool:
    return name == "seed" or name.endswith("_seed")


def writable_values(module: ast.Module, name: str) -> list[str]:
    """Every dataclass is frozen."""
    found = []
    for node in nodes(module):
        if not isinstance(node, ast.ClassDef) or f"{name}.{node.name}" in WRITABLE:
            continue
        for mark in node.decorator_list:
            call = mark if isinstance(mark, ast.Call) else None
            frozen = call and any(k.arg == "frozen" and isinstance(k.value, ast.Constant) and k.value.value is True for k in call.keywords)
            if dotted(call.func if call else mark).split(".")[-1] == "dataclass" and not frozen:
                found.append(at(node, f"{node.name} is a dataclass that is not frozen"))
    return found


def clock_and_chance(module: ast.Module, name: str) -> list[str]:
    found = [
        at(node, f"{asked}: nothing here depends on a clock or on a library's random numbers")
        for node in nodes(module)
        for asked in imported(node, name)
        if _within(asked, CLOCK_AND_CHANCE) and (name, asked.partition(".")[0]) not in SECRET
    ]
    for node in nodes(module):
        if isinstance(node, ast.Attribute):
            text = dotted(node)
            clock = node.attr in CLOCK_CALLS and bool(re.search(r"(^|\.)(datetime|date|Timestamp|pd)\.", text))
            if text in ("np.random", "numpy.random", "os.urandom") or clock:
                found.append(at(node, f"{text}: nothing here depends on a clock or on a library's random numbers"))
    return found


def rounded_sums(module: ast.Module, name: str) -> list[str]:
    """Inside a draw floats are summed by ``math.fsum``: numpy's sums depend on the machine."""
    if not _within(name, DRAW) or name in AFTER_A_DRAW:
        return []
    names = {f"{numpy}.{each}" for numpy in ("np", "numpy") for each in ROUNDED_SUMS}
    sums = (node for node in nodes(module) if isinstance(node, ast.Attribute) and dotted(node) in names)
    found = [at(node, f"{dotted(node)} inside a draw") for node in sums]
    products = (node for node in nodes(module) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult))
    return found + [at(node, "@ inside a draw") for node in products]


def variances_elsewhere(module: ast.Module, name: str) -> list[str]:
    """Law 4: the survey gives the variance of a total of scores, and nothing else computes one."""
    if name.partition(".")[0] in VARIANCES:
        return []
    names = {f"{numpy}.{each}" for numpy in ("np", "numpy") for each in SPREADS}
    spreads = (node for node in nodes(module) if isinstance(node, ast.Attribute) and dotted(node) in names)
    return [at(node, f"{dotted(node)} outside variances") for node in spreads]


def shared_state(module: ast.Module, name: str) -> list[str]:
    found = []
    for node in nodes(module):
        if isinstance(node, ast.Global):
            found.append(at(node, "a global variable is written"))
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in SHARED_STATE:
            found.append(at(node, f"{dotted(node.func)}() changes an option for everyone"))
        if isinstance(node, ast.Assign):
            changed = (dotted(t.value) for t in node.targets if isinstance(t, ast.Subscript))
            found += [at(node, "rcParams is changed for everyone; use rc_context") for each in changed if each.endswith("rcParams")]
    return found


# -- size and hygiene -------------------------------------------------------------------------------------------------


def long_functions(module: ast.Module, name: str) -> list[str]:
    return [
        at(function, f"{own} has {length(function)} lines; {MAX_FUNCTION} are enough")
        for own, function in functions(module)
        if length(function) > MAX_FUNCTION
    ]


def long_file(text: str) -> list[str]:
    lines = text.count("\n")
    return [f"{lines} lines; from {MAX_FILE} on a file becomes a package of the same name"] if lines > MAX_FILE else []


def median_function(trees: list[ast.Module]) -> float:
    return statistics.median(length(function) for module in trees for _, function in functions(module))


def comments(text: str, pattern: str) -> Iterator[tokenize.TokenInfo]:
    """Yield the comments that say something; a text that says it nowhere is not taken apart."""
    if re.search(pattern, text):
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and re.search(pattern, token.string):
                yield token


def silenced_without_reason(text: str) -> list[str]:
    """``# noqa: X  # why`` and ``# type: ignore[x]  # why``: a check is switched off by name and with a reason."""
    found = []
    for token in comments(text, r"#\s*(noqa|type:\s*ignore)"):
        if not re.search(r"#\s*(noqa:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*|type:\s*ignore\[[\w, -]+\])\s+#\s*\w+", token.string):
            found.append(f"line {token.start[0]}: {token.string} names no check or gives no reason")
    return found


def silenced_for_nobody(text: str) -> list[str]:
    """A ``type: ignore`` in a file that mypy does not check silences nothing, and tells a reader that something was wrong."""
    return [f"line {token.start[0]}: {token.string}" for token in comments(text, r"#\s*type:\s*ignore")]


def machine_paths(text: str) -> list[str]:
    """Folders of one person's machine have no place in a file that others read."""
    folders = "|".join(("home", "root", "tmp", "work", "Users"))
    pattern = re.compile(rf"(?<![\w.~:/*-])(/({folders})/\w|[A-Z]:\\\\?Users\\)")
    return [f"line {i}: {line.strip()[:100]}" for i, line in enumerate(text.split("\n"), 1) if pattern.search(line)]


RULES: dict[str, Callable[[ast.Module, str], list[str]]] = {
    rule.__name__: rule
    for rule in (
        unlisted, upstream_imports, upstream_later, hidden_imports, import_machinery, heavy_imports, tables_in_springs,
        printing, functions_named_as_files, default_seeds, writable_values, clock_and_chance, rounded_sums,
        variances_elsewhere, shared_state,
        long_functions,
    )
}  # fmt: skip


# -- what is imported is declared ---------------------------------------------------------------------------------------

DISTRIBUTIONS = {"docx": "python-docx", "xdist": "pytest-xdist", "python_calamine": "python-calamine", "tomli_w": "tomli-w"}


def undeclared(module: ast.Module, name: str, declared: set[str]) -> list[str]:
    """Name third-party libraries that pyproject.toml does not install, those bound later included."""
    asked = {(getattr(node, "lineno", 0), each.split(".")[0]) for node in running(module) for each in imported(node, name)}
    asked |= {(0, full.split(".")[0]) for full in laters(module).values()}
    known = {*sys.stdlib_module_names, "evalkit", "tests", "benchmarks"}
    return [
        f"line {line}: {library} is not declared in pyproject.toml"
        for line, library in sorted(asked)
        if library not in known and DISTRIBUTIONS.get(library, library) not in declared
    ]


def extras() -> list[str]:
    """Return the extras that a user may install; what tests need is none of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [name for name in project["optional-dependencies"] if name != "test"]


def declared_libraries(*extras: str) -> set[str]:
    """Return the names of the distributions that a plain install, and one with the extras, brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return {re.split(r"[<>=!~ \[;]", line)[0].lower() for line in lines}
