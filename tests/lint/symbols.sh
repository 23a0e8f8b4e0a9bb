#!/bin/sh
# symbols.sh LIBRARY OBJECT…: the shared library exports ripen_ only; global symbols inside are ripen_ or rp_.
library=$1
shift
bad=0
extra=$(nm -D --defined-only "$library" | awk '$2 ~ /[TBDRV]/ { print $3 }' | grep -v '^ripen_')
[ -z "$extra" ] || { echo "exported from the library, but not ripen_: $extra"; bad=1; }
nm -D --defined-only "$library" | grep -q ' T ripen_open$' || { echo "ripen_open is not exported"; bad=1; }
extra=$(nm -A --defined-only "$@" | awk '$2 ~ /[TBDR]/ { print $1, $3 }' | grep -vE ' (ripen|rp)_| main$| __odr_asan| \.str')
[ -z "$extra" ] || { echo "global symbols without rp_: $extra"; bad=1; }
exit $bad
