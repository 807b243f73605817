/*
 * vx_board.h: read and write progress boards from C11 or C++11. Header-only; needs Linux, x86_64 or another little-endian machine.
 *
 * A board is one mapped file with a table of slots. A slot has one writer and any number of readers; readers store
 * nothing, writers wait for no reader, and a writer that is killed leaves its last publication whole. The layout, and
 * how to read it correctly, are in docs/boards/board-format.md; the argument for every ordering is in the crate's
 * documentation.
 *
 *     #define _GNU_SOURCE
 *     #include "vx_board.h"
 *
 *     struct vx_board board;
 *     struct vx_writer slot;
 *     if (vx_attach(&board, path, true) == VX_OK && vx_join(&board, "key", "1.0", &slot) == VX_OK) {
 *         vx_enter(&slot, 3, true, 100);
 *         for (uint64_t done = 0; done <= 100; done++) vx_publish(&slot, done);
 *         vx_end(&slot, VX_STATE_DONE, "");
 *     }
 *
 * One thread at a time may use a struct vx_writer. Do not fork and then write from both sides. A writer that does not
 * call vx_beat four times a second shows as silent after a second and a half, but keeps its slot.
 */
#ifndef VX_BOARD_H
#define VX_BOARD_H

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* C++ has the same operations under the same names, and another type for an atomic. */
#ifdef __cplusplus
#include <atomic>
#define VX_ATOMIC(type) std::atomic<type>
using std::atomic_compare_exchange_strong_explicit;
using std::atomic_compare_exchange_weak;
using std::atomic_fetch_add_explicit;
using std::atomic_load_explicit;
using std::atomic_store_explicit;
using std::atomic_thread_fence;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;
#else
#include <assert.h>
#include <stdatomic.h>
#define VX_ATOMIC(type) _Atomic(type)
#endif

#ifndef F_OFD_SETLK
#error "define _GNU_SOURCE before the first #include: vx_board.h needs open-file-description locks"
#endif
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "boards are little-endian, and vx_board.h reads their words in place"
#endif

/* LAYOUT: written by the test that checks it */
#define VX_MAGIC UINT64_C(0x6472616f622d7876)
#define VX_READY UINT64_C(0x6574656c706d6f63)
#define VX_MAJOR 2u
#define VX_MINOR 1u
#define VX_MAX_SLOTS 4096u
#define VX_NO_PARENT 0xffffu
#define VX_TRANSITION_COUNT 9u
#define VX_BEAT_UNIT_NS UINT64_C(10000000)
#define VX_HOT_STRIDE 64u
#define VX_BEATS_STRIDE 8u
#define VX_COLD_STRIDE 2944u
#define VX_LOG_STRIDE 4096u
#define VX_HEADER_MAGIC 0u
#define VX_HEADER_MAGIC_SIZE 8u
#define VX_HEADER_MAJOR 8u
#define VX_HEADER_MAJOR_SIZE 4u
#define VX_HEADER_MINOR 12u
#define VX_HEADER_MINOR_SIZE 4u
#define VX_HEADER_INCOMPATIBLE 16u
#define VX_HEADER_INCOMPATIBLE_SIZE 8u
#define VX_HEADER_COMPATIBLE 24u
#define VX_HEADER_COMPATIBLE_SIZE 8u
#define VX_HEADER_LENGTH 32u
#define VX_HEADER_LENGTH_SIZE 8u
#define VX_HEADER_SLOT_COUNT 40u
#define VX_HEADER_SLOT_COUNT_SIZE 4u
#define VX_HEADER_FORM 44u
#define VX_HEADER_FORM_SIZE 4u
#define VX_HEADER_BELL 48u
#define VX_HEADER_BELL_SIZE 8u
#define VX_HEADER_HOT 56u
#define VX_HEADER_HOT_SIZE 8u
#define VX_HEADER_BEATS 64u
#define VX_HEADER_BEATS_SIZE 8u
#define VX_HEADER_COLD 72u
#define VX_HEADER_COLD_SIZE 8u
#define VX_HEADER_LOG 80u
#define VX_HEADER_LOG_SIZE 8u
#define VX_HEADER_BOARD_ID 88u
#define VX_HEADER_BOARD_ID_SIZE 16u
#define VX_HEADER_BOOT_ID 104u
#define VX_HEADER_BOOT_ID_SIZE 16u
#define VX_HEADER_CREATOR_PID 120u
#define VX_HEADER_CREATOR_PID_SIZE 4u
#define VX_HEADER_CREATOR_UID 124u
#define VX_HEADER_CREATOR_UID_SIZE 4u
#define VX_HEADER_CREATOR_START 128u
#define VX_HEADER_CREATOR_START_SIZE 8u
#define VX_HEADER_CREATOR_NAMESPACE 136u
#define VX_HEADER_CREATOR_NAMESPACE_SIZE 8u
#define VX_HEADER_CREATED_UNIX_NS 144u
#define VX_HEADER_CREATED_UNIX_NS_SIZE 8u
#define VX_HEADER_CREATED_AT_NS 152u
#define VX_HEADER_CREATED_AT_NS_SIZE 8u
#define VX_HEADER_TAKEN_AT_NS 160u
#define VX_HEADER_TAKEN_AT_NS_SIZE 8u
#define VX_HEADER_BODY_CRC 168u
#define VX_HEADER_BODY_CRC_SIZE 4u
#define VX_HEADER_CREATOR_TIME_NAMESPACE 176u
#define VX_HEADER_CREATOR_TIME_NAMESPACE_SIZE 8u
#define VX_HEADER_CRC 184u
#define VX_HEADER_CRC_SIZE 4u
#define VX_HEADER_READY 192u
#define VX_HEADER_READY_SIZE 8u
#define VX_HEADER_EPOCH 256u
#define VX_HEADER_EPOCH_SIZE 4u
#define VX_HEADER_STATE 320u
#define VX_HEADER_STATE_SIZE 4u
#define VX_HEADER_USED 324u
#define VX_HEADER_USED_SIZE 4u
#define VX_HEADER_CLOSED_UNIX_NS 328u
#define VX_HEADER_CLOSED_UNIX_NS_SIZE 8u
#define VX_HEADER_CLOSED 384u
#define VX_HEADER_CLOSED_SIZE 4u
#define VX_HEADER_SUCCESSOR 392u
#define VX_HEADER_SUCCESSOR_SIZE 16u
#define VX_HEADER_TITLE_STAMP 448u
#define VX_HEADER_TITLE_STAMP_SIZE 8u
#define VX_HEADER_TITLE_COPY0 456u
#define VX_HEADER_TITLE_COPY0_SIZE 128u
#define VX_HEADER_TITLE_COPY1 584u
#define VX_HEADER_TITLE_COPY1_SIZE 128u
#define VX_HEADER_PROJECT_HASH 768u
#define VX_HEADER_PROJECT_HASH_SIZE 8u
#define VX_HEADER_KIND 776u
#define VX_HEADER_KIND_SIZE 4u
#define VX_HEADER_PROJECT 784u
#define VX_HEADER_PROJECT_SIZE 1008u
#define VX_REGION_OFFSET 0u
#define VX_REGION_OFFSET_SIZE 4u
#define VX_REGION_STRIDE 4u
#define VX_REGION_STRIDE_SIZE 4u
#define VX_DOORBELL_WAKE 0u
#define VX_DOORBELL_WAKE_SIZE 4u
#define VX_DOORBELL_WAITERS 128u
#define VX_DOORBELL_WAITERS_SIZE 4u
#define VX_HOT_CONTROL 0u
#define VX_HOT_CONTROL_SIZE 8u
#define VX_HOT_STAMP 8u
#define VX_HOT_STAMP_SIZE 8u
#define VX_HOT_COPY0 16u
#define VX_HOT_COPY0_SIZE 24u
#define VX_HOT_COPY1 40u
#define VX_HOT_COPY1_SIZE 24u
#define VX_NUMBERS_DONE 0u
#define VX_NUMBERS_DONE_SIZE 8u
#define VX_NUMBERS_TOTAL 8u
#define VX_NUMBERS_TOTAL_SIZE 8u
#define VX_NUMBERS_META 16u
#define VX_NUMBERS_META_SIZE 8u
#define VX_BEAT_BEATEN 0u
#define VX_BEAT_BEATEN_SIZE 4u
#define VX_BEAT_MOVED 4u
#define VX_BEAT_MOVED_SIZE 4u
#define VX_COLD_GENERATION 0u
#define VX_COLD_GENERATION_SIZE 4u
#define VX_COLD_PID 4u
#define VX_COLD_PID_SIZE 4u
#define VX_COLD_START_TIME 8u
#define VX_COLD_START_TIME_SIZE 8u
#define VX_COLD_NAMESPACE 16u
#define VX_COLD_NAMESPACE_SIZE 8u
#define VX_COLD_TIME_NAMESPACE 24u
#define VX_COLD_TIME_NAMESPACE_SIZE 8u
#define VX_COLD_UID 32u
#define VX_COLD_UID_SIZE 4u
#define VX_COLD_KIND 36u
#define VX_COLD_KIND_SIZE 1u
#define VX_COLD_ORIGIN 37u
#define VX_COLD_ORIGIN_SIZE 1u
#define VX_COLD_PARENT_SLOT 38u
#define VX_COLD_PARENT_SLOT_SIZE 2u
#define VX_COLD_CLAIMED_AT 40u
#define VX_COLD_CLAIMED_AT_SIZE 8u
#define VX_COLD_KEY_HASH 48u
#define VX_COLD_KEY_HASH_SIZE 8u
#define VX_COLD_RUNNER 56u
#define VX_COLD_RUNNER_SIZE 4u
#define VX_COLD_LOG_WRITER 60u
#define VX_COLD_LOG_WRITER_SIZE 4u
#define VX_COLD_PROCESS_GROUP 64u
#define VX_COLD_PROCESS_GROUP_SIZE 4u
#define VX_COLD_BEAT_INTERVAL_MS 68u
#define VX_COLD_BEAT_INTERVAL_MS_SIZE 4u
#define VX_COLD_KEY 72u
#define VX_COLD_KEY_SIZE 96u
#define VX_COLD_VERSION 168u
#define VX_COLD_VERSION_SIZE 48u
#define VX_COLD_EXIT_FLAGS 216u
#define VX_COLD_EXIT_FLAGS_SIZE 1u
#define VX_COLD_EXIT_SIGNAL 217u
#define VX_COLD_EXIT_SIGNAL_SIZE 1u
#define VX_COLD_EXIT_CODE 220u
#define VX_COLD_EXIT_CODE_SIZE 4u
#define VX_COLD_ENDED_AT 224u
#define VX_COLD_ENDED_AT_SIZE 8u
#define VX_COLD_TEXT_STAMP 232u
#define VX_COLD_TEXT_STAMP_SIZE 8u
#define VX_COLD_TEXT_COPY0 240u
#define VX_COLD_TEXT_COPY0_SIZE 192u
#define VX_COLD_TEXT_COPY1 432u
#define VX_COLD_TEXT_COPY1_SIZE 192u
#define VX_COLD_NOTES_STAMP 624u
#define VX_COLD_NOTES_STAMP_SIZE 8u
#define VX_COLD_NOTES_COPY0 632u
#define VX_COLD_NOTES_COPY0_SIZE 128u
#define VX_COLD_NOTES_COPY1 760u
#define VX_COLD_NOTES_COPY1_SIZE 128u
#define VX_COLD_TRANSITIONS 888u
#define VX_COLD_TRANSITIONS_SIZE 144u
#define VX_COLD_ERROR 1032u
#define VX_COLD_ERROR_SIZE 872u
#define VX_COLD_RESULT 1904u
#define VX_COLD_RESULT_SIZE 656u
#define VX_COLD_CAUSE_STAMP 2560u
#define VX_COLD_CAUSE_STAMP_SIZE 8u
#define VX_COLD_CAUSE_COPY0 2568u
#define VX_COLD_CAUSE_COPY0_SIZE 168u
#define VX_COLD_CAUSE_COPY1 2736u
#define VX_COLD_CAUSE_COPY1_SIZE 168u
#define VX_TRANSITIONS_ENTERED 0u
#define VX_TRANSITIONS_ENTERED_SIZE 8u
#define VX_TRANSITIONS_DONE 8u
#define VX_TRANSITIONS_DONE_SIZE 8u
#define VX_TEXT_MESSAGE 0u
#define VX_TEXT_MESSAGE_SIZE 80u
#define VX_TEXT_DETAILS 80u
#define VX_TEXT_DETAILS_SIZE 112u
#define VX_NOTES_WAITS_BOARD 0u
#define VX_NOTES_WAITS_BOARD_SIZE 16u
#define VX_NOTES_WAITS_SLOT 16u
#define VX_NOTES_WAITS_SLOT_SIZE 4u
#define VX_NOTES_WAITS_GENERATION 20u
#define VX_NOTES_WAITS_GENERATION_SIZE 4u
#define VX_NOTES_PORT 24u
#define VX_NOTES_PORT_SIZE 4u
#define VX_NOTES_NAMED_AT 28u
#define VX_NOTES_NAMED_AT_SIZE 4u
#define VX_NOTES_STEP_NAME 32u
#define VX_NOTES_STEP_NAME_SIZE 32u
#define VX_NOTES_ADDRESS 64u
#define VX_NOTES_ADDRESS_SIZE 64u
#define VX_CAUSE_GENERATION 0u
#define VX_CAUSE_GENERATION_SIZE 4u
#define VX_CAUSE_TEXT 8u
#define VX_CAUSE_TEXT_SIZE 160u
#define VX_LOG_RESERVED 0u
#define VX_LOG_RESERVED_SIZE 8u
#define VX_LOG_COMMITTED 8u
#define VX_LOG_COMMITTED_SIZE 8u
#define VX_LOG_START 16u
#define VX_LOG_START_SIZE 8u
#define VX_LOG_RING 64u
#define VX_LOG_RING_SIZE 4032u
#define VX_STATE_FREE 0u
#define VX_STATE_RESERVED 1u
#define VX_STATE_CLAIMING 2u
#define VX_STATE_LIVE 3u
#define VX_STATE_DONE 4u
#define VX_STATE_FAILED 5u
#define VX_STATE_CANCELLED 6u
#define VX_STATE_SKIPPED 7u
#define VX_STATE_DIED 8u
#define VX_UNIT_UNKNOWN 0u
#define VX_UNIT_COUNT 1u
#define VX_UNIT_BYTES 2u
#define VX_UNIT_FILES 3u
#define VX_UNIT_PERMILLE 4u
#define VX_HEALTH_UNKNOWN 0u
#define VX_HEALTH_STARTING 1u
#define VX_HEALTH_READY 2u
#define VX_HEALTH_UNHEALTHY 3u
#define VX_HEALTH_WAITING_TO_RESTART 4u
#define VX_HEALTH_WAITING_FOR_PERSON 5u
#define VX_KIND_INSTALL 0u
#define VX_KIND_TASK 1u
#define VX_KIND_SERVICE 2u
#define VX_KIND_BUILD 3u
#define VX_KIND_TURN 4u
#define VX_BOARD_RUNNING 0u
#define VX_BOARD_DONE 1u
#define VX_BOARD_FAILED 2u
#define VX_BOARD_CANCELLED 3u
#define VX_ORIGIN_JOINED 0u
#define VX_ORIGIN_RESERVED 1u
#define VX_ORIGIN_ON_BEHALF 2u
#define VX_ORIGIN_RESERVED_BY 3u
#define VX_COMPATIBLE_BIT_CREATOR_HOLDS_NO_LOCK 0u
#define VX_COMPATIBLE_BIT_CAUSES_AND_PROJECT 1u
#define VX_CONTROL_BIT_STATE 0u
#define VX_CONTROL_BIT_NAMED 8u
#define VX_CONTROL_BIT_GENERATION 32u
#define VX_META_BIT_STEP 0u
#define VX_META_BIT_ATTEMPT 8u
#define VX_META_BIT_TOTAL_KNOWN 16u
#define VX_META_BIT_UNIT 17u
#define VX_META_BIT_HEALTH 20u
#define VX_META_BIT_TRANSITIONS 32u
#define VX_META_BIT_REVISION 48u
#define VX_CELL_BIT_LENGTH 0u
#define VX_CELL_BIT_CUT 15u
/* END OF LAYOUT */

static_assert(sizeof(VX_ATOMIC(uint64_t)) == 8 && ATOMIC_LLONG_LOCK_FREE == 2, "shared words are plain words");
static_assert(sizeof(off_t) == 8, "locks lie behind the end of any file");

/* Each is one byte, far behind the end of the file. */
#define VX_LOCK_TABLE (INT64_C(1) << 40)
#define VX_LOCK_CREATOR (VX_LOCK_TABLE + 1)
#define VX_LOCK_SLOT(slot) (VX_LOCK_TABLE + 16 + (int64_t)(slot))

#define VX_PAGE 4096u
#define VX_KNOWN_FEATURES UINT64_C(0)
#define VX_READ_ATTEMPTS 64
#define VX_TABLE_WAIT_NS UINT64_C(2000000000)

enum vx_result {
    VX_OK = 0,
    VX_SYSTEM,          /* errno has the reason */
    VX_NOT_A_BOARD,     /* another file, a damaged header, or one that contradicts itself */
    VX_OTHER_LAYOUT,    /* another major version */
    VX_UNKNOWN_FEATURE, /* the board needs a feature that this header does not know */
    VX_CLOSED,          /* a dump, or its creator has closed it */
    VX_KEY_IN_USE,      /* a slot that has not ended has this key */
    VX_FULL,            /* every slot is in use */
    VX_BUSY             /* another process held the table's lock for two seconds, or is releasing a slot: try again */
};

struct vx_region {
    uint32_t offset, stride;
};

/* A board attached for reading or writing. */
struct vx_board {
    unsigned char *base;
    size_t length;
    int fd;
    uint32_t slot_count, form;
    uint64_t created_at_ns, compatible;
    struct vx_region bell, hot, beats, cold, log;
};

/* A slot as vx_read_slot found it: all from one publication. Texts end in a NUL; a cut one ends where it was cut. */
struct vx_slot {
    uint32_t generation, pid;
    uint8_t state, step, attempt, kind, unit, health;
    bool total_known;
    uint64_t done, total;
    char key[VX_COLD_KEY_SIZE], version[VX_COLD_VERSION_SIZE];
    char step_name[VX_NOTES_STEP_NAME_SIZE];
    char message[VX_TEXT_MESSAGE_SIZE], details[VX_TEXT_DETAILS_SIZE], error[VX_COLD_ERROR_SIZE];
    char cause[VX_CAUSE_TEXT_SIZE]; /* empty for none, and on boards of minor version 0 */
};

/* A slot that this process has claimed. */
struct vx_writer {
    struct vx_board *board;
    uint32_t slot, generation;
    uint64_t total, meta, seen_stamp;
    uint32_t moved;
    uint64_t text[VX_COLD_TEXT_COPY0_SIZE / 8], notes[VX_COLD_NOTES_COPY0_SIZE / 8];
};

/* ---- words ---------------------------------------------------------------------------------------------------- */

static inline VX_ATOMIC(uint64_t) *vx_word(const struct vx_board *board, uint64_t offset) {
    return (VX_ATOMIC(uint64_t) *)(void *)(board->base + offset);
}

static inline VX_ATOMIC(uint32_t) *vx_half(const struct vx_board *board, uint64_t offset) {
    return (VX_ATOMIC(uint32_t) *)(void *)(board->base + offset);
}

static inline uint64_t vx_load(const struct vx_board *board, uint64_t offset) {
    return atomic_load_explicit(vx_word(board, offset), memory_order_relaxed);
}

static inline void vx_store(const struct vx_board *board, uint64_t offset, uint64_t word) {
    atomic_store_explicit(vx_word(board, offset), word, memory_order_relaxed);
}

static inline void vx_load_words(const struct vx_board *board, uint64_t offset, size_t size, uint64_t *into) {
    for (size_t at = 0; at < size / 8; at++) into[at] = vx_load(board, offset + 8 * at);
}

static inline void vx_store_words(const struct vx_board *board, uint64_t offset, size_t size, const uint64_t *words) {
    for (size_t at = 0; at < size / 8; at++) vx_store(board, offset + 8 * at, words[at]);
}

static inline uint64_t vx_record(struct vx_region region, uint32_t slot) {
    return region.offset + (uint64_t)slot * region.stride;
}

static inline uint64_t vx_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- text cells ----------------------------------------------------------------------------------------------- */

/* As much of the text as fits, cut at a character's boundary and marked as cut. */
static inline void vx_encode(const char *text, uint64_t *cell, size_t size) {
    size_t length = strlen(text), room = size - 2;
    uint16_t head = 0;
    if (length > room) {
        length = room;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
        head = (uint16_t)(1u << VX_CELL_BIT_CUT);
    }
    head = (uint16_t)(head | length);
    memset(cell, 0, size);
    memcpy(cell, &head, 2);
    memcpy((unsigned char *)cell + 2, text, length);
}

/* FNV-1a of the whole key: it tells apart two keys that are the same as far as their cells hold them. */
static inline uint64_t vx_hash_key(const char *key) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *key; key++) hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    return hash;
}

/* Decode a cell; any words give some text. `into` has room for a whole cell, whose first two bytes are its length. */
static inline void vx_decode(const uint64_t *cell, size_t size, char *into) {
    uint16_t head;
    memcpy(&head, cell, 2);
    size_t length = head & ((1u << VX_CELL_BIT_CUT) - 1);
    if (length > size - 2) length = size - 2;
    memcpy(into, (const unsigned char *)cell + 2, length);
    into[length] = 0;
}

/* ---- the latch: two copies under a stamp whose lowest bit names the good one ------------------------------------- */

static inline void vx_latch_write(const struct vx_board *board, uint64_t stamp_at, uint64_t copies, size_t size,
                                  const uint64_t *words) {
    uint64_t stamp = vx_load(board, stamp_at) + 1;
    atomic_thread_fence(memory_order_release); /* The last stamp is visible before the copy it retired is written. */
    vx_store_words(board, copies + (stamp & 1) * size, size, words);
    atomic_store_explicit(vx_word(board, stamp_at), stamp, memory_order_release);
}

static inline bool vx_latch_read(const struct vx_board *board, uint64_t stamp_at, uint64_t copies, size_t size,
                                 uint64_t *words) {
    uint64_t stamp = vx_load(board, stamp_at);
    atomic_thread_fence(memory_order_acquire);
    vx_load_words(board, copies + (stamp & 1) * size, size, words);
    atomic_thread_fence(memory_order_acquire);
    return vx_load(board, stamp_at) == stamp;
}

/* ---- attaching ------------------------------------------------------------------------------------------------ */

static inline uint32_t vx_crc32(const unsigned char *bytes, size_t length) {
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t at = 0; at < length; at++) {
        crc ^= bytes[at];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

static inline uint32_t vx_fact32(const unsigned char *facts, size_t offset) {
    uint32_t value;
    memcpy(&value, facts + offset, 4);
    return value;
}

static inline uint64_t vx_fact64(const unsigned char *facts, size_t offset) {
    uint64_t value;
    memcpy(&value, facts + offset, 8);
    return value;
}

static inline struct vx_region vx_fact_region(const unsigned char *facts, size_t offset) {
    struct vx_region region = {vx_fact32(facts, offset + VX_REGION_OFFSET), vx_fact32(facts, offset + VX_REGION_STRIDE)};
    return region;
}

static inline bool vx_lies_inside(struct vx_region region, uint32_t least, uint32_t count, uint64_t length) {
    return region.offset >= VX_PAGE && region.offset % 8 == 0 && region.stride % 8 == 0 && region.stride >= least &&
           region.offset + (uint64_t)region.stride * count <= length;
}

/* Whether any word belongs to two of these regions of whole records. */
static inline bool vx_overlap(struct vx_region one, struct vx_region other, uint32_t count) {
    return one.offset < other.offset + (uint64_t)other.stride * count && other.offset < one.offset + (uint64_t)one.stride * count &&
           one.stride != 0 && other.stride != 0;
}

/* Copy the facts of the header out once and check them; return the fault, if there is one. */
static inline int vx_believe(struct vx_board *board) {
    uint64_t words[(VX_HEADER_READY - VX_HEADER_MAGIC) / 8];
    vx_load_words(board, VX_HEADER_MAGIC, sizeof words, words);
    const unsigned char *facts = (const unsigned char *)words;
    if (vx_fact64(facts, VX_HEADER_MAGIC) != VX_MAGIC) return VX_NOT_A_BOARD;
    if (vx_fact32(facts, VX_HEADER_MAJOR) != VX_MAJOR) return VX_OTHER_LAYOUT;
    if (vx_fact32(facts, VX_HEADER_CRC) != vx_crc32(facts, VX_HEADER_CRC)) return VX_NOT_A_BOARD;
    if (vx_fact64(facts, VX_HEADER_INCOMPATIBLE) & ~VX_KNOWN_FEATURES) return VX_UNKNOWN_FEATURE;
    uint64_t length = vx_fact64(facts, VX_HEADER_LENGTH);
    board->slot_count = vx_fact32(facts, VX_HEADER_SLOT_COUNT);
    board->form = vx_fact32(facts, VX_HEADER_FORM);
    board->created_at_ns = vx_fact64(facts, VX_HEADER_CREATED_AT_NS);
    board->compatible = vx_fact64(facts, VX_HEADER_COMPATIBLE);
    board->bell = vx_fact_region(facts, VX_HEADER_BELL);
    board->hot = vx_fact_region(facts, VX_HEADER_HOT);
    board->beats = vx_fact_region(facts, VX_HEADER_BEATS);
    board->cold = vx_fact_region(facts, VX_HEADER_COLD);
    board->log = vx_fact_region(facts, VX_HEADER_LOG);
    struct vx_region bell = {board->bell.offset, VX_PAGE};
    bool sound = length <= board->length && board->slot_count >= 1 && board->slot_count <= VX_MAX_SLOTS &&
                 vx_lies_inside(bell, VX_PAGE, 1, length) &&
                 vx_lies_inside(board->hot, VX_HOT_STRIDE, board->slot_count, length) &&
                 vx_lies_inside(board->beats, VX_BEATS_STRIDE, board->slot_count, length) &&
                 vx_lies_inside(board->cold, VX_COLD_CAUSE_STAMP, board->slot_count, length) &&
                 (board->log.stride == 0 || vx_lies_inside(board->log, VX_LOG_RING + 8, board->slot_count, length));
    if (!sound) return VX_NOT_A_BOARD;
    struct vx_region regions[] = {board->hot, board->beats, board->cold, board->log};
    for (int at = 0; at < 4; at++) {
        for (int next = at + 1; next < 4; next++) {
            if (vx_overlap(regions[at], regions[next], board->slot_count)) return VX_NOT_A_BOARD;
        }
        uint64_t end = regions[at].offset + (uint64_t)regions[at].stride * board->slot_count;
        if (regions[at].stride != 0 && bell.offset < end && regions[at].offset < bell.offset + VX_PAGE) return VX_NOT_A_BOARD;
    }
    if (vx_load(board, VX_HEADER_READY) != VX_READY) return VX_NOT_A_BOARD;
    atomic_thread_fence(memory_order_acquire);
    return VX_OK;
}

static inline void vx_detach(struct vx_board *board) {
    if (board->base) munmap(board->base, board->length);
    if (board->fd >= 0) close(board->fd);
    board->base = NULL;
    board->fd = -1;
}

/* Map a board: read-only for reading. Links, pipes and files that others may write to are refused: a process that
 * shortens a file kills every process that has it mapped. */
static inline int vx_attach(struct vx_board *board, const char *path, bool writable) {
    memset(board, 0, sizeof *board);
    board->fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat data;
    if (board->fd < 0) return VX_SYSTEM;
    int result = VX_SYSTEM;
    if (fstat(board->fd, &data) == 0) {
        bool ours = S_ISREG(data.st_mode) && data.st_uid == geteuid() && (data.st_mode & 022) == 0;
        result = ours && data.st_size >= (off_t)VX_PAGE ? VX_OK : VX_NOT_A_BOARD;
    }
    if (result == VX_OK) {
        board->length = (size_t)data.st_size;
        void *base = mmap(NULL, board->length, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, board->fd, 0);
        board->base = base == MAP_FAILED ? NULL : (unsigned char *)base;
        result = board->base ? vx_believe(board) : VX_SYSTEM;
    }
    if (result == VX_OK && writable && board->form != 0) result = VX_CLOSED;
    if (result != VX_OK) vx_detach(board);
    return result;
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

/* Whether the header has the kind of the board's work, and its project; not in minor version 0. */
static inline bool vx_names_project(const struct vx_board *board) {
    return board->compatible >> VX_COMPATIBLE_BIT_CAUSES_AND_PROJECT & 1;
}

/* Whether the cold records have causes, and room for them. */
static inline bool vx_has_causes(const struct vx_board *board) {
    return vx_names_project(board) && board->cold.stride >= VX_COLD_CAUSE_COPY1 + VX_COLD_CAUSE_COPY1_SIZE;
}

/* The kind of the board's work, one of VX_KIND_…; -1 if it is of several kinds or none. */
static inline int vx_board_kind(const struct vx_board *board) {
    uint32_t kind = vx_names_project(board) ? atomic_load_explicit(vx_half(board, VX_HEADER_KIND), memory_order_relaxed) : 0;
    return kind <= UINT8_MAX ? (int)kind - 1 : -1;
}

/* Whether the board's work is for the project with this key, however long the key is. */
static inline bool vx_is_of_project(const struct vx_board *board, const char *key) {
    uint64_t wanted[VX_HEADER_PROJECT_SIZE / 8], found[VX_HEADER_PROJECT_SIZE / 8];
    if (!vx_names_project(board) || vx_load(board, VX_HEADER_PROJECT_HASH) != vx_hash_key(key)) return false;
    vx_encode(key, wanted, sizeof wanted);
    vx_load_words(board, VX_HEADER_PROJECT, sizeof found, found);
    return memcmp(wanted, found, sizeof wanted) == 0;
}

/* The number of slots ever used. */
static inline uint32_t vx_used(const struct vx_board *board) {
    uint32_t used = atomic_load_explicit(vx_half(board, VX_HEADER_USED), memory_order_acquire);
    return used < board->slot_count ? used : board->slot_count;
}

/* Read a slot whole. Returns false and leaves `into` as it was if the slot has nothing to show, or was written to all
 * the time. */
static inline bool vx_read_slot(const struct vx_board *board, uint32_t slot, struct vx_slot *into) {
    if (slot >= board->slot_count) return false;
    uint64_t hot = vx_record(board->hot, slot), cold = vx_record(board->cold, slot);
    uint64_t numbers[VX_HOT_COPY0_SIZE / 8], text[VX_COLD_TEXT_COPY0_SIZE / 8], notes[VX_COLD_NOTES_COPY0_SIZE / 8];
    uint64_t identity[VX_COLD_EXIT_FLAGS / 8], error[VX_COLD_ERROR_SIZE / 8], cause[VX_COLD_CAUSE_COPY0_SIZE / 8] = {0};
    for (int attempt = 0; attempt < VX_READ_ATTEMPTS; attempt++) {
        uint64_t control = vx_load(board, hot + VX_HOT_CONTROL);
        atomic_thread_fence(memory_order_acquire);
        uint8_t state = (uint8_t)(control >> VX_CONTROL_BIT_STATE);
        bool named = control >> VX_CONTROL_BIT_NAMED & 1;
        if (state == VX_STATE_FREE || (state == VX_STATE_CLAIMING && !named)) return false;
        if (!vx_latch_read(board, hot + VX_HOT_STAMP, hot + VX_HOT_COPY0, sizeof numbers, numbers)) continue;
        if (!vx_latch_read(board, cold + VX_COLD_TEXT_STAMP, cold + VX_COLD_TEXT_COPY0, sizeof text, text)) continue;
        if (!vx_latch_read(board, cold + VX_COLD_NOTES_STAMP, cold + VX_COLD_NOTES_COPY0, sizeof notes, notes)) continue;
        if (vx_has_causes(board) &&
            !vx_latch_read(board, cold + VX_COLD_CAUSE_STAMP, cold + VX_COLD_CAUSE_COPY0, sizeof cause, cause)) continue;
        vx_load_words(board, cold, sizeof identity, identity);
        vx_load_words(board, cold + VX_COLD_ERROR, sizeof error, error);
        atomic_thread_fence(memory_order_acquire);
        if (vx_load(board, hot + VX_HOT_CONTROL) != control) continue;
        uint64_t meta = numbers[VX_NUMBERS_META / 8];
        into->generation = (uint32_t)(control >> VX_CONTROL_BIT_GENERATION);
        into->state = state == VX_STATE_CLAIMING ? VX_STATE_RESERVED : state;
        into->step = (uint8_t)(meta >> VX_META_BIT_STEP);
        into->unit = (uint8_t)(meta >> VX_META_BIT_UNIT) & 7;
        into->health = (uint8_t)(meta >> VX_META_BIT_HEALTH) & 15;
        into->attempt = (uint8_t)(meta >> VX_META_BIT_ATTEMPT);
        into->total_known = meta >> VX_META_BIT_TOTAL_KNOWN & 1;
        into->done = numbers[VX_NUMBERS_DONE / 8];
        into->total = into->total_known ? numbers[VX_NUMBERS_TOTAL / 8] : 0;
        into->pid = vx_fact32((const unsigned char *)identity, VX_COLD_PID);
        into->kind = ((const unsigned char *)identity)[VX_COLD_KIND];
        vx_decode(identity + VX_COLD_KEY / 8, VX_COLD_KEY_SIZE, into->key);
        vx_decode(identity + VX_COLD_VERSION / 8, VX_COLD_VERSION_SIZE, into->version);
        vx_decode(text + VX_TEXT_MESSAGE / 8, VX_TEXT_MESSAGE_SIZE, into->message);
        vx_decode(text + VX_TEXT_DETAILS / 8, VX_TEXT_DETAILS_SIZE, into->details);
        into->step_name[0] = 0;
        if (vx_fact32((const unsigned char *)notes, VX_NOTES_NAMED_AT) == (uint16_t)(meta >> VX_META_BIT_TRANSITIONS)) {
            vx_decode(notes + VX_NOTES_STEP_NAME / 8, VX_NOTES_STEP_NAME_SIZE, into->step_name);
        }
        into->error[0] = 0;
        if (state > VX_STATE_LIVE) vx_decode(error, VX_COLD_ERROR_SIZE, into->error);
        into->cause[0] = 0;
        if (vx_fact32((const unsigned char *)cause, VX_CAUSE_GENERATION) == into->generation) {
            vx_decode(cause + VX_CAUSE_TEXT / 8, VX_CAUSE_TEXT_SIZE, into->cause);
        }
        return true;
    }
    return false;
}

/* ---- locks and the bell ----------------------------------------------------------------------------------------- */

static inline int vx_lock(const struct vx_board *board, int command, short kind, int64_t byte, struct flock *lock) {
    memset(lock, 0, sizeof *lock);
    lock->l_type = kind;
    lock->l_whence = SEEK_SET;
    lock->l_start = byte;
    lock->l_len = 1;
    return fcntl(board->fd, command, lock);
}

static inline bool vx_try_lock(const struct vx_board *board, int64_t byte) {
    struct flock lock;
    return vx_lock(board, F_OFD_SETLK, F_WRLCK, byte, &lock) == 0;
}

static inline void vx_unlock(const struct vx_board *board, int64_t byte) {
    struct flock lock;
    vx_lock(board, F_OFD_SETLK, F_UNLCK, byte, &lock);
}

/* Whether a process holds the byte, this one included: then the writer of a slot that has not ended is still alive. A
 * descriptor is never shown its own locks, so another one is opened for the test; if none is free, the byte counts as
 * held. */
static inline bool vx_held(const struct vx_board *board, int64_t byte) {
    struct vx_board other = *board;
    struct flock lock;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", board->fd);
    other.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (other.fd < 0) return true;
    bool held = vx_lock(&other, F_OFD_GETLK, F_WRLCK, byte, &lock) != 0 || lock.l_type != F_UNLCK;
    close(other.fd);
    return held;
}

/* Count a change of state, and wake the readers that sleep; makes a system call only if a reader sleeps. */
static inline void vx_ring(const struct vx_board *board) {
    atomic_fetch_add_explicit(vx_half(board, VX_HEADER_EPOCH), 1, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
    VX_ATOMIC(uint32_t) *wake = vx_half(board, board->bell.offset + VX_DOORBELL_WAKE);
    uint64_t waiters = board->bell.offset + VX_DOORBELL_WAITERS;
    if (atomic_load_explicit(vx_half(board, waiters), memory_order_relaxed) == 0) return;
    atomic_fetch_add_explicit(wake, 1, memory_order_release);
    syscall(SYS_futex, (void *)wake, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

/* Publish the work finished in this step so far; costs a few stores. */
static inline void vx_publish(struct vx_writer *writer, uint64_t done) {
    uint64_t hot = vx_record(writer->board->hot, writer->slot), numbers[VX_HOT_COPY0_SIZE / 8];
    numbers[VX_NUMBERS_DONE / 8] = done;
    numbers[VX_NUMBERS_TOTAL / 8] = writer->total;
    numbers[VX_NUMBERS_META / 8] = writer->meta;
    vx_latch_write(writer->board, hot + VX_HOT_STAMP, hot + VX_HOT_COPY0, sizeof numbers, numbers);
}

/* Publish finished and total work at once. */
static inline void vx_publish_of(struct vx_writer *writer, uint64_t done, bool total_known, uint64_t total) {
    uint64_t known = UINT64_C(1) << VX_META_BIT_TOTAL_KNOWN;
    writer->total = total_known ? total : 0;
    writer->meta = total_known ? writer->meta | known : writer->meta & ~known;
    vx_publish(writer, done);
}

static inline uint64_t vx_done(const struct vx_writer *writer) {
    uint64_t hot = vx_record(writer->board->hot, writer->slot), stamp = vx_load(writer->board, hot + VX_HOT_STAMP);
    return vx_load(writer->board, hot + VX_HOT_COPY0 + (stamp & 1) * VX_HOT_COPY0_SIZE + VX_NUMBERS_DONE);
}

/* Move the revision, the highest part of meta, so that readers look at the changed record again. */
static inline void vx_revise(struct vx_writer *writer) {
    writer->meta += UINT64_C(1) << VX_META_BIT_REVISION;
}

/* The next count of transitions. When the count has no room left, it continues with a lower one at the same place of
 * the ring, which is full at both. */
static inline uint16_t vx_next_count(uint16_t count) {
    uint16_t lap = UINT16_MAX / VX_TRANSITION_COUNT * VX_TRANSITION_COUNT;
    return count >= lap - 1 ? VX_TRANSITION_COUNT : (uint16_t)(count + 1);
}

/* Enter a step: `done` begins at 0 again. The vocabulary of the slot's kind gives the meaning of its numbers. */
static inline void vx_enter(struct vx_writer *writer, uint8_t step, bool total_known, uint64_t total) {
    uint64_t ring = vx_record(writer->board->cold, writer->slot) + VX_COLD_TRANSITIONS;
    uint64_t each = VX_COLD_TRANSITIONS_SIZE / VX_TRANSITION_COUNT;
    uint16_t count = (uint16_t)(writer->meta >> VX_META_BIT_TRANSITIONS);
    uint64_t left = ring + (uint16_t)(count - 1) % VX_TRANSITION_COUNT * each, entry = ring + count % VX_TRANSITION_COUNT * each;
    atomic_thread_fence(memory_order_release); /* The last count is visible before the entry it retired is written. */
    if (count > 0) vx_store(writer->board, left + VX_TRANSITIONS_DONE, vx_done(writer));
    vx_store(writer->board, entry + VX_TRANSITIONS_DONE, 0);
    vx_store(writer->board, entry + VX_TRANSITIONS_ENTERED, (vx_now_ns() & ~UINT64_C(0xFF)) | step);
    uint64_t kept = ~(UINT64_C(0xFF) << VX_META_BIT_STEP | UINT64_C(7) << VX_META_BIT_UNIT |
                      UINT64_C(0xFFFF) << VX_META_BIT_TRANSITIONS);
    writer->meta = (writer->meta & kept) | (uint64_t)step << VX_META_BIT_STEP |
                   (uint64_t)vx_next_count(count) << VX_META_BIT_TRANSITIONS;
    vx_revise(writer);
    vx_publish_of(writer, 0, total_known, total);
}

/* Set the health of what this process runs: one of VX_HEALTH_…. */
static inline void vx_set_health(struct vx_writer *writer, uint8_t health) {
    writer->meta = (writer->meta & ~(UINT64_C(15) << VX_META_BIT_HEALTH)) | (uint64_t)(health & 15) << VX_META_BIT_HEALTH;
    vx_publish(writer, vx_done(writer));
    vx_ring(writer->board);
}

/* Give the present step another name than the vocabulary's; the next step has the vocabulary's again. */
static inline void vx_name_step(struct vx_writer *writer, const char *name) {
    uint64_t cold = vx_record(writer->board->cold, writer->slot);
    uint32_t named_at = (uint16_t)(writer->meta >> VX_META_BIT_TRANSITIONS);
    memcpy((unsigned char *)writer->notes + VX_NOTES_NAMED_AT, &named_at, 4);
    vx_encode(name, writer->notes + VX_NOTES_STEP_NAME / 8, VX_NOTES_STEP_NAME_SIZE);
    vx_latch_write(writer->board, cold + VX_COLD_NOTES_STAMP, cold + VX_COLD_NOTES_COPY0, sizeof writer->notes, writer->notes);
    vx_revise(writer);
    vx_publish(writer, vx_done(writer));
}

/* Set who or what is the reason that the slot waits, or will fail or be skipped, in a few words; "" removes it. A board
 * of minor version 0 has no room for a cause. */
static inline void vx_set_cause(struct vx_writer *writer, const char *text) {
    uint64_t cold = vx_record(writer->board->cold, writer->slot), words[VX_COLD_CAUSE_COPY0_SIZE / 8] = {0};
    if (!vx_has_causes(writer->board)) return;
    memcpy((unsigned char *)words + VX_CAUSE_GENERATION, &writer->generation, 4);
    vx_encode(text, words + VX_CAUSE_TEXT / 8, VX_CAUSE_TEXT_SIZE);
    vx_latch_write(writer->board, cold + VX_COLD_CAUSE_STAMP, cold + VX_COLD_CAUSE_COPY0, sizeof words, words);
    vx_revise(writer);
    vx_publish(writer, vx_done(writer));
}

/* Publish one line about the work under way, and a longer text; NULL leaves either as it is. */
static inline void vx_text(struct vx_writer *writer, const char *message, const char *details) {
    uint64_t cold = vx_record(writer->board->cold, writer->slot);
    if (message) vx_encode(message, writer->text + VX_TEXT_MESSAGE / 8, VX_TEXT_MESSAGE_SIZE);
    if (details) vx_encode(details, writer->text + VX_TEXT_DETAILS / 8, VX_TEXT_DETAILS_SIZE);
    vx_latch_write(writer->board, cold + VX_COLD_TEXT_STAMP, cold + VX_COLD_TEXT_COPY0, sizeof writer->text, writer->text);
    vx_revise(writer);
    vx_publish(writer, vx_done(writer));
}

/* Show that this process is alive, and whether its numbers have moved: call it four times a second. */
static inline void vx_beat(struct vx_writer *writer) {
    uint64_t units = (vx_now_ns() - writer->board->created_at_ns) / VX_BEAT_UNIT_NS;
    uint32_t beaten = units < UINT32_MAX ? (uint32_t)units : UINT32_MAX;
    uint64_t stamp = vx_load(writer->board, vx_record(writer->board->hot, writer->slot) + VX_HOT_STAMP);
    if (stamp != writer->seen_stamp) writer->moved = beaten;
    writer->seen_stamp = stamp;
    uint64_t word = (uint64_t)beaten << 8 * VX_BEAT_BEATEN | (uint64_t)writer->moved << 8 * VX_BEAT_MOVED;
    vx_store(writer->board, vx_record(writer->board->beats, writer->slot), word);
}

/* End the slot as done, failed, cancelled or skipped. The words are stored before the state that announces them. */
static inline void vx_end(struct vx_writer *writer, uint8_t state, const char *error) {
    struct vx_board *board = writer->board;
    uint64_t cold = vx_record(board->cold, writer->slot), cell[VX_COLD_ERROR_SIZE / 8];
    vx_encode(error, cell, sizeof cell);
    vx_store_words(board, cold + VX_COLD_ERROR, sizeof cell, cell);
    vx_store(board, cold + VX_COLD_ENDED_AT, vx_now_ns());
    uint64_t control = (uint64_t)writer->generation << VX_CONTROL_BIT_GENERATION | UINT64_C(1) << VX_CONTROL_BIT_NAMED |
                       (uint64_t)state << VX_CONTROL_BIT_STATE;
    uint64_t hot = vx_record(board->hot, writer->slot);
    atomic_store_explicit(vx_word(board, hot + VX_HOT_CONTROL), control, memory_order_release);
    vx_ring(board);
    vx_unlock(board, VX_LOCK_SLOT(writer->slot));
}

/* When this process started, in ticks since boot: with the process id, this identifies it among all processes. */
static inline uint64_t vx_start_time(void) {
    char text[1024];
    FILE *stat = fopen("/proc/self/stat", "re");
    size_t length = stat ? fread(text, 1, sizeof text - 1, stat) : 0;
    if (stat) fclose(stat);
    text[length] = 0;
    char *at = strrchr(text, ')'); /* The name, in parentheses, may hold anything: the third field follows the last one. */
    for (int number = 2; at && number < 22; number++) at = strchr(at + 1, ' ');
    unsigned long long ticks = 0;
    return at && sscanf(at, "%llu", &ticks) == 1 ? ticks : 0;
}

static inline void vx_write_identity(const struct vx_board *board, uint64_t cold, uint32_t generation, const char *key,
                                     const char *version) {
    unsigned char bytes[VX_COLD_EXIT_FLAGS] = {0};
    uint64_t words[VX_COLD_EXIT_FLAGS / 8], cell[VX_COLD_KEY_SIZE / 8];
    uint32_t pid = (uint32_t)getpid(), uid = (uint32_t)geteuid();
    uint16_t parent = VX_NO_PARENT;
    uint64_t start_time = vx_start_time(), now = vx_now_ns();
    struct stat space;
    uint64_t namespace_number = stat("/proc/self/ns/pid", &space) == 0 ? (uint64_t)space.st_ino : 0;
    uint64_t time_namespace = stat("/proc/self/ns/time", &space) == 0 ? (uint64_t)space.st_ino : 0;
    uint64_t key_hash = vx_hash_key(key);
    memcpy(bytes + VX_COLD_GENERATION, &generation, 4);
    memcpy(bytes + VX_COLD_PID, &pid, 4);
    memcpy(bytes + VX_COLD_START_TIME, &start_time, 8);
    memcpy(bytes + VX_COLD_NAMESPACE, &namespace_number, 8);
    memcpy(bytes + VX_COLD_TIME_NAMESPACE, &time_namespace, 8);
    memcpy(bytes + VX_COLD_KEY_HASH, &key_hash, 8);
    memcpy(bytes + VX_COLD_UID, &uid, 4);
    bytes[VX_COLD_KIND] = VX_KIND_TASK;
    bytes[VX_COLD_ORIGIN] = VX_ORIGIN_JOINED;
    memcpy(bytes + VX_COLD_PARENT_SLOT, &parent, 2);
    memcpy(bytes + VX_COLD_CLAIMED_AT, &now, 8);
    vx_encode(key, cell, VX_COLD_KEY_SIZE);
    memcpy(bytes + VX_COLD_KEY, cell, VX_COLD_KEY_SIZE);
    vx_encode(version, cell, VX_COLD_VERSION_SIZE);
    memcpy(bytes + VX_COLD_VERSION, cell, VX_COLD_VERSION_SIZE);
    memcpy(words, bytes, sizeof words);
    vx_store_words(board, cold, sizeof words, words);
}

/* Write everything else of a new life: no texts, no end, no step but the first, numbers at zero, an empty log. If the
 * key is used again, the life is the next attempt. */
static inline void vx_begin(struct vx_writer *writer, bool again) {
    struct vx_board *board = writer->board;
    uint64_t cold = vx_record(board->cold, writer->slot), hot = vx_record(board->hot, writer->slot);
    vx_store(board, cold + VX_COLD_EXIT_FLAGS, 0);
    vx_store(board, cold + VX_COLD_ENDED_AT, 0);
    for (uint64_t at = VX_COLD_TRANSITIONS; at < VX_COLD_RESULT + VX_COLD_RESULT_SIZE; at += 8) {
        vx_store(board, cold + at, 0);
    }
    vx_store(board, cold + VX_COLD_TRANSITIONS + VX_TRANSITIONS_ENTERED, vx_now_ns() & ~UINT64_C(0xFF));
    vx_latch_write(board, cold + VX_COLD_TEXT_STAMP, cold + VX_COLD_TEXT_COPY0, sizeof writer->text, writer->text);
    vx_latch_write(board, cold + VX_COLD_NOTES_STAMP, cold + VX_COLD_NOTES_COPY0, sizeof writer->notes, writer->notes);
    if (board->log.stride != 0) {
        uint64_t log = vx_record(board->log, writer->slot);
        uint64_t reserved = vx_load(board, log + VX_LOG_RESERVED), committed = vx_load(board, log + VX_LOG_COMMITTED);
        uint64_t at = reserved > committed ? reserved : committed;
        vx_store(board, log + VX_LOG_START, at);
        vx_store(board, log + VX_LOG_RESERVED, at);
        atomic_store_explicit(vx_word(board, log + VX_LOG_COMMITTED), at, memory_order_release);
    }
    uint64_t stamp = vx_load(board, hot + VX_HOT_STAMP);
    uint64_t meta = vx_load(board, hot + VX_HOT_COPY0 + (stamp & 1) * VX_HOT_COPY0_SIZE + VX_NUMBERS_META);
    uint64_t last = again ? meta >> VX_META_BIT_ATTEMPT & 0xFF : 0, attempt = last < 0xFF ? last + 1 : last;
    writer->meta = meta >> VX_META_BIT_REVISION << VX_META_BIT_REVISION | attempt << VX_META_BIT_ATTEMPT |
                   UINT64_C(1) << VX_META_BIT_TRANSITIONS;
    vx_revise(writer);
    vx_publish_of(writer, 0, false, 0);
}

/* Whether this is the key in the slot's record. */
static inline bool vx_has_key(const struct vx_board *board, uint32_t slot, const char *key) {
    uint64_t wanted[VX_COLD_KEY_SIZE / 8], found[VX_COLD_KEY_SIZE / 8], cold = vx_record(board->cold, slot);
    if (vx_load(board, cold + VX_COLD_KEY_HASH) != vx_hash_key(key)) return false;
    vx_encode(key, wanted, sizeof wanted);
    vx_load_words(board, cold + VX_COLD_KEY, sizeof found, found);
    return memcmp(wanted, found, sizeof wanted) == 0;
}

static inline bool vx_ended(uint8_t state) {
    return state > VX_STATE_LIVE && state <= VX_STATE_DIED;
}

/* Take a slot in three steps, so that no reader sees new words under the old life: "claiming", the words, "live". */
static inline bool vx_claim(struct vx_writer *writer, uint64_t from, const char *key, const char *version) {
    struct vx_board *board = writer->board;
    uint64_t hot = vx_record(board->hot, writer->slot), cold = vx_record(board->cold, writer->slot);
    writer->generation = (uint32_t)(from >> VX_CONTROL_BIT_GENERATION) + 1;
    uint64_t generation = (uint64_t)writer->generation << VX_CONTROL_BIT_GENERATION;
    uint64_t claiming = generation | (uint64_t)VX_STATE_CLAIMING << VX_CONTROL_BIT_STATE;
    uint64_t live = generation | (uint64_t)VX_STATE_LIVE << VX_CONTROL_BIT_STATE | UINT64_C(1) << VX_CONTROL_BIT_NAMED;
    VX_ATOMIC(uint32_t) *used = vx_half(board, VX_HEADER_USED);
    uint32_t so_far = atomic_load_explicit(used, memory_order_relaxed);
    while (so_far <= writer->slot && !atomic_compare_exchange_weak(used, &so_far, writer->slot + 1)) {}
    if (!atomic_compare_exchange_strong_explicit(vx_word(board, hot + VX_HOT_CONTROL), &from, claiming, memory_order_acquire,
                                                 memory_order_relaxed)) {
        return false;
    }
    atomic_thread_fence(memory_order_release); /* A reader of a word of the new life sees "claiming", or something later. */
    uint8_t state = (uint8_t)(from >> VX_CONTROL_BIT_STATE);
    bool had_a_life = from >> VX_CONTROL_BIT_NAMED & 1 && (state == VX_STATE_LIVE || vx_ended(state));
    bool again = had_a_life && vx_has_key(board, writer->slot, key);
    vx_write_identity(board, cold, writer->generation, key, version);
    vx_begin(writer, again);
    vx_beat(writer);
    atomic_store_explicit(vx_word(board, hot + VX_HOT_CONTROL), live, memory_order_release);
    return true;
}

/* The rank of a slot that may be taken, or -1. The lowest rank goes first, and within a rank the lowest `order`. */
static inline int vx_rank(const struct vx_board *board, uint32_t slot, uint64_t control, bool same, uint64_t *order) {
    uint64_t cold = vx_record(board->cold, slot);
    uint8_t state = (uint8_t)(control >> VX_CONTROL_BIT_STATE);
    uint8_t origin = (uint8_t)(vx_load(board, cold + VX_COLD_ORIGIN / 8 * 8) >> VX_COLD_ORIGIN % 8 * 8);
    bool named = control >> VX_CONTROL_BIT_NAMED & 1;
    *order = 0;
    if (state == VX_STATE_FREE) return 2;
    if (vx_ended(state)) {
        uint64_t ended_at = vx_load(board, cold + VX_COLD_ENDED_AT);
        *order = same ? UINT64_MAX - ended_at : ended_at;
        return same ? 1 : 3;
    }
    /* Whether its writer is gone. Slots whose end the creator records, and those of scripts, are not taken here. */
    bool abandoned = (!named || origin == VX_ORIGIN_JOINED) && !vx_held(board, VX_LOCK_SLOT(slot));
    return !abandoned ? -1 : same ? 0 : 4;
}

/* The best slot to take, if none in use has this key. */
static inline int vx_find_place(const struct vx_board *board, const char *key, uint32_t *place, uint64_t *from) {
    uint64_t best_order = 0, order;
    int best = 5;
    for (uint32_t slot = 0; slot < board->slot_count; slot++) {
        VX_ATOMIC(uint64_t) *word = vx_word(board, vx_record(board->hot, slot) + VX_HOT_CONTROL);
        uint64_t control = atomic_load_explicit(word, memory_order_acquire);
        uint8_t state = (uint8_t)(control >> VX_CONTROL_BIT_STATE);
        bool same = control >> VX_CONTROL_BIT_NAMED & 1 && state <= VX_STATE_DIED && vx_has_key(board, slot, key);
        int rank = vx_rank(board, slot, control, same, &order);
        if (rank < 0 && same) return VX_KEY_IN_USE;
        bool better = rank >= 0 && (rank < best || (rank == best && order < best_order));
        /* A pool keeps the bytes of its slots locked, even of those that have ended or were never used. */
        if (!better || vx_held(board, VX_LOCK_SLOT(slot))) continue;
        best = rank;
        best_order = order;
        *place = slot;
        *from = control;
    }
    return best < 5 ? VX_OK : VX_FULL;
}

/* Take a free slot of another process's board. The slot's byte stays locked until the slot or this process ends. */
static inline int vx_join(struct vx_board *board, const char *key, const char *version, struct vx_writer *writer) {
    memset(writer, 0, sizeof *writer);
    writer->board = board;
    if (atomic_load_explicit(vx_half(board, VX_HEADER_CLOSED), memory_order_acquire)) return VX_CLOSED;
    uint64_t began = vx_now_ns(), from = 0;
    while (!vx_try_lock(board, VX_LOCK_TABLE)) {
        if (errno != EAGAIN && errno != EACCES) return VX_SYSTEM;
        if (vx_now_ns() - began > VX_TABLE_WAIT_NS) return VX_BUSY;
        struct timespec pause = {0, 50000};
        nanosleep(&pause, NULL);
    }
    int result = vx_find_place(board, key, &writer->slot, &from);
    if (result == VX_OK && !vx_try_lock(board, VX_LOCK_SLOT(writer->slot))) result = VX_BUSY;
    if (result == VX_OK && !vx_claim(writer, from, key, version)) {
        vx_unlock(board, VX_LOCK_SLOT(writer->slot));
        result = VX_BUSY;
    }
    vx_unlock(board, VX_LOCK_TABLE);
    if (result == VX_OK) vx_ring(board);
    return result;
}

#endif
