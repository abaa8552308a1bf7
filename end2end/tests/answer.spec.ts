// A question waits for a person: whoever answers first, wherever, everybody sees it at once, and nothing is lost.
import type { APIRequestContext, Browser, Locator, Page } from "@playwright/test";
import { type ConsoleWatch, GATEWAY_DOWN, type Gateway, connection, expect, hydrated, signIn, test } from "./gateway";

const TOKEN = "trm_for-these-stories-only-0123456789";
test.use({
  gatewayEnv: { TERRARIUM_ADMIN_TOKEN: TOKEN, TERRARIUM_PERTURB_RATE: "10000", TERRARIUM_PERTURB_BURST: "10000" },
});

interface Ask {
  prompt: string;
  options?: string[];
  severity?: string;
  timeout_ms?: number;
  on_timeout?: string;
  context?: unknown;
  response_schema?: unknown;
}

/** Asks as a program outside would, and returns the question's id. */
async function ask(request: APIRequestContext, gateway: Gateway, ask: Ask, agent = "deployer"): Promise<string> {
  const answer = await request.post(`${gateway.url}/api/purgatory/${agent}`, {
    headers: { authorization: `Bearer ${TOKEN}` },
    data: ask,
  });
  expect(answer.status(), await answer.text()).toBe(201);
  return (await answer.json()).id;
}

/** Signs a browser in with the token of these stories, without scripts, and goes to a page. */
async function enter(page: Page, gateway: Gateway, path = "/purgatory"): Promise<void> {
  await page.goto(`${gateway.url}/login?next=${encodeURIComponent(path)}`);
  await page.locator("#token").fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${gateway.url}${path}`);
}

function question(page: Page, id: string): Locator {
  return page.locator(`.question[data-token="${id}"]`);
}

async function open(page: Page, id: string): Promise<Locator> {
  const found = question(page, id);
  await expect(found).toBeVisible();
  if (!(await found.locator("details.q-front").evaluate((d: HTMLDetailsElement) => d.open))) {
    await found.locator("summary").first().click();
  }
  return found;
}

async function secondPage(browser: Browser, consoleWatch: ConsoleWatch): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  consoleWatch.watch(page);
  return page;
}

test("answered elsewhere", async ({ page, gateway, browser, request, consoleWatch }) => {
  await enter(page, gateway);
  await hydrated(page);
  await expect(page.getByText("Nobody waits for you.")).toBeVisible();
  const watcher = await secondPage(browser, consoleWatch);
  await watcher.goto(`${gateway.url}/purgatory`);
  await hydrated(watcher);

  const id = await ask(request, gateway, {
    prompt: "Deploy <b>now</b>?",
    options: ["yes", "no"],
    severity: "critical",
    context: { command: "./deploy.sh --all" },
  });
  await expect(page).toHaveTitle(/^\(1\) /);
  await expect(page.locator("link[rel=icon]")).toHaveAttribute("href", "/favicon-asks.svg");
  const mine = await open(page, id);
  await expect(mine).toContainText("Deploy <b>now</b>?");
  await expect(mine).toContainText("./deploy.sh --all");
  await expect(mine.getByRole("button", { name: /^(yes|no)/ })).toHaveText([/^no/, /^yes/]);
  const theirs = await open(watcher, id);
  await expect(theirs.getByRole("link", { name: "Sign in to answer" })).toBeVisible();
  await expect(theirs.getByRole("button", { name: "yes" })).toHaveCount(0);

  await mine.getByLabel("A word to go with it").fill("after lunch");
  await mine.getByRole("button", { name: "no" }).click();
  for (const card of [mine, theirs]) {
    await expect(card).toHaveAttribute("data-status", "over");
    await expect(card.locator(".q-back")).toContainText("Answered: no");
    await expect(card.locator(".q-back")).toContainText("after lunch");
  }
  await expect(page).not.toHaveTitle(/^\(/);

  await page.getByRole("link", { name: "Answered and over" }).click();
  await expect(question(page, id)).toContainText("Answered: no");
});

test("deadline passes", async ({ page, gateway, request }) => {
  await enter(page, gateway);
  await hydrated(page);
  const id = await ask(request, gateway, { prompt: "Quick?", options: ["yes"], timeout_ms: 2_500, on_timeout: "deny" });
  const card = await open(page, id);
  await expect(card.getByRole("timer")).toContainText("then it counts as a no");
  await expect(card.locator(".q-back")).toContainText("Counted as a no");
});

test("restart in between", async ({ page, gateway, request, consoleWatch }) => {
  consoleWatch.allow(...GATEWAY_DOWN);
  // By the link: a session of the environment's token ends with the gateway.
  await signIn(page, gateway, "/purgatory");
  const id = await ask(request, gateway, { prompt: "Still there?", options: ["yes", "no"] });
  const card = await open(page, id);
  await gateway.kill();
  await expect(card.getByRole("button", { name: "no" })).toBeDisabled();
  await expect(card).toContainText("you can answer when the connection is back");
  await gateway.start();
  await expect(connection(page)).toHaveAttribute("data-connection", "live", { timeout: 30_000 });
  await card.getByRole("button", { name: "yes" }).click();
  await expect(card.locator(".q-back")).toContainText("Answered: yes");
});

test("the keyboard answers a question that was read", async ({ page, gateway, request }) => {
  await enter(page, gateway);
  await hydrated(page);
  const long = `Read this:\n${"line after line\n".repeat(400)}the end`;
  const first = await ask(request, gateway, { prompt: long, options: ["yes", "no"] });
  const second = await ask(request, gateway, { prompt: "And this?", options: ["yes", "no"] });
  await expect(question(page, second)).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const card = question(page, first);
  await expect(card.locator("details.q-front")).toHaveAttribute("open", "");
  await page.keyboard.press("n");
  await expect(page.getByText("Read the question to its end first")).toBeVisible();
  await expect(card).toHaveAttribute("data-status", "pending");
  await card.locator(".q-text").first().evaluate((text) => {
    text.scrollTo(0, text.scrollHeight);
    text.scrollIntoView({ block: "end" });
  });
  await expect(card.locator("details.q-front")).toHaveAttribute("data-read", "");
  await page.keyboard.press("n");
  await expect(card.locator(".q-back")).toContainText("Answered: no");
  await expect(question(page, second)).toHaveAttribute("data-status", "pending");
});

test.describe("no JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a plain form answers", async ({ page, gateway, request, consoleWatch }) => {
    consoleWatch.allow(/was preloaded using link preload but not used/);
    const id = await ask(request, gateway, { prompt: "Without scripts?", options: ["yes", "no"] });
    await enter(page, gateway);
    const card = await open(page, id);
    await card.getByLabel("A word to go with it").fill("by hand");
    await card.getByRole("button", { name: "yes" }).click();
    await expect(page).toHaveURL(/\/purgatory/);
    await expect(page.getByText("Nobody waits for you.")).toBeVisible();
    await page.getByRole("link", { name: "Answered and over" }).click();
    await expect(question(page, id)).toContainText("Answered: yes");
    await expect(question(page, id)).toContainText("by hand");
  });
});

test.describe("phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  test("one thumb is enough", async ({ page, gateway, request }) => {
    const prompt = `May I?\n${"Because of this and that. ".repeat(200)}`;
    const id = await ask(request, gateway, { prompt, options: ["yes", "no", "later"] });
    await enter(page, gateway);
    await hydrated(page);
    const card = await open(page, id);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wider, "pixels wider than the screen").toBeLessThanOrEqual(0);
    const button = card.getByRole("button", { name: "later" });
    const box = await button.boundingBox();
    expect(box?.height).toBeGreaterThanOrEqual(44);
    await button.tap();
    await expect(card.locator(".q-back")).toContainText("Answered: later");
  });
});

test("hundreds of questions, the most urgent first", async ({ page, gateway, request }) => {
  test.slow();
  const many = 300;
  for (let n = 0; n < many; n++) await ask(request, gateway, { prompt: `Number ${n}?`, options: ["no"] });
  const urgent = await ask(request, gateway, { prompt: "Now!", options: ["no"], severity: "critical" });
  await enter(page, gateway);
  await hydrated(page);
  await expect(page.locator(".question")).toHaveCount(100);
  await expect(page.locator(".question").first()).toHaveAttribute("data-token", urgent);
  await page.getByRole("link", { name: `${many - 99} more questions wait` }).click();
  await expect(page.locator(".question")).toHaveCount(200);
  await page.getByLabel("How urgent").selectOption("critical");
  await expect(page.locator(".question")).toHaveCount(1);
});

test("two people at the same instant", async ({ page, gateway, browser, request, consoleWatch }) => {
  await enter(page, gateway);
  await hydrated(page);
  const other = await secondPage(browser, consoleWatch);
  await enter(other, gateway);
  await hydrated(other);
  // Who is second is told with a 409, which a browser mentions in its console.
  consoleWatch.allow(/status of 409/);
  for (let round = 0; round < 5; round++) {
    const id = await ask(request, gateway, { prompt: `Which, ${round}?`, options: ["left", "right"] });
    const [mine, theirs] = [await open(page, id), await open(other, id)];
    const buttons = [mine.getByRole("button", { name: "left" }), theirs.getByRole("button", { name: "right" })];
    for (const button of buttons) await expect(button).toBeVisible();
    // Not Playwright's click, which waits until nothing moves: by then the other one's answer would be on the screen.
    await Promise.all(buttons.map((button) => button.evaluate((button: HTMLElement) => button.click())));
    for (const card of [mine, theirs]) await expect(card).toHaveAttribute("data-status", "over");
    const said = await Promise.all([mine, theirs].map((card) => card.locator(".q-back .q-outcome").innerText()));
    expect(said[0], "both see the same answer").toBe(said[1]);
    const record = await (await request.get(`${gateway.url}/api/purgatory/deployer/${id}`)).json();
    expect(record.audit.filter((entry: { step: string }) => entry.step === "resolved")).toHaveLength(1);
    expect(said[0]).toContain(`Answered: ${record.decision.human_input}`);
  }
});
