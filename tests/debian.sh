#!/bin/sh
# Makes sure that Debian's packages named as arguments are installed: installs them when it is root
# or may become root without a password, else says exactly what is missing and fails.
missing=""
for package in "$@"; do
    if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed"; then
        missing="$missing $package"
    fi
done
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "This needs some packages of Debian or Ubuntu, or what your system calls them:$missing" >&2
    exit 1
elif [ "$(id -u)" = 0 ]; then
    root=""
elif sudo -n true 2>/dev/null; then
    root="sudo -n"
else
    echo "This needs some packages. Install them and try again: sudo apt-get install$missing" >&2
    exit 1
fi
echo "Installing$missing"
# The lists may be old; a failed update only matters if the installation fails.
$root apt-get update -qq || true
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
    >/dev/null || {
    echo "Debian's packages could not be installed:$missing" >&2
    exit 1
}
