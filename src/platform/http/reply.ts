import type { KaiwaResponse } from './exchange.js';

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Told of a reply hook that failed; the answer is sent all the same. */
export type HookFault = (error: unknown) => void;

/**
 * Sends a text as the whole answer, by node's own calls: Express's `json()` and `send()` look up settings, types and freshness
 * that are decided already. Waits for the response's `onReply` first, where one is set.
 */
export function sendText(response: KaiwaResponse, status: number, type: string, text: string, fault: HookFault): Promise<void> | void {
  const hook = response.onReply;
  if (hook === undefined) return write(response, status, type, text);
  response.onReply = undefined;
  return runHook(hook, response, status, type, text, fault);
}

async function runHook(
  hook: NonNullable<KaiwaResponse['onReply']>,
  response: KaiwaResponse,
  status: number,
  type: string,
  text: string,
  fault: HookFault,
): Promise<void> {
  try {
    await hook(status, text);
  } catch (error) {
    fault(error);
  }
  write(response, status, type, text);
}

function write(response: KaiwaResponse, status: number, type: string, text: string): void {
  if (response.headersSent || response.destroyed) return;
  if (status === 204 || status === 304) {
    response.writeHead(status).end();
    return;
  }
  if (text === '') {
    response.writeHead(status, { 'Content-Length': 0 }).end();
    return;
  }
  if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', type);
  response.writeHead(status, { 'Content-Length': Buffer.byteLength(text) }).end(text);
}
