package report

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/browsertest"
	"example.com/ambix/migrator/revision"
)

// reportOf returns a report of n revisions with each state, an event for each, and findings. All that comes from
// elsewhere is hostile.
func reportOf(t *testing.T, n int) *Report {
	t.Helper()
	files := fstest.MapFS{}
	for i := range n {
		id, below := fmt.Sprintf("r%d", i), ""
		if i > 0 {
			below = fmt.Sprintf("r%d", i-1)
		}
		if i > 2 && i%5 == 0 {
			below = fmt.Sprintf("r%d", i-2)
		}
		sql := fmt.Sprintf("CREATE TABLE t%d (id bigint PRIMARY KEY, note text DEFAULT '</pre><script>window.pwned = 1</script>'); -- \"comment\" & <b>\n"+
			"CREATE FUNCTION f%d() RETURNS int LANGUAGE plpgsql AS $body$\nBEGIN\n    RETURN 1; -- </code>\nEND\n$body$;\n", i, i)
		files[id+".up.sql"] = &fstest.MapFile{Data: []byte("-- message of " + id + "\n-- and more of it\n--\n-- revision: " + id + "\n-- down_revision: " + below + "\n-- created: 2026-01-02T03:04:05Z\n\n" + sql)}
		files[id+".down.sql"] = &fstest.MapFile{Data: []byte(fmt.Sprintf("DROP TABLE t%d;\n", i))}
	}
	m, err := migrator.New(files, migrator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	st := m.EmptyStatus()
	states := []migrator.RevisionState{migrator.Applied, migrator.Applied, migrator.Modified, migrator.Unfinished, migrator.Unknown, migrator.Pending}
	begin := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	for i := range st.Revisions {
		s := &st.Revisions[i]
		s.State = states[i*len(states)/len(st.Revisions)]
		s.Message = hostile[i%len(hostile)]
		s.BranchLabels = []string{hostile[(i+5)%len(hostile)]}
		if s.State != migrator.Pending {
			s.AppliedAt, s.Duration, s.AppliedBy, s.AppliedFrom, s.BinaryVersion = begin.Add(time.Duration(i)*time.Minute), time.Millisecond<<(i%20), hostile[2], hostile[3], hostile[4]
		}
	}
	st.Current = []string{"r1"}
	st.Schema = &migrator.SchemaStatus{State: migrator.SchemaChanged, At: begin}
	r := New(m, st)
	r.Title, r.Database, r.Program, r.Written = "Revisions in "+hostile[2], "database "+hostile[3], hostile[0], begin
	for i := range r.Revisions {
		v := &r.Revisions[i]
		v.FullMessage = v.Message + "\n" + hostile[i%len(hostile)]
		r.Events = append(r.Events, migrator.LogEntry{
			ID: int64(i), At: begin, Action: []migrator.LogAction{migrator.LogUp, migrator.LogDown, migrator.LogFailed}[i%3], Revision: v.ID, Message: v.Message,
			Direction: "up", Duration: time.Millisecond << (i % 24), AppliedBy: hostile[2], AppliedFrom: hostile[3], BinaryVersion: hostile[4], Run: fmt.Sprint(i / 7), Detail: hostile[i%len(hostile)],
		})
	}
	r.OlderEvents = true
	r.Sections = append(r.Sections, Section{Title: "Rehearsal", Text: hostile[2], Findings: []Finding{
		{Severity: Note, Revision: "r1", File: "a.sql", Line: 3, Message: hostile[2], Detail: hostile[3]},
		{Severity: Danger, Revision: "elsewhere", Message: hostile[4]},
	}}, Section{Title: "Empty"})
	return r
}

func page(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// browse calls a function with a page that shows a file, and returns what went wrong there: errors, what the policy
// of the page has refused, requests, and elements that nobody has written.
const browse = `const browse = async (browser, file, options, use) => {
	const context = await browser.newContext(options);
	const page = await context.newPage();
	const wrong = [];
	page.on('console', (m) => wrong.push('console: ' + m.text()));
	page.on('pageerror', (e) => wrong.push('error: ' + e.message));
	page.on('request', (r) => { if (!r.url().startsWith('file://' + file)) wrong.push('request: ' + r.url()); });
	page.on('dialog', (d) => { wrong.push('dialog: ' + d.message()); d.dismiss(); });
	await page.goto('file://' + file);
	if (options.javaScriptEnabled !== false) {
		wrong.push(...await page.evaluate(() => [
			...(window.pwned === undefined ? [] : ['a script of the content has run']),
			...[...document.querySelectorAll('script')].slice(1).map((e) => 'element: ' + e.outerHTML),
			...[...document.querySelectorAll('img, iframe, object, embed, link, form, base, image, foreignObject')].map((e) => 'element: ' + e.outerHTML),
			...[...document.querySelectorAll('*')].flatMap((e) => [...e.attributes]).filter((a) => a.name.startsWith('on') || a.name === 'style').map((a) => 'attribute: ' + a.name),
			...[...document.querySelectorAll('[href]')].filter((e) => !e.getAttribute('href').startsWith('#')).map((e) => 'link: ' + e.getAttribute('href')),
			...[...document.querySelectorAll('a[href]')].filter((e) => !document.getElementById(decodeURIComponent(e.getAttribute('href').slice(1)))).map((e) => 'link to nothing: ' + e.getAttribute('href')),
		]));
	}
	await use(page, wrong);
	await context.close();
	return wrong;
};`

// The page shows only what it says, in light and dark, and breaks no rule of accessibility that axe knows, with all
// revisions open too.
func TestPageIsAccessibleAndClosed(t *testing.T) {
	t.Parallel()
	r := reportOf(t, 40)
	r.Limit = 10
	var wrong []string
	browsertest.Run(t, `async (browser, file, modules) => {
		`+browse+`
		const all = [];
		for (const colorScheme of ['light', 'dark']) {
			all.push(...await browse(browser, file, { colorScheme, viewport: { width: 1100, height: 900 } }, async (page, wrong) => {
				await page.click('#open');
				await page.evaluate(require('fs').readFileSync(modules + '/axe-core/axe.min.js', 'utf8'));
				const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
				wrong.push(...violations.map((v) => colorScheme + ': ' + v.id + ': ' + v.help + ': ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + ' ' + n.failureSummary).join(' | ')));
				await page.evaluate(() => { document.body.insertAdjacentHTML('beforeend', '<img src="x" onerror="window.pwned = 1">'); });
				await page.waitForTimeout(100);
				const refused = wrong.filter((w) => w.includes('Content Security Policy'));
				if (refused.length === 0) wrong.push('the policy allows everything');
				wrong.splice(0, wrong.length, ...wrong.filter((w) => !refused.includes(w) && !/^request: .*[/]x$/.test(w))); // refused before it is sent
				if (await page.evaluate(() => window.pwned)) wrong.push('the policy allows a program');
			}));
		}
		return all;
	}`, page(t, r), &wrong)
	for _, w := range wrong {
		t.Error(w)
	}
}

// Everything can be reached with the keyboard; links open what they lead to; without JavaScript and on paper nothing is
// missing.
func TestPageIsUsedWithTheKeyboard(t *testing.T) {
	t.Parallel()
	var wrong []string
	browsertest.Run(t, `async (browser, file) => {
		`+browse+`
		const expect = (wrong, what, ok) => { if (!ok) wrong.push(what); };
		const isOpen = (page, id) => page.evaluate((id) => document.getElementById(id).open, id);
		return [...await browse(browser, file, {}, async (page, wrong) => {
			await page.keyboard.press('Tab');
			expect(wrong, 'the first stop is the link to the content', await page.evaluate(() => document.activeElement.className === 'skip'));
			await page.keyboard.press('Enter');
			await page.keyboard.press('Tab');
			expect(wrong, 'the link leads to the content', await page.evaluate(() => document.getElementById('main').contains(document.activeElement)));
			const newest = (await page.locator('#graph a').first().getAttribute('href')).slice(1);
			await page.locator('#graph a').first().focus();
			await page.keyboard.press('Enter');
			await page.waitForTimeout(50);
			expect(wrong, 'a point of the graph opens its revision', await isOpen(page, newest));
			await page.click('#close');
			expect(wrong, 'all are closed', !(await isOpen(page, newest)));
			await page.locator('#graph a').first().focus();
			await page.keyboard.press('Enter');
			await page.waitForTimeout(50);
			expect(wrong, 'the same link opens it again', await isOpen(page, newest));
			await page.locator('#revision-r38 summary').focus();
			await page.keyboard.press('Enter');
			expect(wrong, 'Enter opens a revision', await isOpen(page, 'revision-r38'));
			await page.fill('#filter', 'r unfinished');
			const texts = await page.locator('#revisions details:visible summary').allInnerTexts();
			expect(wrong, 'the filter: ' + texts.length, texts.length > 0 && texts.length < 20 && texts.every((t) => t.includes('unfinished')));
			expect(wrong, 'what is found is said', (await page.locator('#found').innerText()) === texts.length + ' of 40');
			await page.goto('file://' + file + '#revision-r5');
			await page.reload();
			expect(wrong, 'the address opens a revision', await isOpen(page, 'revision-r5'));
			await page.emulateMedia({ media: 'print' });
			expect(wrong, 'the SQL of closed revisions is printed', await page.evaluate(() => {
				const sql = document.querySelector('#revision-r7 pre');
				return !document.getElementById('revision-r7').open && sql.getBoundingClientRect().height > 20;
			}));
		}), ...await browse(browser, file, { javaScriptEnabled: false }, async (page, wrong) => {
			expect(wrong, 'no tools without a program', !(await page.locator('#filter').isVisible()));
			await page.locator('#revision-r3 summary').click();
			expect(wrong, 'SQL without a program', await page.locator('#revision-r3 pre').first().isVisible());
		})];
	}`, page(t, reportOf(t, 40)), &wrong)
	for _, w := range wrong {
		t.Error(w)
	}
}

// Of a long history the older revisions are rows of a table, which links and the filter find as well, and which is printed.
func TestOlderRevisionsAreInATable(t *testing.T) {
	t.Parallel()
	r := reportOf(t, 40)
	r.Limit = 10
	var want []string
	for i := range r.Revisions {
		if v := &r.Revisions[i]; i >= 10 && v.State == migrator.Applied && !v.Current {
			want = append(want, v.ID)
		}
	}
	if len(want) < 5 || r.InFull() != 40-len(want) {
		t.Fatalf("%d of 40 in full, %v in the table", r.InFull(), want)
	}
	var wrong []string
	browsertest.Run(t, `async (browser, { file, want }) => {
		`+browse+`
		const expect = (wrong, what, ok) => { if (!ok) wrong.push(what); };
		return browse(browser, file, {}, async (page, wrong) => {
			const rows = await page.evaluate(() => [...document.querySelectorAll('#revisions tbody tr')].map((e) => e.querySelector('.id').textContent));
			expect(wrong, 'the rows: ' + rows, rows.join() === want.join());
			expect(wrong, 'the others are in full', await page.locator('#revisions details').count() === 40 - want.length);
			expect(wrong, 'their number is said', (await page.locator('#revisions .note').first().innerText()).startsWith('The SQL of ' + want.length + ' older revisions is not shown'));
			const inView = async (id) => { // the page scrolls smoothly
				for (let tries = 0; tries < 200; tries++) {
					if (await page.evaluate((id) => { const r = document.getElementById(id).getBoundingClientRect(); return r.height > 0 && r.top >= 0 && r.bottom <= innerHeight; }, id)) return true;
					await page.waitForTimeout(50);
				}
				return false;
			};
			const oldest = 'revision-' + want[want.length - 1];
			expect(wrong, 'the graph has those in full', await page.locator('#graph a').count() === 40 - want.length && await page.locator('#graph a[href="#' + oldest + '"]').count() === 0);
			await page.locator('#timeline a[href="#' + oldest + '"]').focus();
			await page.keyboard.press('Enter');
			expect(wrong, 'an event leads to the row of its revision', await inView(oldest));
			await page.locator('#revisions a[href="#older"]').focus();
			await page.keyboard.press('Enter');
			await page.keyboard.press('Tab');
			expect(wrong, 'the table can be scrolled with the keyboard', await page.evaluate(() => document.activeElement.getAttribute('aria-label') === 'Table of older revisions'));
			await page.fill('#filter', want[0] + ' ');
			expect(wrong, 'the filter finds a row', await page.locator('#' + 'revision-' + want[0]).isVisible() && !(await page.locator('#' + oldest).isVisible()));
			expect(wrong, 'and counts it', /^[1-9][0-9]* of 40$/.test(await page.locator('#found').innerText()));
			await page.goto('file://' + file + '#' + oldest);
			await page.reload();
			expect(wrong, 'the address leads to a row', await inView(oldest));
			await page.click('#open');
			expect(wrong, 'all are open', await page.locator('#revisions details[open]').count() === 40 - want.length);
			await page.emulateMedia({ media: 'print' });
			expect(wrong, 'the whole table is printed', await page.evaluate(() => { const e = document.querySelector('#revisions .scroll'); return e.scrollHeight <= e.clientHeight + 1; }));
		});
	}`, map[string]any{"file": page(t, r), "want": want}, &wrong)
	for _, w := range wrong {
		t.Error(w)
	}
}

// A page of a thousand revisions lays out what is in view only, so that it can be used at once.
func TestPageOfAThousandRevisions(t *testing.T) {
	t.Parallel()
	file := page(t, reportOf(t, 1000))
	var got struct {
		Wrong           []string
		Revisions, Open int
		Milliseconds    map[string]float64
	}
	browsertest.Run(t, `async (browser, file) => {
		`+browse+`
		const got = { Milliseconds: {} };
		got.Wrong = await browse(browser, file, { viewport: { width: 1100, height: 900 } }, async (page) => {
			got.Milliseconds.load = await page.evaluate(() => performance.getEntriesByType('navigation')[0].loadEventEnd);
			got.Revisions = await page.locator('#revisions details').count();
		});
		const context = await browser.newContext({ bypassCSP: true, viewport: { width: 1100, height: 900 } });
		const page = await context.newPage();
		await page.goto('file://' + file);
		const time = async (name, use) => {
			got.Milliseconds[name] = await page.evaluate(async (use) => {
				const begin = performance.now();
				eval('(' + use + ')()');
				await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
				return performance.now() - begin;
			}, use.toString());
		};
		await time('scroll to the end', () => scrollTo(0, document.body.scrollHeight));
		await time('filter', () => { const f = document.getElementById('filter'); f.value = 'r99'; f.dispatchEvent(new Event('input')); });
		await time('filter nothing', () => { const f = document.getElementById('filter'); f.value = ''; f.dispatchEvent(new Event('input')); });
		await time('open all', () => document.getElementById('open').click());
		got.Open = await page.locator('#revisions details[open]').count();
		await time('scroll to the middle', () => scrollTo(0, document.body.scrollHeight / 2));
		return got;
	}`, file, &got)
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d kB; milliseconds: %v", info.Size()/1000, got.Milliseconds)
	for _, w := range got.Wrong {
		t.Error(w)
	}
	if got.Revisions != 1000 || got.Open != 1000 {
		t.Errorf("%+v", got)
	}
}

// Without a database the page says so, and why; an error of the writer is returned.
func TestPageSaysThatNoDatabaseWasRead(t *testing.T) {
	t.Parallel()
	m, err := migrator.New(fstest.MapFS{}, migrator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := New(m, nil)
	for unread, want := range map[string]string{"": "No database was read", "connection <refused>": "The database was not read: connection &lt;refused&gt;."} {
		r.Unread = unread
		var b bytes.Buffer
		if err := r.WriteHTML(&b); err != nil || !strings.Contains(b.String(), want) || strings.Contains(b.String(), "Timeline") {
			t.Errorf("%v\n%s", err, b.String())
		}
	}
	if err := r.WriteHTML(full{}); err == nil {
		t.Error("no error of the writer")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// A long script is cut, and the page says so.
func TestPageCutsLongScripts(t *testing.T) {
	t.Parallel()
	m, err := migrator.New(fstest.MapFS{
		"a.up.sql": {Data: []byte("-- revision: a\n-- down_revision:\n\n" + strings.Repeat("SELECT 1;\n", 10_000))},
		"b.up.sql": {Data: []byte("-- revision: b\n-- down_revision: a\n\nSELECT '" + strings.Repeat("ü", 70_000) + "';\n")},
	}, migrator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := New(m, nil).WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Count(got, "more bytes are not shown") != 2 || strings.Contains(got, `\x`) || len(got) > 1_000_000 {
		t.Errorf("%d bytes, %d scripts are cut", len(got), strings.Count(got, "more bytes are not shown"))
	}
}

// The tokens of SQL are marked, also in the bodies of functions.
func TestSQLIsHighlighted(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	r := &Report{Graph: &Graph{}, Revisions: []Revision{{Up: revision.NewScript("SELECT \"q\", 'text', 12 -- c\n;\nDO $b$\nBEGIN\n  PERFORM 'in';\nEND\n$b$; SELECT $$one line$$, $x$\nwithout an end $")}}}
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<span class="k">SELECT</span> <span class="q">&#34;q&#34;</span>, <span class="s">&#39;text&#39;</span>, <span class="n">12</span> <span class="c">-- c</span>`,
		`<span class="s">$b$</span>` + "\n" + `<span class="k">BEGIN</span>`, `<span class="k">PERFORM</span> <span class="s">&#39;in&#39;</span>`, `<span class="s">$$one line$$</span>`,
		`<span class="s">$x$` + "\nwithout an end $</span>",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
}
