/* SPDX-License-Identifier: MIT */
/*
 * collector.c -- the state machine                                     [floor 5]
 *
 * Most phases go through the pools of the set, or follow gray objects; when one has nothing left,
 * `advance` chooses the next.  A step goes on until its units are used up.
 */
#include "collector/collector.h"

static const char *const names[OURO__PHASES] = {
    [OURO__IDLE] = "idle",
    [OURO__PROPOSE] = "propose",
    [OURO__COUNT] = "count",
    [OURO__DECIDE] = "decide",
    [OURO__DECIDE_FLOOD] = "decide: follow",
    [OURO__NARROW] = "narrow",
    [OURO__SCAN] = "scan",
    [OURO__CHECK] = "check",
    [OURO__CHECK_FLOOD] = "check: follow",
    [OURO__TELL] = "tell",
    [OURO__LEAVE] = "leave",
    [OURO__MUFFLE] = "muffle weak references",
    [OURO__CALL] = "call back",
    [OURO__REVIVE] = "revive",
    [OURO__REVIVE_FLOOD] = "revive: follow",
    [OURO__DARKEN] = "darken",
    [OURO__FINALIZE] = "finalize",
    [OURO__AGAIN] = "suspect again",
    [OURO__CLEAR] = "clear weak references",
    [OURO__SAVE] = "save",
    [OURO__SEVER] = "sever",
    [OURO__FINISH] = "finish",
    [OURO__FORGET] = "forget",
};

const char *ouro__phase_name(enum ouro__phase phase)
{
    return names[phase];
}

/* ---- the beginning ---- */

static void reset(struct ouro__collector *collector, int generation)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    OURO_ASSERT(collector->phase == OURO__IDLE);
    collector->generation = generation;
    collector->candidates = collector->scanned = collector->outward = 0;
    collector->collected = collector->saved = collector->work_done = 0;
    collector->middle_aged = 0;
    collector->rescued = collector->has_last_words = collector->has_hooks = false;
    collector->finalized = collector->births = collector->nearby = collector->forgot = false;
    collector->left_young = collector->given_up = false;
    collector->exact = collector->lane == OURO__WHOLE;
    collector->set = collector->cursor = collector->proposed = NULL;
    collector->leaks_known = 0;
    collector->at = 0;
    collector->traffic = ouro__pools_tracked_traffic(ouro__collector_pools(collector));
    collector->alone = marks->active == 0;
    marks->lanes[collector->lane].suspects = 0;
    marks->lanes[collector->lane].gray_from = NULL;
    marks->active |= (uint8_t)(1u << collector->lane);
}

void ouro__collector_enter(struct ouro__collector *collector, enum ouro__phase phase)
{
    struct ouro__pools *pools = ouro__collector_pools(collector);
    if (phase == OURO__FINISH)
        collector->births = collector->traffic != ouro__pools_tracked_traffic(pools);
    if (phase == OURO__LEAVE || phase == OURO__SEVER)
        ouro__pools_enlist_cached(pools); /* [young.listed]: user code may take what is cached */
    if (phase == OURO__SCAN) collector->stamp = ouro__new_stamp(ouro__collector_marks(collector));
    collector->phase = phase;
    collector->cursor = collector->set;
    collector->at = 0;
}

void ouro__collector_begin(struct ouro__collector *collector, int generation)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    reset(collector, generation);
    if (generation == 2) marks->touched_any = false;
    ouro__set_gather(collector);
    if (generation < 2) marks->young_handed = 0;
    collector->traffic = ouro__pools_tracked_traffic(ouro__collector_pools(collector));
    ouro__collector_enter(collector, generation == 2 ? OURO__COUNT : OURO__PROPOSE);
}

void ouro__pass_open(struct ouro__collector *pass)
{
    reset(pass, 1);
    pass->nearby = true;
    ouro__collector_marks(pass)->judged |= OURO__SUSPECT(pass->lane);
}

void ouro__pass_close(struct ouro__collector *pass)
{
    pass->scanned = pass->candidates;
    ouro__collector_marks(pass)->lanes[OURO__PASS].suspects = pass->candidates;
    ouro__collector_enter(pass, pass->scanned > 0 ? OURO__SCAN : OURO__FINISH);
}

/* ---- from phase to phase ---- */

/* Where all suspects were touched before the scan, they are gray and nobody will follow them.  [mark.gray] */
static void begin_scan(struct ouro__collector *collector)
{
    collector->scanned = ouro__suspects(collector);
    if (collector->scanned == 0)
        ouro__gray_forget_stack(ouro__collector_marks(collector), collector->lane);
    ouro__collector_enter(collector, collector->scanned > 0 ? OURO__SCAN : OURO__FINISH);
}

bool ouro__collector_must_sever(const struct ouro__collector *collector)
{
    return collector->outward > 0 || collector->has_hooks || collector->rescued;
}

/* What is left when last words are spoken. */
static void pass_sentence(struct ouro__collector *collector)
{
    bool severs = ouro__collector_must_sever(collector);
    if (UNLIKELY(collector->found != NULL) && ouro__suspects(collector) > 0)
        collector->found(collector, collector->found_context);
    if ((collector->debug & OURO_DEBUG_SAVEALL) != 0)
        ouro__collector_enter(collector, OURO__SAVE);
    else
        ouro__collector_enter(collector, severs ? OURO__SEVER : OURO__FINISH);
}

/* After the first verdict last words are spoken, if there are any; after the second none are left. */
static void after_verdict(struct ouro__collector *collector)
{
    if (!collector->has_last_words)
        pass_sentence(collector);
    else
        ouro__collector_enter(collector, collector->finalized ? OURO__CLEAR : OURO__LEAVE);
}

/*
 * The suspects that are left are garbage.  From this moment on nothing leads to them: there is no
 * step between the last look and this.  [condemn.dark]
 */
static void condemn(struct ouro__collector *collector)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    if (ouro__suspects(collector) == 0) {
        ouro__collector_enter(collector, OURO__FINISH);
        return;
    }
    marks->condemned |= OURO__SUSPECT(collector->lane);
    if ((collector->debug & OURO_DEBUG_COLLECTABLE) != 0 && !collector->finalized)
        ouro__collector_enter(collector, OURO__TELL);
    else
        after_verdict(collector);
}

/* What finalizers can reach is alive again, if anything is. */
static void after_revival(struct ouro__collector *collector)
{
    ouro__collector_enter(collector, collector->revived ? OURO__DARKEN : OURO__CLEAR);
}

/* Nothing of a cycle is left to the next: no mark, no flag, no call that is due.  [cycle.clean] */
static void expect_clean(const struct ouro__collector *collector)
{
    const struct ouro__marks *marks = ouro__collector_marks(collector);
    const struct ouro__lane *lane = &marks->lanes[collector->lane];
    OURO_ASSERT(((marks->judged | marks->condemned) & OURO__SUSPECT(collector->lane)) == 0);
    OURO_ASSERT(((marks->last_words | marks->reviving | marks->speaking) >> collector->lane & 1) ==
                0);
    OURO_ASSERT(lane->gray_count == 0 && lane->gray_pools == 0 && lane->half.owner == NULL);
    OURO_ASSERT(collector->due == NULL);
    /* a pass takes who dies in a pool of the whole cycle off both; what was given up has judged nobody */
    bool is_alone = collector->lane == OURO__WHOLE || (marks->active >> OURO__WHOLE & 1) == 0;
    OURO_ASSERT(!is_alone || collector->given_up || lane->suspects == collector->collected);
    (void)is_alone, (void)lane;
}

static void end_cycle(struct ouro__collector *collector)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    expect_clean(collector);
    marks->active &= (uint8_t) ~(1u << collector->lane);
    collector->set = NULL;
    collector->phase = OURO__IDLE;
    ouro__pools_enlist_cached(ouro__collector_pools(collector)); /* [young.listed] */
}

/* Values of ephemerons that the program has dropped while they were dark: nothing is brought back any
 * more.  [life.dark] */
static bool let_go_of_dark(struct ouro__collector *collector)
{
    if (!ouro__ephemerons_postponed(collector->life, collector->lane)) return false;
    collector->units -= 2;
    return true;
}

static void advance(struct ouro__collector *collector)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    uint32_t suspect = OURO__SUSPECT(collector->lane);
    uint8_t lane = (uint8_t)(1u << collector->lane);
    switch (collector->phase) {
    case OURO__COUNT: ouro__collector_enter(collector, OURO__DECIDE); return;
    case OURO__DECIDE:
        ouro__whole_roots(collector);
        ouro__collector_enter(collector, OURO__DECIDE_FLOOD);
        return;
    case OURO__DECIDE_FLOOD:
        collector->unproven = ouro__suspects(collector);
        marks->lanes[collector->lane].suspects = 0; /* NARROW counts those that it traps */
        marks->judged |= suspect;
        ouro__collector_enter(collector, OURO__NARROW);
        return;
    case OURO__PROPOSE:
        collector->set = collector->proposed;
        begin_scan(collector);
        return;
    case OURO__NARROW: begin_scan(collector); return;
    case OURO__SCAN:
        collector->rescued = false;
        ouro__collector_enter(collector, OURO__CHECK);
        return;
    case OURO__CHECK: ouro__collector_enter(collector, OURO__CHECK_FLOOD); return;
    case OURO__CHECK_FLOOD: condemn(collector); return;
    case OURO__TELL: after_verdict(collector); return;
    case OURO__LEAVE:
        marks->last_words |= lane;
        collector->revived = false;
        ouro__collector_enter(collector, OURO__MUFFLE);
        return;
    case OURO__MUFFLE: ouro__collector_enter(collector, OURO__CALL); return;
    case OURO__CALL:
        if (collector->revived) { /* those that were postponed were called, too */
            ouro__collector_enter(collector, OURO__FINALIZE);
            return;
        }
        marks->reviving |= lane;
        ouro__collector_enter(collector, OURO__REVIVE);
        return;
    case OURO__REVIVE: ouro__collector_enter(collector, OURO__REVIVE_FLOOD); return;
    case OURO__REVIVE_FLOOD:
        marks->reviving &= (uint8_t)~lane;
        marks->last_words &= (uint8_t)~lane; /* what was brought back may call again */
        after_revival(collector);
        return;
    case OURO__DARKEN: ouro__collector_enter(collector, OURO__CALL); return;
    case OURO__FINALIZE:
        marks->condemned &= ~suspect; /* first: a value that loses its last reference dies below */
        if (let_go_of_dark(collector)) return;
        ouro__gray_forget_stack(marks, collector->lane); /* all is examined again */
        ouro__collector_enter(collector, OURO__AGAIN);
        return;
    case OURO__AGAIN:
        collector->outward = collector->leaks_known = 0;
        begin_scan(collector);
        return;
    case OURO__CLEAR: pass_sentence(collector); return;
    case OURO__SAVE: /* nobody is left to be severed */
    case OURO__SEVER:
        if (let_go_of_dark(collector)) return;
        ouro__collector_enter(collector, OURO__FINISH);
        return;
    case OURO__FINISH:
        marks->judged &= ~suspect;
        marks->condemned &= ~suspect;
        ouro__collector_enter(collector, OURO__FORGET);
        return;
    case OURO__FORGET: end_cycle(collector); return;
    case OURO__IDLE:                      /* unreached: a step that ends idle goes no further */
    case OURO__PHASES: OURO_CHECK(false); /* unreached: no phase */
    }
}

/* ---- steps ---- */

/* The work of a phase on the pool under the cursor; NULL where it does not go by pools. */
static void (*const pool_work[OURO__PHASES])(struct ouro__collector *) = {
    [OURO__PROPOSE] = ouro__set_propose,
    [OURO__DECIDE] = ouro__whole_decide,
    [OURO__NARROW] = ouro__set_narrow,
    [OURO__SCAN] = ouro__verify_scan,
    [OURO__CHECK] = ouro__verify_check,
    [OURO__TELL] = ouro__tell,
    [OURO__LEAVE] = ouro__condemn_leave,
    [OURO__MUFFLE] = ouro__condemn_muffle,
    [OURO__REVIVE] = ouro__condemn_revive,
    [OURO__DARKEN] = ouro__condemn_darken,
    [OURO__FINALIZE] = ouro__condemn_finalize,
    [OURO__AGAIN] = ouro__condemn_again,
    [OURO__CLEAR] = ouro__condemn_clear,
    [OURO__SAVE] = ouro__save,
    [OURO__SEVER] = ouro__sever,
    [OURO__FINISH] = ouro__set_finish,
};

/* Some work of the phase; false when it has nothing left. */
static bool work(struct ouro__collector *collector)
{
    enum ouro__phase phase = collector->phase;
    bool goes_on = collector->cursor != NULL || ouro__half_of(collector)->owner != NULL;
    if (pool_work[phase] != NULL) {
        if (goes_on) pool_work[phase](collector);
        return goes_on;
    }
    switch (phase) {
    case OURO__COUNT: return ouro__whole_count(collector);
    case OURO__DECIDE_FLOOD: return ouro__whole_flood(collector);
    case OURO__CHECK_FLOOD: return ouro__verify_flood(collector);
    case OURO__CALL: return ouro__condemn_call(collector);
    case OURO__REVIVE_FLOOD: return ouro__condemn_revive_flood(collector);
    case OURO__FORGET: return ouro__set_forget(collector);
    default: return false; /* unreached: all others go by pools */
    }
}

/* The same, and the log hears which phase it is in, and how much work that was. */
static NOINLINE void step_logged(struct ouro__collector *collector)
{
    struct ouro__log *log = collector->log;
    while (collector->phase != OURO__IDLE && collector->units > 0) {
        long before = collector->units + collector->forfeited;
        ouro__log_phase(log, ouro__phase_name(collector->phase), collector->generation);
        bool worked = work(collector);
        log->phase_units += (size_t)(before - collector->units - collector->forfeited);
        if (!worked) advance(collector);
    }
}

bool ouro__collector_step(struct ouro__collector *collector, long units)
{
    collector->units = units;
    collector->forfeited = 0;
    if (UNLIKELY(collector->log != NULL)) step_logged(collector);
    while (collector->phase != OURO__IDLE && collector->units > 0)
        if (!work(collector)) advance(collector);
    if (units != OURO__UNBOUNDED) collector->work_done += (size_t)(units - collector->units);
    collector->effort += (size_t)(units - collector->units - collector->forfeited);
    return collector->phase != OURO__IDLE;
}

/* ---- ending early ---- */

/* What it would have found is still there. */
static void give_up(struct ouro__collector *collector)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    ouro__gray_forget_stack(marks, collector->lane);
    ouro__half_of(collector)->owner = NULL;
    marks->counting = NULL;
    marks->touched_any = true;
    ouro__collector_enter(collector, OURO__FINISH);
    collector->given_up = true;
    collector->candidates = 0;
    /* it has gone a step, at the end of which the program ran, or has looked at nothing yet */
    OURO_ASSERT(!collector->exact || collector->set == NULL);
}

void ouro__collector_give_up(struct ouro__collector *collector)
{
    if (collector->phase >= OURO__COUNT && collector->phase < OURO__NARROW) give_up(collector);
}

bool ouro__collector_abandon(struct ouro__collector *collector)
{
    if (collector->phase >= OURO__TELL) return false;
    give_up(collector);
    while (collector->cursor != NULL) ouro__set_abandon(collector);
    return true;
}

/* ---- how much is left ---- */

/*
 * Every candidate is visited three times to find the suspects, each of those five times more.  An
 * estimate that proves too low raises the rate of what follows.
 */
size_t ouro__collector_work_left(const struct ouro__collector *collector)
{
    enum { unit = 3 }; /* of an object and its references */
    if (collector->phase == OURO__IDLE) return 0;
    size_t all =
        collector->expected > collector->candidates ? collector->expected : collector->candidates;
    size_t total = 3 * unit * all + 5 * unit * collector->scanned;
    size_t least = collector->phase < OURO__SCAN ? unit * all / 4 : unit * collector->scanned;
    return total > collector->work_done + least ? total - collector->work_done : least + unit;
}
