// The scribe with a double of a language model behind it: for stories about work that costs tokens.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { APIRequestContext } from "@playwright/test";
import { type Gateway, expect, test as base } from "./gateway";

export { expect };

export const TOKEN = "trm_for-these-stories-only-0123456789";

export interface Model {
  server: Server;
  /** What it says that each answer took. */
  usage: { prompt_tokens: number; completion_tokens: number };
}

/** A double of a language model: speaks OpenAI's protocol. */
async function double(): Promise<Model> {
  const piece = { choices: [{ delta: { content: "A lighthouse of moths." }, finish_reason: "stop" }] };
  const server = createServer((request, response) => {
    request.resume();
    const usage = { choices: [], usage: model.usage };
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`data: ${JSON.stringify(piece)}\n\ndata: ${JSON.stringify(usage)}\n\ndata: [DONE]\n\n`);
  });
  const model = { server, usage: { prompt_tokens: 500, completion_tokens: 400 } };
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return model;
}

export const test = base.extend<{ model: Model }>({
  // Playwright insists on a destructured argument, needed or not.
  model: async ({}, use) => {
    const model = await double();
    await use(model);
    model.server.closeAllConnections();
    model.server.close();
  },
  gatewayEnv: async ({ model }, use) => {
    await use({
      TERRARIUM_ADMIN_TOKEN: TOKEN,
      TERRARIUM_SCRIBE_AGENT: "true",
      TERRARIUM_LLM_MODEL: "double",
      TERRARIUM_LLM_URL: `http://127.0.0.1:${(model.server.address() as AddressInfo).port}/v1`,
    });
  },
});

/** One call of the model, through the door that anybody uses. */
export async function work(request: APIRequestContext, gateway: Gateway): Promise<void> {
  const answer = await request.post(`${gateway.url}/api/scribe/write`, {
    headers: { authorization: `Bearer ${TOKEN}` },
    data: { prompt: "hello" },
  });
  expect(answer.status(), await answer.text()).toBe(200);
}
