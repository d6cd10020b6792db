/* cmd_completion.c: completion for bash, from the option tables that the parser reads.
 *
 * The script holds two cases: after an option with a fixed choice its values are offered; else
 * a word that begins with "-" is completed among the command's options, any other as a file.
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands_priv.h"

static void words(const char *choices)
{
    for (const char *s = choices; *s; s++)
        putchar(*s == '|' ? ' ' : *s);
}

static void options_of(const struct command *c)
{
    printf("    %s) options=\"", c->name);
    for (size_t i = 0; i < option_count(c); i++)
        printf("%s%s ", option_dashes(&c->options[i]), c->options[i].name);
    printf("--help --quiet\" ;;\n");
}

static void choices_of(const struct command *c)
{
    for (size_t i = 0; i < option_count(c); i++) {
        const struct option *o = &c->options[i];
        if (o->kind != OPT_CHOICE)
            continue;
        printf("    %s,%s%s) values=\"", c->name, option_dashes(o), o->name);
        words(o->arg);
        printf("\" ;;\n");
    }
}

static int run(const struct args *a, struct err *err)
{
    (void)a;
    (void)err;
    printf("# bash completion for tracewright\n_tracewright() {\n"
           "    local word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
           "    local command=\"${COMP_WORDS[1]}\" options=\"\" values=\"\"\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; commands[i]; i++)
        printf("%s ", commands[i]->name);
    printf("--help --version\" -- \"$word\"))\n        return\n    fi\n"
           "    case \"$command,$before\" in\n");
    for (size_t i = 0; commands[i]; i++)
        choices_of(commands[i]);
    printf("    esac\n    case \"$command\" in\n");
    for (size_t i = 0; commands[i]; i++)
        options_of(commands[i]);
    printf("    esac\n"
           "    if [ -n \"$values\" ]; then COMPREPLY=($(compgen -W \"$values\" -- \"$word\"))\n"
           "    elif [ \"${word:0:1}\" = - ]; then\n"
           "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
           "    else COMPREPLY=($(compgen -f -- \"$word\")); fi\n"
           "}\ncomplete -o filenames -F _tracewright tracewright\n");
    return EXIT_GOOD;
}

const struct command cmd_completion = {
    .name = "completion",
    .summary = "print a completion script for bash",
    .examples = "  source <(tracewright completion)",
    .run = run,
};
