/* The C side of the tests against Rust: `read BOARD MOVES`, `write BOARD KEY`, `die BOARD KEY`, `twice BOARD KEY`. */
#define _GNU_SOURCE
#include "vx_board.h"

#include <stdlib.h>

/* The total that belongs to this `done` in this life of the slot, computed as in c.rs. */
static uint64_t total_for(uint64_t done, uint32_t generation) {
    return (done ^ (uint64_t)generation << 40) * UINT64_C(0x9E3779B97F4A7C15);
}

static void text_for(uint64_t number, char *into) {
    for (int at = 0; at < 12; at++) sprintf(into + 6 * at, "%06u", (unsigned)(number % 1000000));
}

/* Whether the message is one number twelve times, or empty. */
static bool is_one_text(const char *message) {
    for (size_t at = 6; at < strlen(message); at++) {
        if (message[at] != message[at % 6]) return false;
    }
    return strlen(message) == 72 || message[0] == 0;
}

/* Read until the slot was seen to move `wanted` times, or for ten seconds. Only readings of new publications count. */
static int read_flat_out(const struct vx_board *board, long wanted) {
    long whole = 0, torn = 0, back = 0, moved = 0;
    uint64_t last = 0, until = vx_now_ns() + UINT64_C(10000000000);
    struct vx_slot slot;
    while (moved < wanted && vx_now_ns() < until) {
        if (!vx_read_slot(board, 0, &slot)) continue;
        whole++;
        if (slot.total_known && slot.total != total_for(slot.done, slot.generation)) torn++;
        if (!is_one_text(slot.message)) torn++;
        if (slot.done < last) back++;
        if (slot.done > last) moved++;
        last = slot.done;
    }
    printf("%ld read, %ld moved, %ld torn, %ld back\n", whole, moved, torn, back);
    return torn + back == 0 ? 0 : 1;
}

static void write_one(struct vx_writer *slot, uint64_t done) {
    char text[73];
    if (done % 16 == 0) {
        text_for(done, text);
        vx_text(slot, text, NULL);
    }
    vx_publish_of(slot, done, true, total_for(done, slot->generation));
}

/* Join with the same key again, then with another one, and print both results. */
static int join_again(struct vx_board *board, const char *key) {
    struct vx_writer again, other;
    int same = vx_join(board, key, "1.2", &again), another = vx_join(board, "another", "1.2", &other);
    printf("%d %d\n", same, another);
    return 0;
}

int main(int count, char **arguments) {
    if (count != 4) return 2;
    bool reads = strcmp(arguments[1], "read") == 0;
    struct vx_board board;
    struct vx_writer slot;
    int result = vx_attach(&board, arguments[2], !reads);
    if (result != VX_OK) return 10 + result;
    if (reads) return read_flat_out(&board, atol(arguments[3]));
    result = vx_join(&board, arguments[3], "1.2", &slot);
    if (result != VX_OK) return 10 + result;
    vx_enter(&slot, 3, true, total_for(0, slot.generation));
    if (strcmp(arguments[1], "die") == 0) {
        vx_publish_of(&slot, 7, true, 9);
        return 0;
    }
    if (strcmp(arguments[1], "twice") == 0) return join_again(&board, arguments[3]);
    printf("begins\n");
    fflush(stdout);
    for (uint64_t done = 1;; done++) {
        write_one(&slot, done);
        if (done % 65536 == 0) vx_beat(&slot);
    }
}
