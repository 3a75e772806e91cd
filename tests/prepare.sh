#!/bin/sh
# Installs what the tests need beside Python where apt may: a JDK (JavaRosa, ODK Validate), Chromium, PostgreSQL.
# Where it may not, the tests concerned are skipped and name the tool; with CI=true that is a failure.
set -eu

missing=""
command -v javac >/dev/null 2>&1 || missing="$missing default-jdk-headless"
browser=""
for program in chromium-headless-shell chromium chromium-browser; do
    command -v "$program" >/dev/null 2>&1 && browser=$program
done
[ -n "$browser" ] || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "tests/prepare.sh: no apt-get here; install by hand what is missing:$missing" >&2
    exit 0
fi
if [ "$(id -u)" -eq 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else
    echo "tests/prepare.sh: not root and no sudo without a password; install:$missing" >&2
    exit 0
fi
echo "tests/prepare.sh: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update || true
# The same engine without its windows is the smaller half of the download, where there is such a package.
if apt-cache show chromium-headless-shell >/dev/null 2>&1; then
    missing=$(echo "$missing" | sed 's/ chromium/&-headless-shell/')
fi
install() {
    # Word splitting is meant: as_root may be empty, and what is missing several.
    $as_root apt-get -qq install -y --no-install-recommends $1 >/dev/null
}
# All at once is quicker; one that cannot be had keeps none of the others away.
install "$missing" || for package in $missing; do
    install "$package" || echo "tests/prepare.sh: could not install $package" >&2
done
