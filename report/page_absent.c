/* SPDX-License-Identifier: MIT */
/*
 * page_absent.c -- stands for the page in builds that could not make it
 */
#include "report/page.h"

const unsigned char *const report_page = (const unsigned char *)"";
const size_t report_page_size = 0;
