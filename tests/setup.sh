#!/bin/sh
# setup.sh [PACKAGE...]: the packages that the build needs, and those named. As root they are
# installed; otherwise the one line to run is printed. Nothing happens when all are there.
packages="gcc make pkg-config git xz-utils zstd mandoc libgsl-dev libopenblas-dev libcairo2-dev
 libpango1.0-dev libglib2.0-dev libxlsxwriter-dev libjansson-dev libarchive-dev libcmark-dev
 libssl-dev libnghttp2-dev libcurl4-openssl-dev libcmocka-dev fonts-dejavu-core
 fonts-dejavu-extra $*"
if ! command -v dpkg-query >/dev/null; then
    echo "this is no Debian; the build needs what these packages hold:" $packages >&2
    exit 0
fi
missing=""
for p in $packages; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then
    echo "installing:$missing" >&2
    apt-get update -q >&2 && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends $missing >&2
else
    echo "packages are missing; run:  sudo apt-get install -y --no-install-recommends$missing" >&2
    exit 1
fi
