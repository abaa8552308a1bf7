// An agent is there as long as the thing it watches: it appears and goes in front of whoever looks.
import { appendFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { card, expect, expectSamePage, hydrated, mark, said, test } from "./gateway";

test.use({ gatewayArgs: async ({ folder }, use) => use(["--no-host-agent", "--tail", folder]) });

test("a file in a followed folder is an agent for as long as it is there", async ({ page, gateway, folder }) => {
  const file = join(folder, "build.log");
  await page.goto(gateway.url);
  await hydrated(page);
  await expect(page.getByRole("heading", { name: "Nothing grows here yet" })).toBeVisible();
  await mark(page);

  await writeFile(file, "");
  const build = card(page, "build-log");
  await expect(build).toBeVisible();
  await expect(build).toHaveAttribute("data-state", "flowing");
  await expect(page.getByRole("heading", { name: "Nothing grows here yet" })).toHaveCount(0);

  await build.getByRole("link", { name: "build-log" }).click();
  await expect(page).toHaveURL(/\/agents\/build-log$/);
  await appendFile(file, "compiling the first half\ncompiling the second half\n");
  await expect(said(page, "compiling the first half")).toHaveCount(1);
  await expect(said(page, "compiling the second half")).toHaveCount(1);
  // Newest first.
  await expect(page.locator("ol.lines > li.line").first()).toContainText("compiling the second half");

  await page.getByRole("link", { name: "The garden" }).click();
  await expect(build).toBeVisible();
  await rm(file);
  await expect(build).toHaveCount(0);
  await expectSamePage(page);
  const agents = async () => (await (await page.request.get(`${gateway.url}/api/agents`)).json()).agents;
  await expect.poll(agents).toEqual([]);
});

test("what was said before somebody looked is there when they do", async ({ page, gateway, folder }) => {
  await page.goto(gateway.url);
  await hydrated(page);
  const file = join(folder, "early.log");
  await writeFile(file, "");
  await expect(card(page, "early-log")).toBeVisible();
  await appendFile(file, '{"text":"said while nobody looked","step":7}\n');
  const snapshot = async () => (await page.request.get(`${gateway.url}/api/early-log/snapshot`)).text();
  await expect.poll(snapshot).toContain("said while nobody looked");

  await page.goto(`${gateway.url}/agents/early-log`);
  await hydrated(page);
  const line = said(page, "said while nobody looked");
  await expect(line).toHaveCount(1);
  await line.locator("summary").click();
  await expect(line.locator("pre")).toContainText('"step": 7');
});
