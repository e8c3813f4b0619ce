# What ./check and ./demo have in common: packages, and the build. To be sourced by bash in the checkout.

build_packages=(gcc libc6-dev make autoconf automake pkg-config apache2-dev libpq-dev libjansson-dev libssl-dev libutf8proc-dev libcurl4-openssl-dev)

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
}

# The folder with the programs of the newest PostgreSQL that is there.
postgresql_bin() {
    local found
    found=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
    [ -x "$found" ] && dirname "$found"
}

# PostgreSQL's package, which depends on the version that the distribution has, would make a cluster and start it. Only the programs
# are wanted.
install_postgresql() {
    local conf=/etc/postgresql-common/createcluster.conf status=0
    apt_install postgresql-common
    as_root cp -p $conf $conf.before
    as_root sed -i '/^#\? *create_main_cluster/d; $a create_main_cluster = false' $conf
    apt_install postgresql || status=$?
    as_root mv $conf.before $conf
    return $status
}

# Nor are other packages to start their servers, now or at the next boot.
install_without_server() {
    local policy=/usr/sbin/policy-rc.d made='' status=0
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
        made=1
    fi
    apt_install "$1" || status=$?
    [ -z "$made" ] || as_root rm $policy
    [ $status -ne 0 ] || as_root update-rc.d "$1" disable
    return $status
}

is_installed() {
    [ "$1" = postgresql ] && postgresql_bin >/dev/null ||
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_missing PACKAGE…
install_missing() {
    command -v apt-get >/dev/null || return 0
    local missing=() package
    for package; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "${0##*/}: installing with apt-get: ${missing[*]}"
    as_root apt-get update -qq
    for package in "${missing[@]}"; do
        case $package in
        postgresql) install_postgresql ;;
        pgbouncer | slapd | krb5-kdc | krb5-admin-server) install_without_server "$package" ;;
        esac
    done
    apt_install "${missing[@]}"
}

# build FOLDER [CONFIGURE-ARGUMENT…]: configures once, then makes what make finds out of date. $make_targets may name more than all.
build() {
    local folder=$1
    shift
    [ -e configure ] && [ configure -nt configure.ac ] || autoreconf -fi
    mkdir -p "$folder"
    [ -e "$folder/Makefile" ] || (cd "$folder" && ../configure --quiet --enable-silent-rules "$@")
    make -C "$folder" -j"$(nproc)" --no-print-directory "${make_targets[@]-all}"
}
