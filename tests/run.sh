#!/bin/sh
# All tests: sh tests/run.sh [STEP…]. Steps: build asan tsan valgrind (default: all of them).
# Installs what a bare Debian 12 lacks when it may (as root, or through sudo).
set -eu
cd "$(dirname "$0")/.."
. tests/support/packages.sh
steps=${*:-build asan tsan valgrind}
install_packages $BUILD_PACKAGES $TEST_PACKAGES
command -v npm >/dev/null 2>&1 || install_packages nodejs npm

build() { # PRESET
    cmake --preset "$1" >/dev/null
    cmake --build --preset "$1" -j 2
}
total=0
failed=0
test_preset() { # PRESET CTEST-ARGUMENTS…
    preset=$1
    shift
    log=build/$preset/tests.log
    echo "== $preset: ctest $*"
    status=0
    ctest --test-dir "build/$preset" --output-on-failure --no-tests=error "$@" >"$log" 2>&1 || status=$?
    cat "$log"
    n=$(sed -n 's/.*tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\1 \2/p' "$log" | tail -n 1)
    total=$((total + ${n#* }))
    failed=$((failed + ${n% *}))
    [ "$status" -eq 0 ] || [ "${n% *}" -gt 0 ] || failed=$((failed + 1))
}
for step in $steps; do
    case $step in
    build) # everything, once, with gcc as users get it
        build release
        test_preset release
        ;;
    asan) # address and undefined behaviour, clang: everything but browsers and benches
        build asan
        test_preset asan -LE 'e2e|bench|lint'
        ;;
    tsan) # threads, clang: what has them
        build tsan
        test_preset tsan -L 'threads|e2e_node'
        ;;
    valgrind)
        build release
        test_preset release -T memcheck -L 'unit'
        ;;
    *) echo "tests/run.sh: no step $step" >&2; exit 2 ;;
    esac
done
echo
echo "$((total - failed)) passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$total" -gt 0 ]
