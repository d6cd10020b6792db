/* orders.h: in which order a call makes its calls.
 *
 *     parent of { B, C, D }:   B C D   in 40 recorded graphs
 *                              C B D   in 31, C D B in 4       parallel calls start in any order
 *
 * Calls that run side by side are recorded in the order of their starts, which is chance: a model
 * that sees each order as a structure of its own has many to learn, and few graphs of each. So all
 * families of the same calls are put into their most frequent order before learning, and an order
 * is drawn, of those that were recorded, for each family that was written. Where only one order was
 * ever seen nothing changes.
 *
 * Calls are the same that call_hash.h says are; subtrees go along.
 */
#ifndef GEN_ORDERS_H
#define GEN_ORDERS_H

#include <stdint.h>

#include "trace/callgraph.h"

struct orders;

/* s must outlive what is returned. */
struct orders *orders_learn(const struct graphset *s);
void orders_free(struct orders *o);           /* NULL is fine */

/* The learned graphs with every family in its most frequent order, siblings numbered from 1. */
struct graphset *orders_usual(const struct orders *o);

/* Put the families of s that are known into orders as recorded, frequent ones oftener; siblings are
 * numbered from 1. Graph i draws from rng_stream(seed, "orders", i). */
void orders_draw(const struct orders *o, struct graphset *s, uint64_t seed);

#endif
