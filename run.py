#!/usr/bin/env python3
"""The one door to journeykit: makes or mends ``.venv`` from the lock, then runs a command in it.

It uses the standard library only, and is silent when ``.venv`` is as it should be.
"""

import contextlib
import difflib
import hashlib
import importlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 14)
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"
STAMP = VENV / "journeykit-setup.json"
WINDOWS = os.name == "nt"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if WINDOWS else "python")
OWN_UV = BIN / ("uv.exe" if WINDOWS else "uv")

USAGE = """usage: python3 run.py COMMAND [ARGUMENTS]

  demo            make the demo clients' data and their reports (reports/index.html)
  test            run the quick tests; test --all: the slow ones too; the rest goes to pytest
  setup           make or mend .venv, and no more
  lab             open JupyterLab in this project
  check [FILE…]   lint, format, types and notebooks without outputs; of files: all but types
  bench [NAME…]   run the benchmarks, all or those named
  journeykit …    any command of journeykit, such as: journeykit report corner-grocer
"""


class SetupError(Exception):
    """What hinders the set-up, and what to do about it."""


def main(arguments: list) -> int:
    """Run a command in the project's own environment and return its exit status."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if name in ("help", "-h", "--help"):
        print(USAGE, end="")
        return 0 if arguments else 2
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        guess = f" Did you mean {near[0]!r}?" if near else ""
        print(f"run.py has no command {name!r}.{guess}\n\n{USAGE}", end="", file=sys.stderr)
        return 2
    set_up()
    keep_bytecode()
    return COMMANDS[name](rest)


# The commands ------------------------------------------------------------------------------------


def _setup(arguments: list) -> int:
    return 0


def _demo(arguments: list) -> int:
    return become([journeykit(), "demo", *arguments], ROOT)


def _journeykit(arguments: list) -> int:
    named = any(argument.split("=")[0] == "--project" for argument in arguments)
    here = named or (Path.cwd() / "data" / "clients").is_dir()  # a project of the caller's own
    return become([journeykit(), *arguments], None if here else ROOT)


def _lab(arguments: list) -> int:
    return become([PYTHON, "-m", "jupyterlab", *arguments], ROOT)


def _test(arguments: list) -> int:
    whole = "--all" in arguments
    rest = [argument for argument in arguments if argument != "--all"]
    measured = whole and sys.version_info >= (3, 12)  # before, counting lines takes as long as the tests
    os.environ.setdefault("COVERAGE_CORE", "sysmon")
    chosen = [] if whole else ["-m", "not slow"]
    chosen += ["--cov", "--cov-report=term-missing:skip-covered"] if measured else []
    if not rest:
        chosen += ["-n", str(min(4, os.cpu_count() or 1))]
        chosen += [
            "--dist",
            "worksteal" if whole else "loadscope",
        ]  # loadscope: what a file shares is made once
        chosen += ["--hypothesis-profile=whole"] if whole else []
        chosen += ["--cov-fail-under=90"] if measured else []
    return become([PYTHON, "-m", "pytest", *chosen, *rest], ROOT)


def _check(arguments: list) -> int:
    files = arguments or ["."]
    steps = [["-m", "ruff", "check", *files], ["-m", "ruff", "format", "--check", *files]]
    steps += [] if arguments else [["-m", "mypy"]]
    return worst([PYTHON, *step] for step in steps) or clean_notebooks(arguments)


def _bench(arguments: list) -> int:
    scripts = {path.stem: path for path in sorted((ROOT / "benchmarks").glob("[!_]*.py"))}
    unknown = [name for name in arguments if name not in scripts]
    if unknown:
        print(f"No benchmark {unknown[0]!r}. There are: {', '.join(scripts) or 'none'}.", file=sys.stderr)
        return 2
    return worst([PYTHON, scripts[name]] for name in arguments or scripts)


COMMANDS = {
    "demo": _demo, "test": _test, "setup": _setup, "lab": _lab, "check": _check, "bench": _bench,
    "journeykit": _journeykit,
}  # fmt: skip


def journeykit() -> Path:
    """Return the path of journeykit's own command."""
    return BIN / ("journeykit.exe" if WINDOWS else "journeykit")


def keep_bytecode() -> None:
    """Keep compiled code inside ``.venv`` where none may be kept beside the sources.

    Without any, every process compiles every library anew: most of the time of a short command.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(VENV / "bytecode"))


def become(command: list, folder: "Path | None" = None) -> int:
    """Let a command take this process's place, so that its signals and exit status are its own."""
    words = [str(word) for word in command]
    if folder:
        os.chdir(folder)
    sys.stdout.flush()
    sys.stderr.flush()
    if WINDOWS:
        return status(words)
    os.execv(words[0], words)
    return 1


def worst(commands) -> int:
    """Run every command, show which, and return the first exit status that isn't 0."""
    results = []
    for command in commands:
        shown = [Path(word).relative_to(ROOT) if isinstance(word, Path) else word for word in command[1:]]
        print("==>", *shown, flush=True)
        results.append(status([str(word) for word in command], ROOT))
    return next((result for result in results if result), 0)


def clean_notebooks(files: list) -> int:
    """Name the notebooks that hold outputs; 1 when there are any. Without files: all in ``notebooks/``."""
    found = [Path(file) for file in files if file.endswith(".ipynb")]
    notebooks = found if files else sorted((ROOT / "notebooks").glob("*.ipynb"))
    cells = {path: json.loads(path.read_text(encoding="utf-8")).get("cells", []) for path in notebooks}
    spoilt = [path for path in notebooks if any(cell.get("outputs") for cell in cells[path])]
    for path in spoilt:
        print(f"{path}: holds outputs. Remedy: clear them (Edit, Clear Outputs of All Cells) and save.")
    return 1 if spoilt else 0


def status(words: list, folder: "Path | None" = None) -> int:
    """Run a command and return its exit status, as a shell would tell it."""
    code = subprocess.run(words, cwd=folder, check=False).returncode
    return 128 - code if code < 0 else code


# The environment ---------------------------------------------------------------------------------


def set_up() -> None:
    """Make or mend ``.venv``; one process at a time, and only when it isn't as it should be."""
    if is_fresh():
        return
    with only_one():
        if is_fresh():  # another process did it while this one waited
            return
        started = time.monotonic()
        tell("setting up .venv …")
        STAMP.unlink(missing_ok=True)
        uv = make_venv()
        install(uv)
        STAMP.write_text(json.dumps(wanted(), indent=1), encoding="utf-8")
        tell(f".venv is ready ({time.monotonic() - started:.0f} s)")


def wanted() -> dict:
    """Return what ``.venv`` depends on."""
    digest = hashlib.sha256(LOCK.read_bytes() + PROJECT.read_bytes()).hexdigest()
    return {"packages": digest, "python": f"{sys.version_info[0]}.{sys.version_info[1]}", "root": str(ROOT)}


def is_fresh() -> bool:
    """Tell whether ``.venv`` is what the lock, pyproject.toml and this Python ask for."""
    return PYTHON.exists() and stamped() == wanted()


def stamped() -> dict:
    """Return what ``.venv`` was made from; empty when that isn't known."""
    try:
        return dict(json.loads(STAMP.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def make_venv() -> str:
    """Make ``.venv`` where it can't be kept, and return the path of uv."""
    uv = shutil.which("uv") or ""
    if not can_be_kept(uv):
        shutil.rmtree(VENV, ignore_errors=True)
        interpreter = getattr(sys, "_base_executable", None) or sys.executable
        if uv:
            call([uv, "venv", "-q", "--python", interpreter, VENV])
        else:
            need_ensurepip()
            call([interpreter, "-m", "venv", VENV])
    return uv or own_uv()


def can_be_kept(uv: str) -> bool:
    """Tell whether ``.venv`` is of this Python, works, stands where it was made and can be installed into."""
    try:
        settings = (VENV / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return False
    version = re.search(r"^version(?:_info)?\s*=\s*(\d+\.\d+)", settings, re.MULTILINE)
    here = stamped().get("root", str(ROOT)) == str(ROOT)
    probe = "import sys" if uv or OWN_UV.exists() else "import pip"
    return bool(version) and version.group(1) == wanted()["python"] and here and answers(PYTHON, probe)


def answers(python: "Path | str", code: str) -> bool:
    """Tell whether an interpreter can run some code."""
    try:
        done = subprocess.run([str(python), "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return done.returncode == 0


def own_uv() -> str:
    """Return the uv inside ``.venv``; pip gets it, in the version and with the hashes of the lock."""
    if not OWN_UV.exists():
        block = re.search(r"^uv==.*(?:\n +--hash=.*)+", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
        only_uv = VENV / "uv.lock.txt"
        only_uv.write_text(block.group(0).rstrip(" \\") + "\n" if block else "uv\n", encoding="utf-8")
        pip = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input"]
        call([*pip, "-r", only_uv])
    return str(OWN_UV)


def install(uv: str) -> None:
    """Install the lock, and the project itself in place."""
    pip = [uv, "pip", "install", "-q", "--python", PYTHON]
    call([*pip, "--require-hashes", "-r", LOCK])
    call([*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT])


def need_ensurepip() -> None:
    """See to it that this Python can make an environment with pip: Debian has that in a package of its own."""
    if has_ensurepip():
        return
    apt = shutil.which("apt-get")
    package = "python3-venv"
    if apt and hasattr(os, "geteuid") and os.geteuid() == 0:
        tell(f"this Python has no ensurepip; installing {package} …")
        os.environ.setdefault("DEBIAN_FRONTEND", "noninteractive")
        call([apt, "update", "-qq"])
        call([apt, "install", "-y", "-qq", package], quiet=True)
        importlib.invalidate_caches()
    if not has_ensurepip():
        remedy = f"as root: apt-get install {package}" if apt else "install Python's ensurepip and venv"
        raise SetupError(
            f"This Python ({sys.executable}) has no ensurepip, so it can't make .venv. Remedy: {remedy}."
        )


def has_ensurepip() -> bool:
    """Tell whether the modules that make an environment are there."""
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def call(command: list, quiet: bool = False) -> None:
    """Run a step of the set-up; its output is shown, on standard error, unless it is quiet and goes well."""
    words = [str(word) for word in command]
    output = subprocess.PIPE if quiet else sys.stderr
    done = subprocess.run(
        words, env=clean_environment(), stdout=output, stderr=subprocess.STDOUT if quiet else None
    )
    if done.returncode:
        said = (done.stdout or b"").decode(errors="replace")
        raise SetupError(f"{said}The set-up stopped at: {' '.join(words)} (exit status {done.returncode}).")


def clean_environment() -> dict:
    """Return the environment's variables without those that would lead an installer elsewhere."""
    astray = {
        "PYTHONHOME",
        "PYTHONPATH",
        "VIRTUAL_ENV",
        "PIP_USER",
        "PIP_TARGET",
        "PIP_PREFIX",
        "__PYVENV_LAUNCHER__",
    }
    kept = {name: value for name, value in os.environ.items() if name not in astray}
    return {**kept, "UV_PYTHON_DOWNLOADS": "never"}


@contextlib.contextmanager
def only_one():
    """Hold the set-up's lock; a second process waits until the first is done."""
    with open(ROOT / ".venv.lock", "a+b") as file:
        if WINDOWS:
            import msvcrt

            while True:  # Windows gives up after ten seconds: ask again
                try:
                    file.seek(0)
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except OSError:
                    time.sleep(1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def tell(message: str) -> None:
    """Say something about the set-up on standard error."""
    print(f"journeykit: {message}", file=sys.stderr, flush=True)


def use_a_python_that_fits() -> None:
    """Go on in a Python of a version that journeykit supports, when this one isn't."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and answers(found, f"import sys; assert sys.version_info[:2] == (3, {minor})"):
            sys.exit(status([found, str(Path(__file__).resolve()), *sys.argv[1:]]))
    span = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
    has = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(
        f"journeykit needs Python {span}; this is Python {has} ({sys.executable}). Remedy: install one of those."
    )


if __name__ == "__main__":
    use_a_python_that_fits()
    try:
        code = main(sys.argv[1:])
    except SetupError as error:
        print(error, file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
