// Not tests but measurements of questions: how long until one is on the screen, how long from a click until the agent has
// gone on, and whether the inbox stays smooth when thousands wait.
//
//   MEASURE=1 npx playwright test question-latency
import { connection, expect, hydrated, signIn, test } from "./gateway";
import { spread } from "./spread";

const ROUNDS = Number(process.env.MEASURE_ROUNDS ?? 100);
const MANY = Number(process.env.MEASURE_PENDING ?? 10_000);
/** A frame that took longer is one a person may notice, in milliseconds. */
const LONG_FRAME_MS = 50;
const TOKEN = "trm_for-these-measurements-only-0123456789";
const AUTHORIZATION = { authorization: `Bearer ${TOKEN}` };

test.skip(!process.env.MEASURE, "a measurement: set MEASURE=1");

test.use({
  gatewayArgs: ["--no-host-agent"],
  gatewayEnv: { TERRARIUM_ADMIN_TOKEN: TOKEN, TERRARIUM_PERTURB_RATE: "0", TERRARIUM_STEWARD_AGENT: "true" },
});

interface Probe {
  /** When the card of each question had been painted. */
  painted: Record<string, number>;
  /** When the page heard that the agent went on. */
  resumed: number[];
  frames: number[];
}
type Probed = { __probe: Probe };

test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => {
    const probe: Probe = { painted: {}, resumed: [], frames: [] };
    Object.assign(window, { __probe: probe });
    const now = () => performance.timeOrigin + performance.now();
    window.WebSocket = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        this.addEventListener("message", (event) => {
          if (String(event.data).includes('"ran":false')) probe.resumed.push(now());
        });
      }
    };
    new MutationObserver(() => {
      for (const card of document.querySelectorAll<HTMLElement>(".question")) {
        const id = card.dataset.token ?? "";
        if (!(id in probe.painted)) {
          probe.painted[id] = NaN;
          requestAnimationFrame(() => setTimeout(() => (probe.painted[id] = now())));
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
});

test("question to screen, click to agent", async ({ page, gateway, request }, info) => {
  test.setTimeout(300_000);
  await signIn(page, gateway, "/purgatory");
  await expect(connection(page)).toHaveAttribute("data-connection", "live");
  // The first run of steward finds out what containment there is.
  await request.get(`${gateway.url}/api/agents/steward`);
  const shown: number[] = [];
  const resumed: number[] = [];
  for (let n = -1; n < ROUNDS; n++) {
    const asked = performance.timeOrigin + performance.now();
    const answer = await request.post(`${gateway.url}/api/steward/invoke`, { headers: AUTHORIZATION, data: { data: { shell: `echo ${n}` } } });
    expect(answer.status(), await answer.text()).toBe(202);
    const id: string = (await answer.json()).semaphore.id;
    await page.waitForFunction((id) => ((window as unknown as Probed).__probe.painted[id] ?? 0) > 0, id, { polling: 10 });
    const clicked = await page.evaluate((id) => {
      (window as unknown as Probed).__probe.resumed.length = 0;
      const buttons = document.querySelectorAll<HTMLButtonElement>(`.question[data-token="${id}"] button[value=deny]`);
      const moment = performance.timeOrigin + performance.now();
      buttons[0]?.click();
      return moment;
    }, id);
    await page.waitForFunction(() => (window as unknown as Probed).__probe.resumed.length > 0, undefined, { polling: 10 });
    const probe = await page.evaluate(() => (window as unknown as Probed).__probe);
    // The first round warms up.
    if (n >= 0) {
      shown.push((probe.painted[id] ?? NaN) - asked);
      resumed.push((probe.resumed[0] ?? NaN) - clicked);
    }
  }
  const report = [
    `${ROUNDS} questions, milliseconds`,
    `  the agent is told to → its question is painted          ${spread(shown)}`,
    `  click → the agent went on, as heard in the same browser ${spread(resumed)}`,
  ].join("\n");
  console.log(report);
  await info.attach("questions.txt", { body: report, contentType: "text/plain" });
  expect([...shown, ...resumed].every(Number.isFinite)).toBe(true);
});

test("thousands wait", async ({ page, gateway }, info) => {
  test.setTimeout(600_000);
  const ask = async (n: number) => {
    const data = { prompt: `Number ${n}?`, options: ["no", "yes"], context: { step: n } };
    // Not Playwright's own requests: it keeps a record of each, and thousands of them are what it would then be busy with.
    const url = `${gateway.url}/api/purgatory/crew-${n % 10}`;
    const answer = await fetch(url, { method: "POST", headers: AUTHORIZATION, body: JSON.stringify(data) });
    expect(answer.status, await answer.text()).toBe(201);
  };
  const from = performance.now();
  const next = { n: 0 };
  const worker = async () => {
    while (next.n < MANY) await ask(next.n++);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  const asked = performance.now() - from;

  const began = performance.now();
  await signIn(page, gateway, "/purgatory");
  const opened = performance.now() - began;
  await expect(connection(page)).toHaveAttribute("data-connection", "live");
  const html = await page.evaluate(() => (performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming).transferSize);
  const frames = async (what: () => Promise<void>) => {
    await page.evaluate(() => ((window as unknown as Probed).__probe.frames.length = 0));
    await what();
    const frames = await page.evaluate(() => (window as unknown as Probed).__probe.frames);
    const long = frames.filter((ms) => ms > LONG_FRAME_MS).length;
    return `${frames.length} frames, ${spread(frames)}, over ${LONG_FRAME_MS} ms: ${long}`;
  };
  await page.waitForTimeout(2_000);
  const idle = await frames(() => page.waitForTimeout(3_000));
  const coming = await frames(async () => {
    for (let n = 0; n < 50; n++) await ask(MANY + n);
  });
  const scrolling = await frames(async () => {
    for (let n = 0; n < 60; n++) {
      await page.mouse.wheel(0, 300);
      await page.waitForTimeout(30);
    }
  });
  const filtering = await frames(async () => {
    await page.getByPlaceholder("agent").pressSequentially("crew-7", { delay: 60 });
    await page.waitForTimeout(500);
  });
  const report = [
    `${MANY} questions wait; asked in ${(asked / 1000).toFixed(1)} s by 16 at once; sign in and open the inbox ${(opened / 1000).toFixed(2)} s; HTML ${html} bytes`,
    `  idle           ${idle}`,
    `  50 more come   ${coming}`,
    `  scrolling      ${scrolling}`,
    `  filtering      ${filtering}`,
  ].join("\n");
  console.log(report);
  await info.attach("thousands.txt", { body: report, contentType: "text/plain" });
});
