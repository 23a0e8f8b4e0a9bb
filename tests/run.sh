#!/bin/sh
# All tests: sh tests/run.sh [STEP…]. Without a step, all of them:
#   gcc       builds as users do, with warnings as errors, and runs every test once
#   clang     the same with clang, for unit, rule, integration, sandbox and fuzz tests
#   asan      address, leaks and undefined behaviour: all but end-to-end, bench, lint and a faked clock
#   tsan      data races: what has threads
#   valgrind  the unit tests of the gcc build
#   tidy      clang-tidy over src/
# Installs what a bare Debian 12 lacks when it may (as root, or through sudo). Ends with one line,
# "N passed, M failed", and status 0 only when nothing failed and something passed.
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/support/packages.sh
exec </dev/null
top=$PWD
steps=${*:-gcc clang asan tsan valgrind tidy}
for step in $steps; do
    case " gcc clang asan tsan valgrind tidy " in
    *" $step "*) ;;
    *) echo "tests/run.sh: there is no step $step" >&2; exit 2 ;;
    esac
done
# shellcheck disable=SC2086
install_packages $BUILD_PACKAGES $TEST_PACKAGES
command -v npm >/dev/null 2>&1 || install_packages nodejs npm

passed=0
failed=0
skipped=0
fail() { # SENTENCE
    echo "FAILED: $1"
    failed=$((failed + 1))
}

build() { # PRESET; what does not build is one failure
    echo "== $1: build"
    cmake --preset "$1" >"build/$1.log" 2>&1 && cmake --build --preset "$1" -j 2 >>"build/$1.log" 2>&1 && return 0
    grep -E '^FAILED|error|Error' -A 8 "build/$1.log" | tail -n 100
    fail "the build $1, see build/$1.log"
    return 1
}

# ctest's own count of failures is the one that knows of tests that could not start; it counts skipped
# ones as passed.
run_tests() { # PRESET CTEST-ARGUMENTS…
    preset=$1
    shift
    log=$top/build/$preset/tests.log
    rm -f "$log" "$top/build/$preset"/report.*
    echo "== $preset: ctest $*"
    status=0
    $fixed ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --output-log "$log" "$@" || status=$?
    # shellcheck disable=SC2046
    set -- $(awk '/ tests failed out of [0-9]+$/ { bad = $(NF - 5); all = $NF; skip = 0; seen = 1 }
        seen && /^\t *[0-9]+ - .* \(Skipped\)$/ { skip++ }
        END { print all + 0, bad + 0, skip + 0 }' "$log")
    passed=$((passed + $1 - $2 - $3))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
    [ "$status" -eq 0 ] || [ "$2" -gt 0 ] || fail "ctest ended with status $status"
    [ "$1" -gt 0 ] || [ "$status" -ne 0 ] || fail "ctest ran no test"
    for report in "build/$preset"/report.*; do # of a server, too, whose exit status nobody looked at
        [ ! -e "$report" ] || { cat "$report"; fail "a sanitizer reported, see $report"; }
    done
}

run_step() { # STEP
    fixed=
    case $1 in
    gcc) build gcc && run_tests gcc -j 2 ;;
    clang) build clang && run_tests clang -j 2 -L '^(unit|rules|integration|sandbox|fuzz)$' ;;
    asan)
        build asan || return 0
        export ASAN_OPTIONS="log_path=$top/build/asan/report" UBSAN_OPTIONS="print_stacktrace=1"
        run_tests asan -j 2 -LE 'e2e|bench|lint|preload'
        ;;
    tsan)
        build tsan || return 0
        export TSAN_OPTIONS="second_deadlock_stack=1 log_path=$top/build/tsan/report"
        # clang 14 does not cope with every randomisation of addresses
        setarch -R true 2>/dev/null && fixed='setarch -R'
        run_tests tsan -L '^(threads|e2e_node)$'
        ;;
    valgrind) # thirty times slower: fewer random streams
        export RIPEN_RANDOM_SEEDS=2
        build gcc && run_tests gcc -j 2 -C Memcheck -L '^memcheck$'
        unset RIPEN_RANDOM_SEEDS
        ;;
    tidy)
        build clang || return 0
        echo "== tidy: clang-tidy"
        if sh tests/lint/tidy.sh build/clang; then passed=$((passed + 1)); else fail "clang-tidy, see build/clang/tidy.log"; fi
        ;;
    esac
}

mkdir -p build
began=$(date +%s)
times=
for step in $steps; do
    start=$(date +%s)
    run_step "$step"
    took=$(($(date +%s) - start))
    times="$times $step ${took}s"
    echo "== $step took $took s"
done
echo
echo "times:$times, together $(($(date +%s) - began)) s"
[ "$skipped" -eq 0 ] || echo "$skipped skipped, each listed above with its step"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
