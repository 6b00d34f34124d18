/* SPDX-License-Identifier: MIT */
/*
 * symbols.c -- function, file and line of a place in a program, by elfutils' libdwfl
 *
 * Each module is opened alone, as a file and not as part of a process: libdwfl then gives it addresses of its own, which
 * differ from those in the file by a bias.
 */
#include "symbols/symbols.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>

struct module {
    struct module *next;
    char *path;
    Dwfl *dwfl;
    Dwfl_Module *file; /* NULL: it could not be read */
    Dwarf_Addr bias;
};

struct symbols {
    struct module *modules;
};

static char *no_debug_path;
static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
    .debuginfo_path = &no_debug_path, /* the usual folders */
};

bool symbols_are_available(void)
{
    return true;
}

struct symbols *symbols_new(void)
{
    return calloc(1, sizeof(struct symbols));
}

static void module_free(struct module *module)
{
    if (module->dwfl != NULL) dwfl_end(module->dwfl);
    free(module->path);
    free(module);
}

void symbols_free(struct symbols *symbols)
{
    if (symbols == NULL) return;
    for (struct module *module = symbols->modules, *next; module != NULL; module = next) {
        next = module->next;
        module_free(module);
    }
    free(symbols);
}

/* What cannot be opened stays in the list as such, and is not tried again. */
static void module_open(struct module *module)
{
    module->dwfl = dwfl_begin(&callbacks);
    if (module->dwfl == NULL) return;
    dwfl_report_begin(module->dwfl);
    module->file = dwfl_report_offline(module->dwfl, "", module->path, -1);
    if (dwfl_report_end(module->dwfl, NULL, NULL) != 0 || module->file == NULL ||
        dwfl_module_getelf(module->file, &module->bias) == NULL)
        module->file = NULL;
}

static struct module *module_of(struct symbols *symbols, const char *path)
{
    for (struct module *module = symbols->modules; module != NULL; module = module->next)
        if (strcmp(module->path, path) == 0) return module;
    struct module *module = calloc(1, sizeof *module);
    if (module == NULL) return NULL;
    module->path = strdup(path);
    if (module->path == NULL) {
        free(module);
        return NULL;
    }
    module_open(module);
    module->next = symbols->modules;
    symbols->modules = module;
    return module;
}

static const char *text(const char *string)
{
    return string != NULL ? string : "";
}

/* The line table and the symbol table: the least that is known. */
static struct symbol plain(const struct module *module, Dwarf_Addr address)
{
    struct symbol symbol = {"", "", 0};
    int line = 0;
    symbol.function = text(dwfl_module_addrname(module->file, address));
    Dwfl_Line *source = dwfl_module_getsrc(module->file, address);
    if (source == NULL) return symbol;
    symbol.file = text(dwfl_lineinfo(source, NULL, &line, NULL, NULL, NULL));
    symbol.line = line > 0 ? (uint32_t)line : 0;
    return symbol;
}

/* Where an inlined function is called. */
static void call_site(Dwarf_Die *unit, Dwarf_Die *inlined, struct symbol *out)
{
    Dwarf_Attribute attribute;
    Dwarf_Word file, line;
    Dwarf_Files *files;
    out->file = "";
    out->line = 0;
    if (dwarf_getsrcfiles(unit, &files, NULL) == 0 &&
        dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &file) == 0)
        out->file = text(dwarf_filesrc(files, (size_t)file, NULL, NULL));
    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &line) == 0)
        out->line = (uint32_t)line;
}

/* The functions around an address, from the innermost inlined one to the compiled one. */
static unsigned by_scopes(Dwarf_Die *unit, Dwarf_Die *scopes, int count, struct symbol *out,
                          unsigned capacity)
{
    struct symbol next = out[0];
    unsigned used = 0;
    for (int i = 0; i < count; i++) {
        const int tag = dwarf_tag(&scopes[i]);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) continue;
        const char *name = dwarf_diename(&scopes[i]);
        if (name != NULL) next.function = name;
        if (used < capacity) out[used] = next;
        used++;
        if (tag == DW_TAG_subprogram) break;
        call_site(unit, &scopes[i], &next);
    }
    return used;
}

static unsigned with_inlined(const struct module *module, Dwarf_Addr address, struct symbol *out,
                             unsigned capacity)
{
    Dwarf_Addr bias;
    Dwarf_Die *unit = dwfl_module_addrdie(module->file, address, &bias);
    Dwarf_Die *inner = NULL, *scopes = NULL;
    unsigned used = 0;
    if (unit == NULL) return 0;
    if (dwarf_haspc(unit, address - bias) == 0) {
        /* libdwfl gives what lies between units to the one before: its line is none of this place. */
        out[0].file = "";
        out[0].line = 0;
        return 0;
    }
    if (dwarf_getscopes(unit, address - bias, &inner) > 0) {
        const int count = dwarf_getscopes_die(&inner[0], &scopes);
        if (count > 0) used = by_scopes(unit, scopes, count, out, capacity);
    }
    free(scopes);
    free(inner);
    return used;
}

unsigned symbols_find(struct symbols *symbols, const char *path, uint64_t offset,
                      struct symbol *out_symbols, unsigned capacity)
{
    if (capacity == 0) return 1;
    out_symbols[0] = (struct symbol){"", "", 0};
    const struct module *module = path[0] != '\0' ? module_of(symbols, path) : NULL;
    if (module == NULL || module->file == NULL) return 1;
    const Dwarf_Addr address = (Dwarf_Addr)offset + module->bias;
    out_symbols[0] = plain(module, address);
    const unsigned count = with_inlined(module, address, out_symbols, capacity);
    return count > 0 ? count : 1;
}
