// Without JavaScript the page is a still picture, and a complete one.
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { card, expect, said, test } from "./gateway";

test.beforeEach(({ consoleWatch }) => {
  // The browser's own remark: it fetched ahead what a script would have used.
  consoleWatch.allow(/was preloaded using link preload but not used/);
});

test.use({
  javaScriptEnabled: false,
  gatewayArgs: async ({ folder }, use) => {
    const file = join(folder, "notes.log");
    await writeFile(file, "");
    await use(["--tail", file]);
  },
});

test("the garden shows every agent with its state, its numbers and its recent past", async ({ page, gateway }) => {
  const host = card(page, "host");
  const lines = host.locator('svg.spark path[d^="M"]');
  // A gateway a moment old has no readings yet.
  await expect
    .poll(async () => {
      await page.goto(gateway.url);
      return lines.count();
    })
    .toBe(3);
  await expect(page.locator("body[data-hydrated]")).toHaveCount(0);
  await expect(host.getByRole("link", { name: "host" })).toBeVisible();
  await expect(host).toHaveAttribute("data-state", "flowing");
  await expect(host.locator(".doing")).toHaveText(/\w/);
  const values = host.locator(".gauge-value");
  await expect(values).toHaveCount(3);
  for (const value of await values.all()) await expect(value).toHaveText(/\d/);
  await expect(card(page, "notes-log")).toBeVisible();
  // By element and not by text: Playwright looks for no text inside <noscript>.
  const still = page.locator("noscript p");
  await expect(still).toBeVisible();
  await expect(still).toContainText("This is how things stood when the page was made.");
});

test("an agent's page shows its charts and what it said", async ({ page, gateway, folder }) => {
  await appendFile(join(folder, "notes.log"), "a line for people without scripts\n");
  await expect
    .poll(async () => {
      await page.goto(`${gateway.url}/agents/notes-log`);
      return said(page, "a line for people without scripts").count();
    })
    .toBe(1);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("notes-log");
  const charts = page.locator(".chart-svg svg");
  await expect(charts).toHaveCount(3);
  for (const chart of await charts.all()) await expect(chart).toBeVisible();
  await expect(page.locator('ol.lines > li[data-type="agent_started"]')).toHaveCount(1);
});

test("an agent that is not there is a 404 with a way back", async ({ page, gateway, consoleWatch }) => {
  // The browser reports the 404 that is asked for here.
  consoleWatch.allow(/status of 404/);
  const answer = await page.goto(`${gateway.url}/agents/hots`);
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("main").getByRole("link", { name: "host" })).toBeVisible();
});
