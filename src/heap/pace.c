/* SPDX-License-Identifier: MIT */
/*
 * pace.c -- when to collect, and how much at a time                    [floor 6]
 *
 *     young    after threshold[0] young objects, fewer where a pass takes longer than a step beside
 *              a whole cycle, or when the heap's bytes have grown by a share; while that frees next
 *              to nothing, one batch in 2, 4, ... 32 is looked at, of twice as many unless that
 *              takes long, and the others grow old
 *     middle   after threshold[1] young passes, or when many survived them, or by growth; and
 *              instead of each young one while that frees next to nothing, or garbage is larger
 *              than a batch
 *     nearby   after a young pass, when old objects were touched; less often while that
 *              finds nothing
 *     whole    begins when the heap's bytes are halfway from what lived to the goal, and is
 *              paid for by what grows:
 *
 *         live         start           goal
 *           |------------|---------------|--->  bytes
 *                        begins     over before
 *
 *              each byte of growth owes work_left / (goal - bytes), so the work is done when the
 *              goal is reached, unless steps are too short; where nothing grows, each byte
 *              handed out owes a little
 *
 *   [pace.turn]  an allocation does one of these things at most, in turn
 */
#include "heap/heap.h"

#include "base/os.h"

/* ---- the goal ---- */

/* The least growth that is worth a cycle: more while cycles find nothing, but not where the heap has so few
 * objects that looking at them costs nothing. */
static size_t least_growth(const struct ouro__pace *pace)
{
    size_t most = OURO_WHOLE_MIN_GROWTH << pace->fruitless;
    size_t worth = pace->candidates * OURO_WHOLE_WORTH;
    if (worth < OURO_WHOLE_MIN_GROWTH) return OURO_WHOLE_MIN_GROWTH;
    return worth < most ? worth : most;
}

/* From what lived after the last cycle, and what is known since. */
static void set_goal(struct ouro__pace *pace)
{
    size_t live = pace->live, least = least_growth(pace);
    size_t share = pace->fruitless > 1 ? live : pace->fruitless > 0 ? live / 4 * 3 : live / 2;
    if (share < least) share = least;
    pace->start = live + share - share / (pace->fruitless > 1 ? 8 : 2);
    pace->goal = live + share;
}

void ouro__pace_init(ouro_heap *heap)
{
    struct ouro__pace *pace = &heap->pace;
    pace->nearby_interval = pace->nearby_left = 1;
    pace->dice = 1;
    pace->fruitless = OURO_WHOLE_PATIENCE; /* most programs make few cycles, */
    pace->is_guess = true;                 /* until a pass finds some */
    pace->step_nanoseconds = (uint64_t)heap->step_microseconds * 1000;
    set_goal(pace);
}

void ouro__pace_whole_done(ouro_heap *heap, size_t candidates, size_t found)
{
    struct ouro__pace *pace = &heap->pace;
    bool fruitless = found <= candidates >> OURO_FRUITLESS_SHIFT;
    pace->is_guess = false;
    if (!fruitless) {
        pace->fruitless = 0;
        pace->narrow = false;
    } else if (candidates > 0 && pace->fruitless < OURO_WHOLE_PATIENCE) {
        pace->fruitless++;
    }
    pace->mostly_garbage = found > candidates / 2;
    pace->candidates = candidates - found;
    pace->live = pace->paid_bytes = ouro__heap_bytes(heap);
    pace->debt = 0;
    set_goal(pace);
}

/* ---- young passes ---- */

/* One of the next `interval`, by chance, so that no rhythm of the program hides garbage. */
static unsigned choose(struct ouro__pace *pace, unsigned interval)
{
    pace->dice = pace->dice * 1664525u + 1013904223u;
    return 1 + (unsigned)(((uint64_t)pace->dice * interval) >> 32);
}

/* While passes find next to nothing, only some batches are looked at. */
static bool is_sampling(const struct ouro__pace *pace)
{
    return pace->sample_interval > 1;
}

/*
 * A structure larger than a batch is whole in none: while it is built it lives, and when it dies a part of it
 * is middle-aged.  Then passes of generation 1 find what young ones do not.
 */
static void widen(struct ouro__pace *pace, size_t candidates, size_t found)
{
    size_t young = pace->young_candidates;
    bool young_fail = pace->young_found < young / 2;
    bool young_suffice = pace->young_found > young - young / 8;
    if (found <= candidates / 4 || young_suffice) {
        pace->wide = pace->large = false;
    } else if (pace->wide) {
        pace->wide = ++pace->wide_passes < OURO_WIDE_PASSES;
    } else if (young_fail) {
        pace->wide = pace->large = true;
        pace->wide_passes = 0;
    }
    pace->young_candidates = pace->young_found = 0;
}

/*
 * A pass is not cut.  Two batches of which most lives may take longer than any step: then one is looked at, until
 * something is found again.  Beside a whole cycle, which finds what passes miss, that is not tried out: what was looked
 * at lets it be expected.
 */
static void narrow(ouro_heap *heap, const ouro_collection *pass, bool fruitless)
{
    struct ouro__pace *pace = &heap->pace;
    const uint64_t most = pace->step_nanoseconds * 3 / 2;
    const size_t batch = heap->threshold[0], seen = pass->candidates;
    if (!fruitless)
        pace->narrow = false;
    else if (heap->whole.phase == OURO__IDLE)
        pace->narrow |= is_sampling(pace) && pass->nanoseconds > most;
    else
        pace->narrow |= seen >= batch / 2 && pass->nanoseconds * 2 * batch > most * seen;
}

/*
 * While a whole cycle is under way each of its steps leaves passes a cold cache.  Where they find what there is, two
 * short ones find as much as a long one, and stay within a step's time.
 */
static void fit_batch(struct ouro__pace *pace, bool suffices, uint64_t nanoseconds)
{
    if (!suffices) {
        pace->batch_shift = 0;
    } else if (nanoseconds > pace->step_nanoseconds) {
        if (pace->batch_shift < OURO_BATCH_SHIFT_MOST) pace->batch_shift++;
        pace->brief_passes = 0;
    } else if (pace->batch_shift > 0 && nanoseconds < pace->step_nanoseconds / 2 &&
               ++pace->brief_passes == OURO_BATCH_PATIENCE) {
        pace->batch_shift--;
        pace->brief_passes = 0;
    }
}

static void sample(struct ouro__pace *pace, bool fruitless)
{
    if (!fruitless)
        pace->sample_interval = 1;
    else if (pace->sample_interval < OURO_SAMPLE_MAX)
        pace->sample_interval *= 2;
    pace->sample_left = is_sampling(pace) ? choose(pace, pace->sample_interval) : 1;
}

/* What is made from now on is the next batch. */
static void note_batch(ouro_heap *heap)
{
    heap->pace.pass_bytes = ouro__heap_bytes(heap);
    heap->pace.pass_handed = ouro__heap_pools(heap)->handed_bytes;
}

void ouro__pace_passed(ouro_heap *heap, const ouro_collection *pass)
{
    const int generation = pass->generation;
    const size_t candidates = pass->candidates, found = pass->collected + pass->uncollectable;
    struct ouro__pace *pace = &heap->pace;
    if (generation > 0) {
        widen(pace, candidates, found);
        pace->middle_aged = 0;
    } else {
        pace->young_candidates += candidates;
        pace->young_found += found;
        if (heap->whole.phase != OURO__IDLE)
            fit_batch(pace, found > candidates - candidates / 8, pass->nanoseconds);
    }
    pace->middle_aged += heap->pass.middle_aged;
    if (heap->threshold[1] == 0 &&
        found < candidates) /* the middle-aged are never looked at again */
        ouro__heap_pools(heap)->marks.touched_any = true;
    bool fruitless = found <= candidates >> OURO_FRUITLESS_SHIFT;
    if (pace->is_guess && !fruitless) pace->fruitless = 0;
    narrow(heap, pass, fruitless);
    if (generation > 0 || heap->threshold[1] == 0 || !fruitless) sample(pace, fruitless);
    pace->batches_waiting = 0;
    note_batch(heap);
    if (generation > 0 || pace->pass_bytes < pace->middle_bytes)
        pace->middle_bytes = pace->pass_bytes;
}

/* So much growth is worth a pass. */
static size_t young_share(const struct ouro__pace *pace)
{
    size_t share = pace->live / 16;
    return share > OURO_YOUNG_MIN_GROWTH ? share : OURO_YOUNG_MIN_GROWTH;
}

/* A pass takes so many batches together, and so many grow old together without one. */
static unsigned batch_width(const struct ouro__pace *pace)
{
    if (pace->wide) return OURO_WIDE_BATCHES;
    if (!is_sampling(pace)) return 1;
    return pace->narrow && pace->sample_left <= 1 ? 1 : 2;
}

/* The objects of one batch.  Those that are left out or taken together are whole. */
static size_t batch_length(const ouro_heap *heap)
{
    const struct ouro__pace *pace = &heap->pace;
    size_t whole = heap->threshold[0], part = whole >> pace->batch_shift;
    if (heap->whole.phase == OURO__IDLE || is_sampling(pace) || pace->wide) return whole;
    if (whole < OURO_BATCH_LEAST) return whole;
    return part > OURO_BATCH_LEAST ? part : OURO_BATCH_LEAST;
}

static bool young_is_due(const ouro_heap *heap)
{
    const struct ouro__pace *pace = &heap->pace;
    const struct ouro__marks *marks = &ouro__heap_pools(heap)->marks;
    if (marks->young_handed / batch_width(pace) >= batch_length(heap)) return true;
    if (heap->threshold[0] == SIZE_MAX) return false;
    if (marks->young == NULL) return false;
    size_t handed = ouro__heap_pools(heap)->handed_bytes - pace->pass_handed;
    return ouro__heap_bytes(heap) > pace->pass_bytes + young_share(pace) ||
           handed > OURO_YOUNG_TURNOVER * young_share(pace);
}

static bool middle_is_due(const ouro_heap *heap)
{
    const struct ouro__pace *pace = &heap->pace;
    if (heap->threshold[1] == 0) return false;
    return is_sampling(pace) || pace->wide || heap->passes[1] >= heap->threshold[1] ||
           pace->middle_aged >= OURO_MIDDLE_MAX ||
           ouro__heap_bytes(heap) > pace->middle_bytes + 2 * young_share(pace);
}

/*
 * A batch that is not looked at grows old, but not at once: most of what dies dies young, and then nobody
 * has written to it.  The batch that is looked at next is young alone.  Large objects are few, so that they grow
 * old at once: who dies while it waits is not noticed.
 */
static void skip_batch(ouro_heap *heap)
{
    struct ouro__pace *pace = &heap->pace;
    struct ouro__marks *marks = &ouro__heap_pools(heap)->marks;
    bool few = marks->young_handed < heap->threshold[0]; /* due by their bytes */
    pace->sample_left--;
    note_batch(heap);
    marks->young_handed = 0;
    if (!few && pace->sample_left > 1 && ++pace->batches_waiting < OURO_BATCHES_WAITING) return;
    pace->batches_waiting = 0;
    ouro__collector_skip_young(&heap->pass);
}

static size_t pass_young(ouro_heap *heap)
{
    struct ouro__pace *pace = &heap->pace;
    pace->candidates += ouro__heap_pools(heap)->marks.young_handed; /* at most so many are new */
    if (heap->whole.phase == OURO__IDLE) set_goal(pace);
    if (pace->sample_left > 1) {
        skip_batch(heap);
        return 0;
    }
    bool middle = middle_is_due(heap);
    heap->pass.bounded = true;
    heap->pass.twice = middle && pace->large;
    size_t found = ouro__heap_collect(heap, middle ? 1 : 0);
    heap->pass.bounded = heap->pass.twice = false;
    return found;
}

/* ---- near touched objects ---- */

/* After a batch or some, or at once when many wait of whom the last proved to be garbage. */
static bool nearby_is_due(const ouro_heap *heap)
{
    enum { many = OURO_TOUCHED_MAX / 8 };
    const struct ouro__pace *pace = &heap->pace;
    size_t touched = ouro__heap_pools(heap)->marks.touched_count;
    if (heap->threshold[2] == 0 || touched == 0) return false;
    return pace->nearby_left == 0 || (pace->nearby_interval == 1 && touched >= many);
}

/* What the search finds is verified afterwards, which has its share of a step's time, too. */
static size_t pass_nearby(ouro_heap *heap)
{
    struct ouro__pace *pace = &heap->pace;
    heap->pass.bounded = true;
    const long units = OURO_NEARBY_UNITS / (long)pace->nearby_interval + 256;
    const uint64_t nanoseconds = pace->step_nanoseconds / 2;
    size_t found = ouro__heap_collect_nearby(heap, units, nanoseconds);
    heap->pass.bounded = false;
    pace->nearby_passes++;
    pace->nearby_found += found;
    if (found > heap->nearby.looked_at >> OURO_FRUITLESS_SHIFT)
        pace->nearby_interval = 1;
    else if (pace->nearby_interval < OURO_SAMPLE_MAX)
        pace->nearby_interval *= 2;
    pace->nearby_left = pace->nearby_interval;
    return found;
}

/* ---- the whole cycle ---- */

/*
 * Where no old object was touched since the last cycle, and none grew old unseen,
 * there is nothing to find: the heap has only grown.  Now and then that is doubted.
 */
static bool whole_is_due(ouro_heap *heap)
{
    const struct ouro__pace *pace = &heap->pace;
    size_t bytes = ouro__heap_bytes(heap);
    if (heap->threshold[2] == 0 || bytes < pace->start) return false;
    if (ouro__heap_pools(heap)->marks.touched_any) return true;
    return bytes / OURO_WHOLE_DOUBT > pace->live + OURO_WHOLE_MIN_GROWTH;
}

/* Since the last payment. */
static uint64_t milliseconds_since(const ouro_heap *heap)
{
    uint64_t passed = ouro__heap_pools(heap)->tick - heap->pace.paid_tick;
    return passed < OURO_WHOLE_MS_MOST ? passed : OURO_WHOLE_MS_MOST;
}

/* Units that the bytes since the last payment owe, and the time. */
static size_t owed(const ouro_heap *heap, size_t bytes, size_t handed)
{
    const struct ouro__pace *pace = &heap->pace;
    double left = (double)ouro__collector_work_left(&heap->whole);
    if (bytes >= pace->goal || heap->whole.given_up) return (size_t)left + OURO_STEP_MIN_UNITS;
    double grown = bytes > pace->paid_bytes ? (double)(bytes - pace->paid_bytes) : 0;
    double room = (double)(pace->goal - bytes);
    double units = grown < room ? grown * left / room : left;
    double turnover = (double)(handed - pace->paid_handed);
    double slow = OURO_WHOLE_TURNOVER * (double)(pace->live + OURO_WHOLE_MIN_GROWTH);
    units += turnover * left / slow + (double)(OURO_WHOLE_MS_UNITS * milliseconds_since(heap));
    return (size_t)(units < left ? units : left);
}

static void note_step(struct ouro__pace *pace, uint64_t nanoseconds, enum ouro__phase phase)
{
    if (nanoseconds <= pace->longest_step) return;
    pace->longest_step = nanoseconds;
    pace->longest_phase = ouro__phase_name(phase);
}

/*
 * Units until the next look at the clock: fewer where they take long, as where each meets memory that nobody has used
 * yet, such as the tallies when a cycle begins.
 */
static size_t next_part(size_t part, uint64_t took, uint64_t nanoseconds)
{
    if (took > nanoseconds / 8) return part > OURO_STEP_PART_LEAST ? part / 2 : part;
    return took < nanoseconds / 32 && part < OURO_STEP_PART_MOST ? 2 * part : part;
}

size_t ouro__pace_step(ouro_heap *heap, uint64_t nanoseconds, size_t units)
{
    struct ouro__pace *pace = &heap->pace;
    struct ouro__step step = ouro__events_step(heap);
    uint64_t now = step.start, before = step.start;
    bool more = true;
    heap->whole.exact = false; /* the program runs in between, at the latest after this */
    while (more && units > 0 && now - step.start < nanoseconds) {
        size_t part = units < pace->step_part ? units : pace->step_part;
        enum ouro__phase phase = heap->whole.phase;
        more = ouro__heap_whole_step(heap, (long)part);
        units -= part;
        now = ouro__os_nanoseconds();
        note_step(pace, now - before, phase);
        pace->step_part = next_part(pace->step_part, now - before, nanoseconds);
        before = now;
    }
    pace->steps++;
    ouro__events_stepped(heap, step, now);
    return more ? 0 : heap->running.collected;
}

static void note_payment(ouro_heap *heap, size_t bytes, size_t handed)
{
    heap->pace.paid_bytes = bytes;
    heap->pace.paid_handed = handed;
    heap->pace.paid_tick = ouro__heap_pools(heap)->tick;
}

bool ouro__pace_has_shrunk(const ouro_heap *heap)
{
    size_t begun = heap->pace.begun_bytes;
    return begun > OURO_WHOLE_MIN_GROWTH && ouro__heap_bytes(heap) < begun / 2;
}

/* What a step does at least. */
static size_t least_step(size_t left)
{
    return left < OURO_SHORT_CYCLE_UNITS ? OURO_SHORT_CYCLE_STEP : OURO_STEP_MIN_UNITS;
}

/* A step, if enough is owed; whether it was. */
static bool pay_whole(ouro_heap *heap, size_t *found)
{
    struct ouro__pace *pace = &heap->pace;
    if (ouro__life_is_dying(&heap->life)) return false; /* [life.whole] */
    size_t bytes = ouro__heap_bytes(heap);
    size_t handed = ouro__heap_pools(heap)->handed_bytes;
    if (heap->whole.phase == OURO__IDLE) {
        note_payment(heap, bytes, handed);
        if (!whole_is_due(heap)) return false;
        ouro__heap_whole_begin(heap);
    }
    if (ouro__pace_has_shrunk(heap)) ouro__collector_give_up(&heap->whole);
    pace->debt += owed(heap, bytes, handed);
    size_t most = ouro__collector_work_left(&heap->whole) + OURO_STEP_MIN_UNITS;
    if (pace->debt > most) pace->debt = most;
    note_payment(heap, bytes, handed);
    if (pace->debt < OURO_STEP_MIN_UNITS) return false;
    size_t before = heap->whole.work_done, least = least_step(most);
    size_t units = pace->debt > least ? pace->debt : least;
    *found += ouro__pace_step(heap, pace->step_nanoseconds, units);
    size_t done = heap->whole.work_done - before;
    pace->debt -= done < pace->debt ? done : pace->debt;
    return true;
}

/* Deaths that stopped come first, as long as the budget lasts. */
static void pay_deaths(ouro_heap *heap, ouro_budget budget)
{
    uint64_t most = budget.microseconds > 0 ? (uint64_t)budget.microseconds * 1000 : UINT64_MAX;
    size_t left = budget.units > 0 ? budget.units : SIZE_MAX;
    uint64_t start = ouro__os_nanoseconds();
    for (bool more = true; more && left > 0 && ouro__os_nanoseconds() - start < most;) {
        size_t part = left < OURO_DEATH_PAYMENT ? left : OURO_DEATH_PAYMENT;
        more = ouro__life_resume(&heap->life, (long)part);
        left -= part;
    }
}

size_t ouro_step(ouro_heap *heap, ouro_budget budget)
{
    if (ouro__heap_is_busy(heap)) return 0;
    if (UNLIKELY(heap->viewers != NULL)) ouro__viewers_pass(heap);
    pay_deaths(heap, budget);
    if (ouro__life_is_dying(&heap->life)) return 0; /* [life.whole] */
    if (heap->whole.phase == OURO__IDLE) {
        if (!ouro__heap_pools(heap)->marks.touched_any) return 0;
        ouro__heap_whole_begin(heap);
    }
    uint64_t nanoseconds =
        budget.microseconds > 0 ? (uint64_t)budget.microseconds * 1000 : UINT64_MAX;
    size_t before = heap->whole.work_done;
    size_t found = ouro__pace_step(heap, nanoseconds, budget.units > 0 ? budget.units : SIZE_MAX);
    size_t done = heap->whole.work_done - before;
    heap->pace.debt -= done < heap->pace.debt ? done : heap->pace.debt;
    return found;
}

void ouro_get_progress(const ouro_heap *heap, ouro_progress *out_progress)
{
    const struct ouro__pace *pace = &heap->pace;
    *out_progress = (ouro_progress){
        .phase = ouro__phase_name(heap->whole.phase),
        .bytes = ouro__heap_bytes(heap),
        .start_bytes = pace->start,
        .goal_bytes = pace->goal,
        .debt = pace->debt,
        .work_left = ouro__collector_work_left(&heap->whole),
        .steps = pace->steps,
        .touched = ouro__heap_pools(heap)->marks.touched_count,
        .nearby_passes = pace->nearby_passes,
        .nearby_found = pace->nearby_found,
        .longest_step_nanoseconds = pace->longest_step,
        .longest_step_phase = pace->longest_phase != NULL ? pace->longest_phase : "idle",
    };
}

/* The marks' memory goes back a part at a time, some time after it was used; or at once while each pass looks at
 * pools that none will look at again soon: where there is little to find. */
static bool wipe_marks(ouro_heap *heap)
{
    struct ouro__pools *pools = ouro__heap_pools(heap);
    struct ouro__pace *pace = &heap->pace;
    if (pools->marks.scratch_pools <= OURO_SCRATCH_KEPT) return false;
    bool little = is_sampling(pace) && pace->nearby_interval > 1 &&
                  ouro__heap_bytes(heap) > OURO_SCRATCH_HEAP;
    if (pools->tick < pace->wipe_tick && !little) return false;
    pace->wipe_offset = ouro__collector_wipe(&heap->pass, pace->wipe_next, pace->wipe_offset);
    if (pace->wipe_offset != 0) return true;
    if (++pace->wipe_next < ouro__pools_arenas(pools)) return true;
    pace->wipe_next = 0;
    pace->wipe_tick = pools->tick + pools->purge_delay;
    return true;
}

/* ---- one thing at a time: [pace.turn] ---- */

enum { YOUNG, NEARBY, WHOLE, WIPE, TURNS };

/* Does one thing, if it is due; whether it was. */
static bool pay_turn(ouro_heap *heap, unsigned turn, size_t *found)
{
    if (turn == WIPE) return wipe_marks(heap);
    if (heap->threshold[0] == 0) return false;
    if (turn == WHOLE) return pay_whole(heap, found);
    if (turn == NEARBY) {
        if (!nearby_is_due(heap)) return false;
        *found += pass_nearby(heap);
        return true;
    }
    if (!young_is_due(heap)) return false;
    *found += pass_young(heap);
    if (heap->pace.nearby_left > 0) heap->pace.nearby_left--;
    return true;
}

size_t ouro__pace_pay(ouro_heap *heap, enum ouro__payment payment)
{
    struct ouro__pace *pace = &heap->pace;
    struct ouro__pools *pools = ouro__heap_pools(heap);
    size_t found = 0;
    if (payment == OURO__PAY_ONE && pools->purge_waits) { /* [purge.turn] */
        pools->purge_waits = false;
        return 0;
    }
    for (unsigned tried = 0; tried < TURNS; tried++) {
        unsigned turn = pace->turn;
        pace->turn = (turn + 1) % TURNS;
        if (pay_turn(heap, turn, &found) && payment == OURO__PAY_ONE) {
            pools->has_worked = true;
            break;
        }
    }
    return found;
}
