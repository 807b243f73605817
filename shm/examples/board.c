/* Publish to a board, and read one: cc -std=c11 -I../include board.c -o board (or c++ -x c++) && ./board publish BOARD KEY; ./board show BOARD */
#ifndef _GNU_SOURCE /* C++ compilers define it themselves. */
#define _GNU_SOURCE
#endif
#include "vx_board.h"

static int publish(struct vx_board *board, const char *key) {
    struct vx_writer slot;
    int result = vx_join(board, key, "1.0", &slot);
    if (result != VX_OK) return result;
    vx_enter(&slot, 3, true, 1000); /* "running", by the vocabulary of tasks. */
    vx_text(&slot, "reported from C", "line one\nline two");
    for (uint64_t done = 1; done <= 1000; done++) vx_publish(&slot, done);
    vx_end(&slot, VX_STATE_DONE, "");
    return VX_OK;
}

static void show(const struct vx_board *board) {
    struct vx_slot slot;
    for (uint32_t at = 0; at < vx_used(board); at++) {
        if (!vx_read_slot(board, at, &slot)) continue;
        printf("%s %s state %u step %u: %llu of %llu, %s\n", slot.key, slot.version, slot.state, slot.step,
               (unsigned long long)slot.done, (unsigned long long)slot.total, slot.message);
    }
}

int main(int count, char **arguments) {
    bool writes = count == 4 && strcmp(arguments[1], "publish") == 0;
    struct vx_board board;
    int result = count >= 3 ? vx_attach(&board, arguments[2], writes) : VX_NOT_A_BOARD;
    if (result == VX_OK && writes) result = publish(&board, arguments[3]);
    if (result == VX_OK) show(&board);
    if (result != VX_OK) fprintf(stderr, "%s: error %d\n", count >= 3 ? arguments[2] : "board", result);
    return result == VX_OK ? 0 : 1;
}
