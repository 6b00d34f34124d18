/* SPDX-License-Identifier: MIT */
/*
 * page.h -- the page that report/build.mjs made, part of the command
 *
 * Its bytes hold REPORT_PLACE once, where the data belongs.  A build without node has none: size 0.
 */
#ifndef OURO_REPORT_PAGE_H
#define OURO_REPORT_PAGE_H

#include <stddef.h>

#define REPORT_PLACE "OURO_DATA"

extern const unsigned char *const report_page;
extern const size_t report_page_size;

#endif
