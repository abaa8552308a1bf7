// What every story stands on: a gateway of its own on a free port with its own folder, a page that fails the test on any
// console message, and `hydrated`, which waits until the page is alive.
//
//   import { test, expect, hydrated } from "./gateway";
//   test("…", async ({ page, gateway }) => { await page.goto(gateway.url); await hydrated(page); });
//
// A story that needs flags or a second gateway calls `startGateway({ args: [...] })` itself and `stop()`s it.
import { test as base, expect, type Locator, type Page } from "@playwright/test";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export { expect };

const HOST = "127.0.0.1";
const HERE = dirname(fileURLToPath(import.meta.url));
const BINARY = process.env.TERRARIUM_BIN ?? resolve(HERE, "../../target/release/terrarium");
const READY_MS = 30_000;
const STOP_MS = 15_000;
/** Kept of the gateway's own words, for failure messages. */
const LOG_CHARS = 20_000;

export interface GatewayOptions {
  /** Further arguments of `terrarium serve`. */
  args?: string[];
  /** The gateway's folder; a fresh one, removed by `stop`, unless given. */
  dataDir?: string;
  /** A free one unless given. */
  port?: number;
  /** Further environment variables. */
  env?: Record<string, string>;
}

/** Starts `terrarium serve` and resolves once `/readyz` answers 200. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const ownFolder = options.dataDir === undefined;
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "terrarium-e2e-")));
  const port = options.port ?? (await freePort());
  const gateway = new Gateway(port, dataDir, ownFolder, options.args ?? [], options.env ?? {});
  await gateway.start();
  return gateway;
}

export class Gateway {
  readonly url: string;
  private process?: ChildProcess;
  private exited: Promise<number | null> = Promise.resolve(0);
  private log = "";

  constructor(
    readonly port: number,
    readonly dataDir: string,
    private readonly ownFolder: boolean,
    private readonly args: string[],
    private readonly env: Record<string, string>,
  ) {
    this.url = `http://${HOST}:${port}`;
  }

  /** The running process; an error while the gateway is down. */
  get pid(): number {
    if (!this.running || this.process?.pid === undefined) throw new Error("the gateway is not running");
    return this.process.pid;
  }

  get running(): boolean {
    return this.process !== undefined && this.process.exitCode === null && this.process.signalCode === null;
  }

  /** What the gateway wrote to its standard output and error so far. */
  get stderr(): string {
    return this.log;
  }

  /** The sign-in link it printed when it last started: good once. */
  get signInLink(): string {
    const links = this.log.match(/http:\S+once=\w+/g);
    if (!links) throw this.failure("printed no sign-in link");
    return links[links.length - 1];
  }

  /** Starts it (again) on the same port and folder, with the first arguments unless others are given. */
  async start(args: string[] = this.args): Promise<void> {
    if (this.running) throw new Error("the gateway is already running");
    const command = ["serve", "--host", HOST, "--port", String(this.port), "--data", this.dataDir, ...args];
    const child = spawn(BINARY, command, {
      cwd: this.dataDir,
      // The agents that only answer stay out of stories about others, unless a story wants them.
      env: { ...process.env, TERRARIUM_GRAMMAR_AGENT: "false", TERRARIUM_SCRIBE_AGENT: "false", TERRARIUM_STEWARD_AGENT: "false", ...this.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process = child;
    // It answers a moment before it has said where it is and how to sign in; a story may need to know that.
    let said = "";
    const collect = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-LOG_CHARS);
      this.log = (this.log + chunk.toString()).slice(-LOG_CHARS);
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    let startError: Error | undefined;
    this.exited = new Promise((done) => {
      child.once("exit", (code) => done(code));
      child.once("error", (error) => {
        startError = error;
        done(null);
      });
    });
    const deadline = Date.now() + READY_MS;
    while (true) {
      if (startError) throw new Error(`${BINARY} could not be started: ${startError.message}. Build it: cargo xtask e2e`);
      if (!this.running) throw this.failure("ended before it was ready");
      const ready = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (ready?.status === 200 && said.includes("once=")) return;
      if (Date.now() > deadline) {
        await this.kill();
        throw this.failure(`did not answer /readyz with 200 within ${READY_MS} ms`);
      }
      await new Promise((next) => setTimeout(next, 50));
    }
  }

  /** SIGTERM; resolves with the exit code, and removes the folder if it was ours. */
  async stop(): Promise<number | null> {
    const code = await this.terminate();
    if (this.ownFolder) await rm(this.dataDir, { recursive: true, force: true });
    return code;
  }

  /** SIGKILL: the crash. The folder stays, for `restart`. */
  async kill(): Promise<void> {
    if (this.running) this.process?.kill("SIGKILL");
    await this.exited;
  }

  /** Down (politely, unless it is down already) and up again on the same port and folder. */
  async restart(args: string[] = this.args): Promise<void> {
    await this.terminate();
    await this.start(args);
  }

  /** SIGTERM and wait, keeping the folder. */
  async terminate(): Promise<number | null> {
    if (!this.running) return this.exited;
    this.process?.kill("SIGTERM");
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((done) => (timer = setTimeout(() => done("late"), STOP_MS)));
    const result = await Promise.race([this.exited, late]);
    clearTimeout(timer);
    if (result === "late") {
      await this.kill();
      throw this.failure(`still ran ${STOP_MS} ms after SIGTERM`);
    }
    return result;
  }

  private failure(what: string): Error {
    return new Error(`the gateway ${what} (exit code ${this.process?.exitCode})\n--- what it said ---\n${this.log}`);
  }
}

async function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once("error", failed);
    server.listen(0, HOST, () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => found(port));
    });
  });
}

/** What a browser says on its own while a gateway is down; a story that stops its gateway allows these. */
export const GATEWAY_DOWN: RegExp[] = [
  /WebSocket connection to .* failed/,
  /net::ERR_CONNECTION_(REFUSED|RESET|CLOSED|ABORTED)/,
  /net::ERR_(EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/,
];

/** The console of every page that `watch` was called for. */
export class ConsoleWatch {
  private readonly seen: string[] = [];
  private readonly allowed: RegExp[] = [];
  private ended = false;

  /** From now on and for what came before: messages that match are expected. */
  allow(...patterns: RegExp[]): void {
    this.allowed.push(...patterns);
  }

  /** For pages a story opens itself (`context.newPage()`); the `page` fixture is watched already. */
  watch(page: Page): void {
    page.on("console", (message) => {
      const type = message.type();
      if (!this.ended && (type === "error" || type === "warning")) {
        const { url, lineNumber } = message.location();
        this.seen.push(`console ${type}: ${message.text()} (${url}:${lineNumber})`);
      }
    });
    page.on("pageerror", (error) => {
      if (!this.ended) this.seen.push(`page error: ${error.stack ?? error.message}`);
    });
  }

  /** The story is told; what the page says while everything is taken down does not count. */
  end(): void {
    this.ended = true;
  }

  get unexpected(): string[] {
    return this.seen.filter((line) => !this.allowed.some((pattern) => pattern.test(line)));
  }
}

interface Fixtures {
  /** A folder of this test's own, for files its agents follow: `--tail` it. Removed afterwards. */
  folder: string;
  /** Arguments for this test's `gateway`: `test.use({ gatewayArgs: ["--no-agents"] })`. */
  gatewayArgs: string[];
  /** Environment of this test's `gateway`: `test.use({ gatewayEnv: { TERRARIUM_GRAMMAR_AGENT: "true" } })`. */
  gatewayEnv: Record<string, string>;
  /** This test's own gateway; started when asked for, stopped afterwards. */
  gateway: Gateway;
  /** The page's console: `consoleWatch.allow(...GATEWAY_DOWN)` before a story takes its gateway down. */
  consoleWatch: ConsoleWatch;
}

export const test = base.extend<Fixtures>({
  // Playwright insists on a destructured argument, needed or not.
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "terrarium-e2e-files-"));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },

  gatewayArgs: [[] as string[], { option: true }],
  gatewayEnv: [{} as Record<string, string>, { option: true }],

  gateway: async ({ gatewayArgs, gatewayEnv, consoleWatch }, use, info) => {
    const gateway = await startGateway({ args: gatewayArgs, env: gatewayEnv });
    await use(gateway);
    if (info.status !== info.expectedStatus) {
      await info.attach("gateway.log", { body: gateway.stderr, contentType: "text/plain" });
    }
    // The page may still be open and would complain, rightly, about its lost socket.
    consoleWatch.end();
    await gateway.stop();
  },

  // Automatic, so that no story can forget it.
  consoleWatch: [
    // Playwright insists on a destructured argument, needed or not.
    async ({}, use) => {
      const watch = new ConsoleWatch();
      await use(watch);
      expect(watch.unexpected, "the browser's console must stay silent").toEqual([]);
    },
    { auto: true },
  ],

  page: async ({ page, consoleWatch }, use) => {
    consoleWatch.watch(page);
    await use(page);
  },
});

/** Waits until the wasm has taken the page over. */
export async function hydrated(page: Page): Promise<void> {
  await page.locator("body[data-hydrated]").waitFor({ state: "attached", timeout: 20_000 });
}

/** The card of an agent in the garden. */
export function card(page: Page, agent: string): Locator {
  return page.locator(`article[data-agent="${agent}"]`);
}

/** The lines of the stream on an agent's page that contain this text. */
export function said(page: Page, text: string): Locator {
  return page.locator("ol.lines > li.line", { hasText: text });
}

/** The connection's state, as the page shows it: `live`, `reconnecting`, … */
export function connection(page: Page): Locator {
  return page.locator("[data-connection]");
}

/** Leaves a mark that a reload would wipe. */
export async function mark(page: Page): Promise<void> {
  await page.evaluate(() => Object.assign(window, { __mark: "still the same page" }));
}

/** Fails if the page was loaded anew since `mark`. */
export async function expectSamePage(page: Page): Promise<void> {
  const found = await page.evaluate(() => (window as unknown as { __mark?: string }).__mark);
  expect(found, "the page must not have been reloaded").toBe("still the same page");
}

/** The environment of a gateway with the agent that reads English. */
export const WITH_GRAMMAR = { TERRARIUM_GRAMMAR_AGENT: "true" };

/** Signs the browser in with every right, by the link that the gateway printed, and goes to a page. */
export async function signIn(page: Page, gateway: Gateway, path = "/"): Promise<void> {
  await page.goto(gateway.signInLink);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${gateway.url}/`);
  await page.goto(`${gateway.url}${path}`);
  await hydrated(page);
}

/** The console on an agent's page. */
export function consoleOf(page: Page): Locator {
  return page.getByRole("region", { name: "Send it something" });
}
