package report

// pageStyle is the style of a page: light and dark, and for paper.
const pageStyle = `
:root{color-scheme:light dark;--ink:#1f2328;--faint:#59636e;--paper:#fff;--panel:#f6f8fa;--rule:#d1d9e0;--link:#0550ae;--green:#1a7f37;--yellow:#8a5d00;--red:#b31d28;--keyword:#0a53a8;--string:#0a6b3d;--number:#8250df}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--faint:#9ea7b1;--paper:#0d1117;--panel:#161b22;--rule:#3d444d;--link:#79c0ff;--green:#3fb950;--yellow:#e3b341;--red:#ff8f87;--keyword:#79c0ff;--string:#7ee2a8;--number:#d2a8ff}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0 auto;max-width:75rem;padding:0 1.25rem 3rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-100rem}.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.25rem .5rem}
h1{font-size:1.7rem;margin:1.5rem 0 .25rem}h2{font-size:1.25rem;margin:2.25rem 0 .5rem;padding-bottom:.25rem;border-bottom:1px solid var(--rule)}
h3{font-size:1rem;margin:1rem 0 .25rem}
p{margin:.25rem 0 .75rem}.note,.file{color:var(--faint);font-size:.9em}.file{margin-left:.6em;font-family:var(--mono);overflow-wrap:anywhere}h3 .note,td .note,summary .note{margin-left:.8em;font-weight:400}h3 .file{font-weight:400}
:root{--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.id,time,pre,code{font-family:var(--mono);font-size:.92em}.id{font-weight:600}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:1rem 0 0;padding:0}
.summary{display:flex;flex-wrap:wrap;gap:.75rem;margin:1rem 0}.summary div{background:var(--panel);border:1px solid var(--rule);border-radius:6px;padding:.4rem .9rem;max-width:100%}
.summary dt{color:var(--faint);font-size:.85em}.summary dd{margin:0;font-size:1.1rem;font-weight:600;overflow-wrap:anywhere}
.summary .good dd{color:var(--green)}.summary .careful dd{color:var(--yellow)}.summary .bad dd{color:var(--red)}
.state{display:inline-block;border:1px solid var(--rule);border-radius:1em;padding:0 .6em;font-size:.85em;color:var(--faint);white-space:nowrap;max-width:30em;overflow:hidden;text-overflow:ellipsis;vertical-align:bottom}
.state.good{color:var(--green);border-color:var(--green)}.state.careful{color:var(--yellow);border-color:var(--yellow)}.state.bad{color:var(--red);border-color:var(--red)}
.scroll{overflow:auto;max-height:75vh;border:1px solid var(--rule);border-radius:6px}.picture{padding:.5rem;resize:vertical}.picture svg{display:block}
.graph a{text-decoration:none}.graph a:hover .id,.graph a:focus .id{text-decoration:underline}
table{border-collapse:collapse;width:100%;font-size:.93em}
th,td{text-align:left;vertical-align:top;padding:.3rem .75rem;border-top:1px solid var(--rule)}
thead th{position:sticky;top:0;background:var(--panel);border-top:0;z-index:1}
tbody th{font-weight:400;background:var(--panel);color:var(--faint)}tbody th strong{color:var(--ink)}
td time,.duration{white-space:nowrap}td .file{margin-left:0}td .id{white-space:nowrap}.bar{display:block;margin-top:.15rem}.bar rect{fill:var(--faint)}
.detail{font-size:.93em;white-space:pre-wrap;overflow-wrap:anywhere;max-width:36em}
.findings{padding:0;list-style:none}.findings li{padding:.35rem 0;border-top:1px solid var(--rule)}.findings li:first-child{border-top:0}.findings .state{min-width:5.5em;text-align:center}
details{border:1px solid var(--rule);border-radius:6px;margin:.35rem 0;content-visibility:auto;contain-intrinsic-size:auto 2.2rem}
tr:target{outline:2px solid var(--link);outline-offset:-2px}
details:target{border-color:var(--link);box-shadow:0 0 0 1px var(--link)}
summary{padding:.35rem .75rem;cursor:pointer;overflow-wrap:anywhere}details[open]>summary{border-bottom:1px solid var(--rule);background:var(--panel);border-radius:6px 6px 0 0}
details>:not(summary){margin-left:.75rem;margin-right:.75rem}
.message{white-space:pre-wrap}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.25rem;margin-top:.6rem;margin-bottom:.6rem}.facts dt{color:var(--faint)}.facts dd{margin:0;overflow-wrap:anywhere}
pre{background:var(--panel);border:1px solid var(--rule);border-radius:6px;padding:.6rem .8rem;overflow:auto;max-height:40rem;tab-size:4;line-height:1.45}
.k{color:var(--keyword);font-weight:600}.s{color:var(--string)}.n{color:var(--number)}.c{color:var(--faint);font-style:italic}.q{color:var(--ink)}.m{color:var(--yellow)}
.tools{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.5rem 0}.tools[hidden],details[hidden],tr[hidden]{display:none}
input,button{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--faint);border-radius:6px;padding:.25rem .7rem}input{min-width:16em}button{cursor:pointer}
footer{margin-top:3rem;color:var(--faint);font-size:.9em}
@media print{:root{color-scheme:light;--ink:#000;--faint:#444;--paper:#fff;--panel:#fff;--rule:#999;--link:#000;--green:#0b5a24;--yellow:#5c3d00;--red:#8a0010;--keyword:#000;--string:#222;--number:#222}
.graph{--ink:#000;--faint:#444;--line:#444;--paper:#fff;--green:#0b5a24;--yellow:#5c3d00;--red:#8a0010;--blue:#033b7a}
body{max-width:none;padding:0;font-size:10pt}nav,.tools,.skip{display:none}.scroll,pre{overflow:visible;max-height:none}.picture svg{max-width:100%;height:auto}
details{content-visibility:visible;break-inside:auto}details::details-content{content-visibility:visible;display:block}summary{list-style:none;break-after:avoid}tr,li{break-inside:avoid}pre{white-space:pre-wrap;overflow-wrap:anywhere}a{text-decoration:none}}
`

// pageProgram opens the revision that a link leads to, and filters the revisions. The page is complete without it.
const pageProgram = `
addEventListener('DOMContentLoaded', () => {
  const all = [...document.querySelectorAll('#revisions details, #revisions tbody tr')];
  const shown = () => all.filter((d) => !d.hidden);
  const reveal = () => {
    const d = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (all.includes(d)) {
      d.hidden = false;
      if (d.localName === 'details') d.open = true;
      d.scrollIntoView();
    }
  };
  addEventListener('hashchange', reveal);
  document.addEventListener('click', (e) => {
    const a = e.target.closest('a[href]');
    if (a && a.getAttribute('href') === location.hash) setTimeout(reveal);
  });
  const texts = all.map((d) => (d.querySelector('summary') || d).textContent.toLowerCase());
  const filter = document.getElementById('filter');
  filter.addEventListener('input', () => {
    const words = filter.value.toLowerCase().split(/\s+/);
    all.forEach((d, i) => { d.hidden = !words.every((w) => texts[i].includes(w)); });
    document.getElementById('found').textContent = filter.value.trim() ? shown().length + ' of ' + all.length : '';
  });
  document.getElementById('open').addEventListener('click', () => shown().forEach((d) => { if (d.localName === 'details') d.open = true; }));
  document.getElementById('close').addEventListener('click', () => shown().forEach((d) => { if (d.localName === 'details') d.open = false; }));
  document.querySelector('.tools').hidden = false;
  if (location.hash) history.scrollRestoration = 'manual'; // the address counts, also after a reload
  reveal();
  addEventListener('load', reveal);
});
`
