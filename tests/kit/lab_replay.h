/*
 * Scenes of the lab, recorded with a real browser and then walked again offline: the replay
 * must come to the same trail. All scenes with CLICKTRAIL_SOAK, else the telling ones. One test
 * thread.
 */
#ifndef TESTS_KIT_LAB_REPLAY_H
#define TESTS_KIT_LAB_REPLAY_H

/* Both as --browser takes it: who recorded, and who walks again. daily: scenes of every day,
 * NULL-terminated; NULL: those of lab_replay.c. */
void lab_replay(const char *recorder, const char *walker, const char *const *daily);
/* One scene that the walker cannot walk as it was recorded: it says where they part, and says
 * so in every report. */
void lab_replay_parts(const char *scene, const char *recorder, const char *walker);
/* What a replay records says that it is one. */
void lab_replay_says_so(const char *scene, const char *browser);

#endif
