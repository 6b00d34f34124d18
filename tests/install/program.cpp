// SPDX-License-Identifier: MIT
// program.cpp -- what program.c does, as C++ has it
#include <ouro/ouro.h>

#include <cstdio>

namespace {

struct node {
    node *other;
};
extern ouro_type node_type;
const ouro_field node_fields[] = {OURO_REF(node, other, &node_type), OURO_END};
ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

} // namespace

int main()
{
    ouro_heap *heap = ouro_heap_new(nullptr, nullptr);
    if (heap == nullptr) return 1;
    {
        ouro_auto node *a = ouro_new(heap, node);
        node *b = ouro_new(heap, node);
        if (a == nullptr || b == nullptr) return 1;
        ouro_put(a, other, b);
        ouro_set(b, other, a);
    }
    std::printf("ouro %s: %zu objects were in a cycle\n", ouro_version(), ouro_collect(heap, 2));
    return ouro_heap_close(heap, nullptr, nullptr) == OURO_OK ? 0 : 1;
}
