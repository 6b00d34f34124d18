/* SPDX-License-Identifier: MIT */
/*
 * sound.h -- what every snapshot keeps that was read, whatever the file was
 */
#ifndef OURO_TEST_SNAPSHOT_SOUND_H
#define OURO_TEST_SNAPSHOT_SOUND_H

#include <ouro/snapshot.h>

/* NULL, or the promise of snapshot.h that is broken. */
const char *sound_complaint(const ouro_snapshot *snapshot);

/* NULL, or what differs between two snapshots; sizes of files aside. */
const char *sound_difference(const ouro_snapshot *a, const ouro_snapshot *b);

/* Writes a snapshot that was read: all of it but computed roots. */
ouro_status sound_copy(const ouro_snapshot *snapshot, const ouro_snapshot_sink *sink,
                       ouro_error *out_error);

#endif
