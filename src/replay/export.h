/* export.h: a replay as the input folder of invitro and of vSwarm's load generator.
 *
 *   invocations.csv   HashOwner,HashApp,HashFunction,Trigger,1,2,...   arrivals per minute
 *   durations.csv     HashFunction,HashOwner,HashApp,Average,Count,Minimum,Maximum,
 *                     percentile_Average_{0,1,25,50,75,99,100}         ms
 *   memory.csv        HashOwner,HashApp,HashFunction,SampleCount,AverageAllocatedMb,
 *                     AverageAllocatedMb_pct{1,5,25,50,75,95,99,100}   MB
 *
 * A function for each model; its hash is the SHA-256 of the model's name, which HashApp's and
 * HashOwner's repeat. Minute 1 begins with the slice. A replay knows no durations: every quantile
 * is run_ms, every memory memory_mb. Source: Azure Functions 2019's schema as both tools read it.
 */
#ifndef REPLAY_EXPORT_H
#define REPLAY_EXPORT_H

#include "replay/replay.h"

/* The folder is made if need be; each file is written aside and renamed. */
bool replay_export(const struct replay_options *o, const struct replay *r, size_t n, double run_ms,
                   double memory_mb, const char *dir, struct err *err);

#endif
