// The one stylesheet: light and dark, 390 px to wide, colour for state only.

import Crypto

enum Stylesheet {
  static let path = "/console.css"

  /// Changes with the text, so that a browser keeps the old one no longer than it is right.
  static let entityTag: String = {
    let digest = css.withUTF8Buffer { SHA256.hash(data: Array($0)) }
    return "\"" + digest.prefix(8).map { String($0, radix: 16) }.joined() + "\""
  }()

  static let css: StaticString = #"""
    :root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--line:#e2e5ea;--edge:#868e9b;--ink:#14171d;--muted:#566070;--accent:#2b57d3;--on-accent:#fff;
    --bad:#b3261e;--bad-tint:#fdeceb;--good:#0b6b4b;--good-tint:#e6f5ee;--warn:#885200;--warn-tint:#fdf3e1;--affected:#d9680a;--baseline:#8fa3e8;
    --change:#7434d9;--shade:#d9362b;--code:#eef0f4;--grid:#e9ebef}
    @media (prefers-color-scheme:dark){:root{--bg:#0e1116;--card:#161a21;--line:#272d37;--edge:#76808f;--ink:#e8eaef;--muted:#9ba4b3;--accent:#8eabff;--on-accent:#0b1020;
    --bad:#ff8f86;--bad-tint:#3a1a1a;--good:#54d39b;--good-tint:#10301f;--warn:#f1b65c;--warn-tint:#33260d;--affected:#ff9a3d;--baseline:#6076b8;
    --change:#bf97ff;--shade:#ff6257;--code:#222833;--grid:#232933}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
    h1{font-size:25px;line-height:1.25;margin:4px 0 8px;letter-spacing:-.015em;max-width:46em}
    h2{font-size:15px;line-height:1.4;margin:0 0 10px;letter-spacing:-.005em}
    h3{font-size:14px;line-height:1.4;margin:12px 0 4px}
    p{margin:0 0 8px}a{color:var(--accent);text-underline-offset:2px}
    ul,ol{margin:0 0 8px;padding-left:20px}ul.plain{list-style:none;padding:0}ul.plain li{margin-bottom:8px}
    code,pre,time,.number,.query{font-family:ui-monospace,"SF Mono","JetBrains Mono",Menlo,Consolas,monospace;font-size:.88em}
    time{font-size:.92em;white-space:nowrap}
    code{background:var(--code);border-radius:5px;padding:1px 6px}
    pre{background:var(--code);border-radius:8px;padding:12px 14px;margin:8px 0 0;overflow-x:auto}pre code{padding:0;background:none}
    .query{display:block;margin-top:4px;padding:4px 8px}
    :focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:6px}
    .skip{position:absolute;left:-999px;top:8px;background:var(--card);padding:8px 14px;z-index:2}.skip:focus{left:12px}
    .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
    .muted{color:var(--muted)}
    .bar{display:flex;align-items:center;gap:8px 22px;flex-wrap:wrap;background:var(--card);border-bottom:1px solid var(--line);padding:0 24px;min-height:52px}
    .brand{font-weight:700;color:inherit;text-decoration:none;white-space:nowrap}.bar nav{display:flex;gap:4px;flex:1}
    .bar nav a{color:var(--muted);text-decoration:none;white-space:nowrap;padding:14px 10px 11px;border-bottom:3px solid transparent}
    .bar nav a:hover{color:var(--ink)}.bar nav a[aria-current]{color:var(--ink);font-weight:600;border-color:var(--accent)}
    .count{font-size:12px;font-weight:600;color:var(--bad);background:var(--bad-tint);border-radius:99px;padding:1px 8px;margin-left:4px}
    .clock{color:var(--muted);font-size:13px}
    main{max-width:1320px;margin:0 auto;padding:22px 24px 8px}
    footer{max-width:1320px;margin:0 auto;padding:16px 24px 32px;color:var(--muted);font-size:13px;display:flex;flex-wrap:wrap;gap:4px 24px;justify-content:space-between}
    footer a{margin-right:14px}
    .lede{font-size:17px;line-height:1.55;max-width:50em;margin-bottom:16px}
    .verdict.fine,.verdict.wrong{position:relative;padding-left:34px}.verdict.fine::before,.verdict.wrong::before{position:absolute;left:0}
    .verdict.fine::before{content:"✓";color:var(--good)}.verdict.wrong::before{content:"▲";color:var(--bad)}
    .cite{font-size:11px;text-decoration:none;vertical-align:super;line-height:1;margin:0 4px 0 3px;padding:3px 4px;border-radius:4px}.cite:hover{text-decoration:underline}
    .crumbs{color:var(--muted);font-size:14px;margin-bottom:2px}.facts{color:var(--muted);font-size:14px;margin-bottom:12px}
    .badge{display:inline-block;border:1px solid var(--edge);border-radius:99px;padding:0 9px;font-size:12px;font-weight:600;line-height:20px;white-space:nowrap}
    .badge.bad{color:var(--bad);border-color:currentColor;background:var(--bad-tint)}.badge.good{color:var(--good);border-color:currentColor;background:var(--good-tint)}
    .badge.warn{color:var(--warn);border-color:currentColor;background:var(--warn-tint)}
    .card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px 18px;margin:0;min-width:0}
    .card.flush{padding:0;overflow:hidden}.card.flush>h2{padding:16px 18px 4px;margin:0}.card>:last-child{margin-bottom:0}
    .stack{display:flex;flex-direction:column;gap:14px;margin-bottom:14px;min-width:0}
    .grid2{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:14px;margin-bottom:14px}.grid2.single{grid-template-columns:minmax(0,1fr)}
    .columns{display:grid;grid-template-columns:minmax(0,1fr) 400px;gap:14px;align-items:start}
    .card+.grid2{margin-top:14px}
    .tiles{display:grid;grid-template-columns:repeat(5,minmax(0,1fr));gap:14px;margin-bottom:14px}.tiles.three{grid-template-columns:repeat(3,minmax(0,1fr))}
    .tile{padding:13px 18px}.tile h2{font-weight:500;font-size:13px;color:var(--muted);margin:0}.figure{font-size:23px;font-weight:650;letter-spacing:-.02em;line-height:1.35;margin:0;font-variant-numeric:tabular-nums}
    .tile .muted{font-size:13px;margin:0}
    .card.open{display:block;color:inherit;text-decoration:none;border-left:4px solid var(--bad);line-height:1.6}.card.open:hover{border-color:var(--bad)}
    .card.open strong{display:block;font-size:17px}.card.open .row{display:block}
    .toolbar{display:flex;align-items:center;flex-wrap:wrap;gap:8px 18px;margin:20px 0 12px}.toolbar h2{margin:0;font-size:17px}
    .choices{display:flex;gap:2px;background:var(--code);border-radius:9px;padding:3px}
    .choices a{color:var(--ink);text-decoration:none;padding:3px 13px;border-radius:7px;font-size:14px}.choices a[aria-current]{background:var(--card);font-weight:600;box-shadow:0 0 0 1px var(--edge)}
    .live{font-size:14px}
    .actions{display:flex;flex-wrap:wrap;gap:10px;margin:0 0 16px;align-items:flex-start}.card .actions{margin:12px 0 0}
    button,.button{display:inline-block;font:inherit;font-size:14px;font-weight:600;line-height:20px;padding:8px 14px;border-radius:9px;border:1px solid var(--edge);background:var(--card);color:var(--ink);text-decoration:none;cursor:pointer;text-align:left}
    button:hover,.button:hover{border-color:var(--ink)}button.primary,.button.primary{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
    .button.quiet{border-color:transparent;background:none;color:var(--accent)}
    .ask summary{list-style:none}.ask summary::-webkit-details-marker{display:none}.ask summary::after{content:" ▾";color:var(--muted)}
    .ask form,.ask>label{margin-top:8px;display:flex;flex-wrap:wrap;gap:8px;align-items:flex-end}.ask label{font-size:13px;color:var(--muted);flex:1 1 180px}
    input:not([type=hidden]),textarea,select{display:block;width:100%;min-width:0;font:inherit;font-size:14px;color:var(--ink);background:var(--bg);border:1px solid var(--edge);border-radius:8px;padding:7px 10px;margin-top:2px}
    textarea{width:min(560px,80vw);font-family:ui-monospace,monospace;font-size:13px}
    .editor label{display:block;font-size:13px;color:var(--muted);margin-bottom:4px}.editor textarea{width:100%;min-height:320px;resize:vertical;line-height:1.5;font-size:13.5px}.editor .author{max-width:320px;margin-top:10px}
    .editor .choice{color:var(--ink);font-size:14px}.editor .choice input{display:inline;width:auto;margin:0 6px 0 0}fieldset{border:1px solid var(--line);border-radius:8px;margin:10px 0 0;padding:8px 12px}legend{font-size:13px;color:var(--muted);padding:0 4px}
    .notice{border-left:4px solid var(--bad);margin-bottom:14px}.notice pre{max-height:260px;overflow:auto;white-space:pre-wrap}.prose+.editor,.prose+.history,.editor+.history{margin-top:14px}
    figure{padding-bottom:12px}figure .head{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 16px;margin-bottom:6px}figure .head.one{flex-wrap:nowrap}.head.one .legend{flex-wrap:nowrap;white-space:nowrap;font-size:15px}
    figure h3{margin:0;font-size:15px}.unit{font-weight:400;color:var(--muted);margin-left:4px}
    .legend{display:flex;flex-wrap:wrap;gap:0 14px;list-style:none;margin:0;padding:0;font-size:13px;color:var(--muted)}.legend b{color:var(--ink);font-variant-numeric:tabular-nums}
    .swatch{width:18px;height:8px;vertical-align:1px;margin-right:5px;fill:none}
    svg.chart{display:block;width:calc(100% - 52px);height:140px;margin:14px 8px 30px 44px;overflow:visible}
    svg.chart text{font:11px ui-sans-serif,system-ui,sans-serif;fill:var(--muted);font-variant-numeric:tabular-nums}
    .grid{stroke:var(--grid);stroke-width:1}.line{fill:none;stroke:var(--accent);stroke-width:2;stroke-linejoin:round;stroke-linecap:round;vector-effect:non-scaling-stroke}
    .line.dashed{stroke-dasharray:5 4;stroke-linecap:butt}.line.dotted{stroke-dasharray:.1 4.5}.line.failing{stroke:var(--bad);stroke-width:2}
    .column{fill:var(--accent);opacity:.8}.card.flush>.more{padding:8px 18px 12px;margin:0}.flush+.grid2,figure+.flush{margin-top:14px}
    .area{fill:var(--accent);opacity:.09}.threshold{fill:none;stroke:var(--bad);stroke-width:1.5;stroke-dasharray:6 4;vector-effect:non-scaling-stroke}
    rect.shade{fill:var(--shade);opacity:.1}.mark line{stroke-width:1.2;stroke-dasharray:2 3}.mark .shape{overflow:visible}
    .mark.change line{stroke:var(--change)}.mark.change path{fill:var(--change)}.mark.remediation line{stroke:var(--good)}.mark.remediation path{fill:var(--good)}
    .key{font-size:12px}.key.change{color:var(--change)}.key.remediation{color:var(--good)}.key.affected{color:var(--affected)}.key.baseline{color:var(--baseline)}
    .key.shade{display:inline-block;width:14px;height:12px;background:var(--shade);opacity:.25;border-radius:2px;vertical-align:-1px}
    .key-line{font-size:13px;color:var(--muted)}.key-line .swatch{margin-left:14px}
    .marks{list-style:none;margin:4px 0 0;padding:0;font-size:13px;line-height:1.7}.card .marks{font-size:14px}
    figcaption{font-size:13px;color:var(--muted);line-height:1.45}figure details{font-size:13px;margin-top:4px}figure summary{color:var(--muted);cursor:pointer;width:fit-content;padding:2px 0}
    .empty-chart{color:var(--muted);margin:28px 0}
    table{border-collapse:collapse;width:100%;font-size:14px}th{text-align:left;font-weight:600}thead th{font-size:12.5px;font-weight:500;color:var(--muted)}
    th,td{padding:9px 12px;vertical-align:top;border-bottom:1px solid var(--line)}tbody tr:last-child>*{border-bottom:0}
    .list th:first-child,.list td:first-child{padding-left:18px}.list thead th{white-space:nowrap}.list code{white-space:nowrap}.list .below,.list td .muted{display:block;font-size:13px}.list tbody th{font-weight:400}.list tbody th a{font-weight:600}
    .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}thead .number{font-family:inherit}
    .scroll{overflow:auto;max-height:300px;border:1px solid var(--line);border-radius:8px;margin-top:6px}.scroll th,.scroll td{padding:4px 10px}
    .contrast th,.contrast td{padding:8px 6px;vertical-align:middle}.contrast tbody th{font-weight:400}.contrast tr>:first-child{padding-left:0}.contrast .bars{width:30%}.contrast code:first-child{white-space:nowrap}.contrast svg{display:block;width:100%;height:18px}
    rect.affected{fill:var(--affected)}rect.baseline{fill:var(--baseline)}
    dl{margin:8px 0;font-size:14px}dt{color:var(--muted);font-size:12.5px;margin-top:8px}dd{margin:0}
    .remedy+.remedy{border-top:1px solid var(--line);margin-top:14px;padding-top:14px}
    .timeline{list-style:none;padding:0;margin:0 0 12px;font-size:14px}.timeline li{display:grid;grid-template-columns:64px 18px minmax(0,1fr);gap:4px;padding:7px 0;line-height:1.45;position:relative}
    .timeline time{color:var(--muted);padding-top:1px}.timeline .dot{text-align:center;color:var(--muted);font-size:12px;padding-top:1px}.timeline .what .muted{font-size:12.5px}
    .timeline li:not(:last-child)::before{content:"";position:absolute;left:76px;top:28px;bottom:-7px;border-left:1px solid var(--line)}
    .timeline .alert .dot{color:var(--bad)}.timeline .change .dot{color:var(--change)}.timeline .remediation .dot{color:var(--good)}
    .overrides{list-style:none;padding:0;margin:0}.overrides li+li{margin-top:14px}.overrides .muted{display:block;font-size:14px}.overrides .ask{margin-top:8px}
    .prose{max-width:52em;padding:24px 30px}.prose h2{font-size:18px;margin:26px 0 6px}.prose p,.prose li{max-width:46em}.prose th,.prose td{overflow-wrap:break-word}
    @media (max-width:1080px){.columns{grid-template-columns:minmax(0,1fr)}.tiles{grid-template-columns:repeat(3,minmax(0,1fr))}}
    @media (max-width:720px){main{padding:16px 14px 4px}.bar{padding:0 14px;gap:0 12px}.bar nav a{padding:14px 7px 11px}.clock{display:none}footer{padding:12px 14px 28px}h1{font-size:21px}.lede{font-size:16px}
    .grid2{grid-template-columns:minmax(0,1fr)}.tiles,.tiles.three{grid-template-columns:repeat(2,minmax(0,1fr));gap:10px}.card,.tile{padding:12px 14px}.figure{font-size:20px}.verdict.fine,.verdict.wrong{padding-left:28px}
    .list thead{display:none}.list tr{display:block;padding:12px 14px;border-bottom:1px solid var(--line)}.list tbody tr:last-child{border:0}.list th,.list td{display:block;padding:2px 0;border:0;text-align:left}
    .list th:first-child,.list td:first-child{padding-left:0}.list .below{display:inline;margin-left:8px}.list td::before{content:attr(data-label);display:inline-block;width:92px;color:var(--muted);font-family:inherit;font-size:13px}.list td .muted{display:inline;margin-left:6px}
    .contrast .bars,.contrast thead th:nth-child(2){display:none}.contrast{font-size:13px}.contrast th,.contrast td{padding:8px 3px}.contrast thead th{font-size:11.5px;letter-spacing:-.01em}.contrast .verdict,.contrast thead th:last-child{display:none}.prose{padding:16px}}
    @media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
    @media print{.actions,.ask,.bar nav,.skip,figure details{display:none}body{background:#fff}}

    """#
}
