#!/bin/sh
# BLAS runs the widest core this processor has; a core that the user names is kept; a core that
# OpenBLAS picked too low is mended by starting again (a shim plays the library that picks Prescott).
core() { "$BUILD/tracewright" --version | sed -n 's/^blas .*core //p'; }
if [ -n "$SANITIZED" ]; then echo "SKIP: sanitizers want to be loaded first"; exit 77; fi
flags=$(sed -n 's/^flags[^:]*: //p' /proc/cpuinfo | head -n 1)
case " $flags " in
*" avx512bw "*) good="SkylakeX Cooperlake SapphireRapids" best=SkylakeX ;;
*" avx2 "*) good="Haswell Zen Excavator" best=Haswell ;;
*) echo "SKIP: no AVX2: OpenBLAS is left to choose"; exit 77 ;;
esac
unset OPENBLAS_CORETYPE
got=$(core)
case " $good " in *" $got "*) ;; *) echo "core $got is none of $good"; exit 1 ;; esac
got=$(OPENBLAS_CORETYPE=Nehalem core)
[ "$got" = Nehalem ] || { echo "asked for Nehalem, got $got"; exit 1; }
mkdir -p "$BUILD/tests"
cat > "$BUILD/tests/shim.c" <<'C'
#include <stdlib.h>
char *openblas_get_corename(void);
char *openblas_get_corename(void)
{
    char *named = getenv("OPENBLAS_CORETYPE");
    return named ? named : "Prescott";
}
C
${CC:-cc} -shared -fPIC "$BUILD/tests/shim.c" -o "$BUILD/tests/shim.so" || exit 1
got=$(LD_PRELOAD=$BUILD/tests/shim.so core)
[ "$got" = "$best" ] || { echo "from Prescott: got $got, want $best"; exit 1; }
