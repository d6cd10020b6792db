/* args.c: options by table. --name value, --name=value, -n value, -o value; "--" ends options;
 * options and operands mix freely. */
#include "cli/command.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct value {
    const char *text;    /* NULL: not given and no default */
    bool given;
    double real;
    int64_t integer;
    const char **all;    /* (times) every value that was given */
    size_t times, cap;
};

struct args {
    const struct command *command;
    struct value *value;      /* one per option of the command */
    char **operand;
    size_t n_operands;
};

size_t option_count(const struct command *c)
{
    size_t n = 0;
    while (c->options && c->options[n].name)
        n++;
    return n;
}

const char *option_dashes(const struct option *o)
{
    return o->name[1] ? "--" : "-";
}

static size_t option_find(const struct command *c, const char *name, size_t len)
{
    size_t n = option_count(c);
    for (size_t i = 0; i < n; i++)
        if (strlen(c->options[i].name) == len && strncmp(c->options[i].name, name, len) == 0)
            return i;
    return SIZE_MAX;
}

static bool is_choice(const char *choices, const char *text)
{
    struct str rest = str_of(choices), piece;
    while (str_next(&rest, '|', &piece))
        if (str_is(piece, text))
            return true;
    return false;
}

static bool set_value(struct value *v, const struct option *o, const char *text, struct err *err)
{
    v->text = text;
    bool good = true;
    if (o->kind == OPT_INT) {
        good = str_i64(str_of(text), &v->integer);
        v->real = (double)v->integer;
    } else if (o->kind == OPT_REAL)
        good = str_f64(str_of(text), &v->real) && isfinite(v->real);
    else if (o->kind == OPT_CHOICE && !is_choice(o->arg, text))
        return err_set(err, EXIT_USAGE, "%s%s: \"%s\" is not one of %s", option_dashes(o), o->name,
                       text, o->arg);
    if (!good)
        return err_set(err, EXIT_USAGE, "%s%s: \"%s\" is not %s", option_dashes(o), o->name, text,
                       o->kind == OPT_INT ? "a whole number" : "a finite number");
    if ((o->kind == OPT_INT || o->kind == OPT_REAL) && o->lo < o->hi &&
        (v->real < o->lo || v->real > o->hi))
        return err_set(err, EXIT_USAGE, "%s%s: %s is outside %.16g to %.16g", option_dashes(o),
                       o->name, text, o->lo, o->hi);
    return true;
}

/* Take the option at argv[*i] and its value, which may be the next argument. */
static bool take_option(struct args *a, int argc, char **argv, int *i, struct err *err)
{
    const char *s = argv[*i];
    const char *name = s[1] == '-' ? s + 2 : s + 1;
    const char *eq = strchr(name, '=');
    size_t len = eq ? (size_t)(eq - name) : strlen(name);
    size_t k = s[1] != '-' && len != 1 ? SIZE_MAX : option_find(a->command, name, len);
    if (k == SIZE_MAX)
        return err_set(err, EXIT_USAGE, "unknown option %s; see tracewright %s --help", s,
                       a->command->name);
    const struct option *o = &a->command->options[k];
    a->value[k].given = true;
    if (o->kind == OPT_FLAG)
        return !eq || err_set(err, EXIT_USAGE, "%s%s takes no value", option_dashes(o), o->name);
    if (!eq && *i + 1 >= argc)
        return err_set(err, EXIT_USAGE, "%s%s needs a value: %s", option_dashes(o), o->name,
                       o->arg);
    const char *text = eq ? eq + 1 : argv[++*i];
    struct value *v = &a->value[k];
    MEM_GROW(v->all, v->times, v->cap);
    v->all[v->times++] = text;
    return set_value(v, o, text, err);
}

static bool count_operands(const struct args *a, struct err *err)
{
    const struct command *c = a->command;
    const char *usage = c->operands ? c->operands : "";
    if (a->n_operands > c->max_operands)
        return err_set(err, EXIT_USAGE, "\"%s\" is one operand too many; "
                       "usage: tracewright %s [options] %s",
                       a->operand[c->max_operands], c->name, usage);
    if (a->n_operands < c->min_operands)
        return err_set(err, EXIT_USAGE, "%s is missing; usage: tracewright %s [options] %s", usage,
                       c->name, usage);
    return true;
}

struct args *args_parse(const struct command *c, int argc, char **argv, struct err *err)
{
    struct args *a = mem_alloc(sizeof *a);
    size_t n = option_count(c);
    a->command = c;
    a->value = mem_array(n, sizeof *a->value);
    a->operand = mem_array((size_t)argc + 1, sizeof *a->operand);
    for (size_t k = 0; k < n; k++) {
        a->value[k].real = NAN;
        if (c->options[k].standard)
            REQUIRE(set_value(&a->value[k], &c->options[k], c->options[k].standard, err));
    }
    bool options = true;
    for (int i = 0; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0)
            options = false;
        else if (options && argv[i][0] == '-' && argv[i][1]) {
            if (!take_option(a, argc, argv, &i, err))
                goto fail;
        } else
            a->operand[a->n_operands++] = argv[i];
    }
    if (count_operands(a, err))
        return a;
fail:
    args_free(a);
    return NULL;
}

void args_free(struct args *a)
{
    if (!a)
        return;
    for (size_t k = 0; k < option_count(a->command); k++)
        free(a->value[k].all);
    free(a->value);
    free(a->operand);
    free(a);
}

static const struct value *value_of(const struct args *a, const char *name)
{
    size_t k = option_find(a->command, name, strlen(name));
    REQUIRE(k != SIZE_MAX);
    return &a->value[k];
}

bool args_given(const struct args *a, const char *name)
{
    return value_of(a, name)->given;
}

bool args_flag(const struct args *a, const char *name)
{
    return value_of(a, name)->given;
}

const char *args_text(const struct args *a, const char *name)
{
    return value_of(a, name)->text;
}

size_t args_times(const struct args *a, const char *name)
{
    return value_of(a, name)->times;
}

const char *args_nth(const struct args *a, const char *name, size_t i)
{
    const struct value *v = value_of(a, name);
    REQUIRE(i < v->times);
    return v->all[i];
}

int64_t args_int(const struct args *a, const char *name)
{
    return value_of(a, name)->integer;
}

double args_real(const struct args *a, const char *name)
{
    return value_of(a, name)->real;
}

size_t args_operands(const struct args *a)
{
    return a->n_operands;
}

char *const *args_operand(const struct args *a)
{
    return a->operand;
}

void command_help(const struct command *c)
{
    printf("tracewright %s: %s\n\nusage: tracewright %s [options]%s%s\n", c->name, c->summary,
           c->name, c->operands ? " " : "", c->operands ? c->operands : "");
    size_t n = option_count(c);
    for (size_t k = 0; k < n; k++) {
        const struct option *o = &c->options[k];
        char left[192];
        snprintf(left, sizeof left, "%s%s %s", option_dashes(o), o->name, o->arg ? o->arg : "");
        printf(strlen(left) > 34 ? "  %s\n  %34s %s" : "  %-34s%s %s", left, "", o->help);
        printf(o->standard ? " [%s]\n" : "\n", o->standard);
    }
    printf("  %-34s %s\n  %-34s %s\n", "-q, --quiet", "no progress", "--help", "this text");
    struct str rest = str_of(c->examples ? c->examples : ""), example;
    if (rest.n)
        printf("\nexamples:\n");
    while (str_next(&rest, '\n', &example)) {
        example = str_trim(example);
        printf("  %.*s\n", (int)example.n, example.p);
    }
}
