/** How a report looks, in light and dark. */
export const style = `:root{color-scheme:light dark;--line:#8884;--ok:#1a7f4b;--bad:#c62f2f;--dim:#888}
@media(prefers-color-scheme:dark){:root{--ok:#4cc38a;--bad:#ff6b6b}}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2.5rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}
h2{font-size:1.1rem;margin:2.2rem 0 .5rem}
p.lead{margin:.2rem 0 1rem;color:var(--dim)}
.verdict{font-size:1.15rem;font-weight:600;color:var(--ok)}
.verdict.bad{color:var(--bad)}
table{border-collapse:collapse;width:100%}
th{font-weight:500;text-align:left;color:var(--dim);font-size:.85rem}
td,th{padding:.45rem .5rem;border-top:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
small{color:var(--dim)}
.status{font-weight:700}
.status.passed{color:var(--ok)}
.status.failed{color:var(--bad)}
.status.unsupported{color:var(--dim)}
.why td{border-top:0;padding:0 0 .5rem 1.2rem}
.why p{margin:.1rem 0}
.bars{width:70px;height:20px;display:block;margin-left:auto}
.bars rect{fill:var(--ok)}
.bars line{stroke:var(--line)}
.matrix{width:auto;margin-bottom:1rem}
.matrix td,.matrix th{padding:.12rem .9rem .12rem 0;font-size:.9rem}
.matrix .own{color:var(--ok)}
.matrix .wrong,.key .wrong{color:var(--bad);font-weight:700}
.key .own{color:var(--ok)}
.refused{color:var(--dim)}
.key>span{margin-right:1.4rem}
.key{font-size:.9rem;color:var(--dim)}
.beside{display:flex;flex-wrap:wrap;gap:0 3rem;align-items:flex-start}
.numbers{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem}
.numbers figure{margin:0}
.numbers table{width:auto;border-left:2px solid var(--line);border-right:2px solid var(--line)}
.numbers td{
 border:0;padding:0 .35rem;font-size:.8rem;text-align:right;font-variant-numeric:tabular-nums
}
figcaption{font-size:.8rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:.4rem 0}
dt{color:var(--dim)}
dd{margin:0}
pre{overflow:auto;font-size:.8rem}
.chips span{
 display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:.05rem .6rem;
 margin:.1rem;font-size:.85rem
}`;
