/* SPDX-License-Identifier: MIT */
/*
 * target.c -- where the fuzzers come in
 *
 * libFuzzer brings its own main.  AFL++'s compiler defines __AFL_COMPILER: one process runs many
 * programs, which come in shared memory.
 */
#include <stddef.h>
#include <stdint.h>

#include "fuzz/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    (void)program_run(bytes, size);
    return 0;
}

#ifdef __AFL_COMPILER
#include <unistd.h>

__AFL_FUZZ_INIT();

int main(void)
{
    __AFL_INIT();
    const uint8_t *bytes = __AFL_FUZZ_TESTCASE_BUF;
    while (__AFL_LOOP(1000)) (void)LLVMFuzzerTestOneInput(bytes, (size_t)__AFL_FUZZ_TESTCASE_LEN);
    return 0;
}
#endif
