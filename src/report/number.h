/* number.h: numbers as readers see them, by the formats a spreadsheet uses.
 *
 *     "0"  "0.00"      that many decimals               12.346 -> "12", "12.35"
 *     "#,##0"          thousands apart; "#,##0.0"       12345  -> "12,345"
 *     "0%"  "0.0%"     times a hundred                  .1234  -> "12%", "12.3%"
 *     "0.0E+00"        mantissa and power of ten        12345  -> "1.2e4"
 *     "g3"             three significant digits         .00123456 -> "0.00123"
 *     "x0.0"           a factor                         4.21   -> "4.2x" (with a true times sign)
 * A sign is a true minus; NaN is "n/a". number_excel gives the format a spreadsheet knows.
 */
#ifndef REPORT_NUMBER_H
#define REPORT_NUMBER_H

#include <stdbool.h>

enum { NUMBER_SIZE = 48 };
bool number_format_known(const char *format);
void number_write(double x, const char *format, char out[NUMBER_SIZE]);
const char *number_excel(const char *format, char out[NUMBER_SIZE]);

#endif
