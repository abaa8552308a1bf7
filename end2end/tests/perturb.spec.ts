// A keeper signs in by the link, gives an agent work, sees the answer and the event; also across a restart.
import { connection, consoleOf, expect, GATEWAY_DOWN, said, signIn, test, WITH_GRAMMAR } from "./gateway";

test.use({ gatewayEnv: WITH_GRAMMAR });

test("sign in by link, perturb, see the answer and the event in the stream", async ({ page, gateway }) => {
  await signIn(page, gateway, "/agents/grammar");
  await expect(page.getByRole("link", { name: "Sign out" })).toBeVisible();
  const desk = consoleOf(page);
  const input = desk.getByLabel("What to send");

  await input.fill("Create a calendar");
  await expect(desk.getByText("Goes as text.")).toBeVisible();
  await input.press("Control+Enter");
  const first = desk.locator(".call").first();
  await expect(first).toHaveAttribute("data-call", "done", { timeout: 30_000 });
  await expect(first.locator(".answer")).toContainText("calendar");
  await expect(input).toHaveValue("");
  await expect(page.locator('ol.lines > li[data-type="result"]').first()).toContainText("calendar");

  // JSON is told from text, and broken JSON is offered as text.
  await input.fill('{"text": "Delete the old invoices"');
  await expect(desk.getByText("It would go as text")).toBeVisible();
  await expect(desk.getByRole("button", { name: "Send as text" })).toBeVisible();
  await input.fill('{"text": "Delete the old invoices"}');
  await expect(desk.getByText("Goes as JSON.")).toBeVisible();
  await desk.getByRole("button", { name: "Send" }).click();
  await expect(desk.locator(".call").first().locator(".answer")).toContainText("invoices");

  // What it cannot use it says, with a hint.
  await input.fill("[1]");
  await input.press("Control+Enter");
  await expect(desk.locator(".call").first()).toHaveAttribute("data-call", "failed");
  await expect(desk.locator(".call").first().locator(".call-error")).toContainText("Send a text");

  // The arrow up brings back what was sent.
  await input.press("ArrowUp");
  await expect(input).toHaveValue("[1]");
  await input.press("ArrowUp");
  await expect(input).toHaveValue('{"text": "Delete the old invoices"}');
  await input.press("ArrowDown");
  await input.press("ArrowDown");
  await expect(input).toHaveValue("");
  expect(await said(page, "calendar").count()).toBeGreaterThan(0);
});

test("after the gateway was restarted the console goes on", async ({ page, gateway, consoleWatch }) => {
  consoleWatch.allow(...GATEWAY_DOWN);
  await signIn(page, gateway, "/agents/grammar");
  const desk = consoleOf(page);
  const send = async (text: string) => {
    await desk.getByLabel("What to send").fill(text);
    await desk.getByLabel("What to send").press("Control+Enter");
  };
  await send("Create a calendar");
  await expect(desk.locator('.call[data-call="done"]')).toHaveCount(1, { timeout: 30_000 });
  await gateway.terminate();
  await send("Call Anna tomorrow");
  await gateway.start();
  await expect(connection(page)).toHaveAttribute("data-connection", /live|restarted/, { timeout: 30_000 });
  await expect(desk.locator('.call[data-call="done"]')).toHaveCount(2, { timeout: 30_000 });
});
