/* near.h: assert that two doubles agree; prints both values, file and line when they do not. */
#ifndef TESTS_NEAR_H
#define TESTS_NEAR_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static inline void near_check(double got, double want, double tol, const char *file, int line)
{
    if ((isnan(want) && isnan(got)) || fabs(got - want) <= tol)
        return;
    print_error("%s:%d: got %.17g, want %.17g +- %g\n", file, line, got, want, tol);
    _fail(file, line);
}

#define assert_near(got, want, tol) near_check((got), (want), (tol), __FILE__, __LINE__)

#endif
