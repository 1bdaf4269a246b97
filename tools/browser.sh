#!/bin/sh
# Installs what the browser tests need and is not there: Debian's Chromium with its driver, and npm.
set -eu
packages=
command -v chromium >/dev/null && command -v chromedriver >/dev/null ||
    packages="chromium chromium-driver"
command -v npm >/dev/null || packages="$packages npm"
[ -n "$packages" ] || exit 0
root=
[ "$(id -u)" = 0 ] || root="sudo -n"
export DEBIAN_FRONTEND=noninteractive
$root apt-get update -qq
# $packages is split into words on purpose.
$root apt-get install -y -qq --no-install-recommends $packages >/dev/null
