// The steward runs what a person has approved, and nothing else; whoever asked watches it run.
import { type Locator, type Page } from "@playwright/test";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { consoleOf, expect, signIn, test } from "./gateway";

test.use({ gatewayEnv: { TERRARIUM_STEWARD_AGENT: "true" } });

/** Sends the steward a snippet from the console on its page, and returns the question it becomes, opened. */
async function propose(page: Page, snippet: object): Promise<Locator> {
  const desk = consoleOf(page);
  await desk.getByLabel("What to send").fill(JSON.stringify(snippet));
  await desk.getByRole("button", { name: "Send" }).click();
  await expect(desk.locator(".call").first()).toHaveAttribute("data-call", "asked", { timeout: 30_000 });
  const question = page.locator('.question[data-status="pending"]');
  await expect(question).toHaveCount(1);
  const front = question.locator("details.q-front");
  if (!(await front.evaluate((details: HTMLDetailsElement) => details.open))) {
    await question.locator("summary").first().click();
  }
  return page.locator(`.question[data-token="${await question.getAttribute("data-token")}"]`);
}

test("approve a command and watch it run", async ({ page, gateway }) => {
  await signIn(page, gateway, "/agents/steward");
  const sign = join(tmpdir(), `terrarium-go-on-${gateway.port}`);
  const shell = `echo one; until test -e ${sign}; do sleep 0.1; done; echo two\n# to the last line`;
  const question = await propose(page, { shell });
  await expect(question).toContainText("May this shell snippet run on this machine, for at most 60 seconds?");
  await expect(question).toContainText("done; echo two");
  await expect(question).toContainText("# to the last line");
  await expect(question).toContainText("containment");
  await expect(question.getByRole("button", { name: /^(deny|approve)/ })).toHaveText([/^deny/, /^approve/]);

  await question.getByRole("button", { name: /^approve/ }).click();
  const call = consoleOf(page).locator(".call").first();
  const streamed = call.locator(".streamed");
  // The first line is there while the snippet still runs.
  await expect(streamed).toContainText("one");
  await expect(call).toHaveAttribute("data-call", "answering");
  await expect(streamed).not.toContainText("two");
  await writeFile(sign, "");
  await expect(streamed).toContainText("two");
  await rm(sign);
  await expect(call).toHaveAttribute("data-call", "done");
  await expect(call.locator(".answer")).toContainText("exit_code: 0");
  await expect(question.locator(".q-back")).toContainText("Answered: approve");
  // Everybody who watches sees the report.
  const report = page.locator('ol.lines > li[data-type="result"]').first();
  await expect(report).toContainText('"ran": true');
  await expect(report).toContainText('"stdout": "one\\ntwo\\n"');
});

test("what is denied does not run", async ({ page, gateway }) => {
  await signIn(page, gateway, "/agents/steward");
  const question = await propose(page, { python: "print(6 * 7)", timeout_s: 5 });
  await expect(question).toContainText("May this Python snippet run on this machine, for at most 5 seconds?");
  await question.getByLabel("A word to go with it").fill("not today");
  await question.getByRole("button", { name: /^deny/ }).click();
  const call = consoleOf(page).locator(".call").first();
  await expect(call).toHaveAttribute("data-call", "done");
  await expect(call.locator(".answer")).toContainText("ran: false");
  await expect(call.locator(".answer")).toContainText("not today");
  await expect(call.locator(".streamed")).toBeHidden();
  await expect(page.locator('ol.lines > li[data-type="result"]')).toHaveCount(1);
});

test("a run that is cancelled ends", async ({ page, gateway }) => {
  await signIn(page, gateway, "/agents/steward");
  const question = await propose(page, { shell: "echo begun; sleep 300; echo late" });
  await question.getByRole("button", { name: /^approve/ }).click();
  const call = consoleOf(page).locator(".call").first();
  await expect(call.locator(".streamed")).toContainText("begun");
  await call.getByRole("button", { name: "Cancel" }).click();
  await expect(call).toHaveAttribute("data-call", "failed");
  await expect(call).toContainText("cancelled");
  // The steward is free again.
  const next = await propose(page, { shell: "echo next" });
  await next.getByRole("button", { name: /^approve/ }).click();
  await expect(consoleOf(page).locator(".call").first().locator(".answer")).toContainText("next");
});
