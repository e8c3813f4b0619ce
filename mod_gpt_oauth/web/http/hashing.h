/*
 * Hashing a password takes a processor for a fifth of a second, on purpose. This file limits how many hashes all children
 * together work on at a time, so that of several processors one is left for everything else; and it keeps the time of a refusal
 * from telling anything.
 *
 * A sign-in has a turn from before its first provider is asked until all have answered, since providers of other modules hash
 * too (mod_authn_file). It waits for its turn without a database lease in hand, and takes leases only during it: so nobody who
 * has a turn waits for somebody who waits for one. A provider that waits itself, for a directory say, keeps others out meanwhile;
 * but no turn lasts longer than five seconds, so that the next gets it when a directory is slow or a child was killed.
 *
 * Whoever gets no turn at once waits, and holds a thread; so only a few may wait, and not for long: those whose network tried
 * least in the last minutes. They get the next turns in this order, so that a flood stands behind everybody else, from however
 * many addresses it comes.
 */
#ifndef GPT_OAUTH_WEB_HASHING_H
#define GPT_OAUTH_WEB_HASHING_H

#include <httpd.h>

/* post_config, in the parent. */
apr_status_t hashing_create(apr_pool_t *pconf);

/* 1: it is this request's turn, until hashing_leave. 0: too many want one; it is best to ask again in a few seconds. */
int hashing_enter(request_rec *r);
void hashing_leave(request_rec *r);

/* The attempt was none of a flood: for this one its network has to stand behind nobody. */
void hashing_forgive(const request_rec *r);

/* As password_verify. Without a turn (AuthBasicProvider gpt-oauth) it takes one for this hash; -1 when there is none to have. */
int hashing_verify(request_rec *r, const char *hash, const char *password);

/* As password_hash, within a turn. */
const char *hashing_make(request_rec *r, const char *password);

/* 1 when hashing_verify has hashed a password for this request. */
int hashing_was_done(request_rec *r);

/*
 * Before a refusal, and after hashing_leave: waits until three times what our own hash took have passed since the turn began, or
 * six times, and so on. What the providers did besides, even a hash of the same cost, is lost in this. Waiting holds a thread,
 * but since each had a turn there are no more than two for each turn.
 */
void hashing_even_out(request_rec *r);

/* At this moment, of all children: how many hash and wait, and how many can. */
typedef struct hashing_state_t {
    int hashing, turns;
    int waiting, places;
} hashing_state_t;
hashing_state_t hashing_state(void);

#endif
