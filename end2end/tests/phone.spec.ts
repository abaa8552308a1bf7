// On a phone, on a very narrow one, and magnified to 200 %: all of it is there, and nothing has to be dragged sideways.
import type { Page } from "@playwright/test";
import { card, expect, hydrated, test } from "./gateway";

const SCREENS = [
  { name: "phone", viewport: { width: 390, height: 844 }, deviceScaleFactor: 3 },
  { name: "narrow phone", viewport: { width: 320, height: 568 }, deviceScaleFactor: 2 },
  // A window of 1280 × 800 magnified twice lays out as this one does.
  { name: "200 % zoom", viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
];
/** Smaller text than this is not for reading, in CSS pixels. */
const READABLE_PX = 11;
const TABS_TO_A_CARD = 20;

async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const widths = () =>
    page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    });
  await expect.poll(widths, { message: "pixels wider than the screen" }).toBeLessThanOrEqual(0);
}

for (const { name, viewport, deviceScaleFactor } of SCREENS) {
  test.describe(name, () => {
    test.use({ viewport, deviceScaleFactor });

    test("the garden and an agent fit and can be read", async ({ page, gateway }) => {
      await page.goto(gateway.url);
      await hydrated(page);
      const host = card(page, "host");
      await expect(host).toBeVisible();
      await expect(host.locator(".gauge-value")).toHaveText([/\d/, /\d/, /\d/]);
      await expectNoSidewaysScroll(page);
      const box = await host.boundingBox();
      expect(box?.x).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? Infinity)).toBeLessThanOrEqual(viewport.width);
      const small = await host.evaluate(
        (card, least) =>
          [...card.querySelectorAll("h2, .doing, .about, dt, .gauge-value, .card-foot")]
            .map((part) => ({ part: part.className || part.tagName, px: parseFloat(getComputedStyle(part).fontSize) }))
            .filter(({ px }) => px < least),
        READABLE_PX,
      );
      expect(small, "text too small to read").toEqual([]);

      await host.getByRole("link", { name: "host" }).click();
      await expect(page).toHaveURL(/\/agents\/host$/);
      await expect(page.getByRole("heading", { level: 1 })).toContainText("host");
      await expect(page.locator("canvas[data-chart]")).toHaveCount(3);
      await expectNoSidewaysScroll(page);
    });

    test("the keyboard reaches a card and opens it", async ({ page, gateway }) => {
      await page.goto(gateway.url);
      await hydrated(page);
      const link = card(page, "host").getByRole("link", { name: "host" });
      await expect(link).toBeVisible();
      const focused = () => link.evaluate((link) => link === document.activeElement);
      for (let presses = 0; !(await focused()) && presses < TABS_TO_A_CARD; presses++) {
        await page.keyboard.press("Tab");
      }
      await expect(link).toBeFocused();
      await expect(link).toBeInViewport();
      await page.keyboard.press("Enter");
      await expect(page).toHaveURL(/\/agents\/host$/);
    });
  });
}
