// A fever that is acted on: an agent that goes too fast is held, a person is asked, and what they say is done.
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { GATEWAY_DOWN, card, connection, hydrated, said, signIn } from "./gateway";
import { expect, test as base, work } from "./model";

const PICTURES = resolve(dirname(fileURLToPath(import.meta.url)), "../screenshots");

const test = base.extend({
  gatewayArgs: [["--fever-policy", "scribe=ask", "--velocity-limit", "tokens_per_minute=1000"], { option: true }],
});

test("a hot agent is held, a person is asked, and it goes on when they say so", async ({
  page,
  gateway,
  request,
  consoleWatch,
}) => {
  await mkdir(PICTURES, { recursive: true });
  await signIn(page, gateway, "/");
  await expect(connection(page)).toHaveAttribute("data-connection", "live");
  // Twice 900 tokens in a minute, where 1,000 may be.
  await work(request, gateway);
  await work(request, gateway);
  await expect(card(page, "scribe")).toContainText("at rest");

  await page.goto(`${gateway.url}/void`);
  await expect(page.locator("#v-reins")).toContainText("it is held: a person is asked whether it may go on");
  await page.screenshot({ path: join(PICTURES, "fever-held.png"), fullPage: true });
  await page.locator("#v-reins").getByRole("link", { name: "Answer" }).click();
  const question = page.locator(".question").filter({ hasText: "May scribe go on?" });
  await expect(question).toContainText("1800 > 1000: tokens");
  await page.screenshot({ path: join(PICTURES, "fever-asked.png"), fullPage: true });

  // Nothing lets it go on behind their back: not even a crash.
  consoleWatch.allow(...GATEWAY_DOWN);
  await gateway.kill();
  await gateway.restart();
  await page.goto(`${gateway.url}/agents/scribe`);
  await hydrated(page);
  await expect(said(page, "it is held: a person is asked")).toBeVisible();

  await page.goto(`${gateway.url}/purgatory`);
  await hydrated(page);
  await question.getByRole("button", { name: "go on for 10 minutes" }).click();
  await expect(question).toHaveAttribute("data-status", "over");
  await page.goto(`${gateway.url}/agents/scribe`);
  await expect(said(page, "let it go on until")).toBeVisible();
  await work(request, gateway);
});

test("an agent is held and let go on by hand", async ({ page, gateway }) => {
  await signIn(page, gateway, "/void");
  await expect(page.locator("#v-reins")).toContainText("Nobody is.");
  const form = page.locator("form", { has: page.getByLabel("What to do") });
  await form.getByLabel("Agent").selectOption("host");
  await form.getByLabel("What to do").selectOption("Hold it");
  await form.getByRole("button", { name: "Do it" }).click();
  await expect(form.locator("output")).toContainText("host: it is held: ");
  await expect(page.locator("#v-reins")).toContainText("paused it");
  await page.screenshot({ path: join(PICTURES, "fever-by-hand.png"), fullPage: true });

  await form.getByLabel("What to do").selectOption("Let it go on");
  await form.getByRole("button", { name: "Do it" }).click();
  await expect(page.locator("#v-reins")).toContainText("let it go on until");
  await page.goto(`${gateway.url}/agents/host`);
  await expect(said(page, "let it go on until")).toBeVisible();
});
