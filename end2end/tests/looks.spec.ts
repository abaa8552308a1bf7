// Pictures of every look of the page, for people to look at: end2end/screenshots. What a machine can tell is asserted.
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { card, connection, expect, hydrated, test } from "./gateway";

const PICTURES = resolve(dirname(fileURLToPath(import.meta.url)), "../screenshots");
/** A picture of nothing compresses to less, in bytes. */
const BLANK = 6_000;

async function picture(page: Page, name: string): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  const bytes = await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  expect(bytes.byteLength, `${name} is not blank`).toBeGreaterThan(BLANK);
}

async function openGarden(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await hydrated(page);
  await expect(connection(page)).toHaveAttribute("data-connection", "live");
}

const LOOKS = [
  { name: "dark", media: { colorScheme: "dark" } },
  { name: "light", media: { colorScheme: "light" } },
  { name: "phone", media: { colorScheme: "dark" }, viewport: { width: 390, height: 844 } },
  { name: "reduced-motion", media: { colorScheme: "dark", reducedMotion: "reduce" } },
] as const;

for (const look of LOOKS) {
  test(`garden and agent: ${look.name}`, async ({ page, gateway }) => {
    await page.emulateMedia(look.media);
    if ("viewport" in look) await page.setViewportSize(look.viewport);
    await openGarden(page, gateway.url);
    const host = card(page, "host");
    await expect(host).toBeVisible();
    // Three sparklines with something in them.
    await expect(host.locator('svg.spark path[d*="M"]')).toHaveCount(3);
    await picture(page, `garden-${look.name}`);

    await host.getByRole("link", { name: "host" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("host");
    await expect(page.locator("canvas[data-chart]")).toHaveCount(3);
    await expect(page.locator('ol.lines > li[data-type="result"]').first()).toBeVisible();
    await picture(page, `agent-${look.name}`);
  });
}

test("dark and light are two looks", async ({ page, gateway }) => {
  await openGarden(page, gateway.url);
  const ground = async (colorScheme: "dark" | "light") => {
    await page.emulateMedia({ colorScheme });
    return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  };
  expect(await ground("dark")).not.toBe(await ground("light"));
});

test.describe("an empty garden", () => {
  test.use({ gatewayArgs: ["--no-host-agent"] });

  test("says how to plant something", async ({ page, gateway }) => {
    await openGarden(page, gateway.url);
    await expect(page.getByRole("heading", { name: "Nothing grows here yet" })).toBeVisible();
    await expect(page.getByText("terrarium --tail")).toBeVisible();
    await picture(page, "garden-empty");
  });
});

test.describe("a hundred agents", () => {
  const FOLDERS = 2;
  const FILES = 50;
  const name = (folder: number, file: number) => `worker-${folder}-${String(file).padStart(2, "0")}`;

  test.use({
    gatewayArgs: async ({ folder }, use) => {
      const args = ["--no-host-agent"];
      for (let at = 0; at < FOLDERS; at++) {
        const part = await mkdtemp(join(folder, "part-"));
        for (let file = 0; file < FILES; file++) await writeFile(join(part, name(at, file)), "");
        args.push("--tail", part);
      }
      await use(args);
    },
  });

  test("all have their card", async ({ page, gateway }) => {
    test.setTimeout(120_000);
    await openGarden(page, gateway.url);
    await expect(page.locator("article[data-agent]")).toHaveCount(FOLDERS * FILES, { timeout: 30_000 });
    for (const [folder, file] of [[0, 0], [0, FILES - 1], [1, 0], [1, FILES - 1]] as const) {
      await expect(card(page, name(folder, file))).toBeVisible();
    }
    await expect(connection(page)).toHaveAttribute("data-connection", "live");
    await picture(page, "garden-hundred");
  });
});

test("a page that does not exist", async ({ page, gateway, consoleWatch }) => {
  // The browser reports the 404 that is asked for here.
  consoleWatch.allow(/status of 404/);
  const answer = await page.goto(`${gateway.url}/no/such/page`);
  expect(answer?.status()).toBe(404);
  await hydrated(page);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await picture(page, "not-found");
});
