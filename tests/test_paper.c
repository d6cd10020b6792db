/* test_paper.c: directives, references, notes; what is wrong is named with its line; no number is
 * typed; both renderings repeat byte for byte. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "report/paper_priv.h"
#include "tests/near.h"

static char dir[64];
static struct paper_options options = { dir, dir, dir };

static const char data[] =
    "name,metric,value,lo,hi,word\nllm,kl,0.404,0.3,0.5,a_b\nbase,kl,1.21,1.1,1.3,c\n"
    "llm,auc,n/a,,,d\n";

static void put(const char *name, const char *text)
{
    char path[128];
    struct err err;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_true(file_write(path, text, strlen(text), &err));
}

static bool parse(struct paper *p, const char *text, struct err *err)
{
    return paper_parse(p, "p.md", str_of(text), &options, err);
}

static void directives_become_words(void **state)
{
    (void)state;
    static const struct { const char *in, *out;
    } t[] = {
        { "{{value d.csv:name=llm,metric=kl:value:0.00}}", "0.40" },
        { "{{ value d.csv:name=base:value:g3 }}.", "1.21." },
        { "{{value d.csv:metric=auc:value:?0.00}}", "n/a" },
        { "{{value d.csv:name=base:word:text}}", "c" },
        { "{{value d.csv:name=llm,metric=kl:word:text}}", "a\\_b" },
        { "{{interval d.csv:name=base:0.0}}", "\\[1.1, 1.3\\]" },
        { "{{count d.csv:name=llm}}", "2" },
        { "{{ratio d.csv:name=base:value / d.csv:name=llm,metric=kl:value:x0.0}}", "3.0\xC3\x97" },
        { "see {{ref results}} and {{ref fig}}", "see [Section\xC2\xA0"
                                                 "1](#results) and [Figure\xC2\xA0"
                                                 "1](#figure-fig)" },
        { "a[@k1; @k2]", "a\\[[1](#ref-k1), [2](#ref-k2)\\]" },
        { "n[^x]", "n<sup>[1](#note-1)</sup>" },
        { "`{{value nothing}}` stays", "`{{value nothing}}` stays" },
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct buf b = { 0 }, want = { 0 };
        struct paper p;
        struct err err = { 0 };
        buf_printf(&b,
                   "# T\n\n## Results\n\n%s\n\n{{figure fig}}\n\n[^x]: a note\n\n## References\n\n"
                   "- [@k1] One.\n- [@k2] Two.\n",
                   t[i].in);
        buf_printf(&want, "\n%s\n", t[i].out);
        if (!parse(&p, b.p, &err))
            fail_msg("%s", err.msg);
        if (!strstr(p.markdown.p, want.p))
            fail_msg("%s became %s", t[i].in, p.markdown.p);
        paper_free(&p);
        buf_free(&b);
        buf_free(&want);
    }
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct { const char *text, *says;
    } bad[] = {
        { "no title\n", "no title" },
        { "# A\n# B\n", "p.md:2: a second title" },
        { "# T\n\n{{valu d.csv:name=llm:value:0.0}}\n", "p.md:3: {{valu" },
        { "# T\n{{value d.csv:name=llm:value:0.0}}\n", "2 rows of" },
        { "# T\n{{value d.csv:name=nobody:value:0.0}}\n", "0 rows of" },
        { "# T\n{{value d.csv:name=base:valeu:0.0}}\n", "no column \"valeu\"" },
        { "# T\n{{value d.csv:name=base:value:%f}}\n", "no format \"%f\"" },
        { "# T\n{{value d.csv:metric=auc:value:0.0}}\n", "the data say n/a" },
        { "# T\n{{value d.csv:name=base:word:0.0}}\n", "is not a number" },
        { "# T\n{{value none.csv:name=base:value:0.0}}\n", "none.csv" },
        { "# T\n{{value d.csv}}\n", "say FILE:ROW" },
        { "# T\n{{value d.csv:name=base:value}}\n", "say FILE:ROW:COLUMN:FORMAT" },
        { "# T\n{{ratio d.csv:name=base:value}}\n", "say FILE:ROW:COLUMN / " },
        { "# T\n{{}}\n", "empty" },
        { "# T\n{{value d.csv\n", "{{ without }}" },
        { "# T\n\ntext {{figure fig}}\n", "stands on a line of its own" },
        { "# T\n\n{{figure none}}\n", "p.md:3:" },
        { "# T\n\n{{figure ../fig}}\n", "is no name" },
        { "# T\n\n{{figure fig}}\n\n{{figure fig}}\n", "a second time (first in line 3)" },
        { "# T\n\n{{table none}}\n", "none.tab" },
        { "# T\n{{ref nothing}}\n", "no figure, table or section" },
        { "# T\n[@nobody]\n", "[@nobody]: no such reference" },
        { "# T\n[^nobody]\n", "no such note" },
        { "# T\n[@x\n", "without ]" },
        { "# T\n## A\n## A\n", "a second heading" },
        { "# T\n```\ncode\n", "a code block never ends" },
        { "# T\n## References\n- [@a] x\n- [@a] y\n", "a second reference" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct paper p;
        struct err err = { 0 };
        if (parse(&p, bad[i].text, &err))
            fail_msg("%zu was accepted", i);
        if (!strstr(err.msg, bad[i].says))
            fail_msg("%zu: \"%s\" does not say \"%s\"", i, err.msg, bad[i].says);
        paper_free(&p);
    }
}

static void typed_numbers_are_found(void **state)
{
    (void)state;
    static const struct { const char *text, *word;
    } t[] = {
        { "no digits", NULL },
        { "{{value a:b=1:c:0.00}}", NULL },
        { "`42` and\n```\n42\n```\n", NULL },
        { "p95, x86-64, KL100", NULL },
        { "Kim (2025) and 1999.", NULL },
        { "[link](http://a/2) [@a1] [^2]", NULL },
        { "1. first\n2. second", NULL },
        { "<sup>2</sup>", "2" },
        { "## References\n- [@a] pp. 1-99", NULL },
        { "we saw 42 calls", "42" },
        { "about 0.45.", "0.45." },
        { "a 3% gain", "3%" },
        { "in 1899", "1899" },
        { "```\n1\n```\n7", "7" },
        { "(3)", "3" },
        { "2x faster", "2x" },
        { "`a` 5", "5" },
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct err err = { 0 };
        bool clean = paper_lint("p.md", str_of(t[i].text), &err);
        if (clean != !t[i].word)
            fail_msg("%s", t[i].text);
        char want[64];
        snprintf(want, sizeof want, "\"%s\" is typed", t[i].word ? t[i].word : "");
        if (!clean && (!strstr(err.msg, want) || err.status != EXIT_CHECK))
            fail_msg("\"%s\" does not say %s", err.msg, want);
    }
}

static const char whole[] =
    "# A paper: with *all* of it\n\nSome authors\n\n## Abstract\n\n"
    "Value {{value d.csv:name=base:value:0.00}}.\n\n"
    "## First\n\nText with `code`, **bold**, a [link](https://example.org/x'y), \"quotes\" -- "
    "dashes[^n]. See {{ref fig}}, "
    "{{ref tab}}, {{ref second-part}} [@k1].\n\n- one\n- two\n    1. inner\n    2. inner\n\n"
    "> quoted\n\n"
    "```\ncode line\n\n    very long code line that goes on and on and on and on and on and on and "
    "on and on and on\n```\n\n"
    "{{figure fig}}\n\n{{table tab}}\n\n### Second part\n\nMore.\n\n## References\n\n"
    "- [@k1] One, *Journal*, 2020.\n\n[^n]: A note.\n";

static void renderings_repeat(void **state)
{
    (void)state;
    struct buf pdf[2] = { 0 }, html[2] = { 0 };
    for (int k = 0; k < 2; k++) {
        struct paper p;
        struct err err = { 0 };
        if (!parse(&p, whole, &err) || !paper_pdf(&p, &pdf[k], &err) ||
            !paper_html(&p, &html[k], &err))
            fail_msg("%s", err.msg);
        paper_free(&p);
        if (k == 0)
            sleep(1);
    }
    assert_int_equal(pdf[0].n, pdf[1].n);
    assert_memory_equal(pdf[0].p, pdf[1].p, pdf[0].n);
    assert_int_equal(html[0].n, html[1].n);
    assert_memory_equal(html[0].p, html[1].p, html[0].n);
    static const char *const holds[] = { "1.21",
                                         "id=\"figure-fig\"",
                                         "id=\"table-tab\"",
                                         "id=\"second-part\"",
                                         "<svg",
                                         "id=\"ref-k1\"",
                                         "id=\"note-1\"",
                                         "Section\xC2\xA0" /* a blank that does not break */,
                                         "<b>Table 1.</b>" };
    for (size_t i = 0; i < sizeof holds / sizeof *holds; i++)
        if (!strstr(html[0].p, holds[i]))
            fail_msg("the HTML lacks %s", holds[i]);
    assert_null(strstr(html[0].p, "{{"));
    for (int k = 0; k < 2; k++) {
        buf_free(&pdf[k]);
        buf_free(&html[k]);
    }
}

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/test_paper.XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    put("d.csv", data);
    put("fig.fig", "title = F\ncaption = A figure.\nkind = bar\ncsv = d.csv\nwhere = metric=kl\nx "
                   "= name\ny = value\n");
    put("tab.tab", "title = T\ncaption = A table.\ncsv = d.csv\ncolumn = name\ncolumn = value | KL "
                   "| 0.00 | low | lo hi\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = { "d.csv", "fig.fig", "tab.tab" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directives_become_words), cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(typed_numbers_are_found), cmocka_unit_test(renderings_repeat),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
