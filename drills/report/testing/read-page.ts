const voids = new Set(['meta', 'br', 'img', 'link', 'input', 'hr', 'wbr']);

/** Tags that are never closed, or closed where they are not open; empty for a well-formed page. */
export function unbalancedTags(page: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, close, name = '', self] of page.matchAll(
    /<(\/?)([a-zA-Z][\w-]*)(?:"[^"]*"|[^<>"])*?(\/?)>/g,
  )) {
    if (self || voids.has(name.toLowerCase())) continue;
    if (!close) open.push(name);
    else if (open.at(-1) === name) open.pop();
    else wrong.push(`</${name}>`);
  }
  return [...wrong, ...open];
}

const plain: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

/** What a person can read on a page: no style sheet, no tags, ordinary spaces, and not the raw data. Names that may be broken are whole. */
export function visibleText(page: string): string {
  return page
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/<pre id="report-json">[\s\S]*?<\/pre>/, '')
    .replaceAll(/<span class="name">(.*?)<\/span>/g, (_, name: string) => name.replaceAll('<wbr>', ''))
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => plain[entity] ?? entity)
    .replaceAll(/[\s\u00a0]+/g, ' ');
}

/** The report that a page carries as raw data. */
export function embeddedReport(page: string): unknown {
  const json = /<pre id="report-json">([\s\S]*?)<\/pre>/.exec(page)?.[1];
  return JSON.parse(json ?? 'null');
}
