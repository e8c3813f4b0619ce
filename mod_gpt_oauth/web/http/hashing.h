/*
 * A password hash takes a processor for a fifth of a second, on purpose. Here is seen to it that all children together work on no
 * more of them at a time than leaves one of several processors to everything else, whoever asks for how many; and that the time
 * of a refusal tells nothing.
 *
 * A sign-in has a turn from before its first provider is asked until all have answered, since providers of other modules hash
 * too (mod_authn_file). It waits for it without a database lease in hand, and takes leases only while it has one: so nobody who
 * has a turn waits for somebody who waits for a turn. A provider that waits itself, for a directory say, keeps others out
 * meanwhile; but no turn lasts longer than five seconds, so that the next gets it when a directory is slow or a child was killed.
 *
 * Who gets no turn at once waits, holding a thread; so few may, and not for long: those whose network tried least in the last
 * minutes. They get the next turns in this order, so that a flood stands behind everybody else, from however many addresses it
 * comes.
 */
#ifndef GPT_OAUTH_WEB_HASHING_H
#define GPT_OAUTH_WEB_HASHING_H

#include <httpd.h>

/* post_config, in the parent. */
apr_status_t hashing_create(apr_pool_t *pconf);

/* 1: it is this request's turn, until hashing_leave. 0: too many want one, and to ask again in some seconds is the best. */
int hashing_enter(request_rec *r);
void hashing_leave(request_rec *r);

/* The attempt was none of a flood: for this one its network has to stand behind nobody. */
void hashing_forgive(const request_rec *r);

/* As password_verify. Without a turn (AuthBasicProvider gpt-oauth) it takes one for this hash; -1 when there is none to have. */
int hashing_verify(request_rec *r, const char *hash, const char *password);

/* 1 when hashing_verify has hashed a password for this request. */
int hashing_was_done(request_rec *r);

/*
 * Before a refusal, and after hashing_leave: waits until three times what our own hash took have passed since the turn began, or
 * six times, and so on. What the providers did beside it, a hash of the same cost included, is lost in this. Who waits holds a
 * thread, but since each had a turn there are no more than two for each turn.
 */
void hashing_even_out(request_rec *r);

#endif
