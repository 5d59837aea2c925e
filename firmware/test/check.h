/* A C test in a few lines, with results as Unity prints them:
 *
 *     static void gate_ends_in_time(void) { CHECK(x == 3); }
 *     int main(void) { RUN(gate_ends_in_time); return check_result(); }
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

static int check_tests, check_failures, check_failed;
static const char *check_name;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!check_failed && !(condition)) {                                                       \
            printf("%s:%d:%s:FAIL: %s\n", __FILE__, __LINE__, check_name, #condition);             \
            check_failed = 1;                                                                      \
        }                                                                                          \
    } while (0)

#define RUN(test)                                                                                  \
    do {                                                                                           \
        check_name = #test;                                                                        \
        check_failed = 0;                                                                          \
        check_tests++;                                                                             \
        test();                                                                                    \
        check_failures += check_failed;                                                            \
        if (!check_failed)                                                                         \
            printf("%s:%d:%s:PASS\n", __FILE__, __LINE__, #test);                                  \
    } while (0)

static inline int check_result(void)
{
    printf("-----------------------\n%d Tests %d Failures 0 Ignored\n", check_tests,
           check_failures);
    return check_failures != 0;
}

#endif
