/* SPDX-License-Identifier: MIT */
/*
 * tune.h -- the numbers that shape the library, each with its reason  [floor 0]
 *
 * Sizes are bytes unless the name says otherwise.  What a program may want to
 * change at run time is an option of the heap instead.
 */
#ifndef OURO_BASE_TUNE_H
#define OURO_BASE_TUNE_H

#include <stddef.h>
#include <stdint.h>

/* Which build this is: 0 ordinary, 1 hardened, 2 debug.  The last two are called guarded. */
#ifndef OURO_GUARDED
#define OURO_GUARDED 0
#endif
#define OURO_IS_DEBUG_BUILD (OURO_GUARDED == 2)

/* What died waits in a guarded build until so many bytes have died after it: a second free, and a write
 * to it, are told apart from those of a new owner for as long. */
#ifndef OURO_QUARANTINE_BYTES
#define OURO_QUARANTINE_BYTES ((size_t)1 << 20)
#endif

/* Runs of blocks that died in a row, each of one pool, that fit in the quarantine, one for each 32 bytes of it; what
 * dies in random order may leave it earlier. */
#define OURO_QUARANTINE_RUNS ((uint32_t)(OURO_QUARANTINE_BYTES / 32))

/* Room for so many is in use at first, one page, and twice as many each time that it is full: a ring touches all of its
 * memory again and again. */
#define OURO_QUARANTINE_RUNS_FIRST 128u

/* So many large blocks that died keep their addresses there, without memory or access. */
#define OURO_QUARANTINE_LARGE 64u

/* An arena is aligned to its size, so that a mask leads from any address in it
 * to its header.  32 MiB: address space only; pages are committed by the pool. */
#define OURO_ARENA_SHIFT 25
#define OURO_ARENA_SIZE ((size_t)1 << OURO_ARENA_SHIFT)

/* A pool: 64 KiB is large enough that taking one is rare (2,730 blocks of 24)
 * and small enough that one living block pins little. */
#define OURO_POOL_SHIFT 16
#define OURO_POOL_SIZE ((size_t)1 << OURO_POOL_SHIFT)
#define OURO_ARENA_PAGES (OURO_ARENA_SIZE / OURO_POOL_SIZE)

/* The first third of an arena's addresses holds what lies beside its pools. */
#define OURO_ARENA_FIRST_PAGE 160u

/* Blocks beyond this are cut from pools of eight pages, so that the end of a
 * pool wastes at most an eighth of it. */
#define OURO_WIDE_BLOCK 8192u
#define OURO_WIDE_PAGES 8u

/* Beyond this a block has a mapping of its own. */
#define OURO_BLOCK_MAX 65536u

/* Pools are cut one page of memory at a time: a heap of one object touches
 * one page, and a list of one page of blocks stays in the first-level cache. */
#define OURO_CARVE_SIZE 4096u

/* A class list holds at most this many bytes or blocks before frees go to
 * their pools.  Its length is measured by walking once in half as many frees, so a short limit
 * would cost more steps than it saves memory; a long one leaves the nearest cache. */
#define OURO_LIST_BYTES 65536u
#define OURO_LIST_MIN 8u
#define OURO_LIST_MAX 1024u

/* A full list gives such a share of its limit to the pools at once: 64 blocks of up to 64 bytes. They
 * must be in the nearest cache still; a quarter costs a third more where frees go in order. */
#define OURO_LIST_BATCHES 16

/* A list that has served all allocations of so many milliseconds goes to its pools, so that the next one passes by the
 * heap. */
#define OURO_PASS_BY_MS 10u

/* Once a class has more pools than this, fresh ones are populated before they are cut, so many pages of memory
 * by one system call instead of as many page faults (20 to 25% of fresh allocation); and as few as take no longer
 * than this, as on a virtual machine whose host has yet to find each page. */
#define OURO_POPULATE_AFTER 2u
#define OURO_POPULATE_MOST 4u
#define OURO_POPULATE_MICROSECONDS 25u

/* Purging: so many pages of 64 KiB for each millisecond since the last time, 1.5 GB a second, saved up
 * to half a second's worth; half a megabyte at a time, which takes some 40 microseconds, also of a large block. */
#define OURO_PURGE_RATE 24u
#define OURO_PURGE_BATCH (500u * OURO_PURGE_RATE)
#define OURO_PURGE_PART 8u
#define OURO_PURGE_LARGE_PART ((size_t)OURO_PURGE_PART << OURO_POOL_SHIFT)
#define OURO_PURGE_DELAY_MS 100u

/* Pools with few blocks that are looked at in a millisecond when a heap has shrunk: as long as a step; and bytes that
 * must have become free to make that worth it. */
#define OURO_HOLLOW_POOLS 3u
#define OURO_HOLLOW_MIN ((size_t)4 << 20)

/* The thresholds of the generations: young objects, young passes, middle passes. */
#define OURO_THRESHOLD_0 4096u
#define OURO_THRESHOLD_1 10u
#define OURO_THRESHOLD_2 10u

/* When so many have survived a young pass, the next one looks at them too: a pass is not cut, and has
 * to stay short. */
#define OURO_MIDDLE_MAX 3072u

/* While passes free less than 1 in 64, they look at one batch in 2, 4, ... 32, of twice as many unless that takes
 * long, and let the others grow old unexamined; so many wait for that together. */
#define OURO_FRUITLESS_SHIFT 6
#define OURO_SAMPLE_MAX 32u
#define OURO_BATCHES_WAITING 4u

/* Where garbage is larger than a batch, so many are taken together, for so many passes; then one is tried again.
 * More would cost less and take longer: such a pass is a quarter of a millisecond. */
#define OURO_WIDE_BATCHES 3u
#define OURO_WIDE_PASSES 64u

/* While a whole cycle is under way, a batch is halved when a pass that found it to be garbage took longer than a step: so many
 * times at most, and to no fewer objects; and doubled again after so many passes that took less than half a step. */
#define OURO_BATCH_SHIFT_MOST 3u
#define OURO_BATCH_LEAST 512u
#define OURO_BATCH_PATIENCE 256u

/* A whole cycle is over before the heap has grown by half of what lived after the last one (by
 * all of it while they find nothing), and by this at least: below it, walking costs more than the
 * memory is worth. */
#define OURO_WHOLE_MIN_GROWTH ((size_t)4 << 20)

/* While cycles find nothing, and before any has found something, the least growth is doubled, so many times at most, the share grows from
 * half to all, and a cycle begins later: a program that makes no cycles pays little for looking. */
#define OURO_WHOLE_PATIENCE 3u

/* Looking at one object is worth the growth of so many bytes: about 50 nanoseconds each. */
#define OURO_WHOLE_WORTH 64u

/* Where the heap does not grow, a cycle is over when so many times its live bytes were handed out: it
 * takes about a tenth of the time then. */
#define OURO_WHOLE_TURNOVER 16u

/* And where hardly anything is handed out, each millisecond owes so much: one or two in a hundred of the time.  A
 * program that slept owes for so many at most. */
#define OURO_WHOLE_MS_UNITS 512u
#define OURO_WHOLE_MS_MOST 20u

/* A heap in which nothing was touched is looked at all the same when it has grown so many times. */
#define OURO_WHOLE_DOUBT 8u

/* Going through the bits of a pool's set is worth so many units, also where there are none: a third of a microsecond. */
#define OURO_WALK_UNITS 8

/* Less debt than this waits for more: a step has a price of its own. */
#define OURO_STEP_MIN_UNITS 256u

/* A cycle that has less than this to do, one or two milliseconds, is worked ahead of its debt, by as much: what is
 * dropped while it runs is not found before the next one. */
#define OURO_SHORT_CYCLE_UNITS 65536u
#define OURO_SHORT_CYCLE_STEP 2048u

/* How long a step may take by default. */
#define OURO_STEP_MICROSECONDS 100u

/* Units of a step between two looks at the clock: some microseconds.  The least is 16 objects of the first phase, each of
 * whose references may meet a page of memory that nobody has used yet. */
#define OURO_STEP_PART_LEAST 32u
#define OURO_STEP_PART_MOST 512u

/* A young pass is due when the heap has grown by so much since the last, or by a sixteenth. */
#define OURO_YOUNG_MIN_GROWTH ((size_t)1 << 20)

/* Or when so many times that was handed out: large objects grow old in a heap that does not grow, so that it is
 * noticed when they are dropped. */
#define OURO_YOUNG_TURNOVER 4u

/* The marks' memory goes back in parts of this size, each of which counts as so many units: a fraction of a
 * step, also on a virtual machine, where all of it is in use. */
#define OURO_WIPE_PART ((size_t)256 << 10)
#define OURO_WIPE_UNITS 256

/* Pools whose marks stay in memory from pass to pass: 16 KiB of counts each. */
#define OURO_SCRATCH_KEPT 4u

/* In a heap of more bytes they go at once where passes find little; in a smaller one after a while. */
#define OURO_SCRATCH_HEAP ((size_t)4 << 20)

/* A cycle without steps that has looked at no more pools leaves their marks, too: to give them back and get them
 * again takes longer than the collection. */
#define OURO_SCRATCH_SMALL 16u

/* Work on touched objects in one pass, in units of 10 to 50 nanoseconds: so many at first, and so many more
 * while the search promises garbage. */
#define OURO_NEARBY_UNITS 8192
#define OURO_NEARBY_GRANT 8192

/* Such work between two looks at the clock: a look is worth two of them. */
#define OURO_NEARBY_LOOK 256

/* Gray objects that are fetched ahead of the one that is followed. */
#define OURO_FLOOD_AHEAD 16u

/* Gray objects that wait outside the bitmaps; more go to the bitmaps. */
#define OURO_GRAY_STACK 512u

/* Touched old objects that are remembered until what lies near them is looked at. */
#define OURO_TOUCHED_MAX 1024u

/* References that leave the suspects of a pass are remembered, so that they are dropped without looking for them. */
#define OURO_LEAKS_MAX 512u

/* A pass, which is not cut, leaves objects with more references in vectors and items than this to
 * the whole cycle. */
#define OURO_PASS_LENGTH 65536u

/* Objects that one pass near touched objects looks at, at most: a fifth of a millisecond.  From each
  * touched one so many are followed at least, and more while it promises garbage. */
#define OURO_NEARBY_MAX 4096u
#define OURO_NEARBY_ALLOWANCE 16u

/* Where deaths are bounded, so many objects of a stopped one end at each allocation that passes the slow
 * path: several times what such an allocation hands out. */
#define OURO_DEATH_PAYMENT 2048

/* So many blocks of one death go to the class list, from where the next births come: those of a small structure,
 * which is often made anew.  More go to their pools. */
#define OURO_DEATH_FEW 32u

/* The guess which simple type dies next changes after so many wrong ones, so
 * that two types in turn do not spoil it each time. */
#define OURO_GUESS_PATIENCE 16u

/* What dies together was mostly born in order: memory so many bytes further on in the direction in
 * which deaths move is fetched ahead. */
#define OURO_DEATH_AHEAD 512

/* What the log of cycles looks at of a collection's garbage, within its pause: objects, references among them, and
 * places of the set where it looks for some.  Measured 10 to 70 microseconds in all, most where there is no round. */
#define OURO_LOOK_OBJECTS 64
#define OURO_LOOK_EDGES 256
#define OURO_LOOK_PLACES 4096

/* Types of one process.  The object word has room for 2^20; for 2^14 where it has a canary. */
#define OURO_TYPES_MAX (OURO_GUARDED ? 4096u : 65536u)

_Static_assert(OURO_QUARANTINE_RUNS % OURO_QUARANTINE_RUNS_FIRST == 0, "a ring is doubled");
_Static_assert(OURO_ARENA_PAGES == 512, "page bitmaps have eight words");
_Static_assert(OURO_TYPES_MAX <= (1u << 20), "the type field of the object word");
_Static_assert(OURO_LIST_MAX >= 2 * OURO_LIST_MIN, "a list can be halved");

/* A census that a viewer asks for looks at so many pools at a time: half a millisecond where objects are small. */
#define OURO_CENSUS_POOLS 64u

#endif
