/* commands_priv.h: what the files cmd_*.c export. */
#ifndef CLI_COMMANDS_PRIV_H
#define CLI_COMMANDS_PRIV_H

#include "cli/command.h"

extern const struct command cmd_bench;
extern const struct command cmd_check;
extern const struct command cmd_compare;
extern const struct command cmd_clone;
extern const struct command cmd_emit;
extern const struct command cmd_fetch;
extern const struct command cmd_import;
extern const struct command cmd_preprocess;
extern const struct command cmd_invoke;
extern const struct command cmd_reference;
extern const struct command cmd_replay;
extern const struct command cmd_replay_process;
extern const struct command cmd_score;
extern const struct command cmd_serve;
extern const struct command cmd_stats;
extern const struct command cmd_generate;
extern const struct command cmd_train;
extern const struct command cmd_plan;
extern const struct command cmd_profile;
extern const struct command cmd_sample;
extern const struct command cmd_plot_profiles;
extern const struct command cmd_man;
extern const struct command cmd_completion;
extern const struct command cmd_encode;
extern const struct command cmd_export;
extern const struct command cmd_figure;
extern const struct command cmd_tables;
extern const struct command cmd_paper;
extern const struct command cmd_tokenize;
extern const struct command cmd_tree;
extern const struct command cmd_workload;

#endif
