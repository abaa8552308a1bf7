// Too much at once is said, counted down, and can be sent again.
import { consoleOf, expect, signIn, test, WITH_GRAMMAR } from "./gateway";

test.use({ gatewayEnv: { ...WITH_GRAMMAR, TERRARIUM_PERTURB_RATE: "1", TERRARIUM_PERTURB_BURST: "1" } });

test("rate limited", async ({ page, gateway }) => {
  await signIn(page, gateway, "/agents/grammar");
  const desk = consoleOf(page);
  const input = desk.getByLabel("What to send");
  for (let at = 1; at <= 8; at++) {
    await input.fill(`Create calendar ${at}`);
    await input.press("Control+Enter");
  }
  const busy = desk.locator('.call[data-call="busy"]').first();
  await expect(busy).toContainText("too much at once");
  await expect(busy.getByRole("button", { name: "Send again" })).toBeVisible();
  const before = await desk.locator('.call[data-call="done"]').count();
  await busy.getByRole("button", { name: "Send again" }).click();
  await expect(desk.locator('.call[data-call="done"]')).not.toHaveCount(before, { timeout: 30_000 });
});
