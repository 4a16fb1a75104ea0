// The page's style and script, served as files of their own so that the content security policy needs no exception.

enum PageFiles {
  static let style = """
    :root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --ground: #ffffff; --card: #f6f8fa;
      --accent: #0550ae; --on-accent: #ffffff; --bad: #a40e26; }
    @media (prefers-color-scheme: dark) {
      :root { --ink: #e6edf3; --soft: #9da7b1; --line: #3d444d; --ground: #0d1117; --card: #161b22; --accent: #79c0ff;
        --on-accent: #0d1117; --bad: #ff9492; }
    }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 46rem; padding: 1rem; background: var(--ground); color: var(--ink);
      font: 1rem/1.55 system-ui, sans-serif; }
    h1 { font-size: 1.4rem; margin: .5rem 0 1rem; } h2 { font-size: 1.1rem; } h3 { font-size: 1rem; margin-bottom: .25rem; }
    [hidden] { display: none; }
    .skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--ground); padding: .5rem; }
    label { display: block; font-weight: 600; margin-bottom: .25rem; }
    textarea { width: 100%; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--soft); border-radius: 6px;
      padding: .6rem; resize: vertical; }
    .actions { display: flex; gap: 1rem; align-items: center; margin-top: .6rem; min-height: 2.75rem; }
    button { font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent); border: 0; border-radius: 6px;
      padding: .55rem 1.4rem; min-height: 2.75rem; cursor: pointer; }
    button[disabled] { opacity: .6; cursor: progress; }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    #status { color: var(--soft); }
    #answer { border-top: 1px solid var(--line); margin-top: 1.5rem; }
    .text { white-space: pre-wrap; overflow-wrap: anywhere; }
    .failure { color: var(--bad); font-weight: 600; }
    a { color: var(--accent); } .cite { text-decoration: none; font-weight: 600; }
    .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
    .facts div { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .5rem .7rem; min-width: 0; }
    dt { color: var(--soft); font-size: .85rem; } dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
    .sources { padding-left: 1.5rem; } .sources li { margin: .4rem 0; color: var(--soft); } .sources li.cited { color: var(--ink); }
    summary { cursor: pointer; overflow-wrap: anywhere; } .similarity { color: var(--soft); font-variant-numeric: tabular-nums; }
    .sources p { margin: .4rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
    .note { margin: .25rem 0; color: var(--soft); } .warning { color: var(--bad); font-weight: 600; }
    footer { margin-top: 2rem; color: var(--soft); }
    """

  static let script = """
    "use strict";
    const form = document.getElementById("ask");
    const field = document.getElementById("question");
    const button = form.querySelector("button");
    const byId = (id) => document.getElementById(id);
    const element = (name, text) => { const made = document.createElement(name); made.textContent = text; return made; };
    const session = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2);
    let running = null;

    function showFailure(message) {
      const line = element("p", message);
      line.className = "failure";
      line.setAttribute("role", "alert");
      byId("text").replaceChildren(line);
    }

    function showSources(sources) {
      byId("sources-part").hidden = sources.length === 0;
      byId("sources").replaceChildren(...sources.map((source) => {
        const item = document.createElement("li");
        item.id = "source-" + source.number;
        if (source.cited) item.className = "cited";
        const details = document.createElement("details");
        details.open = source.cited;
        const summary = element("summary", source.title + " ");
        const similarity = element("span", String(source.similarity));
        similarity.className = "similarity";
        summary.append(similarity);
        if (source.injected) {
          const warning = element("span", " gives orders to the model");
          warning.className = "warning";
          summary.append(warning);
        }
        details.append(summary, element("p", source.text));
        item.append(details);
        return item;
      }));
    }

    function showAnswer(reply) {
      const pieces = [];
      const characters = Array.from(new Intl.Segmenter().segment(reply.answer), (part) => part.segment);
      let position = 0;
      for (const citation of reply.citations) {
        if (citation.start < position) continue;
        pieces.push(characters.slice(position, citation.start).join(""));
        const link = element("a", characters.slice(citation.start, citation.end).join(""));
        link.className = "cite";
        link.href = "#source-" + citation.number;
        pieces.push(link);
        position = citation.end;
      }
      pieces.push(characters.slice(position).join(""));
      byId("text").replaceChildren(...pieces);
      showSources(reply.sources);
      byId("withheld-part").hidden = reply.withheld.length === 0;
      byId("withheld").replaceChildren(...reply.withheld.map((passage) => {
        const item = element("li", passage.title + " ");
        const name = element("span", passage.document);
        name.className = "similarity";
        item.append(name);
        return item;
      }));
      byId("doubts-part").hidden = reply.grounding.doubtful.length === 0;
      byId("doubts").replaceChildren(...reply.grounding.doubtful.map((doubt) => element("li", doubt.text)));
      byId("facts").replaceChildren(...reply.facts.map((fact) => {
        const box = document.createElement("div");
        box.append(element("dt", fact.name), element("dd", fact.value));
        return box;
      }));
    }

    function handle(name, data) {
      if (name === "sources") showSources(data.sources);
      else if (name === "text") byId("text").append(data.text);
      else if (name === "tool") byId("status").textContent = "Using " + data.name + "…";
      else if (name === "answer") showAnswer(data);
      else if (name === "error") showFailure(data.error.message);
    }

    async function ask(question, signal) {
      const response = await fetch("/ask/stream?facts=1", {
        method: "POST", signal, headers: { "content-type": "application/json" },
        body: JSON.stringify({ question, session }),
      });
      if (!response.ok) {
        const reply = await response.json();
        const fields = (reply.error.fields || []).map((problem) => problem.field + " " + problem.message);
        throw new Error([reply.error.message, ...fields].join(" · "));
      }
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      let waiting = "";
      for (;;) {
        const { done, value } = await reader.read();
        waiting += decoder.decode(value || new Uint8Array(), { stream: !done });
        let end;
        while ((end = waiting.indexOf("\\n\\n")) >= 0) {
          const lines = waiting.slice(0, end).split("\\n");
          waiting = waiting.slice(end + 2);
          const name = lines.find((line) => line.startsWith("event: ")).slice(7);
          handle(name, JSON.parse(lines.find((line) => line.startsWith("data: ")).slice(6)));
        }
        if (done) return;
      }
    }

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const question = field.value.trim();
      if (!question) return;
      if (running) running.abort();
      running = new AbortController();
      byId("answer").hidden = false;
      for (const id of ["text", "facts", "sources", "doubts", "withheld"]) byId(id).replaceChildren();
      byId("sources-part").hidden = byId("doubts-part").hidden = byId("withheld-part").hidden = true;
      button.disabled = true;
      byId("status").textContent = "Searching…";
      try {
        await ask(question, running.signal);
        byId("status").textContent = "Done.";
      } catch (error) {
        byId("status").textContent = "";
        showFailure(error.message || "The service cannot be reached.");
      } finally {
        button.disabled = false;
      }
    });

    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    """
}
