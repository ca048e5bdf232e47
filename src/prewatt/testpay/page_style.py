"""The pay page's style: the portal's colours, by day and by night."""

from typing import Final

STYLE: Final = """
:root{--bg:#f2f4f3;--sf:#fff;--ln:#e0e6e4;--ctl:#7f8c88;--ink:#14211f;--ink2:#43514e;--ink3:#5f6d69;
--acc:#0b5c7a;--on:#fff;--l1:#7d5200;--l1s:#fdf0cc;--ok:#156b48;--off:#ad1f2b}
@media (prefers-color-scheme:dark){:root{--bg:#0c1312;--sf:#141d1c;--ln:#263331;--ctl:#6d7f7b;--ink:#e8efed;
--ink2:#adbbb7;--ink3:#8b9a96;--acc:#63bbdb;--on:#0c1312;--l1:#edbc5a;--l1s:#3a2c0b;--ok:#63c896;--off:#ff8a84}}
*{box-sizing:border-box;margin:0}
body{background:var(--bg);color:var(--ink);font:15px/1.5 -apple-system,BlinkMacSystemFont,"Segoe UI",Inter,Roboto,
"PingFang SC","HarmonyOS Sans SC","Microsoft YaHei UI","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif;
font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
header{display:flex;justify-content:space-between;align-items:center;background:var(--sf);padding:4px 16px;
border-bottom:1px solid var(--ln)}
header strong{font-size:17px}
a{color:var(--acc);display:inline-block;padding:11px 4px;min-height:44px}
.test{background:var(--l1s);color:var(--l1);padding:10px 16px;font-weight:600;text-align:center}
main{max-width:440px;margin:0 auto;padding:16px}
.bill{background:var(--sf);border:1px solid var(--ln);border-radius:12px;padding:20px 16px;text-align:center}
.amount{font-size:40px;line-height:1.2;font-weight:700}
.subject{color:var(--ink2);margin-top:4px;overflow-wrap:anywhere}
dl{margin-top:16px;border-top:1px solid var(--ln);padding-top:12px;font-size:13px}
dl div{display:flex;justify-content:space-between;gap:16px;padding:2px 0}
dt{color:var(--ink3);white-space:nowrap}
dd{text-align:right;overflow-wrap:anywhere}
button{font:inherit;width:100%;border-radius:12px;cursor:pointer}
button:focus-visible,a:focus-visible{outline:3px solid var(--acc);outline-offset:2px}
.pay{margin-top:16px;min-height:54px;border:0;background:var(--acc);color:var(--on);font-size:17px;font-weight:600}
h2{font-size:13px;font-weight:500;color:var(--ink3);margin:24px 0 8px}
.other{display:block;text-align:left;min-height:48px;padding:8px 16px;margin-bottom:8px;background:var(--sf);
color:var(--ink);border:1px solid var(--ctl)}
.other b{display:block;font-weight:600}
.other span{color:var(--ink3);font-size:13px}
.ending{margin-top:16px;padding:16px;background:var(--sf);border:1px solid var(--ln);border-radius:12px;
font-size:17px;font-weight:600;text-align:center}
.ending.paid,.ending.refunded{color:var(--ok)}
.ending.failed{color:var(--off)}
.back{text-align:center;margin-top:8px}
"""
