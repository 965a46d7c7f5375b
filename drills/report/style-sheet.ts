import { ink, palette } from './palette.ts';

/** The style of every page: one column on a phone, calm on a screen, and printable. */
export const styleSheet = `
:root{color-scheme:light;--text:${ink.text};--muted:${ink.muted};--line:${ink.line};--faint:${ink.faint};--paper:${ink.paper};--ground:${ink.ground};--green:${palette.green};--red:${palette.red};--amber:${palette.amber};--blue:${palette.blue};--violet:${palette.violet}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1120px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:28px;line-height:1.2;margin:2px 0 6px;font-weight:600;letter-spacing:-.01em}
h2{font-size:19px;line-height:1.3;margin:0 0 4px;font-weight:600}
h3{font-size:16px;line-height:1.3;margin:22px 0 2px;font-weight:600}
p{margin:0 0 8px}
a{color:var(--blue)}
small{display:block;color:var(--muted);font-size:12px}
code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
section,header.verdict{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:24px;margin:0 0 16px}
.lead,.note,.meta,.legend{color:var(--muted);font-size:14px}
.lead{margin-bottom:14px}
.note{margin:12px 0 0}
ul.note{padding-left:18px}
.good{color:var(--green)}.bad{color:var(--red)}.hurt{color:var(--amber)}
header.verdict{border-top:6px solid var(--muted)}
header.green{border-top-color:var(--green)}header.red{border-top-color:var(--red)}header.amber{border-top-color:var(--amber)}
.head{display:flex;gap:20px;align-items:flex-start}
.said{flex:1;min-width:0}
.lamp{flex:none;margin-top:4px}
.eyebrow{font-size:13px;letter-spacing:.06em;text-transform:uppercase;color:var(--muted);margin:0}
h1 b{display:block;font-weight:700}
.green h1 b{color:var(--green)}.red h1 b{color:var(--red)}.amber h1 b{color:var(--amber)}
.meta{margin:0}
.score{flex:none;text-align:right;line-height:1}
.score b{display:block;font-size:52px;font-weight:600;letter-spacing:-.02em}
.score span{color:var(--muted);font-size:14px}
dl{margin:0}dt{color:var(--muted);font-size:14px}dd{margin:0}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:12px;margin-top:24px}
.tile{border-left:3px solid var(--line);padding:2px 0 2px 14px}
.tile b{display:block;font-size:26px;line-height:1.25;font-weight:600;letter-spacing:-.01em}
.tile dd>span,.figures span{display:block;color:var(--muted);font-size:13px;overflow-wrap:anywhere}
.tile.bad{border-left-color:var(--red)}.tile.bad b,.figures .bad b{color:var(--red)}
.pair{display:grid;grid-template-columns:3fr 2fr;gap:16px}
.story p{font-size:17px;line-height:1.55;margin:10px 0 0;overflow-wrap:anywhere}
.story p.note{font-size:14px}
table{width:100%;border-collapse:collapse;font-size:14px}
th{text-align:left;font-weight:500;color:var(--muted);font-size:13px;padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:bottom}
td{padding:9px 12px 9px 0;border-bottom:1px solid var(--faint);vertical-align:top;overflow-wrap:anywhere}
td.clock,td.brief,td+td small{white-space:nowrap}
tr:last-child td{border-bottom:0}
th:last-child,td:last-child{padding-right:0}
.number{text-align:right;white-space:nowrap}
th.number:not(:last-child),td.number:not(:last-child){padding-right:28px}
tr.total td{font-weight:600}
.scoring td{padding-top:6px;padding-bottom:6px}
.scoring th.bar{width:32%}
td.bar{padding-top:11px}
td.bar span{display:block;background:var(--faint);border-radius:2px}
td.bar i{display:block;height:10px;border-radius:2px;background:var(--green)}
td.bar i.part{background:var(--amber)}
.name{display:inline-block;overflow-wrap:break-word}
.dot{display:inline-block;width:8px;height:8px;border-radius:50%;background:currentColor;margin-right:7px}
.findings ol{list-style:none;margin:12px 0 0;padding:0}
.findings li{border-left:4px solid var(--line);padding:2px 0 2px 16px;margin:0 0 18px;break-inside:avoid}
.findings li:last-child{margin-bottom:0}
.findings p{margin:0 0 4px;overflow-wrap:anywhere}
.findings .text{font-size:16px;font-weight:500}
.findings .why,.findings .fix{font-size:14px;color:var(--muted)}
.findings .fix{color:var(--text)}
.findings .why b,.findings .fix b{font-weight:600;margin-right:4px}
.tag{font-size:12px;font-weight:600;letter-spacing:.04em;text-transform:uppercase;margin-right:6px;color:var(--muted)}
.critical{border-left-color:var(--red)!important}.critical .tag{color:var(--red)}
.warning{border-left-color:var(--amber)!important}.warning .tag{color:var(--amber)}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(130px,1fr));gap:18px 16px}
.figures b{display:block;font-size:22px;font-weight:600;line-height:1.3}
.timeline{display:block;overflow:visible;margin-top:14px;font-family:inherit}
.timeline .row{font-size:13px;font-weight:500;fill:var(--text)}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 12px}
.legend i{display:inline-block;width:14px;height:10px;border-radius:2px;margin-right:6px;background:var(--line)}
.legend .fault{background:#f4dfde;border:1px solid #e3b5b2}.legend .pending{background:#f0c987}.legend .firing{background:var(--amber)}.legend .runbook{background:var(--violet)}.legend .verifying{background:${palette.lilac}}
.time .legend .fault{background:var(--red);border:0}
.legend .diamond{width:9px;height:9px;border-radius:0;transform:rotate(45deg);background:var(--paper);border:1.5px solid var(--text)}
.legend .limit{height:0;border-top:2px dashed var(--amber);background:none;border-radius:0;vertical-align:middle}
.plots{display:grid;grid-template-columns:1fr 1fr;gap:20px 28px;margin-top:16px}
figure{margin:0;min-width:0;break-inside:avoid}
figure svg{display:block;width:100%;height:auto;margin-top:4px}
figcaption{font-size:14px}figcaption b{font-weight:600}figcaption span,.range{color:var(--muted);font-size:13px}
.range{margin:2px 0 0}
summary{cursor:pointer;font-weight:600;padding:2px 0}
details>:not(summary){margin-top:10px}
.production details{margin-top:18px;font-size:14px}
.checks ul{padding-left:20px;margin-bottom:0;font-size:14px}
.checks li{margin:3px 0}.checks li::marker{content:"✓  ";color:var(--green)}
pre{font:12px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow:auto;max-height:480px;background:var(--ground);padding:14px;border-radius:6px;margin-bottom:0}
footer{color:var(--muted);font-size:13px;padding:4px 2px}
@media screen and (max-width:760px){
main{padding:12px 12px 40px}
section,header.verdict{padding:18px 16px;border-radius:8px;margin-bottom:12px}
h1{font-size:22px}
.head{gap:14px;flex-wrap:wrap}
.said{flex-basis:calc(100% - 42px)}
.score{text-align:left;width:100%;display:flex;align-items:baseline;gap:8px}
.score b{font-size:40px}
.tiles{grid-template-columns:1fr 1fr;gap:18px 12px;margin-top:16px}
.tile b{font-size:21px}
.pair,.plots{grid-template-columns:minmax(0,1fr)}
.pair{gap:0}
.story p{font-size:16px}
.story p.note{font-size:14px}
.figures{grid-template-columns:1fr 1fr}
table.wide thead{display:none}
table.wide,table.wide tbody{display:block}
table.wide tr{display:grid;grid-template-columns:1fr 1fr;gap:8px 12px;padding:14px 0;border-bottom:1px solid var(--line)}
table.wide tr:first-child{padding-top:0}
table.wide tr:last-child{border-bottom:0;padding-bottom:0}
table.wide td{display:block;padding:0;border:0;text-align:left}
table.wide td:first-child{grid-column:1/-1;font-size:16px;font-weight:600}
table.wide td:first-child small{font-weight:400}
td.clock,td+td small{white-space:normal}
table.wide td:not(:first-child)::before{content:attr(data-label);display:block;color:var(--muted);font-size:12px}
}
@page{size:A4;margin:14mm 12mm}
@media print{
body{background:none;font-size:9.5pt;line-height:1.4}
main{max-width:none;padding:0}
h1{font-size:17pt}h2{font-size:12pt}
.score b{font-size:30pt}.tile b{font-size:15pt}.figures b{font-size:13pt}
.lead,.note,.meta,.legend,.findings .why,.findings .fix,.checks ul,figcaption,dt,.story p.note{font-size:8.5pt}
.tile dd>span,.figures span,.range,small,.tag,footer{font-size:7.5pt}
.story p,.findings .text{font-size:10pt}
.findings li{margin-bottom:10px}
table{font-size:8pt}th{font-size:7.5pt;padding-right:8px}td{padding:5px 8px 5px 0}
.figures{grid-template-columns:repeat(7,1fr)}
code,pre{font-size:8pt}
.plots{gap:10px 20px}
.stopwatch table{font-size:7.5pt}.stopwatch td{padding-right:5px}.stopwatch small{font-size:6.5pt}.stopwatch td:first-child{overflow-wrap:normal}
p{break-inside:avoid}
section,header.verdict{border-radius:0;border-width:0 0 1px;padding:14px 0;margin:0;background:none}
header.verdict{border-top-width:5px}
.pair section{break-inside:avoid}
h2,thead,.lead,.legend{break-after:avoid}
thead{display:table-header-group}
tr,figure,.figures>div,.timeline{break-inside:avoid}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
details::details-content{content-visibility:visible;display:block;height:auto}
details.raw,.appendix{display:none}
}
`;
