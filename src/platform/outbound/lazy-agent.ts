import type { Agent, Dispatcher } from 'undici';

/** undici, loaded with the first request to the outside: an idle server has no use for it. */
export function loadUndici(): Promise<typeof import('undici')> {
  return import('undici');
}

/** What connects to other servers, made when it is first asked for. */
export class LazyAgent {
  private agent: Promise<Agent> | null = null;

  constructor(private readonly options: Agent.Options) {}

  /** The agent, the same one each time. */
  get(): Promise<Dispatcher> {
    return (this.agent ??= loadUndici().then(({ Agent }) => new Agent(this.options)));
  }

  /** Ends its connections, where there are any. */
  async destroy(): Promise<void> {
    const agent = await this.agent;
    await agent?.destroy();
  }
}
