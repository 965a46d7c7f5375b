/** The series of one scrape, as the text says: `mes_up{target="mes"}` → 1. */
export function parseMetrics(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

/** One scrape of an exporter, with the timeout that Prometheus would announce. */
export async function scrapeMetrics(url: string, timeoutSeconds = 4): Promise<Map<string, number>> {
  const headers = { 'X-Prometheus-Scrape-Timeout-Seconds': String(timeoutSeconds) };
  const response = await fetch(`${url}/metrics`, { headers });
  if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
  return parseMetrics(await response.text());
}
