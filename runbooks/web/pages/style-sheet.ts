/** The style of the service's pages: one column with large buttons on a phone, readable from afar on a wall. */
export const styleSheet = `
:root{color-scheme:light;--text:#17212b;--muted:#5b6875;--line:#cfd7df;--faint:#e9edf1;--paper:#fff;--ground:#f4f6f8;--green:#1b7a4b;--red:#b3261e;--amber:#b86e00;--blue:#1f5fa8;--violet:#6a4fa3}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans","Noto Sans CJK SC","Microsoft YaHei",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
header.bar{display:flex;gap:4px 16px;align-items:center;flex-wrap:wrap;background:var(--text);color:#fff;padding:10px 24px}
header.bar a{color:#fff;text-decoration:none;font-weight:600}
header.bar form{margin-left:auto;display:flex;gap:12px;align-items:center}
header.bar button{background:none;border:1px solid #8a97a5;color:#fff;border-radius:6px;min-height:40px;padding:4px 12px;font:inherit;font-size:14px}
main{max-width:1280px;margin:0 auto;padding:20px 24px 48px}
h1{font-size:26px;line-height:1.25;margin:0 0 6px;font-weight:600}
h2{font-size:19px;line-height:1.3;margin:0 0 10px;font-weight:600}
h3{font-size:17px;line-height:1.35;margin:0 0 4px;font-weight:600}
p{margin:0 0 8px}
a{color:var(--blue)}
small,.note{color:var(--muted);font-size:14px}
section{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:20px;margin:0 0 14px}
section:has(>.nothing:only-child){padding:12px 20px}
.nothing{color:var(--muted);margin:0}
.banner{border-left:6px solid var(--amber);font-size:18px}
.banner.bad{border-left-color:var(--red)}
.asks{border:2px solid var(--amber)}
.card{border-top:1px solid var(--faint);padding:14px 0 2px}
.card:first-of-type{border-top:0;padding-top:0}
.answer{display:flex;gap:12px;margin:12px 0 6px}
.answer button{flex:1 1 0;min-height:60px;border-radius:8px;border:2px solid var(--green);background:var(--green);color:#fff;font:inherit;font-size:19px;font-weight:600;cursor:pointer}
.answer button.no{background:var(--paper);color:var(--red);border-color:var(--red)}
button:focus-visible,a:focus-visible,input:focus-visible,summary:focus-visible{outline:3px solid var(--blue);outline-offset:2px}
.state{display:inline-block;border-radius:5px;padding:1px 8px;font-size:14px;font-weight:600;white-space:nowrap;color:#fff;background:var(--muted)}
.state.good{background:var(--green)}.state.bad{background:var(--red)}.state.hurt{background:var(--amber)}.state.now{background:var(--blue)}.state.asks{background:var(--violet);border:0}
pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap;background:var(--ground);padding:12px;border-radius:6px;margin:8px 0}
code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;margin:0}
dt{color:var(--muted)}dd{margin:0;min-width:0}
table{width:100%;border-collapse:collapse;font-size:15px}
th{text-align:left;font-weight:500;color:var(--muted);font-size:13px;padding:4px 14px 6px 0;border-bottom:1px solid var(--line)}
td{padding:8px 14px 8px 0;border-bottom:1px solid var(--faint);vertical-align:top;overflow-wrap:break-word}
td.any{overflow-wrap:anywhere;width:45%}
.name{display:inline-block;overflow-wrap:break-word}
.said{white-space:pre-line}
section>:last-child,.card>:last-child{margin-bottom:0}
tr:last-child td{border-bottom:0}
time{white-space:nowrap}
ol.steps{list-style:none;margin:0;padding:0}
ol.steps>li{border-left:4px solid var(--line);padding:0 0 14px 14px}
ol.steps>li.good{border-color:var(--green)}ol.steps>li.bad{border-color:var(--red)}ol.steps>li.now{border-color:var(--blue)}ol.steps>li.hurt{border-color:var(--amber)}
summary{cursor:pointer;color:var(--blue);padding:6px 0}
.signin{max-width:420px;margin:8vh auto}
.signin input,.signin button{width:100%;min-height:54px;font:inherit;font-size:18px;border-radius:8px;border:1px solid var(--line);padding:8px 12px;margin:6px 0}
.signin button{background:var(--blue);border-color:var(--blue);color:#fff;font-weight:600}
#stale{position:sticky;top:0;background:var(--red);color:#fff;padding:10px 24px;font-weight:600;z-index:1}
@media (min-width:1700px){body{font-size:20px}table{font-size:18px}small,.note,th,.state,pre,code{font-size:16px}main{max-width:1800px}}
@media (max-width:1000px){
table thead{display:none}
table,tbody{display:block}
tr{display:grid;grid-template-columns:1fr auto;gap:2px 10px;padding:10px 0;border-bottom:1px solid var(--faint)}
tr:last-child{border-bottom:0}
td{display:block;padding:0;border:0}
td.wide{grid-column:1/-1;width:auto}
td:empty{display:none}
}
@media (max-width:760px){
header.bar{padding:8px 12px}
main{padding:12px 10px 40px}
section{padding:14px 12px;margin-bottom:10px}
h1{font-size:21px}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}
}
`;
