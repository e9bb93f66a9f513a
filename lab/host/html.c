// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "html_css.h"
#include "judge.h"
#include "mflab.h"
#include "plot.h"
#include "report.h"

/* Longer lists begin with so many rows; the others fold. */
#define ROWS_SHOWN	12

/**
 * html_text() - a text, with what HTML would take for its own
 * @f: where to
 * @text: any text; it is never markup
 */
void html_text(FILE *f, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		case '\'':
			fputs("&#39;", f);
			break;
		default:
			fputc(*text, f);
		}
	}
}

static void element(FILE *f, const char *tag, const char *text)
{
	fprintf(f, "<%s>", tag);
	html_text(f, text);
	fprintf(f, "</%s>", tag);
}

/* Without its unit, which the value tells, and free to break where it has parts. */
static void metric_name(FILE *f, const char *metric)
{
	char one[2] = "";
	int len = metric_name_len(metric);
	int i;

	for (i = 0; i < len; i++) {
		one[0] = metric[i];
		html_text(f, one);
		if (metric[i] == '_' || metric[i] == '.')
			fputs("<wbr>", f);
	}
}

/* Ranges may break where they go on. */
static void print_small(FILE *f, const char *class, const char *text)
{
	const char *dots = strstr(text, "..");

	fprintf(f, "<small class=\"%s\">", class);
	if (dots)
		fprintf(f, "%.*s..<wbr>%s", (int)(dots - text), text, dots + 2);
	else
		fputs(text, f);
	fputs("</small>", f);
}

static const char *class_of(enum judgement judgement, bool less_is_better)
{
	if (judgement == UNCLEAR)
		return "unclear";
	if (!less_is_better || judgement == SAME)
		return "same";
	return judgement == MORE ? "worse" : "better";
}

/* ---- verdict ---- */

static void print_verdict(FILE *f, const struct results *res)
{
	static const char * const classes[] = {
		[TONE_GOOD] = "good", [TONE_NONE] = "none", [TONE_BAD] = "bad"
	};
	struct strv sentences = { 0 };
	enum tone tone;
	size_t i;

	judge_verdict(res, &sentences, &tone);
	fprintf(f, "<section class=\"verdict %s\">\n", classes[tone]);
	for (i = 0; i < sentences.n; i++) {
		bool item = starts_with(sentences.v[i], "- ");

		fputs(item ? "<p class=\"item\">" : "<p>", f);
		html_text(f, sentences.v[i] + (item ? 2 : 0));
		fputs("</p>\n", f);
	}
	fputs("</section>\n", f);
	strv_free(&sentences);
}

static void print_machine(FILE *f, const struct results *res)
{
	fputs("<p class=\"note\">", f);
	html_text(f, results_accel(res));
	fprintf(f, ", %lld CPUs, Linux ", results_number(res, "machine", "vcpus"));
	html_text(f, results_text(res, NULL, "base"));
	fputs(". <a href=\"#reproduce\">How to get these numbers again</a></p>\n", f);
}

/* ---- losses and gains ---- */

static void print_rival(FILE *f, const struct finding *f_, size_t i)
{
	char value[32], change[32];

	if (i >= f_->rivals) {
		fputs("<td>-</td>", f);
		return;
	}
	metric_value(f_->metric, f_->rival[i], value, sizeof(value));
	ratio_change(f_->change[i].ratio, change, sizeof(change));
	fprintf(f, "<td>%s", value);
	print_small(f, class_of(f_->change[i].judgement, true), change);
	fputs("</td>", f);
}

static void print_finding(FILE *f, const struct judged *j, const struct finding *found)
{
	char value[32];
	size_t i;

	metric_value(found->metric, found->value, value, sizeof(value));
	fputs("<tr><th>", f);
	metric_name(f, found->metric);
	fputs("<small>", f);
	html_text(f, found->workload);
	fprintf(f, "</small></th><td>%s</td>", value);
	for (i = 0; i < MOST_RIVALS && j->rivals[i]; i++)
		print_rival(f, found, i);
	fputs("</tr>\n", f);
}

static void print_findings_head(FILE *f, const struct judged *j)
{
	size_t i;

	fputs("<div class=\"scroll\"><table><thead><tr><th></th>", f);
	element(f, "th", j->arm);
	for (i = 0; i < MOST_RIVALS && j->rivals[i]; i++) {
		fputs("<th>against ", f);
		html_text(f, j->rivals[i]);
		fputs("</th>", f);
	}
	fputs("</tr></thead><tbody>\n", f);
}

static bool is_loss(const struct finding *found)
{
	size_t i;

	for (i = 0; i < found->rivals; i++) {
		if (found->change[i].judgement == MORE)
			return true;
	}
	return false;
}

static bool is_gain(const struct finding *found)
{
	size_t i;

	for (i = 0; i < found->rivals; i++) {
		if (found->change[i].judgement == LESS)
			return true;
	}
	return false;
}

/* Losses from the worst on, gains from the best on: the list is in that order. */
static void print_findings(FILE *f, const struct judged *j, bool losses)
{
	size_t shown = 0;
	size_t i;

	for (i = 0; i < j->n; i++) {
		const struct finding *found = &j->found[losses ? i : j->n - 1 - i];

		if (losses ? !is_loss(found) : !is_gain(found))
			continue;
		if (!shown)
			print_findings_head(f, j);
		if (shown == ROWS_SHOWN) {
			fputs("</tbody></table></div>\n<details><summary>The others</summary>\n", f);
			print_findings_head(f, j);
		}
		print_finding(f, j, found);
		shown++;
	}
	if (!shown)
		fputs("<p>None.</p>\n", f);
	else
		fprintf(f, "</tbody></table></div>\n%s", shown > ROWS_SHOWN ? "</details>\n" : "");
}

static void print_balance(FILE *f, const struct results *res, const char *arm,
			  const char *first, const char *second)
{
	struct judged j;

	if (judge_arm(&j, res, arm, first, second) && j.rounds >= j.least) {
		fputs("<h2>Where ", f);
		html_text(f, arm);
		fputs(" loses</h2>\n<p class=\"note\">Worse than at least one of those it is "
		      "compared with; what is worse than all of them comes first.</p>\n", f);
		print_findings(f, &j, true);
		fputs("<h2>Where ", f);
		html_text(f, arm);
		fputs(" gains</h2>\n<p class=\"note\">Better than at least one of those it is "
		      "compared with.</p>\n", f);
		print_findings(f, &j, false);
	}
	judge_free(&j);
}

/* ---- the table of a workload ---- */

static void print_change(FILE *f, const struct view *v, const char *metric,
			 const char *arm)
{
	struct change change;
	char text[72], sure[80];

	if (!strcmp(arm, v->base) ||
	    !view_change(v, metric, v->base, arm, &change))
		return;
	ratio_change(change.ratio, text, sizeof(text));
	snprintf(sure, sizeof(sure), "%s%s", change.judgement == UNCLEAR ? "~ " : "", text);
	if (strcmp(text, "="))
		print_small(f, class_of(change.judgement, metric_is_judged(metric)), sure);
	ratio_interval(&change.pairs, text, sizeof(text));
	if (v->parallel && *text)
		print_small(f, "range", text);
}

/* Only where the ends differ in what is printed of them. */
static void print_range(FILE *f, const char *metric, const struct spread *s)
{
	char min[32], max[32], text[72];

	metric_value(metric, s->min, min, sizeof(min));
	metric_value(metric, s->max, max, sizeof(max));
	if (!strcmp(min, max))
		return;
	metric_range(metric, s, text, sizeof(text));
	print_small(f, "range", text);
}

static void print_cell(FILE *f, const struct view *v, const char *metric, const char *arm)
{
	char value[32];
	long long sum;
	struct spread s = view_gather(v, arm, metric, &sum);

	if (!s.n) {
		fputs("<td>-</td>", f);
		return;
	}
	metric_value(metric, s.median, value, sizeof(value));
	fprintf(f, "<td>%s", value);
	print_change(f, v, metric, arm);
	print_range(f, metric, &s);
	fputs("</td>", f);
}

static void print_table_head(FILE *f, const struct view *v)
{
	size_t i;

	fputs("<div class=\"scroll\"><table><thead><tr><th></th>", f);
	for (i = 0; i < v->arms.n; i++)
		element(f, "th", v->arms.v[i]);
	fputs("</tr></thead><tbody>\n", f);
}

static void print_derived(FILE *f, const struct view *v)
{
	char text[32];
	size_t i, j;

	for (i = 0; i < NR_DERIVED; i++) {
		fprintf(f, "<tr><th>%s<small>per major fault</small></th>",
			view_derived[i].name);
		for (j = 0; j < v->arms.n; j++) {
			view_derive(v, &view_derived[i], v->arms.v[j], text, sizeof(text));
			fprintf(f, "<td>%s</td>", text);
		}
		fputs("</tr>\n", f);
	}
}

static void print_rows(FILE *f, const struct view *v, bool brief)
{
	size_t i, j;

	print_table_head(f, v);
	for (i = 0; i < v->metrics.n; i++) {
		const char *metric = v->metrics.v[i];

		if (metric_in_brief(metric) != brief || view_all_zero(v, metric))
			continue;
		fputs("<tr><th>", f);
		metric_name(f, metric);
		fputs("</th>", f);
		for (j = 0; j < v->arms.n; j++)
			print_cell(f, v, metric, v->arms.v[j]);
		fputs("</tr>\n", f);
	}
	if (brief && strv_has(&v->metrics, "major_faults"))
		print_derived(f, v);
	fputs("</tbody></table></div>\n", f);
}

static void print_how(FILE *f, const struct view *v)
{
	const char *of = v->seeds ? "seeds" : "rounds";

	fputs("<p class=\"note\">", f);
	if (v->rounds == 1)
		fputs("One round", f);
	else
		fprintf(f, "Median of %zu %s", v->rounds, of);
	fputs("; below, change against ", f);
	html_text(f, v->base);
	if (v->parallel)
		fputs(", the median of the ratios within a round, with its 95 % interval (sign test, "
		      "from 6 rounds on)", f);
	fputs("; “~”: not for sure (or too few rounds)", f);
	if (v->rounds > 1)
		fputs("; least..greatest", f);
	fputs(".</p>\n", f);
}

/* ---- plots ---- */

static void print_legend(FILE *f, const struct view *v)
{
	size_t i;

	fputs("<p class=\"legend\">", f);
	for (i = 0; i < v->arms.n; i++) {
		const struct plot_style *s = plot_style(v->arms.v[i], i);

		fprintf(f, "<span><svg width=\"34\" height=\"10\" aria-hidden=\"true\"><line x1=\"1\" "
			"y1=\"5\" x2=\"33\" y2=\"5\" stroke=\"%s\" stroke-width=\"%s\" "
			"stroke-dasharray=\"%s\"/></svg> ", s->color,
			strcmp(v->arms.v[i], OUR_ARM) ? "2" : "3.5", s->dash);
		html_text(f, v->arms.v[i]);
		fputs("</span> ", f);
	}
	fputs("</p>\n", f);
}

static void print_figure(FILE *f, const char *caption, const char *more, char *svg)
{
	fputs("<figure><figcaption>", f);
	metric_name(f, caption);
	fputs(more, f);
	fputs("</figcaption>", f);
	fputs(svg, f);
	fputs("</figure>\n", f);
	free(svg);
}

static void find_operations(const struct view *v, struct strv *operations)
{
	const char *key;
	json_t *value;
	size_t i;

	for (i = 0; i < v->n; i++) {
		json_object_foreach(v->runs[i]->histograms, key, value) {
			if (!strv_has(operations, key))
				strv_add(operations, xstrdup(key));
		}
	}
}

static int print_distributions(FILE *f, const struct view *v, const char *gnuplot)
{
	struct strv operations = { 0 };
	int ret = 0;
	char *svg;
	size_t i;

	find_operations(v, &operations);
	if (operations.n) {
		fputs("<h3>How long it took</h3>\n<p class=\"note\">Share of the operations that "
		      "took at most so long, all rounds; each step up is ten times rarer. Further "
		      "right is slower.</p>\n", f);
		print_legend(f, v);
		fputs("<div class=\"plots\">\n", f);
	}
	for (i = 0; i < operations.n && !ret; i++) {
		ret = plot_cdf(gnuplot, v, operations.v[i], &svg);
		if (!ret && svg)
			print_figure(f, operations.v[i], "", svg);
	}
	if (operations.n)
		fputs("</div>\n", f);
	strv_free(&operations);
	return ret;
}

static bool is_plotted(const struct view *v, const char *metric)
{
	size_t len = strlen(metric);

	if (view_all_zero(v, metric))
		return false;
	return !strcmp(metric, "mmap_lock_reads_by_faults") || metric_is_cost(metric) ||
	       (len > 7 && (!strcmp(metric + len - 7, ".p50_ns") ||
			    !strcmp(metric + len - 7, ".p99_ns")));
}

static int print_curve(FILE *f, const struct curve *c, const char *gnuplot)
{
	const struct view *v = &c->views[0];
	int ret = 0;
	char *svg;
	size_t i;

	fputs("<h3>", f);
	html_text(f, c->others);
	fputs(": ", f);
	html_text(f, c->param);
	fprintf(f, " from %lld to %lld</h3>\n", c->x[0], c->x[c->n - 1]);
	print_legend(f, v);
	fputs("<div class=\"plots\">\n", f);
	for (i = 0; i < v->metrics.n && !ret; i++) {
		if (!is_plotted(v, v->metrics.v[i]))
			continue;
		ret = plot_curve(gnuplot, c, v->metrics.v[i], &svg);
		if (!ret && svg)
			print_figure(f, v->metrics.v[i], ", median of the rounds", svg);
	}
	fputs("</div>\n", f);
	return ret;
}

static int print_curves(FILE *f, const struct results *res, const char *gnuplot)
{
	struct curves curves;
	int ret = 0;
	size_t i;

	curves_find(&curves, res);
	if (curves.n)
		fputs("<h2>How it scales</h2>\n", f);
	for (i = 0; i < curves.n && !ret; i++)
		ret = print_curve(f, &curves.v[i], gnuplot);
	curves_free(&curves);
	return ret;
}

/* ---- the page ---- */

static int print_workload(FILE *f, const struct view *v, const char *gnuplot)
{
	char *name = view_name(v);
	char *params = view_params(v);
	int ret;

	fputs("<h2>", f);
	html_text(f, name);
	fputs("</h2>\n<p class=\"note\">", f);
	html_text(f, params);
	fputs("</p>\n", f);
	print_how(f, v);
	print_rows(f, v, true);
	fputs("<details><summary>The other metrics</summary>\n", f);
	print_rows(f, v, false);
	fputs("</details>\n", f);
	html_spans(f, v);
	ret = print_distributions(f, v, gnuplot);
	free(params);
	free(name);
	return ret;
}

static void print_fact(FILE *f, const char *name, const char *value)
{
	fprintf(f, "<dt>%s</dt>", name);
	element(f, "dd", value);
	fputc('\n', f);
}

static void print_reproduction(FILE *f, const struct results *res)
{
	const char *commit = results_text(res, NULL, "project_commit");
	const char *command = results_text(res, NULL, "command");

	fputs("<h2 id=\"reproduce\">How to get these numbers again</h2>\n<dl>\n", f);
	print_fact(f, "command", strcmp(command, "?") ? command :
		   "not recorded (results of an older majorfault)");
	print_fact(f, "commit", commit);
	print_fact(f, "accelerator", results_accel(res));
	print_fact(f, "kernel", results_text(res, "kernel", "release"));
	print_fact(f, "base", results_text(res, NULL, "base"));
	print_fact(f, "series, SHA-256", results_text(res, "kernel", "series_sha256"));
	print_fact(f, "configuration, SHA-256", results_text(res, "kernel", "config_sha256"));
	print_fact(f, "QEMU", results_text(res, "machine", "qemu"));
	print_fact(f, "compiler", results_text(res, "machine", "compiler"));
	fprintf(f, "<dt>CPUs of the guest</dt><dd>%lld</dd>\n</dl>\n",
		results_number(res, "machine", "vcpus"));
	if (strstr(commit, "-dirty"))
		fputs("<p>The work tree had changes that are not in this commit.</p>\n", f);
	if (results_parallel(res))
		fputs("<p>These are times of one machine; another run gives other numbers.</p>\n", f);
	else if (results_number(res, NULL, "cut_short"))
		fputs("<p>It was cut short and continued in another boot, so not every digit need "
		      "repeat. A comparison that is not, repeats.</p>\n", f);
	else
		fputs("<p>Deterministic: with the same kernel, programs and QEMU every digit "
		      "repeats; <code>mflab diff A/results.json B/results.json</code> tells.</p>\n", f);
}

/**
 * html_page() - the whole report
 * @f: where to
 * @res: the results
 * @gnuplot: the program that draws the plots
 *
 * Return: as plot_run().
 */
int html_page(FILE *f, const struct results *res, const char *gnuplot)
{
	size_t at = 0;
	struct view v;
	int ret = 0;

	fprintf(f, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<title>majorfault: comparison</title>\n<style>\n%s</style>\n</head>\n<body>\n"
		"<h1>Page faults that wait, compared</h1>\n", html_css);
	print_verdict(f, res);
	print_machine(f, res);
	print_balance(f, res, OUR_ARM, BASE_ARM, "retry");
	print_balance(f, res, "series", "unpatched", NULL);
	while (!ret && view_next(&v, res, &at, false)) {
		ret = print_workload(f, &v, gnuplot);
		view_free(&v);
	}
	if (!ret)
		ret = print_curves(f, res, gnuplot);
	print_reproduction(f, res);
	fputs("</body>\n</html>\n", f);
	return ret;
}

static enum mf_status plot_failed(const char *gnuplot, int err)
{
	if (err == -ENOENT) {
		warnx("%s: no such program; install gnuplot-nox, or name another with --gnuplot",
		      gnuplot);
		return MF_TOOL;
	}
	if (is_nospace(-err) || is_nospace(err)) {
		warnx("no space for plots in the directory for temporary files; set TMPDIR to another");
		return MF_NOSPACE;
	}
	warnx("%s failed; its messages are above", gnuplot);
	return MF_DIFFERS;
}

static enum mf_status write_page(const struct results *res, const char *gnuplot,
				 const char *out)
{
	enum mf_status status;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int ret = html_page(f, res, gnuplot);

	fclose(f);
	status = ret ? plot_failed(gnuplot, ret) : report_write(text, out);
	free(text);
	return status;
}

int cmd_html(int argc, char **argv)
{
	static const struct option options[] = {
		{ "gnuplot", required_argument, NULL, 'g' },
		{ "out", required_argument, NULL, 'o' },
		{ 0 }
	};
	const char *gnuplot = "gnuplot", *out = NULL;
	enum mf_status status;
	struct results res;
	int key;

	while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (key == 'g')
			gnuplot = optarg;
		else if (key == 'o')
			out = optarg;
		else
			return MF_USAGE;
	}
	if (argc - optind != 1 || !out) {
		warnx("html needs --out and one results.json; see `mflab help`");
		return MF_USAGE;
	}
	if (results_load(argv[optind], &res))
		return MF_USAGE;
	status = write_page(&res, gnuplot, out);
	results_free(&res);
	return status;
}
