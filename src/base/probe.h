/* SPDX-License-Identifier: MIT */
/*
 * probe.h -- places at which a tracer may stop or listen               [floor 0]
 *
 * USDT probes of provider `ouro`: a nop each in the code, and a note in the file that says where it is and
 * where its arguments are.  bpftrace, perf, SystemTap and gdb find them:
 *
 *     gdb -ex 'break -probe-stap ouro:gc__start' ...
 *     bpftrace -e 'usdt:./program:ouro:gc__done { printf("%d\n", arg0); }'
 *
 * They are compiled in where <sys/sdt.h> is (OURO_USDT), and are nothing elsewhere.  Arguments are numbers and
 * pointers that are at hand.  docs/design/events.md lists the probes.
 */
#ifndef OURO_BASE_PROBE_H
#define OURO_BASE_PROBE_H

#include <stddef.h>

#if defined(OURO_USDT) && OURO_USDT
#include <sys/sdt.h>
#if defined(__clang__) /* its macros are GNU's */
#pragma clang diagnostic ignored "-Wgnu-zero-variadic-macro-arguments"
#endif
#define OURO_PROBE1(name, a) DTRACE_PROBE1(ouro, name, a)
#define OURO_PROBE2(name, a, b) DTRACE_PROBE2(ouro, name, a, b)
#else
#define OURO_PROBE1(name, a) ((void)(a))
#define OURO_PROBE2(name, a, b) ((void)(a), (void)(b))
#endif

#endif
