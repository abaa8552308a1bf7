// Story: going from page to page without a reload, and reading one agent's stream.
import { card, expect, hydrated, test } from "./gateway";

test("links, back and forward change the page and its title, and nothing is loaded again", async ({ page, gateway }) => {
  await page.goto(gateway.url);
  await hydrated(page);
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  await expect(page).toHaveTitle("The garden · Terrarium");

  await card(page, "host").getByRole("link", { name: "host" }).click();
  await expect(page).toHaveURL(`${gateway.url}/agents/host`);
  await expect(page).toHaveTitle("host · Terrarium");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("host");
  await expect(page.locator("a.brand")).toHaveAttribute("aria-current", "false");

  await page.goBack();
  await expect(page).toHaveTitle("The garden · Terrarium");
  await expect(card(page, "host")).toBeVisible();
  await page.goForward();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("host");
  await page.getByRole("link", { name: "← The garden" }).click();
  await expect(page).toHaveURL(`${gateway.url}/`);
  await expect(page.locator("a.brand")).toHaveAttribute("aria-current", "page");
  expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
});

test("a click that asks for a tab is left to the browser, and so is the jump to the content", async ({ page, gateway, context }) => {
  await page.goto(gateway.url);
  await hydrated(page);
  const tab = context.waitForEvent("page");
  await card(page, "host").getByRole("link", { name: "host" }).click({ modifiers: ["ControlOrMeta"] });
  await (await tab).waitForURL(`${gateway.url}/agents/host`);
  expect(page.url()).toBe(`${gateway.url}/`);

  await page.keyboard.press("Tab");
  await page.getByRole("link", { name: "Skip to the content" }).press("Enter");
  await expect(page).toHaveURL(`${gateway.url}/#main`);
  await expect(card(page, "host")).toBeVisible();
});

test("the stream is filtered, paused and opened", async ({ page, gateway }) => {
  await page.goto(`${gateway.url}/agents/host`);
  await hydrated(page);
  const lines = page.locator("ol.lines > li");
  const outputs = page.locator('ol.lines > li[data-type="result"]');
  await expect(outputs.first()).toBeVisible();

  await page.getByLabel("Kind of event").selectOption("agent_started");
  await expect(outputs).toHaveCount(0);
  await page.getByLabel("Kind of event").selectOption("");
  await page.getByLabel("Show only lines that contain").fill("NOTHING SAYS THIS");
  await expect(lines).toHaveCount(0);
  await expect(page.getByText("No line fits the filter.")).toBeVisible();
  await page.getByLabel("Show only lines that contain").fill("OUTPUT");
  await expect(outputs.first()).toBeVisible();
  await page.getByLabel("Show only lines that contain").fill("");

  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.locator(".waiting")).toHaveText(/\d+ new/);
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.locator(".waiting")).toHaveText("");

  await page.getByRole("button", { name: "Follow" }).click();
  await expect(page.getByRole("button", { name: "Follow" })).toHaveAttribute("aria-pressed", "false");
  await outputs.last().locator("summary").click();
  await expect(outputs.last().locator("pre")).toContainText('"type": "result"');
});
