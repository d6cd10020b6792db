/* commands.c: the one list. Adding a command adds its file, a declaration and a line here. */
#include "cli/commands_priv.h"

const struct command *const commands[] = {
    &cmd_check,
    &cmd_compare,
    &cmd_import,
    &cmd_reference,
    &cmd_stats,
    &cmd_train,
    &cmd_generate,
    &cmd_man,
    &cmd_completion,
    &cmd_encode,
    &cmd_figure,
    &cmd_tables,
    &cmd_paper,
    &cmd_tree,
    NULL
};
