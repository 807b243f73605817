"""The wheels that uv chooses: read records of releases from standard input, write them with its choices to standard output.

One run of uv resolves one version of a package, so each release becomes a package of its own: `release-7` has the wheels
of the seventh one, under their own tags.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

asked = json.load(sys.stdin)
records = asked["records"]

ANY = "py3-none-any.whl"
"""The tags of a wheel that fits everywhere, which is chosen last."""


def program(scratch):
    """The uv of this machine, or one from the index of its configuration."""
    found = shutil.which("uv")
    if found:
        return found
    place = scratch / "uv"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", place, "uv"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"PIP_ROOT_USER_ACTION": "ignore"})
    return place / "bin" / "uv"


def content(name, version):
    """A wheel with nothing but its metadata."""
    buffer, folder = io.BytesIO(), f"{name}-{version}.dist-info"
    with zipfile.ZipFile(buffer, "w") as wheel:
        wheel.writestr(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{folder}/WHEEL", "Wheel-Version: 1.0\n")
        wheel.writestr(f"{folder}/RECORD", "")
    return buffer.getvalue()


def is_program(file):
    """Programs do not need the interface of one version of Python, and are built for a platform."""
    abi, platform = file[: -len(".whl")].split("-")[-2:]
    return "none" in abi.split(".") and platform != "any"


def serve(folder):
    """Write the wheels of all releases, each with one for any platform, so that no release stops the resolution."""
    for at, record in enumerate(records):
        name, version = f"release_{at}", record["version"]
        bytes = content(name, version)
        for file in [*filter(is_program, record["files"]), f"any-1-{ANY}"]:
            (folder / f"{name}-{version}-{file.split('-', 2)[2]}").write_bytes(bytes)


def chosen(uv, scratch, glibc):
    """The name of the chosen wheel of each release, by the place of the release."""
    pins = "".join(f"release-{at}=={record['version']}\n" for at, record in enumerate(records))
    command = [uv, "pip", "compile", "-", "--verbose", "--no-deps", "--no-config", "--offline", "--no-index", "--no-header"]
    command += ["--find-links", scratch / "wheels", "--cache-dir", scratch / "cache", "--python", sys.executable]
    command += ["--no-python-downloads", "--python-platform", "x86_64-manylinux_" + glibc.replace(".", "_")]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "RUST_LOG"))}
    finished = subprocess.run(command, input=pins, env=own, text=True, capture_output=True)
    selected = re.findall(r"Selecting: release-(\d+)==\S+ .*\(release_\d+-[^-]+-(\S+\.whl)\)", finished.stderr)
    # A release without a choice counts as a difference; it must not just drop out of the comparison.
    choices = dict.fromkeys(range(len(records)), "names no wheel: " + finished.stderr[-300:])
    return choices | {int(at): rest for at, rest in selected}


def main():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        (scratch / "wheels").mkdir()
        serve(scratch / "wheels")
        uv = program(scratch)
        for record in records:
            record["uv"] = {}
        for glibc in asked["glibc"]:
            choices = chosen(uv, scratch, glibc)
            for at, record in enumerate(records):
                files = {file.split("-", 2)[2]: file for file in record["files"] if is_program(file)}
                record["uv"][glibc] = files.get(choices[at], choices[at]) if choices[at] != ANY else None


main()
json.dump(records, sys.stdout)
