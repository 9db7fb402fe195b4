#!/usr/bin/env bash
# The last commit on other Pythons: check/other_pythons.sh [SUITE...]
# Each suite of Debian (default: trixie with Python 3.13, sid with 3.14) gets a root file system of
# its own under var/, with a clone in it; there ./run --check and ./test are called as a stranger
# would. Needs root, debootstrap and a network; takes some ten minutes a suite. What such a system
# lacks (Node: the wheel's is used; LibreOffice: its tests say so) is left out on purpose.
set -euo pipefail
cd "$(dirname "$0")/.."
packages=python3-venv,ca-certificates,git,fontconfig,fonts-noto-cjk,strace,chromium,poppler-utils,postgresql

leave() { # what was mounted for "$1"
    for part in proc dev; do mountpoint -q "$1/$part" && umount -l "$1/$part"; done
}

(($#)) || set -- trixie sid
for name in "$@"; do
    root=$PWD/var/roots/$name
    [ -e "$root/usr/bin/git" ] || debootstrap --include="$packages" "$name" "$root"
    trap 'leave "$root"' EXIT
    mount --bind /proc "$root/proc"
    mount --bind /dev "$root/dev"
    cp /etc/resolv.conf "$root/etc/"
    for settings in /etc/pip.conf /etc/npmrc; do [ ! -e "$settings" ] || cp "$settings" "$root/etc/"; done
    rm -rf "$root/srv/jiaoan"
    git clone --quiet . "$root/srv/jiaoan"
    chroot "$root" sh -c 'cd /srv/jiaoan && ./run --check >/dev/null && CI=true ./test'
    leave "$root"
done
