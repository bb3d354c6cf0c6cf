"""Write both lock files: every version with its hashes, for plain pip, with no index address.

`python tools/lock.py` keeps the versions of today's locks; `--upgrade` takes the newest allowed.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPILE = [
    *(sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--quiet"),
    *("--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-header", "--no-annotate", "--no-strip-extras"),
]
WITH_EXTRAS = re.compile(r"^(?P<name>[\w.-]+)\[[^\]]+\](?P<rest>.*)", re.DOTALL)


def main() -> None:
    """Compile the lock of what runs, then the one of the tests on top of it."""
    flags = sys.argv[1:]
    _lock("requirements.lock", ["--extra", "local", *flags])
    _lock("requirements-dev.lock", ["--extra", "dev", "-c", "requirements.lock", *flags])


def _lock(name: str, flags: list[str]) -> None:
    subprocess.run([*COMPILE, *flags, "--output-file", name], cwd=ROOT, check=True)
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text())
    (ROOT / name).write_text("\n".join(line for entry in entries for line in _both(entry)))


def _both(entry: str) -> list[str]:
    """Pin a package with extras a second time without them: pip before 23.1 asks for both."""
    found = WITH_EXTRAS.match(entry)
    return [entry, found["name"] + found["rest"]] if found else [entry]


if __name__ == "__main__":
    main()
