// Signing in: by the link that the gateway prints, by a token, with and without scripts; and out again.
import { execFileSync } from "node:child_process";
import { expect, type Gateway, hydrated, test } from "./gateway";

const BINARY = process.env.TERRARIUM_BIN ?? "../target/release/terrarium";
/** What a browser says on its own of a page with an error status. */
const REFUSED = /Failed to load resource: .* status of 4\d\d/;

function link(gateway: Gateway): string {
  const found = /http:\S+once=\w+/.exec(gateway.stderr);
  if (!found) throw new Error(`no sign-in link in: ${gateway.stderr}`);
  return found[0];
}

function token(gateway: Gateway, scopes: string): string {
  const args = ["token", "create", "--name", "a browser", "--scope", scopes, "--data", gateway.dataDir];
  return execFileSync(BINARY, args, { stdio: ["ignore", "pipe", "ignore"] }).toString().trim();
}

test("the link signs one browser in, once", async ({ page, gateway, consoleWatch }) => {
  consoleWatch.allow(REFUSED);
  await page.goto(link(gateway));
  await page.reload();
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${gateway.url}/`);
  await hydrated(page);
  const session = await page.evaluate(async () => (await fetch("/api/session")).json());
  expect(session.scopes).toEqual(["observe", "perturb", "resolve", "admin"]);

  // A page's own script gets a ticket, and the ticket a socket.
  const opened = await page.evaluate(async (csrf) => {
    const answer = await fetch("/api/tickets", { method: "POST", headers: { "x-csrf-token": csrf } });
    const { ticket } = await answer.json();
    const socket = new WebSocket("/observe", ["terrarium", `ticket.${ticket}`]);
    return new Promise((told) => {
      socket.onmessage = (message) => told([socket.protocol, JSON.parse(message.data).type]);
      socket.onclose = (end) => told(end.code);
    });
  }, session.csrf);
  expect(opened).toEqual(["terrarium", "hello"]);

  await page.goto(link(gateway));
  await expect(page.getByRole("alert")).toContainText("has been used");

  await page.goto(`${gateway.url}/logout`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(`${gateway.url}/`);
  expect(await page.evaluate(async () => (await (await fetch("/api/session")).json()).scopes)).toEqual([]);
});

test.describe("without scripts, on a phone", () => {
  test.use({ javaScriptEnabled: false, viewport: { width: 320, height: 568 } });

  test("a closed garden asks for a token and then goes where one wanted to go", async ({ page, gateway, consoleWatch }) => {
    consoleWatch.allow(REFUSED);
    await gateway.restart(["--observe", "token"]);
    await page.goto(`${gateway.url}/agents/host`);
    await expect(page).toHaveURL(/\/login\?next=/);
    const field = page.getByLabel("Your token");
    await expect(field).toBeFocused();
    await field.fill("trm_mistyped");
    await field.press("Enter");
    await expect(page.getByRole("alert")).toContainText("not, or no longer, good");
    await page.screenshot({ path: "screenshots/sign-in-refused.png", fullPage: true });
    await page.getByLabel("Your token").fill(token(gateway, "observe"));
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page).toHaveURL(`${gateway.url}/agents/host`);
    await expect(page.getByRole("heading", { level: 1 })).toContainText("host");
  });
});
