#!/bin/sh
# clang-format 14 decides about layout (exit 77: not installed, skipped).
cd "$(dirname "$0")/../.." || exit 1
format=$(command -v clang-format-14 || command -v clang-format) || { echo "skipped: no clang-format"; exit 77; }
# shellcheck disable=SC2046
$format --dry-run --Werror $(find src include tests examples -name '*.[ch]' -not -path '*/node_modules/*')
