"""The wheels that pip would choose, by its own code: read packages from standard input, write the choices to standard output."""

import json
import sys

from pip._internal.commands import create_command
from pip._internal.index.collector import parse_links
from pip._internal.models.link import Link
from pip._vendor.packaging import _manylinux, tags
from pip._vendor.packaging.utils import InvalidWheelFilename, parse_wheel_filename

asked = json.load(sys.stdin)


def collect():
    """The names of all wheels of the packages, from the index of this machine's configuration."""
    command = create_command("download")
    with command.main_context():
        options, _ = command.parse_args([])
        finder = command._build_package_finder(options, command.get_default_session(options))
        for package in asked["packages"]:
            page = Link(f"{finder.index_urls[0].rstrip('/')}/{package}/")
            content = finder._link_collector.fetch_response(page)
            yield package, [link.filename for link in parse_links(content) if link.filename.endswith(".whl")]


def chosen(files, order):
    """The best of these wheels: by the first of its tags that is in the order, then by its build number."""
    fitting = []
    for file in files:
        _, _, build, own = parse_wheel_filename(file)
        # Programs do not need the interface of one version of Python.
        ranks = [order[tag] for tag in own if tag in order and tag.abi == "none" and tag.platform != "any"]
        if ranks:
            fitting.append((-min(ranks), build, file))
    return max(fitting)[2] if fitting else None


def orders():
    for glibc in asked["glibc"]:
        _manylinux._get_glibc_version = lambda: tuple(glibc)
        yield "{}.{}".format(*glibc), {tag: at for at, tag in enumerate(tags.sys_tags())}


orders = dict(orders())
records = []
for package, files in collect():
    versions = {}
    for file in files:
        try:
            versions.setdefault(str(parse_wheel_filename(file)[1]), []).append(file)
        except InvalidWheelFilename:
            pass
    for version, files in versions.items():
        choices = {glibc: chosen(files, order) for glibc, order in orders.items()}
        if any(choices.values()):
            records.append({"package": package, "version": version, "files": sorted(files), "chosen": choices})
json.dump(records, sys.stdout)
