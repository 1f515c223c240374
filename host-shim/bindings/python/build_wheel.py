"""Makes the wheel: the package and the built liboutcrop, for any CPython 3 of this platform.

A build backend (PEP 517), so that `pip wheel .` works, and a program for machines that have no pip:

    python3 build_wheel.py FOLDER [LIBRARY]

The library is LIBRARY, `--config-settings library=PATH`, or that of `make build`. The wheel is for the platform that
it is made on; for another (`manylinux_2_36_x86_64`, say, where auditwheel tells that it holds) give `platform`.
"""

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
LIBRARY = ROOT / "target/release" / ("liboutcrop.dylib" if sys.platform == "darwin" else "liboutcrop.so")

METADATA = """\
Metadata-Version: 2.1
Name: outcrop
Version: {version}
Summary: Amazon Bedrock for any agent host, as a sandboxed plugin
License: Apache-2.0
Requires-Python: >=3.9
Description-Content-Type: text/markdown

{readme}"""

WHEEL = """\
Wheel-Version: 1.0
Generator: outcrop
Root-Is-Purelib: false
Tag: {tag}
"""


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes the wheel and gives its name."""
    settings = config_settings or {}
    library = Path(settings.get("library", LIBRARY))
    if not library.is_file():
        raise SystemExit(f"there is no library at {library}: run `make build`, or say library=PATH")
    platform = settings.get("platform") or re.sub(r"[^0-9A-Za-z]", "_", sysconfig.get_platform())
    version = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    tag = f"py3-none-{platform}"
    info = f"outcrop-{version}.dist-info"
    sources = [*sorted((HERE / "outcrop").glob("*.py")), HERE / "outcrop/py.typed"]
    files = {f"outcrop/{file.name}": file.read_bytes() for file in sources}
    files["outcrop/liboutcrop.so"] = stripped(library)
    files[f"{info}/METADATA"] = METADATA.format(version=version, readme=(HERE / "README.md").read_text()).encode()
    files[f"{info}/WHEEL"] = WHEEL.format(tag=tag).encode()
    files[f"{info}/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    record = f"{info}/RECORD"
    files[record] = "".join(f"{name},{digest(content)},{len(content)}\n" for name, content in files.items()).encode()
    files[record] += f"{record},,\n".encode()

    name = f"outcrop-{version}-{tag}.whl"
    Path(wheel_directory).mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(Path(wheel_directory) / name, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as wheel:
        for file, content in files.items():
            # One date for all: the same sources make the same wheel.
            entry = zipfile.ZipInfo(file, (2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            wheel.writestr(entry, content)
    return name


def stripped(library):
    """The library without what only debuggers read, where there is a `strip`."""
    strip = shutil.which("strip")
    if strip is None:
        return library.read_bytes()
    with tempfile.NamedTemporaryFile() as smaller:
        subprocess.run([strip, "--strip-unneeded", "-o", smaller.name, library], check=True)
        return Path(smaller.name).read_bytes()


def digest(content):
    """As RECORD wants it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def build_sdist(sdist_directory, config_settings=None):
    """There is none: the library is built by cargo, out of the whole repository."""
    raise SystemExit("build the wheel: `make python`")


if __name__ == "__main__":
    folder, *library = sys.argv[1:]
    print(build_wheel(folder, {"library": library[0]} if library else None))
