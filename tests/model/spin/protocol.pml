/* SPDX-License-Identifier: MIT */
/*
 * protocol.pml -- the verifier and a program beside it, all interleavings
 *
 * Three objects with two slots, one variable of the program, one weak reference, and a root that
 * always holds object 0.  The heap begins as any graph; the collector suspects the other objects, and
 * scans, checks, condemns and severs them, once.  The program runs between any two steps, as often as it
 * likes.
 *
 *     program    { new own store drop take put swap rotate clear upgrade }
 *                one operation at a time
 *     collector  SCAN -----> CHECK -----> condemn -----> SEVER
 *                a slot      an object, or a slot        an object
 *                            of a live one
 *
 * Each of these names, defined, takes a rule away, and a fault is found: NO_TRAP
 * NO_FIRST NO_TAKE NO_SWAP NO_MOVE NO_REFLOOD NO_UPGRADE NO_FLOOD NO_DARK FINAL.
 * OPERATIONS bounds how many operations the program does; 0, or none said, does not.
 */
#define OBJECTS 3
#define SLOTS 2
#define NOTHING 3
#define ALL 7
#define ONLY(x) (1 << (x))
#define HAS(set, x) (((set) >> (x)) & 1)
#define SLOT(x, s) slots[(x) * SLOTS + (s)]

#ifdef FINAL
#define NO_TRAP
#endif

#ifndef OPERATIONS
#define OPERATIONS 0
#endif
#if OPERATIONS > 0
#define MAY_OPERATE (operations < OPERATIONS)
#define COUNTS_OPERATIONS 1
#else
#define MAY_OPERATE true
#define COUNTS_OPERATIONS 0
#endif

/* ---- the heap; sets are bit masks ---- */

byte slots[6];
byte counts[4]; /* one more, for NOTHING */
byte variable = NOTHING;
byte weak = NOTHING;
byte alive = ALL;

/* ---- what the collector knows ---- */

byte trapped, suspects, gray, obliged;
byte counted[4];
byte scanning = NOTHING, scanned;  /* the next slot to scan */
byte flooding = NOTHING, flooded;  /* the next slot to follow */
bool begun, condemned, done;
byte operations;

hidden byte found, before, i, dying, old, dropped;

/* ---- the truth: what the root and the variable reach ---- */

inline follow_into(target)
{
    if
    :: target != NOTHING -> found = found | ONLY(target)
    :: else
    fi
}

inline close_over()
{
    do
    :: before != found ->
        before = found;
        i = 0;
        do
        :: i < OBJECTS ->
            if
            :: HAS(before, i) -> follow_into(SLOT(i, 0)); follow_into(SLOT(i, 1))
            :: else
            fi;
            i++
        :: else -> break
        od
    :: else -> break
    od;
    before = 0;
    i = 0
}

inline reach()
{
    found = 1;
    follow_into(variable);
    close_over()
}

/* ---- counts ---- */

inline rescue(x)
{
    suspects = suspects & ~ONLY(x);
    gray = gray | ONLY(x);
    trapped = trapped & ~ONLY(x)
}

inline touch(x) /* [protocol.touch] */
{
    if
    :: HAS(trapped, x) ->
        assert(!condemned);
        rescue(x)
    :: else
    fi
}

inline decref_one(x)
{
    if
    :: x != NOTHING ->
        touch(x);
        assert(counts[x] > 0);
        counts[x]--
    :: else
    fi
}

inline forget(x) /* [protocol.forgotten] */
{
    alive = alive & ~ONLY(x);
    suspects = suspects & ~ONLY(x);
    gray = gray & ~ONLY(x);
    obliged = obliged & ~ONLY(x);
    counted[x] = 0;
    if
    :: weak == x -> weak = NOTHING
    :: else
    fi;
    if
    :: flooding == x -> flooding = NOTHING; flooded = 0
    :: else
    fi;
    if
    :: scanning == x -> scanned = 0
    :: else
    fi
}

inline die(x)
{
    reach();
    assert(!HAS(found, x));
    forget(x);
    old = SLOT(x, 0);
    SLOT(x, 0) = NOTHING;
    decref_one(old);
    old = SLOT(x, 1);
    SLOT(x, 1) = NOTHING;
    decref_one(old)
}

/* Whoever has a count of zero dies, and then those that only the dead held. */
inline bury()
{
    dying = 0;
    do
    :: dying < OBJECTS ->
        if
        :: HAS(alive, dying) && counts[dying] == 0 -> die(dying); dying = 0
        :: else -> dying++
        fi
    :: else -> break
    od;
    dying = 0
}

inline incref(x)
{
    touch(x);
    counts[x]++
}

inline decref(x)
{
    decref_one(x);
    bury()
}

/* ---- the program ---- */

inline moved(x) /* [protocol.moved] */
{
    if
    :: x != NOTHING -> touch(x)
    :: else
    fi
}

/* The items of a vector change places [protocol.items]. */
inline items_move(x)
{
#ifndef NO_MOVE
    if
    :: scanning == x && scanned > 0 -> touch(x)
    :: else
    fi;
#endif
#ifndef NO_REFLOOD
    if
    :: flooding == x -> flooded = 0
    :: else
    fi;
#endif
    skip
}

/* Any object that the program reaches. */
inline choose(x)
{
    d_step { reach() }
    if
    :: x = 0
    :: HAS(found, 1) -> x = 1
    :: HAS(found, 2) -> x = 2
    fi;
    found = 0
}

inline choose_slot(s)
{
    if
    :: s = 0
    :: s = 1
    fi
}

inline new()
{
    if
    :: !HAS(alive, 1) -> variable = 1
    :: HAS(alive, 1) && !HAS(alive, 2) -> variable = 2
    fi;
    alive = alive | ONLY(variable);
    counts[variable] = 1
}

inline upgrade()
{
    variable = weak;
#ifdef NO_UPGRADE
    counts[variable]++;
#else
    incref(variable);
#endif
    found = ONLY(variable);
    close_over();
    obliged = obliged & ~found;
    found = 0
}

#define FREE (variable == NOTHING)
#ifdef NO_DARK
#define ANSWERS (weak != NOTHING)
#else
#define ANSWERS (weak != NOTHING && !(condemned && HAS(suspects, weak))) /* [protocol.dark] */
#endif

inline take(x, s)
{
    if
    :: FREE && SLOT(x, s) != NOTHING ->
#ifndef NO_TAKE
        moved(SLOT(x, s));
#endif
        variable = SLOT(x, s);
        SLOT(x, s) = NOTHING
    :: else
    fi
}

/* Stores a reference that the slot gets to own: the variable's own one, or a new one. */
inline fill(x, s, keep)
{
    if
    :: !FREE ->
        dropped = SLOT(x, s);
        SLOT(x, s) = variable;
        if
        :: keep -> incref(variable)
        :: else -> variable = NOTHING
        fi;
        decref(dropped)
    :: else
    fi
}

inline clear(place)
{
    dropped = place;
    place = NOTHING;
    decref(dropped)
}

inline swap(x, s, z, s2)
{
#ifndef NO_SWAP
    moved(SLOT(x, s));
    moved(SLOT(z, s2));
#endif
    old = SLOT(x, s);
    SLOT(x, s) = SLOT(z, s2);
    SLOT(z, s2) = old
}

inline rotate(x)
{
    items_move(x);
    old = SLOT(x, 0);
    SLOT(x, 0) = SLOT(x, 1);
    SLOT(x, 1) = old
}

/* Owns an object that it found. */
inline own(x)
{
    if
    :: FREE && x != NOTHING -> incref(x); variable = x
    :: else
    fi
}

inline operate()
{
    if
    :: FREE && alive != ALL -> d_step { new() }
    :: FREE && ANSWERS -> d_step { upgrade() }
    :: !FREE -> d_step { clear(variable) }
    :: FREE -> choose(x); d_step { own(x) }
    :: FREE -> choose(x); choose_slot(s); d_step { take(x, s) }
    :: !FREE -> choose(x); choose_slot(s); d_step { fill(x, s, true) }
    :: !FREE -> choose(x); choose_slot(s); d_step { fill(x, s, false) }
    :: choose(x); choose_slot(s); d_step { clear(SLOT(x, s)) }
    :: choose(x); choose_slot(s); choose(z); choose_slot(s2); d_step { swap(x, s, z, s2) }
    :: choose(x); d_step { rotate(x) }
    fi
}

active proctype program()
{
    byte x, z, s, s2;
    do
    :: atomic {
            begun && !done && MAY_OPERATE ->
            operate();
            operations = operations + COUNTS_OPERATIONS;
            x = 0;
            z = 0;
            s = 0;
            s2 = 0
        }
    :: done -> break
    od
}

/* ---- the collector ---- */

inline trap(x)
{
#ifndef NO_TRAP
    trapped = trapped | ONLY(x)
#else
    skip
#endif
}

inline count_into(y)
{
    if
    :: y != NOTHING && HAS(suspects, y) ->
#ifndef NO_FIRST
        trap(y); /* [protocol.first] */
#endif
        counted[y]++
    :: else
    fi
}

inline scan_step()
{
    if
    :: HAS(suspects, scanning) ->
        trap(scanning);
        count_into(SLOT(scanning, scanned));
        scanned++
    :: else -> scanned = SLOTS
    fi;
    if
    :: scanned == SLOTS -> scanning++; scanned = 0
    :: else
    fi
}

inline refute(x)
{
    if
    :: HAS(suspects, x) && counts[x] != counted[x] -> rescue(x)
    :: else
    fi
}

inline next_gray()
{
    flooding = 0;
    do
    :: HAS(gray, flooding) -> break
    :: else -> flooding++
    od;
    gray = gray & ~ONLY(flooding)
}

inline follow_step()
{
    if
    :: flooding == NOTHING -> next_gray()
    :: else
    fi;
    if
#ifndef NO_FLOOD
    :: SLOT(flooding, flooded) != NOTHING && HAS(suspects, SLOT(flooding, flooded)) ->
        rescue(SLOT(flooding, flooded))
#endif
    :: else
    fi;
    flooded++;
    if
    :: flooded == SLOTS -> flooding = NOTHING; flooded = 0
    :: else
    fi
}

#define FOLLOWS (gray != 0 || flooding != NOTHING)

#ifdef FINAL
inline compare_finally()
{
    refute(0);
    refute(1);
    refute(2);
    do
    :: FOLLOWS -> follow_step()
    :: else -> break
    od
}
#else
#define compare_finally() skip
#endif

/* The verdict: sound and complete [protocol.sound], [protocol.complete]. */
inline condemn()
{
    reach();
    assert((found & suspects) == 0);
    assert((obliged & ~suspects) == 0);
    found = 0;
    condemned = true;
    counted[0] = 0;
    counted[1] = 0;
    counted[2] = 0
}

inline sever_slot(place)
{
    if
    :: place != NOTHING && !HAS(suspects, place) -> clear(place)
    :: else
    fi
}

/* Any graph: references lead anywhere, but the root and the variable say nothing by holding
 * object 0, and the order of the root's two slots says nothing either. */
inline choose_target(place)
{
    if
    :: place = 1
    :: place = 2
    :: place = NOTHING
    fi;
    counts[place]++
}

inline choose_any_target(place)
{
    if
    :: place = 0; counts[0]++
    :: choose_target(place)
    fi
}

/* Nobody but the collector frees a ring; what nobody holds has died already. */
inline begin()
{
    choose_target(slots[0]);
    slots[1] = NOTHING;
    choose_any_target(slots[2]);
    choose_any_target(slots[3]);
    choose_any_target(slots[4]);
    choose_any_target(slots[5]);
    choose_target(variable);
    counts[0]++;
    d_step { bury(); counts[NOTHING] = 0 }
    suspects = alive & ~1;
    if
    :: weak = NOTHING
    :: HAS(alive, 1) -> weak = 1
    :: HAS(alive, 2) -> weak = 2
    fi;
    d_step { reach(); obliged = alive & ~found; found = 0; scanning = 0; begun = true }
}

active proctype collector()
{
    byte x;
    atomic { begin() }
    do
    :: atomic { scanning < OBJECTS -> d_step { scan_step() } }
    :: atomic { scanning == OBJECTS -> break }
    od;
    do
    :: d_step { FOLLOWS -> follow_step() }
    :: d_step {
            !FOLLOWS && x < OBJECTS ->
#ifndef FINAL
            refute(x);
#endif
            x++
        }
    :: atomic { !FOLLOWS && x == OBJECTS -> d_step { compare_finally(); condemn(); x = 0 } break }
    od;
    do
    :: d_step {
            x < OBJECTS ->
            if
            :: HAS(suspects, x) -> sever_slot(SLOT(x, 0)); sever_slot(SLOT(x, 1))
            :: else
            fi;
            x++
        }
    :: atomic { x == OBJECTS -> x = 0; break }
    od;
    skip; /* a loop may not lead straight into a d_step */
    d_step {
        reach();
        assert((found & ~alive) == 0);
        assert((found & suspects) == 0);
        done = true
    }
}
