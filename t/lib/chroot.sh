# Another Debian in a folder, for t/debian13 and t/package. To be sourced by bash in the checkout, as root. $root is the folder.

# inside COMMAND…: in the folder, with processes that end with us, and mounts that nobody else sees. SEPARATE=1: and with a loopback
# of its own in place of the network.
inside() {
    local net=()
    [ -z "${SEPARATE-}" ] || net=(--net)
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child "${net[@]}" -- sh -c 'root=$0 &&
        mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" && { [ -z "${SEPARATE-}" ] || ip link set lo up; } &&
        exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive \
            ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} "$@"' "$root" "$@"
}

# The files that name Debian's own archives.
debian_sources() {
    find /etc/apt/sources.list* -type f -exec grep -lE '^(URIs:|deb) .*/debian(-security)?/?( |$)' {} + || true
}

# make_root RELEASE: unless it was made before.
make_root() {
    local mirror
    [ ! -e "$root/made" ] || return 0
    mirror=$(debian_sources | xargs -r sed -n 's,^\(URIs:\|deb\) \+\(\[[^]]*\] \+\)\?\(http[^ ]*/debian\)/\?\( .*\)\?$,\3,p' | head -n 1)
    rm -rf "$root"
    mkdir -p "$root"
    debootstrap --variant=minbase "$1" "$root" ${mirror:+"$mirror"}
    # No package starts a server.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    touch "$root/made"
}

# export_sources FOLDER: what git knows, or would.
export_sources() {
    rm -rf "$1"
    mkdir "$1"
    git ls-files -z --cached --others --exclude-standard | tar -c --null -T - --ignore-failed-read | tar -x -C "$1"
}
