// Not a test but a measurement: how long from a line in a file to a pixel, how soon the first paint, how many bytes.
//
//   MEASURE=1 npx playwright test latency
//
// The clocks of Node and of the page are the same machine's, read through `performance` for fractions of a millisecond.
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connection, expect, hydrated, test } from "./gateway";
import { spread } from "./spread";

const LINES = Number(process.env.MEASURE_LINES ?? 200);
/** A frame that took longer is one a person may notice, in milliseconds. */
const LONG_FRAME_MS = 50;

test.skip(!process.env.MEASURE, "a measurement: set MEASURE=1");

test.use({
  gatewayArgs: async ({ folder }, use) => {
    const file = join(folder, "ticks.log");
    await writeFile(file, "");
    await use(["--no-host-agent", "--tail", file]);
  },
});

interface Seen {
  /** The frame that carries the line reached the page. */
  frame?: number;
  /** The line stands in the document. */
  dom?: number;
  /** The animation frame after that has begun: the line has been painted. */
  painted?: number;
}
interface Probe {
  seen: Record<string, Seen>;
  frames: number[];
}

test("event to pixel", async ({ page, gateway, folder }, info) => {
  test.setTimeout(300_000);
  await page.addInitScript(() => {
    const probe: Probe = { seen: {}, frames: [] };
    Object.assign(window, { __probe: probe });
    const now = () => performance.timeOrigin + performance.now();
    const tokens = (text: string) => text.match(/tick-\d+-end/g) ?? [];
    const at = (token: string) => (probe.seen[token] ??= {});
    window.WebSocket = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        this.addEventListener("message", (event) => {
          const moment = now();
          for (const token of tokens(String(event.data))) at(token).frame ??= moment;
        });
      }
    };
    new MutationObserver((changes) => {
      const moment = now();
      for (const node of changes.flatMap((change) => [...change.addedNodes])) {
        for (const token of tokens(node.textContent ?? "")) {
          at(token).dom ??= moment;
          requestAnimationFrame(() => setTimeout(() => (at(token).painted ??= now())));
        }
      }
    }).observe(document, { childList: true, subtree: true });
    let last = performance.now();
    const beat = (moment: number) => {
      probe.frames.push(moment - last);
      last = moment;
      requestAnimationFrame(beat);
    };
    requestAnimationFrame(beat);
  });
  await page.goto(`${gateway.url}/agents/ticks-log`);
  await hydrated(page);
  await expect(connection(page)).toHaveAttribute("data-connection", "live");

  const load = await page.evaluate(() => {
    const paint = Object.fromEntries(performance.getEntriesByType("paint").map((p) => [p.name, p.startTime]));
    const files = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    const of = (entry: PerformanceEntry) => entry as PerformanceResourceTiming;
    return {
      paint,
      files: files.map((f) => ({ name: new URL(f.name).pathname, transferred: of(f).transferSize, body: of(f).decodedBodySize })),
    };
  });

  // Loading is over: from here on the frames count.
  await page.evaluate(() => ((window as unknown as { __probe: Probe }).__probe.frames.length = 0));
  const written: Record<string, number> = {};
  const file = join(folder, "ticks.log");
  for (let n = 0; n < LINES; n++) {
    const token = `tick-${n}-end`;
    written[token] = performance.timeOrigin + performance.now();
    await appendFile(file, `${token}\n`);
    await page.waitForFunction(
      (token) => (window as unknown as { __probe: Probe }).__probe.seen[token]?.painted !== undefined,
      token,
      { polling: 10 },
    );
  }

  const probe = await page.evaluate(() => (window as unknown as { __probe: Probe }).__probe);
  const rows = Object.entries(written).map(([token, at]) => {
    const seen = probe.seen[token];
    return { frame: (seen?.frame ?? NaN) - at, dom: (seen?.dom ?? NaN) - at, painted: (seen?.painted ?? NaN) - at, own: (seen?.dom ?? NaN) - (seen?.frame ?? NaN) };
  });
  const long = probe.frames.filter((ms) => ms > LONG_FRAME_MS);
  const report = [
    `${LINES} lines, milliseconds`,
    `  file write → WebSocket frame in the page  ${spread(rows.map((row) => row.frame))}`,
    `  WebSocket frame → document                ${spread(rows.map((row) => row.own))}`,
    `  file write → document                     ${spread(rows.map((row) => row.dom))}`,
    `  file write → painted                      ${spread(rows.map((row) => row.painted))}`,
    `animation frames: ${probe.frames.length}, over ${LONG_FRAME_MS} ms: ${long.length}, longest ${Math.max(...probe.frames).toFixed(1)} ms`,
    `first paint: ${Object.entries(load.paint).map(([name, ms]) => `${name} ${ms.toFixed(0)} ms`).join(", ")}`,
    `transferred: ${load.files.reduce((sum, f) => sum + f.transferred, 0)} bytes`,
    ...load.files.map((f) => `  ${f.name}: ${f.transferred} bytes, ${f.body} unpacked`),
  ].join("\n");
  console.log(report);
  await info.attach("latency.txt", { body: report, contentType: "text/plain" });
  expect(rows.every((row) => Number.isFinite(row.painted))).toBe(true);
});
