#!/usr/bin/env bash
# Runs a make target with another Debian's QGIS: in a chroot, made when it is not there, on a copy of this checkout.
# Usage: .ci/chroot.sh SUITE TARGET [VARIABLE=VALUE ...]            e.g. .ci/chroot.sh trixie test
# FLOEFIELD_CHROOTS names the folder of the chroots. Exit code 75: this machine does not permit chroots.
set -euo pipefail

SUITE=$1
CHECKOUT=$(cd "$(dirname "$0")/.." && pwd)
CHROOT=${FLOEFIELD_CHROOTS:-/var/cache/floefield}/$SUITE
NOT_PERMITTED=75

refuse() {
    printf '%s\n' "" "!!! NO TESTS ON DEBIAN $SUITE: $1." \
        "!!! Run this as root (or with sudo) on a machine that may mount and chroot." "" >&2
    exit $NOT_PERMITTED
}

may_chroot() {
    local probe
    probe=$(mktemp -d)
    unshare --mount --propagation private sh -c "mount --bind '$probe' '$probe' && mknod '$probe/null' c 1 3 && chroot / true"
    local answer=$?
    rm -rf "$probe"
    return $answer
}

# Mounts are made in a namespace of our own: they vanish with this process, however it ends.
enter_own_namespace() {
    [ -n "${FLOEFIELD_OWN_MOUNTS:-}" ] && return
    if [ "$(id -u)" != 0 ]; then
        sudo true 2>/dev/null || refuse "this user is not root and may not become root with sudo"
        local kept
        mapfile -d '' -t kept < <(env -0 | grep -zE '^(HOME|PIP_[A-Z_]*|FLOEFIELD_[A-Z_]*|[a-z]+_proxy)=')
        exec sudo env "${kept[@]}" "$0" "$@"
    fi
    "$CHECKOUT/.ci/setup.sh" chroot
    may_chroot 2>/dev/null || refuse "mount, mknod or chroot is forbidden here"
    FLOEFIELD_OWN_MOUNTS=1 exec unshare --mount --propagation private "$0" "$@"
}

# The mirror of this machine's apt; from its index files, or from its settings while it has no index yet.
host_mirror() {
    {
        apt-get indextargets --format '$(ORIGIN) $(SITE)' 'Created-By: Packages' 'Component: main' \
            | sed -n '/security/d; s/^Debian //p'
        grep -rhoE 'https?://[^] ]*/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null || true
    } | tr -d ' ' | sed -n 1p
}

# A chroot takes its name only when it is complete; what an interrupted run left is made again.
make_chroot() {
    [ -d "$CHROOT" ] && return
    local mirror proxy script=/usr/share/debootstrap/scripts/$SUITE
    mirror=$(host_mirror)
    [ -n "$mirror" ] || { echo "apt's sources name no Debian mirror" >&2 && exit 1; }
    [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
    proxy=$(apt-config dump Acquire::http::Proxy | sed -n 's/.*"\(.*\)";/\1/p')
    echo "Making a chroot of Debian $SUITE in $CHROOT from $mirror"
    rm -rf --one-file-system "$CHROOT.partial"
    mkdir -p "$CHROOT.partial"
    if ! ${proxy:+env http_proxy="$proxy"} debootstrap --variant=minbase --include=ca-certificates,make \
        "$SUITE" "$CHROOT.partial" "$mirror" "$script" >"$CHROOT.log" 2>&1; then
        tail -n 50 "$CHROOT.log" >&2
        exit 1
    fi
    mv "$CHROOT.partial" "$CHROOT"
}

pip_settings() {
    local file
    for file in /etc/pip.conf /etc/xdg/pip/pip.conf "$HOME/.pip/pip.conf" "$HOME/.config/pip/pip.conf" "${PIP_CONFIG_FILE:-}"; do
        if [ -f "$file" ]; then echo "$file"; fi
    done
}

# The network as the host sees it: names, certificates, apt's proxies, pip's configuration.
share_network() {
    cp -L /etc/resolv.conf "$CHROOT/etc/resolv.conf"
    mkdir -p "$CHROOT/usr/local/share/ca-certificates"
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp -t "$CHROOT/usr/local/share/ca-certificates" {} +
    chroot "$CHROOT" update-ca-certificates >/dev/null
    {
        apt-config dump | grep -E '^Acquire::(http|https)::' || true
        echo 'Acquire::Check-Valid-Until "false"; // a mirror that stands still is past its date'
    } >"$CHROOT/etc/apt/apt.conf.d/99host"
    pip_settings | while read -r file; do
        install -D -m 644 "$file" "$CHROOT${file/#$HOME\//\/root\/}"
    done
}

bind_read_only() {
    mkdir -p "$CHROOT$2"
    mount --bind "$1" "$CHROOT$2"
    mount -o remount,bind,ro "$CHROOT$2"
}

# Folders of wheels and files of constraints that pip's settings name; an index called "simple" keeps its files beside it.
bind_local_packages() {
    { pip_settings | xargs -r cat; env | grep '^PIP_' || true; } \
        | grep -oE "(file://|[= ])/[^ '\"]+" | sed -E 's,^(file://|[= ]),,; s,/simple/?$,,' | sort -u \
        | while read -r place; do
            if [ -d "$place" ]; then bind_read_only "$place" "$place"; fi
            if [ -f "$place" ]; then install -D -m 644 "$place" "$CHROOT$place"; fi
        done
}

copy_checkout() {
    rm -rf --one-file-system "$CHROOT/floefield"
    mkdir -p "$CHROOT/floefield/checkout"
    tar -C "$CHECKOUT" --exclude=./build --exclude=__pycache__ -c . | tar -C "$CHROOT/floefield/checkout" --no-same-owner -x
    if [ -d "$CHECKOUT/../shared" ]; then bind_read_only "$CHECKOUT/../shared" /floefield/shared; fi
}

run_target() {
    local settings
    mapfile -d '' -t settings < <(env -0 | grep -z '^PIP_')
    chroot "$CHROOT" env -i "${settings[@]}" PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        make -C /floefield/checkout VENV=/opt/floefield-venv "$@"
}

enter_own_namespace "$@"
mkdir -p "$(dirname "$CHROOT")"
exec 9>"$CHROOT.lock"
flock 9 # one run at a time in each chroot
make_chroot
find "$CHROOT/tmp" -mindepth 1 -delete
mount -t proc proc "$CHROOT/proc"
mount --rbind /dev "$CHROOT/dev"
share_network
bind_local_packages
copy_checkout
run_target "${@:2}"
