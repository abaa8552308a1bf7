// The garden's metabolism, seen: real work through a public door drives a fever, the page glitches, a tithe heals it.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { card, connection, hydrated, signIn, startGateway } from "./gateway";
import { TOKEN, expect, test, work } from "./model";

const PICTURES = resolve(dirname(fileURLToPath(import.meta.url)), "../screenshots");

/** Writes down every glitch of the page from now on: how long it was to be. */
async function noteGlitches(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(window, { __glitches: seen });
    new MutationObserver(() => {
      const burst = document.body.getAttribute("data-burst");
      if (burst !== null) seen.push(burst);
    }).observe(document.body, { attributeFilter: ["data-burst"] });
  });
}

const glitches = (page: Page) =>
  page.evaluate(() => (window as unknown as { __glitches: string[] }).__glitches);

async function picture(page: Page, name: string): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `void-${name}.png`), fullPage: true });
}

const strategy = (page: Page) => page.getByRole("complementary", { name: "A hint from the void" });

test("drive a fever with real work, see the glitch, tithe, see it heal", async ({ page, gateway, request }) => {
  await signIn(page, gateway, "/");
  await expect(connection(page)).toHaveAttribute("data-connection", "live");
  await noteGlitches(page);
  await work(request, gateway);
  await expect(page.locator(".app")).toHaveAttribute("data-fever", "false");
  await work(request, gateway);
  await expect(page.locator(".app")).toHaveAttribute("data-fever", "true");
  // 200 ms and a tenth of a second for each unit of intensity, which is 1.8 less decay less 1.
  const [lasts] = await glitches(page);
  expect(Number(lasts)).toBeGreaterThan(250);
  expect(Number(lasts)).toBeLessThan(281);
  await expect(page.locator("body")).not.toHaveAttribute("data-burst");
  const hint = strategy(page);
  await expect(hint).toBeVisible();
  await expect(hint).toContainText("The garden runs a fever.");
  const words = await hint.locator("blockquote").innerText();
  await picture(page, "garden-fever");

  // A step to its page without a reload, where the numbers are live.
  await page.getByRole("link", { name: "Void" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("The void");
  await expect(page.locator("#v-lede")).toContainText("In fever");
  await expect(page.locator("#v-agents")).toContainText("scribe");
  await expect(page.locator("#v-fevers q")).toHaveText(words);
  await expect(page.locator("#v-tok")).toHaveText("1000 and 800");
  await page.getByLabel("What is pressure?").click();
  await expect(page.getByText("Each token adds 0.001.")).toBeVisible();
  await picture(page, "fever");

  await hint.getByRole("button", { name: "Keep" }).click();
  await page.getByLabel("Let off").fill("0.6");
  await page.getByRole("button", { name: "Tithe" }).click();
  await expect(page.locator(".v-engine output")).toHaveText(/^Discharged 0\.60\. 0\.\d\d is left\. The river flows\.$/);
  await expect(page.locator(".app")).toHaveAttribute("data-fever", "false");
  await expect(page.locator("#v-lede")).not.toContainText("In fever");
  await expect(page.locator("#v-fevers")).toContainText("lasted");
  // What was open stays open while numbers move.
  await expect(page.getByText("Each token adds 0.001.")).toBeVisible();

  // What is kept stays, over reloads; what is dismissed goes.
  await page.reload();
  await expect(hint.locator("blockquote")).toHaveText(words);
  await hint.getByRole("button", { name: "Dismiss" }).click();
  await expect(hint).toBeHidden();

  await page.getByRole("button", { name: "Dream" }).click();
  await expect(page.locator(".v-gift output")).toHaveText("A lighthouse of moths.");
  await picture(page, "healed");
});

/** The cells of an agent's field that glitch now, by number. A glitched one is two opposite quarters, any other is even. */
const GLITCHED = `(agent) => {
  const field = document.querySelector('article[data-agent="' + agent + '"] .field');
  const lines = field.querySelector("pre").textContent.split("\\n");
  const canvas = field.querySelector("canvas");
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data, width } = copy.getImageData(0, 0, canvas.width, canvas.height);
  const [w, h] = [canvas.width / lines[0].length, canvas.height / lines.length];
  const strength = (x, y) => data[(Math.floor(y * h) * width + Math.floor(x * w)) * 4 + 3];
  const cells = lines.flatMap((line, y) => [...line].map((_, x) => [x, y]));
  return cells.flatMap(([x, y], n) =>
    Math.abs(strength(x + 0.25, y + 0.25) - strength(x + 0.75, y + 0.25)) > 100 ? [n] : []);
}`;

const glitched = (page: Page, agent: string) => page.evaluate<number[]>(`(${GLITCHED})("${agent}")`);

/** Looks at the fields of these agents with each frame from now on: how many cells glitched at most. */
async function watchFields(page: Page, ...agents: string[]): Promise<() => Promise<Record<string, number>>> {
  await page.evaluate(`{
    const most = (window.__most = {});
    const look = () => {
      for (const agent of ${JSON.stringify(agents)}) most[agent] = Math.max(most[agent] ?? 0, (${GLITCHED})(agent).length);
      requestAnimationFrame(look);
    };
    look();
  }`);
  return () => page.evaluate(() => (window as unknown as { __most: Record<string, number> }).__most);
}

test("an agent's own fever glitches exactly that agent's field, in every window alike", async ({
  page,
  context,
  consoleWatch,
  folder,
  model,
  gatewayEnv,
  request,
}) => {
  const notes = join(folder, "notes");
  await writeFile(notes, "one line\n");
  const gateway = await startGateway({ env: gatewayEnv, args: ["--tail", notes] });
  try {
    await page.goto(gateway.url);
    await expect(connection(page)).toHaveAttribute("data-connection", "live");
    // The garden's fever is everybody's. It begins first and goes on, so that what comes then is the agent's own.
    const shared = await watchFields(page, "scribe", "notes");
    model.usage.completion_tokens = 1500;
    await work(request, gateway);
    await expect(page.locator(".app")).toHaveAttribute("data-fever", "true");
    await expect.poll(async () => Math.min(...Object.values(await shared()))).toBeGreaterThan(0);
    await expect(page.locator("body")).not.toHaveAttribute("data-burst");
    await expect.poll(async () => (await glitched(page, "notes")).length).toBe(0);

    const own = await watchFields(page, "scribe", "notes");
    await noteGlitches(page);
    // 16 thousand tokens at once are more than 200 a second over half a minute.
    model.usage.completion_tokens = 16_000;
    await work(request, gateway);
    await expect(card(page, "scribe")).toHaveAttribute("data-fever", "true");
    await expect.poll(async () => (await own())["scribe"]).toBeGreaterThan(0);
    const other = await context.newPage();
    consoleWatch.watch(other);
    await other.goto(gateway.url);
    await hydrated(other);
    // The same seed, the same look; the windows draw the newest event at moments of their own.
    await expect(async () => {
      const [here, there] = await Promise.all([glitched(page, "scribe"), glitched(other, "scribe")]);
      expect(here.length).toBeGreaterThan(0);
      expect(there).toEqual(here);
    }).toPass({ timeout: 15_000 });
    expect(await glitched(other, "notes")).toEqual([]);
    expect((await own())["notes"], "cells of the other's field that ever glitched").toBe(0);
    expect(await glitches(page), "the page itself keeps still").toEqual([]);
    await expect(card(page, "notes")).toHaveAttribute("data-fever", "false");
    await picture(page, "own-fever");
    consoleWatch.end();
  } finally {
    await gateway.stop();
  }
});

test("reduced motion: a still border and a word", async ({ page, gateway, request }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await signIn(page, gateway, "/");
  await expect(connection(page)).toHaveAttribute("data-connection", "live");
  await work(request, gateway);
  await work(request, gateway);
  await expect(strategy(page)).toContainText("The garden runs a fever.");
  const still = await page.evaluate(() => {
    document.body.setAttribute("data-burst", "1000");
    const motion = getComputedStyle(document.querySelector("main")!).animationName;
    const border = getComputedStyle(document.querySelector(".card .field")!).outlineStyle;
    return { motion, border, running: document.getAnimations().length };
  });
  expect(still).toEqual({ motion: "none", border: "solid", running: 0 });
  await expect(card(page, "scribe")).toBeVisible();
  await picture(page, "reduced-motion");
});

test("a hint that was dismissed is gone for as long as its fever, reloads included", async ({ page, gateway, request }) => {
  await page.goto(gateway.url);
  await expect(connection(page)).toHaveAttribute("data-connection", "live");
  await work(request, gateway);
  await work(request, gateway);
  await strategy(page).getByRole("button", { name: "Dismiss" }).click();
  await expect(strategy(page)).toBeHidden();
  await page.reload();
  await hydrated(page);
  await expect(page.locator(".app")).toHaveAttribute("data-fever", "true");
  await expect(strategy(page)).toBeHidden();
});

test("omnibox: a watcher asks for what reads, and is asked to sign in for the rest", async ({
  page,
  gateway,
  consoleWatch,
}) => {
  consoleWatch.allow(/status of 401/);
  await page.goto(gateway.url);
  await hydrated(page);
  await page.getByRole("button", { name: "Ask the garden by a path" }).click();
  const box = page.getByRole("dialog", { name: "Ask the garden" });
  const field = box.getByLabel("Ask the garden by a path");
  const offered = () => box.locator("datalist option").evaluateAll((all) => all.map((one) => one.getAttribute("value")));
  // What an empty field may become is there before anything is typed, and again when all is deleted.
  const contexts = ["concept.", "self.", "void.", "world."];
  expect(await offered()).toEqual(contexts);
  // An answer that is overtaken by the one to what was typed next changes nothing any more.
  let letGo = () => {};
  const held = new Promise<void>((go) => (letGo = go));
  await page.route(/path=void\.entropy\.$/, async (route) => {
    await held;
    await route.continue();
  });
  const late = page.waitForResponse(/path=void\.entropy\.$/);
  await field.pressSequentially("void.entropy.fe");
  await expect.poll(offered).toEqual(["void.entropy.fever"]);
  letGo();
  await (await late).finished();
  await page.evaluate(() => new Promise(requestAnimationFrame));
  expect(await offered()).toEqual(["void.entropy.fever"]);
  await field.fill("");
  await expect.poll(offered).toEqual(contexts);

  await field.fill("void.entropy.pressure");
  await field.press("Enter");
  await expect(box.locator("output")).toContainText('"in_fever": false');
  await field.fill("void.entropy.tithe");
  await field.press("Enter");
  await expect(box.locator("output")).toHaveText(/^This does more than look, so it is for those who signed in\. Sign in /);
  await picture(page, "omnibox-watcher");
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Void" }).click();
  await expect(page.locator(".v-engine")).toContainText("Sign in to let pressure off");
});

test("omnibox: a path, completed from the live garden, asked, and answered or not understood", async ({
  page,
  gateway,
  consoleWatch,
}) => {
  // The browser reports the refusal that is asked for here.
  consoleWatch.allow(/status of 4\d\d/);
  await signIn(page, gateway, "/");
  await page.keyboard.press(":");
  const box = page.getByRole("dialog", { name: "Ask the garden" });
  const field = box.getByLabel("Ask the garden by a path");
  await expect(field).toBeFocused();
  await field.pressSequentially("world.agent.scr");
  await expect(box.locator('datalist option[value="world.agent.scribe.write"]')).toHaveCount(1);
  await expect(box.locator('datalist option[value="void.entropy.tithe"]')).toHaveCount(0);

  await field.fill("void.entropy.tithe amount=0.2");
  await field.press("Enter");
  await expect(box.locator("output")).toContainText('"gratitude": "The river flows."');

  await field.fill("void.entropy.tithes");
  await field.press("Enter");
  await expect(box.locator("output")).toContainText("void.entropy.tithe");
  await picture(page, "omnibox");
  await page.keyboard.press("Escape");
  await expect(box).toBeHidden();
});

for (const [name, setUp] of Object.entries({
  dark: (page: Page) => page.emulateMedia({ colorScheme: "dark" }),
  light: (page: Page) => page.emulateMedia({ colorScheme: "light" }),
  phone: (page: Page) => page.setViewportSize({ width: 390, height: 844 }),
  "200-percent": (page: Page) => page.setViewportSize({ width: 640, height: 450 }),
})) {
  test(`the void: ${name}`, async ({ page, gateway, request }) => {
    await setUp(page);
    await page.goto(`${gateway.url}/void`);
    await expect(page.locator("#v-agents")).toContainText("No agent has had a model read");
    await expect(page.locator("#v-fevers")).toContainText("None since");
    if (name === "phone") await picture(page, "no-data");
    await work(request, gateway);
    await work(request, gateway);
    await expect(page.locator("#v-agents")).toContainText("100 %");
    await strategy(page).getByRole("button", { name: "Dismiss" }).click();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    expect(wide, "nothing stands out to the side").toBe(false);
    await picture(page, name);
  });
}

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the void is read, and a form lets pressure off", async ({ page, gateway, request, consoleWatch }) => {
    // The browser's own remark: it fetched ahead what a script would have used.
    consoleWatch.allow(/was preloaded using link preload but not used/);
    await work(request, gateway);
    await page.goto(`${gateway.url}/login?next=/void`);
    await page.locator("#token").fill(TOKEN);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.locator("#v-now")).toHaveText(/0\.\d\d of 1\.00/);
    await expect(page.locator("#v-agents")).toContainText("scribe");
    await page.getByLabel("Let off").fill("0.5");
    await page.getByRole("button", { name: "Tithe" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("The river flows.");
    await expect(page.locator("main")).toContainText("Discharged 0.50.");
    await page.getByRole("link", { name: "Back to the void" }).click();
    await expect(page.locator("#v-now")).toHaveText(/0\.3\d of 1\.00/);
  });
});
