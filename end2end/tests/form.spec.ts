// A command as a form: a field error at its field, the answer, and what was sent, brought back.
import { expect, hydrated, test, WITH_GRAMMAR } from "./gateway";

test.use({ gatewayEnv: WITH_GRAMMAR });

test("form from a schema with a field error", async ({ page, gateway, consoleWatch }) => {
  // The browser's own remark on the refusal that is provoked here.
  consoleWatch.allow(/status of 422/);
  await page.goto(`${gateway.url}/agents/grammar`);
  await hydrated(page);
  const parse = page.locator('[data-command="parse"]');
  await parse.locator("summary").first().click();
  const text = parse.getByLabel(/^text/);
  await parse.getByRole("button", { name: "Run" }).click();
  await expect(text).toHaveAttribute("aria-invalid", "true");
  await expect(parse.getByText("is missing")).toBeVisible();
  await expect(parse.getByText("1 field needs another look.")).toBeVisible();
  await expect(text).toBeFocused();

  await text.fill("Create a calendar for the team tomorrow");
  await parse.getByRole("button", { name: "Run" }).click();
  await expect(parse.locator(".answer")).toContainText("calendar", { timeout: 30_000 });
  await expect(text).toHaveAttribute("aria-invalid", "false");

  await text.fill("something else");
  await parse.getByText("What you sent").click();
  await parse.getByRole("button", { name: /Create a calendar/ }).click();
  await expect(parse.getByLabel(/^text/)).toHaveValue("Create a calendar for the team tomorrow");
});
