# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016,SC2034,SC2086
# Debian packages for building and testing. Sourced: packages_install NAME...
# Installs what is missing and nothing else, as root or with sudo; several runs wait for each other.

# The sanitizers of the release's clang, which has another number in each.
packages_of_clang() {
    local release='' version=''
    release=$(sed -n 's/^VERSION_ID="\{0,1\}\([0-9]*\).*/\1/p' /etc/os-release 2>/dev/null)
    case "$release" in
    12) version=14 ;;
    13) version=19 ;;
    *) version=$(apt-cache depends clang 2>/dev/null | sed -n 's/^ *Depends: clang-\([0-9]*\)$/\1/p' | tail -1) ;;
    esac
    echo "${version:+libclang-rt-$version-dev llvm}"
}

PACKAGES_BUILD="autoconf automake pkgconf make gcc libc6-dev libmilter-dev libyaml-dev libicu-dev
    libsqlite3-dev libssl-dev zlib1g-dev openssl python3 postfix"
PACKAGES_TESTS="clang clang-tidy $(packages_of_clang) libcmocka-dev cppcheck mandoc python3-yaml python3-jsonschema
    prometheus python3-prometheus-client gcovr
    apparmor bash-completion bzip2 git systemd man-db mmdebstrap postgresql slapd ldap-utils rsync sqlite3 xz-utils zstd"

# What the quick suites of tests/elsewhere need beside PACKAGES_BUILD.
PACKAGES_ELSEWHERE="libcmocka-dev mandoc python3-yaml python3-jsonschema python3-prometheus-client bash-completion man-db iproute2 procps"

packages_missing() {
    for package in "$@"; do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) && [ "$state" = installed ] ||
            echo "$package"
    done
}

# Runs a command as root.
packages_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "root or sudo is needed for: $*" >&2
        return 77
    fi
}

packages_install() {
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "not on this system: " $missing >&2
        return 77
    fi
    echo "installing:" $missing >&2
    packages_root flock /run/forcetls-packages.lock sh -c "$PACKAGES_AS_ROOT" packages $missing
}

# What runs as root. A Postfix or a Prometheus that comes along is neither configured nor started, now or at the next
# boot: debconf leaves the one without a main.cf, the other is disabled, and a policy-rc.d, where there is none,
# forbids starts until we are done.
PACKAGES_AS_ROOT='
set -eu
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d ours=
log=$(mktemp)
finish() {
    status=$?
    trap - EXIT
    if [ -n "$ours" ]; then rm -f "$policy"; fi
    if [ "$status" -ne 0 ]; then cat "$log" >&2; fi
    rm -f "$log"
    exit "$status"
}
trap finish EXIT
trap "exit 130" INT TERM HUP
case " $* " in
*" postfix "* | *" postgresql "* | *" prometheus "* | *" slapd "*)
    if [ ! -e "$policy" ]; then
        ours=yes
        printf "#!/bin/sh\nexit 101\n" >"$policy"
        chmod 755 "$policy"
    fi ;;
esac
case " $* " in
*" postfix "*)
    if [ ! -e /etc/postfix/main.cf ]; then
        echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
    fi ;;
esac
install() { apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" </dev/null >"$log" 2>&1; }
install "$@" || { apt-get update -q </dev/null >"$log" 2>&1 && install "$@"; }
case " $* " in
*" prometheus "*) if command -v systemctl >/dev/null; then systemctl disable prometheus.service >"$log" 2>&1; fi ;;
esac
'
