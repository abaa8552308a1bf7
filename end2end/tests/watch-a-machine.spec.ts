// A person opens the garden and sees, live, that the machine has become busy.
import { type ChildProcess, spawn } from "node:child_process";
import { cpus } from "node:os";
import { card, expect, hydrated, test } from "./gateway";

const BUSY_MS = 8_000;
/** Rising by this much, or being above HOT, is something a person notices. */
const RISE = 0.2;
const HOT = 0.6;

/** Keeps every processor busy for a while. The processes end by themselves if nobody ends them. */
function keepBusy(): ChildProcess[] {
  const loop = `const end = Date.now() + ${BUSY_MS}; while (Date.now() < end);`;
  const many = Math.min(4, Math.max(2, cpus().length));
  return Array.from({ length: many }, () => spawn(process.execPath, ["-e", loop], { stdio: "ignore" }));
}

test("a busy machine turns hot before your eyes", async ({ page, gateway }, info) => {
  await page.goto(gateway.url);
  await hydrated(page);
  const host = card(page, "host");
  await expect(host).toBeVisible();
  await expect(host.getByRole("link", { name: "host" })).toBeVisible();
  await expect(host).toHaveAttribute("data-state", "flowing");

  const temperature = async () => Number((await host.getAttribute("data-temperature")) || Number.NaN);
  await expect.poll(temperature, { message: "the first reading" }).toBeGreaterThanOrEqual(0);
  const before = await temperature();

  const began = Date.now();
  const burners = keepBusy();
  try {
    await expect
      .poll(async () => (await temperature()) - before >= RISE || (await temperature()) > HOT, { timeout: 10_000 })
      .toBe(true);
    const after = await temperature();
    info.annotations.push({
      type: "measured",
      description: `temperature ${before} → ${after}, ${Date.now() - began} ms after the load began`,
    });
  } finally {
    burners.forEach((burner) => burner.kill("SIGKILL"));
  }

  // What the page shows is what programs are told.
  const answer = await page.request.get(`${gateway.url}/api/agents/host`);
  expect(answer.status()).toBe(200);
  const summary = await answer.json();
  expect(summary.agent_id).toBe("host");
  expect(Object.keys(summary.metrics).sort()).toEqual(["flow", "pressure", "temperature"]);
});
