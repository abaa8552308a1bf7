// The gateway crashes and comes back; the open page says so, comes back by itself, and shows nothing twice.
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { GATEWAY_DOWN, card, connection, expect, expectSamePage, hydrated, mark, said, test } from "./gateway";

test.use({
  gatewayArgs: async ({ folder }, use) => {
    const file = join(folder, "work.log");
    await writeFile(file, "");
    await use(["--tail", file]);
  },
});

/** The numbers of the lines on the page, newest first, one list per life of the log. */
async function lives(page: Page): Promise<string[][]> {
  const rows = await page
    .locator("ol.lines > li")
    .evaluateAll((items) => items.map((li) => ({ type: li.getAttribute("data-type"), seq: li.getAttribute("data-seq") })));
  const lives: string[][] = [[]];
  for (const { type, seq } of rows) {
    if (type === "epoch") lives.push([]);
    else if (seq !== null) lives[lives.length - 1]?.push(seq);
  }
  return lives;
}

test("a crash of the gateway is seen, survived and shown", async ({ page, context, gateway, folder, consoleWatch }) => {
  const file = join(folder, "work.log");
  const garden = await context.newPage();
  consoleWatch.watch(garden);
  await garden.goto(gateway.url);
  await page.goto(`${gateway.url}/agents/work-log`);
  for (const open of [garden, page]) {
    await hydrated(open);
    await expect(connection(open)).toHaveAttribute("data-connection", "live");
    await mark(open);
  }
  await appendFile(file, "before the crash, one\nbefore the crash, two\n");
  await expect(said(page, "before the crash, one")).toHaveCount(1);
  await expect(said(page, "before the crash, two")).toHaveCount(1);

  consoleWatch.allow(...GATEWAY_DOWN);
  await gateway.kill();
  for (const open of [garden, page]) {
    await expect(connection(open)).toHaveAttribute("data-connection", "reconnecting");
  }
  // What is known stays on view meanwhile.
  await expect(said(page, "before the crash, two")).toHaveCount(1);
  await expect(card(garden, "work-log")).toBeVisible();

  await gateway.restart();
  // The two pages come back in their own time, and each says for a while that there was a restart.
  const seen = new Set<string>();
  for (const open of [garden, page]) {
    const state = async () => {
      const now = (await connection(open).getAttribute("data-connection")) ?? "";
      if (open === page) seen.add(now);
      return now;
    };
    await expect.poll(state, { timeout: 25_000, intervals: [100] }).toMatch(/^(restarted|live)$/);
  }
  await expect(page.locator('ol.lines > li[data-type="epoch"]')).toHaveCount(1);
  await appendFile(file, "after the crash, one\nafter the crash, two\n");
  await expect(said(page, "after the crash, one")).toHaveCount(1);
  await expect(said(page, "after the crash, two")).toHaveCount(1);
  for (const open of [garden, page]) {
    await expect(connection(open)).toHaveAttribute("data-connection", "live", { timeout: 20_000 });
    await expectSamePage(open);
  }
  expect([...seen], "the restart is said aloud").toContain("restarted");
  await expect(card(garden, "work-log")).toBeVisible();

  await expect(said(page, "before the crash")).toHaveCount(2);
  await expect(said(page, "after the crash")).toHaveCount(2);
  const both = await lives(page);
  expect(both).toHaveLength(2);
  for (const life of both) {
    expect(life.length).toBeGreaterThan(0);
    expect(new Set(life).size, `no number twice in one life: ${life.join(" ")}`).toBe(life.length);
    expect(life.map(Number), "newest first").toEqual(life.map(Number).sort((a, b) => b - a));
  }
});

test("a gateway that stops politely is waited for in the same way", async ({ page, gateway, consoleWatch }) => {
  await page.goto(gateway.url);
  await hydrated(page);
  await expect(connection(page)).toHaveAttribute("data-connection", "live");
  await mark(page);
  consoleWatch.allow(...GATEWAY_DOWN);
  expect(await gateway.terminate(), "exit code after SIGTERM").toBe(0);
  await expect(connection(page)).toHaveAttribute("data-connection", "reconnecting");
  await gateway.start();
  await expect(connection(page)).toHaveAttribute("data-connection", "live", { timeout: 30_000 });
  await expectSamePage(page);
});
