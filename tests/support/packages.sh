# Debian packages that Ripen needs, and how they get here. Sourced by sh scripts.
BUILD_PACKAGES='gcc libc6-dev cmake ninja-build pkg-config libuv1-dev liblua5.4-dev libsqlite3-dev
    libcurl4-openssl-dev libsodium-dev zlib1g-dev libutf8proc-dev libglib2.0-dev'
RUN_PACKAGES='curl ca-certificates procps'
TEST_PACKAGES='g++ libcmocka-dev clang clang-format clang-tidy llvm libclang-rt-14-dev libfuzzer-14-dev python3
    python3-jsonschema valgrind lua-check lua5.4 bash curl sqlite3 faketime procps binutils chromium'

missing_packages() { # PACKAGE…: those that are not installed
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
    done
}

install_packages() { # PACKAGE…: installs what lacks; without the right to, says the command and stops
    lacking=$(missing_packages "$@")
    [ -n "$lacking" ] || return 0
    if [ "$(id -u)" -eq 0 ]; then
        sudo=
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo=sudo
    else
        echo "These packages are missing; ask an administrator for: apt-get install $lacking" >&2
        exit 2
    fi
    echo "installing: $lacking"
    # shellcheck disable=SC2086
    { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $lacking; } >/tmp/ripen-apt.$$ 2>&1 ||
        { cat /tmp/ripen-apt.$$ >&2; rm -f /tmp/ripen-apt.$$; exit 2; }
    rm -f /tmp/ripen-apt.$$
}
