// Who only watches finds no button that would not work, and the way to sign in.
import { consoleOf, expect, hydrated, test, WITH_GRAMMAR } from "./gateway";

test.use({ gatewayEnv: WITH_GRAMMAR });

test("a watcher can't, and sees no dead buttons", async ({ page, gateway, consoleWatch }) => {
  await page.goto(`${gateway.url}/agents/grammar`);
  await hydrated(page);
  await expect(page.getByRole("heading", { name: "What it says" })).toBeVisible();
  await expect(consoleOf(page)).toHaveCount(0);
  // What changes nothing is for everybody.
  await expect(page.locator('[data-command="parse"]')).toBeVisible();

  consoleWatch.allow(/status of 401/);
  const refused = await page.evaluate(async () => (await fetch("/api/tickets", { method: "POST" })).status);
  expect(refused).toBe(401);

  await page.getByRole("link", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/login\?next=\/agents\/grammar$/);
  await expect(page.getByLabel("Your token")).toBeVisible();
});
