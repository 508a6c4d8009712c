import { Injectable } from '@nestjs/common';
import { Config } from '../../../platform/config/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { Logger } from '../../../platform/http/index.js';
import { AnswerTooLargeError, ForbiddenAddressError, guardedFetch, type OutboundAnswer } from '../../../platform/outbound/index.js';
import { Scope } from '../../../platform/scope/index.js';
import type { ExtTool } from '../settings/setting-values.js';
import { SettingsService } from '../settings/settings.service.js';
import { ArgumentError, toolRequest } from './ext-tool-request.js';
import { ExtToolVault } from './ext-tool-vault.js';
import { ToolSchema } from './tool-schema.js';

/** What came of a tool: for a model to read, and to go on from. */
export interface ToolOutcome {
  /** `done` where the tool's server answered with a success. */
  readonly status: 'done' | 'failed';
  /** The status that the tool's server answered, or null where it did not. */
  readonly http_status: number | null;
  /** The server's answer as text, or why there is none. */
  readonly content: string;
}

/** What of an answer is kept: more than that no model reads to its end. */
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_REDIRECTS = 3;
/** Calls at once: of all tenants on this node, and of one of them. */
const MOST_AT_ONCE = 200;
const MOST_OF_TENANT = 20;

const TEXT = /^(text\/|application\/([\w.-]+\+)?(json|xml)\b|application\/x-www-form-urlencoded)/i;

/** Runs the tenant's own tools by HTTP, behind walls: never to a private address, bounded in time, size and number. */
@Injectable()
export class ExtToolRunner {
  private running = 0;
  private readonly ofTenant = new Map<string, number>();

  constructor(
    private readonly config: Config,
    private readonly settings: SettingsService,
    private readonly vault: ExtToolVault,
    private readonly logger: Logger,
  ) {}

  /** The tool of that name of the tenant in scope. @throws TOOL_NOT_FOUND */
  async get(name: string): Promise<ExtTool> {
    const tool = (await this.settings.extTools()).find((one) => one.name === name);
    if (!tool) throw new AppError('TOOL_NOT_FOUND');
    return tool;
  }

  /**
   * Runs a tool of the tenant in scope, once: what may not be done twice is not tried again. Arguments that do not fit its schema, a server
   * that does not answer and one that refuses are outcomes, told in words. For the server's own use: it asks nobody who may.
   * @throws TOOL_NOT_FOUND, OVERLOADED
   */
  async run(name: string, args: unknown, signal?: AbortSignal): Promise<ToolOutcome> {
    const tool = await this.get(name);
    const faults = ToolSchema.check(tool.parameters, args);
    if (faults.length > 0) return failed(`The arguments are not valid. ${faults.join('; ')}`);
    const client_id = Scope.clientId();
    const own = this.ofTenant.get(client_id) ?? 0;
    if (this.running >= MOST_AT_ONCE || own >= MOST_OF_TENANT) throw new AppError('OVERLOADED', { retry_after_seconds: 1 });
    this.running++;
    this.ofTenant.set(client_id, own + 1);
    try {
      return await this.call(tool, args as Record<string, unknown>, signal);
    } finally {
      this.running--;
      const left = (this.ofTenant.get(client_id) ?? 1) - 1;
      if (left === 0) this.ofTenant.delete(client_id);
      else this.ofTenant.set(client_id, left);
    }
  }

  private async call(tool: ExtTool, args: Readonly<Record<string, unknown>>, signal: AbortSignal | undefined): Promise<ToolOutcome> {
    try {
      const { url, body } = toolRequest(tool, args);
      const given = this.vault.headersOf(tool);
      const answer = await guardedFetch(url.href, {
        method: tool.method,
        headers: withDefaults(given, body !== undefined),
        body,
        timeout_ms: tool.timeout_ms,
        max_bytes: MAX_ANSWER_BYTES,
        max_redirects: MAX_REDIRECTS,
        allowed_networks: this.config.env.OUTBOUND_PRIVATE_NETWORKS,
        signal,
      });
      const is_success = answer.status >= 200 && answer.status < 300;
      return { status: is_success ? 'done' : 'failed', http_status: answer.status, content: contentOf(answer) };
    } catch (error) {
      signal?.throwIfAborted();
      return failed(this.reasonOf(error, tool));
    }
  }

  private reasonOf(error: unknown, { name, timeout_ms }: ExtTool): string {
    if (error instanceof ArgumentError) return `The arguments are not valid. ${error.message}`;
    if (error instanceof ForbiddenAddressError) return 'The tool leads to a private address';
    if (error instanceof AnswerTooLargeError) return `The tool answered more than ${MAX_ANSWER_BYTES / 1024} KiB`;
    if ((error as Error).name === 'TimeoutError') return `The tool did not answer within ${timeout_ms} ms`;
    this.logger.warn({ err: error, tool: name }, 'an ext-tool could not be called');
    return 'The tool could not be reached';
  }
}

function failed(content: string): ToolOutcome {
  return { status: 'failed', http_status: null, content };
}

function withDefaults(given: Readonly<Record<string, string>>, has_body: boolean): Record<string, string> {
  const names = new Set(Object.keys(given).map((name) => name.toLowerCase()));
  return {
    ...(names.has('accept') ? {} : { accept: 'application/json, text/*;q=0.9' }),
    ...(names.has('user-agent') ? {} : { 'user-agent': 'Kaiwa' }),
    ...(has_body && !names.has('content-type') ? { 'content-type': 'application/json' } : {}),
    ...given,
  };
}

function contentOf({ headers, body }: OutboundAnswer): string {
  const type = headers['content-type'] ?? 'text/plain';
  return TEXT.test(type) ? body.toString('utf8').toWellFormed().replaceAll('\0', '') : `${body.length} bytes of ${type.slice(0, 100)}`;
}
