#!/bin/sh
# An include points only downwards, siblings do not include one another, and each outside library
# stays behind its border (src/README.md).
cd "$(dirname "$0")/../../src" || exit 1
rank() {
    case $1 in
    base) echo 0 ;; model) echo 1 ;; engine | store | net) echo 2 ;; core) echo 3 ;;
    ingest | deliver | web) echo 4 ;; daemon) echo 5 ;; cli) echo 6 ;; *) echo "" ;;
    esac
}
bad=0
for folder in base model engine store net core ingest deliver web daemon cli; do
    for file in "$folder"/*.[ch]; do
        [ -e "$file" ] || continue
        for target in $(sed -n 's|^#include "\([a-z]*\)/.*|\1|p' "$file" | sort -u); do
            to=$(rank "$target")
            if [ -z "$to" ]; then
                echo "src/$file includes \"$target/…\", which is no folder of src/"
                bad=1
            elif [ "$target" != "$folder" ] && [ "$to" -ge "$(rank "$folder")" ]; then
                echo "src/$file includes $target/: $folder may include lower ranks only"
                bad=1
            fi
        done
    done
done
border() { # HEADER FOLDER…
    header=$1
    shift
    for file in $(grep -lE "#include <$header>" ./*/*.[ch]); do
        folder=$(basename "$(dirname "$file")")
        case " $* " in
        *" $folder "*) ;;
        *) echo "src/${file#./} includes <$header>, which belongs to: $*"; bad=1 ;;
        esac
    done
}
border 'l(ua|auxlib|ualib)\.h' engine
border 'sqlite3\.h' store
border 'curl/.*' deliver
border 'uv\.h' net deliver daemon
exit $bad
