/* commands.c: the one list. Adding a command adds its file, a declaration and a line here. */
#include "cli/commands_priv.h"

const struct command *const commands[] = {
    &cmd_reference,
    &cmd_fetch,
    &cmd_import,
    &cmd_stats,
    &cmd_encode,
    &cmd_train,
    &cmd_generate,
    &cmd_score,
    &cmd_export,
    &cmd_emit,
    &cmd_tokenize,
    &cmd_check,
    &cmd_compare,
    &cmd_tree,
    &cmd_figure,
    &cmd_tables,
    &cmd_paper,
    &cmd_preprocess,
    &cmd_replay,
    &cmd_replay_process,
    &cmd_workload,
    &cmd_plan,
    &cmd_plot_profiles,
    &cmd_bench,
    &cmd_invoke,
    &cmd_serve,
    &cmd_man,
    &cmd_completion,
    NULL
};
